import type { IncomingMessage, ServerResponse } from 'node:http';
import { isJoined, joinLists } from '../../http/headers/list-header.js';
import type { ResponseHeaders } from '../../http/response-plan.js';
import { HttpExchange, removeHeader, type SetHeaders } from '../http-exchange.js';
import { type Payload, PayloadGuard, type PayloadJudge } from '../payload-guard.js';
import { joinLines, type RequestHeaders } from '../request-headers.js';

/** The members used of a Fastify reply; `raw` distinguishes it from a Node.js response. */
export interface FastifyReply {
  readonly raw: ServerResponse;
  readonly request: unknown;
  /** Whether it has ended, or the app has hijacked it. */
  readonly sent?: boolean;
  statusCode: number;
  getHeader(name: string): number | string | string[] | undefined;
  getHeaders(): Record<string, number | string | string[] | undefined>;
  header(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
  send(payload: unknown): unknown;
}

export interface FastifyRequest {
  readonly raw: IncomingMessage;
  headers: Record<string, string | string[] | undefined>;
}

/** A middleware of Express may set `raw` on a response, too. */
export function isFastifyReply(response: unknown): response is FastifyReply {
  if (typeof response !== 'object' || response === null || 'writeHead' in response) return false;
  return 'raw' in response && 'send' in response;
}

/** Of Fastify: headers are set on its reply, and content is sent through it. */
export class FastifyExchange extends HttpExchange {
  readonly prefersBuffers = true;
  private isHeadDue = false;
  /** Whether the response below has all headers: middleware may have changed them there. */
  private isHeadRaw = false;

  constructor(
    readonly frameworkRequest: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {
    super(frameworkRequest.raw, reply.raw);
  }

  get status(): number {
    return this.reply.statusCode;
  }

  override get isTaken(): boolean {
    return this.reply.sent === true && !this.response.writableEnded;
  }

  /** Including those that a hook has replaced. */
  protected get requestHeaders(): RequestHeaders {
    return this.frameworkRequest.headers;
  }

  /** From the reply or from the response below it, where middleware sets headers; lists in both are merged. */
  header(name: string): string | undefined {
    if (this.isHeadRaw) return joinLines(this.response.getHeader(name));
    const value = joinLines(this.reply.getHeader(name));
    if (value === undefined || !isJoined(name) || !this.response.hasHeader(name)) return value;
    return joinLists(name, joinLines(this.response.getHeader(name)), value);
  }

  headers(): SetHeaders {
    return this.reply.getHeaders();
  }

  setStatus(status: number): void {
    this.reply.statusCode = status;
  }

  setHeaders(headers: ResponseHeaders, removed: readonly string[]): void {
    for (const name of removed) {
      if (this.reply.getHeader(name) === undefined) continue;
      this.reply.removeHeader(name);
      removeHeader(this.response, name);
    }
    for (const name in headers) this.reply.header(name, headers[name] ?? '');
    if (this.isHeadDue) for (const name in headers) this.response.setHeader(name, headers[name] ?? '');
  }

  /** For streams, Fastify has copied the headers of the reply to the response by then. */
  override beforeHead(callback: (status: number) => void): void {
    this.wrapHead((status, hasHeaders) => {
      this.isHeadDue = true;
      this.isHeadRaw = !hasHeaders;
      callback(status);
    });
  }

  override whenHeadIsStored(callback: (status: number) => void): void {
    super.whenHeadIsStored((status) => {
      this.isHeadDue = true;
      this.isHeadRaw = true;
      callback(status);
    });
  }

  /** @fastify/compress ignores `no-transform`, but respects this request header. */
  keepEncoding(): void {
    const { headers } = this.frameworkRequest;
    if (headers['accept-encoding'] === undefined) return;
    this.frameworkRequest.headers = { 'x-no-compression': '1' };
  }

  send(content: Payload, judge?: PayloadJudge): void {
    if (judge !== undefined && mayReplacePayloads(this.reply)) PayloadGuard.install(this.response, content, judge);
    this.reply.send(content);
  }

  sendError(error: Error): void {
    this.reply.send(error);
  }
}

/** Where Fastify keeps the hooks of a request's route; no public property tells whether there are any. */
let contextKey: symbol | undefined;

/** Whether anything may change or replace a payload between `send()` and the response. True in doubt. */
function mayReplacePayloads(reply: FastifyReply): boolean {
  const { request } = reply as { request: object };
  contextKey ??= Object.getOwnPropertySymbols(request).find(({ description }) => description === 'fastify.context');
  const context: unknown = contextKey === undefined ? undefined : Reflect.get(request, contextKey);
  const hasNoHooks = context instanceof Object && 'onSend' in context && context.onSend === null;
  return !hasNoHooks || Object.hasOwn(reply, 'send');
}
