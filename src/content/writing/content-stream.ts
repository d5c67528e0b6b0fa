import { Readable, type Writable } from 'node:stream';
import type { Content } from '../content.js';
import type { PipeOptions } from '../lazy-stream.js';
import type { PayloadWitness, WitnessedStream } from '../payload/payload-witness.js';
import { isPatched } from './kernel-writes.js';
import { sendContent } from './send-content.js';
import { SoleWriter } from './sole-writer.js';

/**
 * The content of a response as the `Readable` that adapters expect. If it is piped straight into the response, it is
 * bypassed: chunks are written one by one, each awaited while the next is read. Any other destination (a compressing
 * middleware, a plugin) reads it like any stream.
 */
export class ContentStream extends Readable implements WitnessedStream {
  witness: PayloadWitness | undefined;
  private isBypassed = false;
  private isEnding = false;

  /** @param onFailure called once if reading fails after the head was sent; must close the connection */
  constructor(
    private readonly content: Content,
    private readonly response: Writable,
    private readonly onFailure: (error: unknown) => void,
  ) {
    super();
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: PipeOptions): T {
    if ((destination as unknown) !== this.response) return super.pipe(destination, options);
    if (this.witness?.sent() === false) return destination;
    if (isPatched(this.response) || this.isObserved || options?.end === false) {
      new SoleWriter(this.response, (error) => this.breakOff(error)).keepForPipe(this);
      return super.pipe(destination, options);
    }
    this._read = () => {};
    this.isBypassed = true;
    if (!this.isWatched) this.close(true);
    void sendContent(this.content, this.response, this.onFailure);
    return destination;
  }

  /** Whether somebody else reads the stream, or has read it, such as a hook that counts bytes. */
  private get isObserved(): boolean {
    return this.listenerCount('data') > 0 || this.readableDidRead;
  }

  /** Whether somebody besides Fastify, which adds one listener to each stream, waits for the end. */
  private get isWatched(): boolean {
    return this.listenerCount('end') > 1 || this.listenerCount('close') > 1;
  }

  /** Ends a bypassed stream together with its response; without 'end' if the response was not sent completely. */
  close(isSent: boolean): void {
    if (!this.isBypassed || this.destroyed || this.readableEnded) return;
    if (isSent) {
      this.isEnding = true;
      this.push(null);
      this.resume();
    } else {
      this.destroy();
    }
  }

  /** Fastify destroys streams that have not ended when the response has, in the same tick, before 'end' is emitted. */
  override destroy(error?: Error): this {
    return this.isEnding && !this.readableEnded && error === undefined ? this : super.destroy(error);
  }

  override _read(): void {
    this.content.next().then(
      (chunk) => {
        const bytes = chunk?.byteLength ?? 0;
        this.content.countWritten(bytes);
        this.content.countFlushed(bytes); // a reader of this stream does not report what it sends
        this.witness?.read(chunk ?? null);
        this.push(chunk ?? null);
      },
      (error: unknown) => this.breakOff(error),
    );
  }

  private breakOff(error: unknown): void {
    this.onFailure(error);
    this.destroy();
  }
}
