import type { Readable } from 'node:stream';
import { destroyQuietly } from './octets.js';
import { SourceTimeoutError } from './source-errors.js';
import type { Bytes } from './source.js';
import type { Wait } from './within-time.js';

/**
 * The body of a store's answer. It ends the body, and with it lets the connection go, however the reading ends; whoever
 * has not begun to read calls `destroy`.
 */
export class StoreContent implements Bytes {
  private stall: SourceTimeoutError | undefined;

  /** @param toThrow what to throw for an error of the body */
  constructor(
    private readonly body: Readable,
    private readonly wait: Wait,
    private readonly toThrow: (error: unknown) => unknown,
  ) {
    body.on('error', () => {}); // whoever reads gets it from the iterator; an unread body has nobody to tell
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

  /** Only the store is given a time: how long the reader takes with what it got is its own affair. */
  private async next(chunks: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    const { name, timeoutMs } = this.wait;
    const timer = setTimeout(() => {
      this.stall = new SourceTimeoutError(`${name}: no octets came for ${timeoutMs} ms`);
      this.body.destroy(this.stall);
    }, timeoutMs);
    try {
      return await chunks.next();
    } finally {
      clearTimeout(timer);
    }
  }
}
