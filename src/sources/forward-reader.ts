import type { ByteRange } from '../http/byte-range.js';
import { toOctets } from './octets.js';
import { SourceLengthError } from './source-errors.js';
import type { Bytes } from './source.js';

/** What can be read once, from its beginning: a `Readable`, or something that reads one. */
export interface OnePass extends AsyncIterable<unknown> {
  /** Lets it go, also while it is waited for. */
  destroy(): unknown;
  on?(event: 'error', listener: () => void): unknown;
  /** Of a stream that gives text. */
  readonly readableEncoding?: BufferEncoding | null;
}

/**
 * Reads ascending ranges out of one pass over a stream, skipping what lies between. It owns the stream: `close` destroys
 * it, also before anything was read.
 */
export class ForwardReader {
  private readonly chunks: AsyncIterator<unknown>;
  private position = 0;
  private pending: Uint8Array | undefined;

  constructor(private readonly stream: OnePass) {
    stream.on?.('error', ignore); // whoever reads gets it from the iterator; an unread stream has nobody to tell
    this.chunks = stream[Symbol.asyncIterator]();
  }

  /** The octets of `range`, or all to the stream's end. Each range must begin behind the end of the one before. */
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
    this.stream.destroy();
  }

  private async skipTo(position: number): Promise<void> {
    while (this.position < position) {
      const chunk = await this.next();
      if (chunk === undefined) throw new SourceLengthError(`the stream ended at octet ${this.position}`);
      this.take(chunk, position - this.position);
    }
  }

  /** The first octets of a chunk, at most `length`; the others stay pending. */
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
    return toOctets(result.value, this.stream.readableEncoding ?? 'utf8');
  }
}

function ignore(): void {}
