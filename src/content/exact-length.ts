import { type ByteRange, rangeLength } from '../http/ranges/byte-range.js';
import { PieceReader } from '../sources/composite/piece-reader.js';
import { FileReader } from '../sources/file/file-reader.js';
import { adviceOnStream } from '../sources/options/not-bytes.js';
import { SourceFaultError, SourceLengthError } from '../sources/source-errors.js';
import type { Bytes, Representation } from '../sources/source.js';
import {
  destroyQuietly,
  isDestroyable,
  iterate,
  isReadable,
  type Releasable,
  release,
  toReleasable,
} from '../sources/stream/releasable-bytes.js';
import { toBytes } from '../sources/stream/to-bytes.js';
import { responseOf } from '../sources/stream/waiting-response.js';

/**
 * The bytes of a range, exactly as many as planned. The last chunk is held back until the source has ended: content that
 * turns out too long is not the expected content, and must not look complete.
 */
export class ExactBytes {
  private readonly stopWatching: (() => void) | undefined;
  private remaining: number;
  private last: Uint8Array | undefined;
  private isRead = false;
  private iterator: AsyncIterator<unknown> | undefined;

  /**
   * Opens a range.
   *
   * @param range `undefined`: the whole
   * @param length in bytes; `undefined`: unknown
   */
  static async open(
    range: ByteRange | undefined,
    length: number | undefined,
    representation: Representation,
    signal: AbortSignal,
  ): Promise<ExactBytes> {
    const bytes = toReleasable(checked(await representation.open(range, signal)));
    if (!signal.aborted)
      return new ExactBytes(
        bytes,
        () => describeDue(range, representation),
        length,
        representation.isExact === true,
        signal,
      );
    await release(bytes);
    throw signal.reason;
  }

  private constructor(
    private readonly bytes: Releasable,
    private readonly due: () => string,
    private readonly length: number | undefined,
    private readonly isExact: boolean,
    private readonly signal: AbortSignal,
  ) {
    this.remaining = length ?? Infinity;
    if (bytes instanceof FileReader || bytes instanceof PieceReader) bytes.lendChunks(); // not if it is wrapped: the wrapper may keep chunks
    this.stopWatching = destroyOnAbort(bytes, signal);
  }

  /**
   * The next bytes; `undefined` at the end.
   *
   * @throws SourceLengthError if the source yields fewer or more bytes than planned
   */
  async next(): Promise<Uint8Array | undefined> {
    this.iterator ??= iterate(this.bytes);
    while (!this.isRead) {
      const result = await this.iterator.next();
      responseOf(this.signal)?.noteProgress(); // an empty chunk is progress, too
      if (result.done === true) return this.finish();
      const chunk = toBytes(result.value);
      if (chunk.byteLength === 0) continue;
      this.count(chunk);
      if (this.remaining > 0) return chunk;
      this.isRead = this.isExact;
      if (this.isExact) return chunk;
      this.last = chunk;
    }
    return undefined;
  }

  /** Puts the last chunk back; `false` if the source cannot read it again. */
  unread(chunk: Uint8Array): boolean {
    if (!(this.bytes instanceof FileReader)) return false;
    this.bytes.unread(chunk);
    this.remaining += chunk.byteLength;
    this.isRead = false;
    return true;
  }

  /** Stops reading. */
  async end(): Promise<void> {
    this.isRead = true;
    this.stopWatching?.();
    if (this.iterator === undefined) await release(this.bytes);
    else await this.iterator.return?.();
  }

  private count(chunk: Uint8Array): void {
    if (chunk.byteLength > this.remaining) {
      throw new SourceLengthError(`the source sent more than the ${this.length} bytes ${this.due()}`);
    }
    this.remaining -= chunk.byteLength;
  }

  private finish(): Uint8Array | undefined {
    this.isRead = true;
    if (this.length !== undefined && this.remaining > 0) {
      throw new SourceLengthError(
        `the source sent ${this.length - this.remaining} of the ${this.length} bytes ${this.due()}`,
      );
    }
    return this.last;
  }
}

/** What was expected, and a hint at the likely mistake in the source. */
function describeDue(range: ByteRange | undefined, { size }: Representation): string {
  if (range === undefined || rangeLength(range) === size) return 'expected: its size must be exact';
  const requested = `bytes=${range.firstPos}-${range.lastPos}`;
  return `of ${requested}: open() must respect its range, whose ends are both inclusive, and the size must be exact`;
}

function checked(bytes: Bytes): Bytes {
  if (isReadable(bytes)) return bytes;
  throw new SourceFaultError(`open() of a source returned ${adviceOnStream(bytes)}`);
}

/** Destroys a stream when the signal aborts. Returns a function that stops watching the signal, if there is one. */
function destroyOnAbort(bytes: Releasable, signal: AbortSignal): (() => void) | undefined {
  if (!isDestroyable(bytes)) return undefined;
  const destroy = (): void => destroyQuietly(bytes);
  signal.addEventListener('abort', destroy, { once: true });
  return () => signal.removeEventListener('abort', destroy);
}
