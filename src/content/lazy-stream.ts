import { Readable } from 'node:stream';
import { isError, messageOf } from '../sources/error-message.js';
import type { Content } from './content.js';
import type { PayloadWitness, WitnessedStream } from './payload/payload-witness.js';

/** How a stream takes part in a pipe. */
export type PipeOptions = Parameters<Readable['pipe']>[1];

/** A stream that opens its content on the first read, and releases it when it ends or is destroyed. */
export class LazyStream extends Readable implements WitnessedStream {
  witness: PayloadWitness | undefined;
  /** Created when the content is opened: Nest destroys a stream for each file that an interceptor replaces. */
  private controller: AbortController | undefined;
  private content: Promise<Content> | undefined;

  /** @param open is called at most once; its signal aborts when the stream is destroyed */
  constructor(private readonly open: (signal: AbortSignal) => Content | Promise<Content>) {
    super();
    this.on('error', () => {}); // if nobody reads the stream, nobody handles its errors
  }

  /** Whether its content was opened, and so read from the beginning. */
  get isOpened(): boolean {
    return this.content !== undefined;
  }

  override _read(): void {
    this.content ??= this.opened();
    this.content
      .then((content) => this.pull(content))
      .catch((error: unknown) => {
        if (!this.destroyed) this.fail(error); // after an abort, a source may fail
      });
  }

  /** @param error the reason that opening or reading failed */
  protected fail(error: unknown): void {
    this.destroy(isError(error) ? error : new Error(messageOf(error)));
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.controller?.abort();
    callback(error); // 'close' does not wait for a source that is still opening; that is released later
    if (this.content !== undefined) void this.release();
  }

  private async release(): Promise<void> {
    try {
      await (await this.content)?.release();
    } catch {
      // After the abort a source may fail.
    }
  }

  private async opened(): Promise<Content> {
    this.controller = new AbortController();
    return this.open(this.controller.signal);
  }

  private async pull(content: Content): Promise<void> {
    const chunk = await content.next();
    const length = chunk?.byteLength ?? 0;
    content.countWritten(length);
    content.countFlushed(length); // a reader of this stream does not report what it sends
    this.witness?.read(chunk ?? null);
    this.push(chunk ?? null);
  }
}
