import type { Readable, Writable } from 'node:stream';
import { trustAs } from './kernel-writes.js';

/** What sends a response its bytes, and what ends it. */
type Method = 'write' | 'end';

type Call = (this: Writable, ...args: unknown[]) => unknown;

const ENDED = 'something else ended the response before all of its content was sent';
const WRITTEN = 'something else wrote to the response while its content was sent';

/**
 * Reserves a response for the content that is sent on it. Anything else that ends the response, as Nest's exception filters do
 * after a handler has failed, would truncate the content: chunked content would look complete, a client that knows the length
 * would wait for the rest, and our next write would end the process.
 */
export class SoleWriter {
  private isWriting = false;
  private areWritesKept = false;
  private isOver = false;
  private hasFailed = false;
  /** What the piped stream is emitting. */
  private emitted: unknown;

  /** @param onFailure called once, instead of a foreign call or with what a listener to a piped stream throws */
  constructor(
    private readonly response: Writable,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /**
   * Lets only a pipe from this stream write what the stream emits, and end the response after the stream has ended. If what
   * listens to the stream throws, such as a patched method of the response, only this response fails.
   */
  keepForPipe(from: Readable): this {
    this.guard('write', WRITTEN, (chunk) => this.isEmitted(chunk) || this.isHeadSent);
    this.guard('end', ENDED, () => from.readableEnded);
    const emit = from.emit.bind(from) as (...args: unknown[]) => boolean;
    from.emit = (event: string | symbol, ...args: unknown[]) =>
      event === 'data' || event === 'end' ? this.pass(args[0], () => emit(event, ...args)) : emit(event, ...args);
    return this;
  }

  /** Lets the pipe write a chunk. From the first one on nothing else may write. */
  private pass(chunk: unknown, emit: () => boolean): boolean {
    this.emitted = chunk;
    try {
      return emit();
    } catch (error) {
      this.fail(error);
      this.response.destroy(); // an error response would throw, too
      return true;
    } finally {
      this.emitted = undefined;
      if (this.isHeadSent) this.keepWrites(); // middleware that patches when the head is written has done so
    }
  }

  private isEmitted(chunk: unknown): boolean {
    const isOurs = chunk === this.emitted && chunk !== undefined;
    if (isOurs) this.emitted = undefined;
    return isOurs;
  }

  private get isHeadSent(): boolean {
    const { headersSent }: Writable & { readonly headersSent?: boolean } = this.response;
    return headersSent === true;
  }

  /** Lets an error handler respond for content that has failed before the head was sent. */
  releaseUnsent(): void {
    if (!this.isHeadSent) this.isOver = true;
  }

  /** Writes a chunk, and keeps the response from then on. */
  write(chunk: Uint8Array, callback: (error?: Error | null) => void): boolean {
    this.isWriting = true;
    try {
      return this.response.write(chunk, callback);
    } finally {
      this.isWriting = false;
      this.keep();
    }
  }

  /** Returns the response for its end. */
  release(): Writable {
    this.isOver = true;
    return this.response;
  }

  /** Lets nothing else write to the response or end it. The head is sent, so middleware has patched what it will. */
  keep(): void {
    if (this.areWritesKept) return;
    this.keepWrites();
    this.guard('end', ENDED, () => false);
  }

  private keepWrites(): void {
    if (this.areWritesKept) return;
    this.areWritesKept = true;
    this.guard('write', WRITTEN, (chunk) => this.isWriting || this.isEmitted(chunk));
  }

  private guard(name: Method, message: string, isOurs: (chunk: unknown) => boolean): void {
    const { response } = this;
    const method = response[name] as Call;
    const refuse = (): void => this.fail(new Error(message));
    const guarded: Call = function (...args) {
      if (isAllowed(args[0])) return Reflect.apply(method, this, args);
      refuse();
      return name === 'end' ? this : false;
    };
    const isAllowed = (chunk: unknown): boolean => this.isOver || isOurs(chunk);
    trustAs(guarded, method);
    Object.assign(response, { [name]: guarded });
  }

  private fail(error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.onFailure(error);
  }
}
