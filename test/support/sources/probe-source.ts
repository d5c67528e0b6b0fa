import type { ByteRange, RangeSource, Representation, RepresentationMetadata } from 'nestjs-range';

/** What a probe does beside giving its bytes; each may wait, or throw. */
export interface ProbeBehaviour extends RepresentationMetadata {
  readonly chunkSize?: number;
  readonly onResolve?: (signal: AbortSignal, count: number) => unknown;
  readonly onOpen?: (range: ByteRange | undefined, signal: AbortSignal) => unknown;
  /** Before each chunk; `index` counts within one range. */
  readonly onChunk?: (index: number, signal: AbortSignal) => unknown;
  /** Bytes given behind (or, where negative, kept back from) the end of every range. */
  readonly surplus?: number;
}

/** A source in memory that counts what is asked of it. */
export class ProbeSource implements RangeSource {
  resolved = 0;
  closed = 0;
  opened = 0;
  /** Iterations that ended: at their end, by an error, or because the reader let go. */
  ended = 0;
  bytesRead = 0;
  readonly ranges: (ByteRange | undefined)[] = [];
  readonly signals: AbortSignal[] = [];

  constructor(
    readonly bytes: Uint8Array,
    readonly behaviour: ProbeBehaviour = {},
  ) {}

  /** Whether every representation was closed once and every iteration ended. */
  get isReleased(): boolean {
    return this.resolved === this.closed && this.opened === this.ended;
  }

  async resolve(signal: AbortSignal): Promise<Representation> {
    const { chunkSize: _, onResolve, onOpen: _open, onChunk: _chunk, surplus: _surplus, ...metadata } = this.behaviour;
    this.signals.push(signal);
    await onResolve?.(signal, this.resolved);
    this.resolved++;
    let isClosed = false;
    return {
      size: this.bytes.byteLength,
      ...metadata,
      open: (range, openSignal) => this.open(range, openSignal),
      close: () => {
        if (isClosed) throw new Error('closed twice');
        isClosed = true;
        this.closed++;
      },
    };
  }

  private async open(range: ByteRange | undefined, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    await this.behaviour.onOpen?.(range, signal);
    this.opened++;
    this.ranges.push(range);
    const iterable = this.read(range, signal);
    const probe = this;
    let isStarted = false;
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          isStarted = true;
          return iterable.next();
        },
        return: async () => {
          if (!isStarted) probe.ended++; // a generator that never ran has no `finally`
          isStarted = true;
          return iterable.return();
        },
      }),
    };
  }

  private async *read(range: ByteRange | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { chunkSize = 16 * 1024, onChunk, surplus = 0 } = this.behaviour;
    const firstPos = range?.firstPos ?? 0;
    const end = (range?.lastPos ?? this.bytes.byteLength - 1) + 1 + surplus;
    try {
      for (let position = firstPos, index = 0; position < end; position += chunkSize, index++) {
        await onChunk?.(index, signal);
        const length = Math.min(chunkSize, end - position);
        const chunk = Buffer.alloc(length);
        chunk.set(this.bytes.subarray(position, position + length));
        this.bytesRead += length;
        yield chunk;
      }
    } finally {
      this.ended++;
    }
  }
}
