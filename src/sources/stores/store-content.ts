import type { Readable } from 'node:stream';
import { SourceProtocolError, SourceTimeoutError } from '../source-errors.js';
import type { Bytes } from '../source.js';
import { destroyQuietly } from '../stream/releasable-bytes.js';
import type { Wait } from './within-time.js';

/**
 * The body of a store's response. Destroys the body, which frees the connection, when reading ends in any way. If reading
 * never starts, the owner calls `destroy`. More or fewer bytes than requested are the store's fault, not the source's.
 */
export class StoreContent implements Bytes {
  private stall: SourceTimeoutError | undefined;

  /**
   * @param length in bytes; `undefined`: unknown
   * @param toThrow maps an error of the body to the one to throw
   */
  constructor(
    private readonly body: Readable,
    private readonly wait: Wait,
    private readonly length: number | undefined,
    private readonly toThrow: (error: unknown) => unknown,
  ) {
    body.on('error', () => {}); // a reader gets the error from the iterator; without one, nobody handles it
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks: AsyncIterator<Uint8Array> = this.body[Symbol.asyncIterator]();
    let received = 0;
    try {
      for (;;) {
        const result = await this.next(chunks);
        if (result.done === true) return this.checkEnd(received);
        received += result.value.byteLength;
        if (received > (this.length ?? Infinity)) throw this.wrongLength(`more than ${this.length}`);
        yield result.value;
      }
    } catch (error) {
      throw this.toThrow(this.stall ?? error);
    } finally {
      this.destroy();
    }
  }

  destroy(): void {
    destroyQuietly(this.body);
  }

  private checkEnd(received: number): void {
    if (received < (this.length ?? 0)) throw this.wrongLength(`${received} of the ${this.length}`);
  }

  private wrongLength(received: string): SourceProtocolError {
    return new SourceProtocolError(`${this.wait.name}: the store sent ${received} bytes requested`);
  }

  /** Limits only the time that the store takes, not the time between reads. */
  private async next(chunks: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    const { name, timeoutMs } = this.wait;
    const timer = setTimeout(() => {
      this.stall = new SourceTimeoutError(`${name}: no bytes arrived for ${timeoutMs} ms`);
      this.body.destroy(this.stall);
    }, timeoutMs);
    try {
      return await chunks.next();
    } finally {
      clearTimeout(timer);
    }
  }
}
