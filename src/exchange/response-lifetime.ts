import type { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import { awaitTurn, isQueued } from './connection-turn.js';
import { type Http2Stream, http2StreamOf, isConnected, isGone, isHttp2 } from '../content/writing/http2-response.js';
import { destroyQuietly } from '../sources/stream/releasable-bytes.js';
import { cutConnection } from './cut-connection.js';

/** The lifetime of a response: from its turn on the connection to its end, when everything opened for it is released. */
export class ResponseLifetime {
  private controller: AbortController | undefined;
  /** `undefined` until the first `onClose`: small responses finish without any. */
  private callbacks: (() => void)[] | undefined;
  private isEnded = false;
  /** Recorded at the end, because the connection may close later for other reasons. */
  private wasSent: boolean | undefined;
  /** Whether it is an HTTP/2 stream, several of which share a connection. */
  readonly isHttp2: boolean;
  /** HTTP/2: whether the connection broke during the last write. */
  private isBroken = false;

  constructor(
    /** The Node.js request. */
    readonly request: IncomingMessage,
    /** The Node.js response. */
    readonly response: ServerResponse,
  ) {
    this.isHttp2 = isHttp2(response);
  }

  /** Whether the response was sent, or its client has disconnected. */
  get isClosed(): boolean {
    return this.isEnded || this.isGone || this.isSent;
  }

  /** Aborts if the response ends before it was sent, or on `abort`. Created lazily, since that costs 7 µs. */
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

  /** Aborts the signal although the response has not ended. */
  abort(): void {
    this.controller?.abort();
  }

  /** Resolves when the response is the next on its connection; to `false` if the client has disconnected. */
  turn(): boolean | Promise<boolean> {
    const { isClosed } = this;
    if (isClosed || this.isHttp2 || !isQueued(this.response)) return !isClosed;
    return awaitTurn(this.request, this.response).then((isOurTurn) => {
      if (!isOurTurn) this.close();
      return !this.isClosed;
    });
  }

  /** Calls back once when the response has ended; immediately if it has already. */
  onClose(callback: () => void): void {
    if (this.isClosed) return callback();
    this.callbacks ??= this.watch();
    this.callbacks.push(callback);
  }

  /** Marks the response as ended and runs the callbacks, which release what was opened for it. */
  close(): void {
    this.wasSent ??= this.isSent;
    this.isEnded = true;
    for (const call of this.callbacks?.splice(0) ?? []) call();
  }

  private watch(): (() => void)[] {
    ResponseLifetime.of(this.response).push(this);
    return [];
  }

  /** The lifetimes that one listener closes when their response ends: an app may retry any number of times. */
  private static of(response: Watched): ResponseLifetime[] {
    const known = response[LIFETIMES];
    if (known !== undefined) return known;
    const lifetimes: ResponseLifetime[] = [];
    response[LIFETIMES] = lifetimes;
    const close = (): void => {
      for (const lifetime of lifetimes) lifetime.close();
    };
    response.once('close', close);
    if (isHttp2(response)) ResponseLifetime.watchStream(http2StreamOf(response), lifetimes, close);
    else response.once('finish', close); // an injected response is finished, but never closed
    return lifetimes;
  }

  private static watchStream(stream: Http2Stream, lifetimes: readonly ResponseLifetime[], close: () => void): void {
    // Node.js never closes a stream that its client resets with NO_ERROR, so data waiting to be sent would wait forever.
    stream.once('aborted', () => {
      close();
      process.nextTick(() => stream.destroy()); // Node.js is about to end it
    });
    // Node.js also finishes a stream whose last write has failed.
    stream.once('finish', () => {
      const isBroken = !isConnected(stream);
      for (const lifetime of lifetimes) lifetime.isBroken = isBroken;
    });
  }

  /** Aborts the connection, so that the client does not take a truncated response for complete. Never throws. */
  cut(): void {
    try {
      this.breakOff();
    } catch {
      destroyAsShipped(this.request.socket); // an app has replaced a method of the response or its socket
    }
  }

  private breakOff(): void {
    const { response } = this;
    if (this.isHttp2) return http2StreamOf(response).destroy(new Error('the response was cut off')); // INTERNAL_ERROR
    // For an HTTP/1.0 client an orderly close is the end of the content: only a reset signals a failure.
    if (isDelimitedByClose(response) && response.socket !== null) cutConnection(response.socket);
    response.socket?.destroy(); // first: Bun sends the head of an empty 200 for a response that is destroyed before its own
    response.destroy();
  }

  /** Closes the connection once all written data is sent; an HTTP/2 session once its streams have ended. */
  endConnection(): void {
    if (this.isHttp2) return http2StreamOf(this.response).session?.close();
    const { socket } = this.request; // not a Duplex for injected requests
    if (socket instanceof Duplex) socket.end();
  }

  private get isGone(): boolean {
    return this.isHttp2 ? isGone(this.response) : this.response.destroyed;
  }

  /**
   * Whether the complete response was handed to the kernel. 'finish' alone does not tell: Node.js also finishes the stream of
   * an HTTP/2 response to HEAD, or one that was reset, before it is ended, and an HTTP/1.1 response whose connection breaks
   * under the last bytes.
   */
  get isSent(): boolean {
    if (this.wasSent !== undefined) return this.wasSent;
    if (this.isHttp2) return this.response.writableEnded && isFlushed(http2StreamOf(this.response)) && !this.isBroken;
    return this.response.writableFinished && !this.request.socket.destroyed;
  }
}

/** A property of the response: a WeakMap would cost more. */
const LIFETIMES = Symbol('lifetimes');

type Watched = ServerResponse & { [LIFETIMES]?: ResponseLifetime[] };

/** Destroys a socket by the original method of Node.js. The socket of an injected request is not a stream. */
function destroyAsShipped(socket: Duplex): void {
  if (socket instanceof Duplex) Duplex.prototype.destroy.call(socket);
  else destroyQuietly(socket);
}

/** Whether the content is delimited only by the end of its connection. */
function isDelimitedByClose(response: ServerResponse): boolean {
  return response.headersSent && !response.chunkedEncoding && !response.hasHeader('content-length');
}

/** Whether all data written to a stream was handed to the kernel, and nobody has reset it. */
function isFlushed({ writableFinished, rstCode = 0 }: Http2Stream): boolean {
  return writableFinished && rstCode === 0;
}
