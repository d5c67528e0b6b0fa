import type { ByteRange } from '../../http/ranges/byte-range.js';
import { SourceLengthError } from '../source-errors.js';
import type { Bytes } from '../source.js';
import { destroyQuietly } from './releasable-bytes.js';
import { toBytes } from './to-bytes.js';

/** Bytes that can be read once, from the beginning: a `Readable`, or a wrapper of one. */
export interface OnePass extends AsyncIterable<unknown> {
  /** Releases it, even while a read is pending. */
  destroy(): unknown;
  on?(event: 'error', listener: () => void): unknown;
}

/**
 * Reads ascending ranges in one pass over a stream, skipping the bytes in between. Owns the stream: `close` destroys it, even
 * if nothing was read.
 */
export class ForwardReader {
  private readonly chunks: AsyncIterator<unknown>;
  private position = 0;
  private pending: Uint8Array | undefined;

  /** @param onSkipped called for each skipped chunk, which is progress that the consumer does not see */
  constructor(
    private readonly stream: OnePass,
    private readonly onSkipped: () => void = ignore,
  ) {
    stream.on?.('error', ignore); // a reader gets the error from the iterator; without one, nobody handles it
    this.chunks = stream[Symbol.asyncIterator]();
  }

  /** The bytes of `range`, or all to the end. Each range must begin after the end of the previous one. */
  async *read(range: ByteRange | undefined): Bytes {
    if (range !== undefined) await this.skipTo(range.firstPos);
    const end = range === undefined ? Infinity : range.lastPos + 1;
    while (this.position < end) {
      const chunk = await this.next();
      if (chunk === undefined) return;
      yield this.take(chunk, end - this.position);
    }
  }

  close(): void {
    destroyQuietly(this.stream);
  }

  private async skipTo(position: number): Promise<void> {
    while (this.position < position) {
      const chunk = await this.next();
      if (chunk === undefined) throw new SourceLengthError(`the stream ended at byte ${this.position}`);
      this.take(chunk, position - this.position);
      this.onSkipped();
    }
  }

  /** The first bytes of a chunk, at most `length`; the rest stays pending. */
  private take(chunk: Uint8Array, length: number): Uint8Array {
    const taken = chunk.byteLength > length ? chunk.subarray(0, length) : chunk;
    this.pending = chunk.byteLength > length ? chunk.subarray(length) : undefined;
    this.position += taken.byteLength;
    return taken;
  }

  private async next(): Promise<Uint8Array | undefined> {
    if (this.pending !== undefined) return this.pending;
    const result = await this.chunks.next();
    if (result.done === true) return undefined;
    return toBytes(result.value);
  }
}

function ignore(): void {}
