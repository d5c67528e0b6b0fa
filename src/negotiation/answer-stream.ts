import type { Content } from '../content/content.js';
import { LazyStream, type PipeOptions } from '../content/lazy-stream.js';
import { SoleWriter } from '../content/writing/sole-writer.js';
import { isResponse } from '../exchange/http-exchange.js';

/**
 * The stream that `getStream()` of an answer returns. Any reader but the response itself gets the whole file, because status
 * and headers of the answer do not go with the stream. While the answer is sent, the stream emits its events and its bytes.
 */
export class AnswerStream extends LazyStream {
  private carrying = false;
  private writer: SoleWriter | undefined;

  /** @param onFailure called with errors that no listener of the stream receives */
  constructor(
    open: (signal: AbortSignal) => Content | Promise<Content>,
    private readonly onFailure: (error: unknown) => void,
  ) {
    super(open);
  }

  /** Whether somebody listens to the bytes, to count them for example. A reader that pulls would stall the pipe. */
  get isObserved(): boolean {
    return !this.destroyed && this.listenerCount('data') > 0 && this.listenerCount('readable') === 0;
  }

  /** Whether the answer's content is sent through this stream. */
  get isCarrying(): boolean {
    return this.carrying;
  }

  /** Sends the answer's content through this stream. It flows to those who listen already when it is piped or read. */
  carry(): this {
    this.carrying = true;
    this.pause();
    const flow = (event: string | symbol): void => {
      if (event !== 'data') return;
      this.off('newListener', flow);
      process.nextTick(() => this.resume());
    };
    this.on('newListener', flow);
    return this;
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: PipeOptions): T {
    if (isResponse(destination)) {
      if (this.witness?.sent() === false) return destination;
      this.writer = new SoleWriter(destination, (error) => this.fail(error)).keepForPipe(this);
    }
    return super.pipe(destination, options);
  }

  /** Ends the stream when its response ends. A reader of the whole file has no more time than that. */
  close(isSent: boolean): void {
    if (this.destroyed || this.readableEnded || (isSent && this.carrying)) return;
    if (!isSent || this.isOpened) {
      this.destroy();
    } else {
      this._read = () => {};
      this.push(null);
      this.resume();
    }
  }

  /** Destroying the stream while the answer is sent through it ends the answer. */
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.writer?.releaseUnsent();
    if (this.carrying && !this.readableEnded) this.onFailure(error ?? new Error('its stream was destroyed'));
    super._destroy(error, callback);
  }

  protected override fail(error: unknown): void {
    const isHeard = this.listenerCount('error') > 1; // StreamableFile's own listener ignores it
    if (this.carrying || !isHeard) this.onFailure(error);
    if (!this.carrying) return super.fail(error);
    this.carrying = false; // the failure was reported, so its end is no second one
    this.destroy();
  }
}
