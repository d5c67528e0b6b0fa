import type { ByteRange } from '../http/byte-range.js';
import { FileReader } from '../sources/file-reader.js';
import { destroyQuietly, isDestroyable, type Releasable, release, toOctets, toReleasable } from '../sources/octets.js';
import { SourceLengthError } from '../sources/source-errors.js';
import type { Bytes, Representation } from '../sources/source.js';

/**
 * The octets of a range, exactly as many as planned. The last of them wait until the source has shown that it has no
 * more: octets that do not end where they should are not those that were promised, and must not look complete.
 */
export class ExactOctets {
  private readonly stopWatching: (() => void) | undefined;
  private remaining: number;
  private last: Uint8Array | undefined;
  private isRead = false;
  private iterator: AsyncIterator<unknown> | undefined;

  /**
   * Opens a range; `undefined` of all there are.
   *
   * @param length in octets; `undefined`: unknown
   */
  static async open(
    range: ByteRange | undefined,
    length: number | undefined,
    representation: Representation,
    signal: AbortSignal,
  ): Promise<ExactOctets> {
    const bytes = toReleasable(checked(await representation.open(range, signal)));
    if (!signal.aborted) return new ExactOctets(bytes, length, representation.isExact === true, signal);
    await release(bytes);
    throw signal.reason;
  }

  private constructor(
    private readonly bytes: Releasable,
    private readonly length: number | undefined,
    private readonly isExact: boolean,
    signal: AbortSignal,
  ) {
    this.remaining = length ?? Infinity;
    if (bytes instanceof FileReader) bytes.lendChunks(); // one that somebody else has wrapped does not: he may keep them
    this.stopWatching = destroyOnAbort(bytes, signal);
  }

  /**
   * The next octets; `undefined` at the end.
   *
   * @throws SourceLengthError where the source gives fewer or more octets than planned
   */
  async next(): Promise<Uint8Array | undefined> {
    this.iterator ??= this.bytes[Symbol.asyncIterator]();
    while (!this.isRead) {
      const result = await this.iterator.next();
      if (result.done === true) return this.finish();
      const chunk = toOctets(result.value);
      if (chunk.byteLength === 0) continue;
      this.count(chunk);
      if (this.remaining > 0) return chunk;
      this.isRead = this.isExact;
      if (this.isExact) return chunk;
      this.last = chunk;
    }
    return undefined;
  }

  /** Takes back the chunk that was given last; `false` where the source could not give it again. */
  takeBack(chunk: Uint8Array): boolean {
    if (!(this.bytes instanceof FileReader)) return false;
    this.bytes.takeBack(chunk);
    this.remaining += chunk.byteLength;
    this.isRead = false;
    return true;
  }

  /** Ends the reading. */
  async end(): Promise<void> {
    this.isRead = true;
    this.stopWatching?.();
    if (this.iterator === undefined) await release(this.bytes);
    else await this.iterator.return?.();
  }

  private count(chunk: Uint8Array): void {
    if (chunk.byteLength > this.remaining) {
      throw new SourceLengthError(`the source gave more than the ${this.length} octets due: its size must be exact`);
    }
    this.remaining -= chunk.byteLength;
  }

  private finish(): Uint8Array | undefined {
    this.isRead = true;
    if (this.length !== undefined && this.remaining > 0) {
      throw new SourceLengthError(
        `the source gave ${this.length - this.remaining} of the ${this.length} octets due: its size must be exact`,
      );
    }
    return this.last;
  }
}

function checked(bytes: Bytes): Bytes {
  if (isStream(bytes)) return bytes;
  throw new TypeError('open() of a source gave no stream: give a Readable, a ReadableStream or an async generator');
}

function isStream(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || 'getReader' in value);
}

/** Ends a stream that takes no notice of the signal itself. Returns how to stop watching; nothing where none is needed. */
function destroyOnAbort(bytes: Releasable, signal: AbortSignal): (() => void) | undefined {
  if (!isDestroyable(bytes)) return undefined;
  const destroy = (): void => destroyQuietly(bytes);
  signal.addEventListener('abort', destroy, { once: true });
  return () => signal.removeEventListener('abort', destroy);
}
