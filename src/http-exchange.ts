import type { IncomingMessage, ServerResponse as NodeResponse } from 'node:http';
import { awaitTurn, isQueued } from './connection-turn.js';
import type { Fields, RequestFacts } from './http/response-plan.js';

/** `chunkedEncoding` is decided when the head is sent. */
type ServerResponse = NodeResponse & { chunkedEncoding: boolean };

/** A request and its response as this package uses them, whichever framework made them. Field names in lower case. */
export interface HttpExchange {
  readonly facts: RequestFacts;
  /** Method and path of the request, without its query, for the log. */
  readonly target: string;
  /** Where the content is written. */
  readonly response: ServerResponse;
  /** Aborts when the response is over before it was sent. */
  readonly signal: AbortSignal;
  /** Whether the response is over: sent, or its client gone. */
  readonly isClosed: boolean;
  /** Whether the framework would rather have content that is one Buffer as it is. */
  readonly takesBuffers: boolean;
  /** Resolves when the response is the next on its connection; to `false` where there is nobody left to answer. */
  turn(): Promise<boolean>;
  /** Calls back once, when the response is over; at once where it is. */
  onClose(callback: () => void): void;
  /** A field that somebody has set on the response already. */
  field(name: string): string | undefined;
  setStatus(status: number): void;
  /** Removes the fields named, then sets the others. */
  setFields(fields: Fields, removed: readonly string[]): void;
  /** Lets nothing between here and the client change the content's coding. */
  keepEncoding(): void;
  /** Ends it for us: whatever was opened for it is released. */
  close(): void;
  /** Cuts the connection: the client must not take what it got for the whole. */
  cut(): void;
  /** Hands content to the framework, or to the response itself. */
  send(content: NodeJS.ReadableStream | Uint8Array): void;
}

/** An exchange over what a framework hands to handlers, interceptors or middleware: its own objects or Node.js' ones. */
export function exchangeOf(request: unknown, response: unknown): HttpExchange {
  if (isFastifyReply(response)) return new FastifyExchange(request as FastifyRequest, response);
  return new NodeExchange(request as IncomingMessage, response as ServerResponse);
}

/** What is used of a Fastify reply; `raw` is what tells it from a response of Node.js. */
interface FastifyReply {
  readonly raw: ServerResponse;
  statusCode: number;
  getHeader(name: string): number | string | string[] | undefined;
  header(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
  send(payload: unknown): unknown;
}

interface FastifyRequest {
  readonly raw: IncomingMessage;
  headers: Record<string, string | string[] | undefined>;
}

function isFastifyReply(response: unknown): response is FastifyReply {
  return typeof response === 'object' && response !== null && 'raw' in response && 'send' in response;
}

/** The stream behind a response of HTTP/2, which is what is destroyed there. */
function http2StreamOf(response: object): { readonly destroyed: boolean; close(code: number): void } {
  return (response as { stream: ReturnType<typeof http2StreamOf> }).stream;
}

/** RFC 9113 §7; a plain destroy() would say NO_ERROR. */
const INTERNAL_ERROR = 2;

abstract class Exchange implements HttpExchange {
  private readonly receivedAt = Date.now();
  private controller: AbortController | undefined;
  private readonly callbacks: (() => void)[] = [];
  isClosed = false;

  constructor(
    private readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {
    if (this.isGone || this.isSent) this.close();
    else response.once('close', () => this.close());
    if (!this.isHttp2) response.once('finish', () => this.close()); // not every response is closed: an injected one is not
  }

  protected abstract readonly status: number;
  abstract readonly takesBuffers: boolean;
  abstract field(name: string): string | undefined;
  abstract setStatus(status: number): void;
  abstract setFields(fields: Fields, removed: readonly string[]): void;
  abstract keepEncoding(): void;
  abstract send(content: NodeJS.ReadableStream | Uint8Array): void;

  get facts(): RequestFacts {
    const { headers, method = 'GET' } = this.request;
    return {
      method,
      status: this.status,
      receivedAt: this.receivedAt,
      range: headers.range,
      ifRange: join(headers['if-range']),
      ifMatch: headers['if-match'],
      ifNoneMatch: headers['if-none-match'],
      ifModifiedSince: this.unrepeated('if-modified-since'),
      ifUnmodifiedSince: this.unrepeated('if-unmodified-since'),
    };
  }

  get target(): string {
    const { method = '', url = '' } = this.request;
    return `${method} ${url.split('?', 1)[0]}`;
  }

  /** Made when it is asked for: a signal costs more than all else that an exchange needs. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.isAborted) this.controller.abort();
    return this.controller.signal;
  }

  private get isAborted(): boolean {
    return this.isClosed && !this.isSent;
  }

  private get isGone(): boolean {
    return this.isHttp2 ? http2StreamOf(this.response).destroyed : this.response.destroyed;
  }

  /** Node.js finishes the stream of an HTTP/2 response to HEAD, or one that was reset, before anybody ends it. */
  private get isSent(): boolean {
    return this.isHttp2 ? this.response.writableEnded : this.response.writableFinished;
  }

  private get isHttp2(): boolean {
    return this.request.httpVersionMajor > 1;
  }

  async turn(): Promise<boolean> {
    if (this.isClosed) return false;
    if (!isQueued(this.request, this.response) || (await awaitTurn(this.request, this.response))) return !this.isClosed;
    this.close();
    return false;
  }

  onClose(callback: () => void): void {
    if (this.isClosed) callback();
    else this.callbacks.push(callback);
  }

  cut(): void {
    if (this.isHttp2) http2StreamOf(this.response).close(INTERNAL_ERROR);
    else if (this.response.chunkedEncoding || this.field('content-length') !== undefined) this.response.destroy();
    // To a client of HTTP/1.0 an orderly close is the end of the content: only a reset tells it otherwise.
    else this.response.socket?.resetAndDestroy();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.isAborted) this.controller?.abort();
    for (const call of this.callbacks.splice(0)) call();
  }

  /** Node.js keeps only the first line of a repeated date field, where RFC 9110 §13.1.3 wants none to count. */
  private unrepeated(name: 'if-modified-since' | 'if-unmodified-since'): string | undefined {
    const value = this.request.headers[name];
    if (value === undefined) return undefined;
    const lines = this.request.rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === name);
    return lines.length === 1 ? value : `${value}, ${value}`;
  }
}

/** Node.js sends a name as it was set; these are as the RFCs write them. */
const CANONICAL_NAMES: Readonly<Record<string, string>> = {
  'accept-ranges': 'Accept-Ranges',
  'cache-control': 'Cache-Control',
  'content-disposition': 'Content-Disposition',
  'content-encoding': 'Content-Encoding',
  'content-language': 'Content-Language',
  'content-length': 'Content-Length',
  'content-location': 'Content-Location',
  'content-range': 'Content-Range',
  'content-type': 'Content-Type',
  etag: 'ETag',
  expires: 'Expires',
  'last-modified': 'Last-Modified',
  vary: 'Vary',
  'x-content-type-options': 'X-Content-Type-Options',
};

class NodeExchange extends Exchange {
  readonly takesBuffers = false;

  protected get status(): number {
    return this.response.statusCode;
  }

  field(name: string): string | undefined {
    return join(this.response.getHeader(name));
  }

  setStatus(status: number): void {
    this.response.statusCode = status;
  }

  setFields(fields: Fields, removed: readonly string[]): void {
    for (const name of removed) removeField(this.response, name);
    for (const name in fields) this.response.setHeader(CANONICAL_NAMES[name] ?? name, fields[name] ?? '');
  }

  /** `compression` obeys the `no-transform` that every plan carries. */
  keepEncoding(): void {}

  send(content: NodeJS.ReadableStream | Uint8Array): void {
    if (content instanceof Uint8Array) this.response.end(content);
    else content.pipe(this.response);
  }
}

class FastifyExchange extends Exchange {
  readonly takesBuffers = true;

  constructor(
    private readonly fastifyRequest: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {
    super(fastifyRequest.raw, reply.raw);
  }

  protected get status(): number {
    return this.reply.statusCode;
  }

  /** Of the reply, or, set by middleware, of the response below it. */
  field(name: string): string | undefined {
    return join(this.reply.getHeader(name));
  }

  setStatus(status: number): void {
    this.reply.statusCode = status;
  }

  setFields(fields: Fields, removed: readonly string[]): void {
    for (const name of removed) {
      this.reply.removeHeader(name);
      removeField(this.response, name);
    }
    for (const name in fields) this.reply.header(name, fields[name] ?? '');
  }

  /** @fastify/compress takes no notice of `no-transform`; this is the field that it obeys. */
  keepEncoding(): void {
    const { headers } = this.fastifyRequest;
    if (headers['accept-encoding'] === undefined) return;
    this.fastifyRequest.headers = { 'x-no-compression': '1' };
  }

  send(content: NodeJS.ReadableStream | Uint8Array): void {
    this.reply.send(content);
  }
}

/** Node.js takes the removal of a field that is not there for a wish never to add it itself, `chunked` among them. */
function removeField(response: ServerResponse, name: string): void {
  if (response.hasHeader(name)) response.removeHeader(name);
}

function join(value: number | string | readonly string[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'object' ? value.join(', ') : String(value);
}
