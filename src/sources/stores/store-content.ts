import type { Readable } from 'node:stream';
import { SourceTimeoutError } from '../source-errors.js';
import type { Bytes } from '../source.js';
import { destroyQuietly } from '../stream/releasable-bytes.js';
import type { Wait } from './within-time.js';

/**
 * The body of a store's response. Destroys the body, which frees the connection, when reading ends in any way. If reading
 * never starts, the owner calls `destroy`.
 */
export class StoreContent implements Bytes {
  private stall: SourceTimeoutError | undefined;

  /** @param toThrow maps an error of the body to the one to throw */
  constructor(
    private readonly body: Readable,
    private readonly wait: Wait,
    private readonly toThrow: (error: unknown) => unknown,
  ) {
    body.on('error', () => {}); // a reader gets the error from the iterator; without one, nobody handles it
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks: AsyncIterator<Uint8Array> = this.body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const result = await this.next(chunks);
        if (result.done === true) return;
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
