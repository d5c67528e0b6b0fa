import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { awaitTurn, isQueued } from './connection-turn.js';

/** How long a response lasts: from its turn on the connection to its end, which releases what was opened for it. */
export class ResponseLifetime {
  private controller: AbortController | undefined;
  /** `undefined` until somebody wants to know when it is over: small responses are over before anybody does. */
  private callbacks: (() => void)[] | undefined;
  private isEnded = false;
  /** Known from the end on: later the connection may be gone for other reasons. */
  private wasSent: boolean | undefined;

  constructor(
    /** That of Node.js. */
    readonly request: IncomingMessage,
    /** Where the content is written. */
    readonly response: ServerResponse,
  ) {}

  /** Whether the response is over: sent, or its client gone. */
  get isClosed(): boolean {
    return this.isEnded || this.isGone || this.isSent;
  }

  /** Aborts when the response is over before it was sent, or by `abort`. Made when asked for: that costs 7 µs. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      this.controller = controller;
      this.onClose(() => {
        if (!this.isSent) controller.abort();
      });
    }
    return this.controller.signal;
  }

  /** Aborts the signal: nobody waits for the source any more, though the response is not over. */
  abort(): void {
    this.controller?.abort();
  }

  /** Resolves when the response is the next on its connection; to `false` where there is nobody left to answer. */
  turn(): boolean | Promise<boolean> {
    if (this.isClosed || !isQueued(this.request, this.response)) return !this.isClosed;
    return awaitTurn(this.request, this.response).then((isOurTurn) => {
      if (!isOurTurn) this.close();
      return !this.isClosed;
    });
  }

  /** Calls back once, when the response is over; at once where it is. */
  onClose(callback: () => void): void {
    if (this.isClosed) return callback();
    this.callbacks ??= this.watch();
    this.callbacks.push(callback);
  }

  /** Ends it for us: whatever was opened for it is released. */
  close(): void {
    this.wasSent ??= this.isSent;
    this.isEnded = true;
    for (const call of this.callbacks?.splice(0) ?? []) call();
  }

  private watch(): (() => void)[] {
    const close = (): void => this.close();
    this.response.once('close', close);
    if (!this.isHttp2) this.response.once('finish', close); // an injected response is finished, but never closed
    return [];
  }

  /** Cuts the connection: the client must not take what it got for the whole. */
  cut(): void {
    const { response } = this;
    if (this.isHttp2) http2StreamOf(response).close(INTERNAL_ERROR);
    else if (response.chunkedEncoding || response.hasHeader('content-length')) response.destroy();
    // To a client of HTTP/1.0 an orderly close is the end of the content: only a reset tells it otherwise.
    else response.socket?.resetAndDestroy();
  }

  /** Ends the connection when what was written to it has left. */
  endConnection(): void {
    const { socket } = this.request; // of an injected request: none
    if (!this.isHttp2 && socket instanceof Socket) socket.end();
  }

  private get isGone(): boolean {
    return this.isHttp2 ? http2StreamOf(this.response).destroyed : this.response.destroyed;
  }

  /**
   * Whether all of it was handed over. Node.js finishes the stream of an HTTP/2 response to HEAD, or one that was reset,
   * before anybody ends it; and one of HTTP/1.1 also when its connection breaks under the last octets.
   */
  get isSent(): boolean {
    if (this.wasSent !== undefined) return this.wasSent;
    if (this.isHttp2) return this.response.writableEnded;
    return this.response.writableFinished && !this.request.socket.destroyed;
  }

  private get isHttp2(): boolean {
    return this.request.httpVersionMajor > 1;
  }
}

/** RFC 9113 §7; a plain destroy() would say NO_ERROR. */
const INTERNAL_ERROR = 2;

/** The stream behind a response of HTTP/2, which is what is destroyed there. */
function http2StreamOf(response: object): { readonly destroyed: boolean; close(code: number): void } {
  return (response as { stream: ReturnType<typeof http2StreamOf> }).stream;
}
