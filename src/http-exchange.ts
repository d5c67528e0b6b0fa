import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fields, RequestFacts } from './http/response-plan.js';
import { factsOf, joinLines } from './request-facts.js';
import { ResponseLifetime } from './response-lifetime.js';

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

/** A request and its response as this package uses them, whichever framework made them. Field names in lower case. */
export abstract class HttpExchange extends ResponseLifetime {
  private readonly receivedAt = Date.now();

  /** Whether the framework would rather have content that is one Buffer, or none, without a stream around it. */
  abstract readonly takesPayloads: boolean;
  protected abstract readonly status: number;

  get facts(): RequestFacts {
    return factsOf(this.request, this.status, this.receivedAt);
  }

  get method(): string {
    return this.request.method ?? '';
  }

  /** Of the request, without its query. */
  get path(): string {
    return this.request.url?.split('?', 1)[0] ?? '';
  }

  /** Method and path of the request, for the log. */
  get target(): string {
    return `${this.method} ${this.path}`;
  }

  /** A field that somebody has set on the response already. */
  abstract field(name: string): string | undefined;
  abstract setStatus(status: number): void;
  /** Removes the fields named, then sets the others. */
  abstract setFields(fields: Fields, removed: readonly string[]): void;
  /** Lets nothing between here and the client change the content's coding. */
  abstract keepEncoding(): void;
  /** Hands content to the framework, or to the response itself. */
  abstract send(content: NodeJS.ReadableStream | Uint8Array | undefined): void;
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
  'cross-origin-resource-policy': 'Cross-Origin-Resource-Policy',
  etag: 'ETag',
  expires: 'Expires',
  'last-modified': 'Last-Modified',
  location: 'Location',
  'retry-after': 'Retry-After',
  vary: 'Vary',
  'x-accel-redirect': 'X-Accel-Redirect',
  'x-content-type-options': 'X-Content-Type-Options',
  'x-sendfile': 'X-Sendfile',
};

class NodeExchange extends HttpExchange {
  readonly takesPayloads = false;

  protected get status(): number {
    return this.response.statusCode;
  }

  field(name: string): string | undefined {
    return joinLines(this.response.getHeader(name));
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

  send(content: NodeJS.ReadableStream | Uint8Array | undefined): void {
    if (content === undefined || content instanceof Uint8Array) this.response.end(content);
    else content.pipe(this.response);
  }
}

class FastifyExchange extends HttpExchange {
  readonly takesPayloads = true;

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
    return joinLines(this.reply.getHeader(name));
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

  send(content: NodeJS.ReadableStream | Uint8Array | undefined): void {
    this.reply.send(content);
  }
}

/** Node.js takes the removal of a field that is not there for a wish never to add it itself, `chunked` among them. */
function removeField(response: ServerResponse, name: string): void {
  if (response.hasHeader(name)) response.removeHeader(name);
}
