import type { ServerResponse } from 'node:http';
import { effectiveStatus } from '../http/chosen-status.js';
import type { ResponseHeaders, RequestFacts } from '../http/response-plan.js';
import type { Payload, PayloadJudge } from './payload-guard.js';
import { factsOf, type RequestHeaders } from './request-headers.js';
import { ResponseLifetime } from './response-lifetime.js';

/** Whether a stream is a Node.js response. */
export function isResponse(destination: object | undefined): destination is ServerResponse {
  return destination !== undefined && 'headersSent' in destination && 'setHeader' in destination;
}

/** What writes the head of a response of Node.js and Deno, whoever calls `writeHead()`. */
interface HeadStore {
  _storeHeader?: (...args: unknown[]) => unknown;
}

/** The headers of a response as they were set. */
export type SetHeaders = Readonly<Record<string, number | string | readonly string[] | undefined>>;

/** The route in the requests of Express and Fastify. */
interface RoutedRequest {
  readonly route?: { readonly path?: unknown };
  readonly routeOptions?: { readonly url?: unknown };
}

/** A request and its response, independent of the framework. Header names are in lower case. */
export abstract class HttpExchange extends ResponseLifetime {
  readonly receivedAt = Date.now();

  /** Whether the framework sends a single Buffer, or no content, faster than a stream. */
  abstract readonly prefersBuffers: boolean;
  /** The request as handlers and guards see it. */
  abstract readonly frameworkRequest: object;
  /** Status of the response; 200 unless somebody has set it. */
  abstract readonly status: number;
  protected abstract readonly requestHeaders: RequestHeaders;

  get facts(): RequestFacts {
    const facts = factsOf(this.request, this.requestHeaders, this.status, this.receivedAt);
    if (facts.status === 200) return facts;
    return { ...facts, status: effectiveStatus(facts, this.header('content-range')) };
  }

  /** Whether the handler chose a status that we ignore. */
  get isStatusIgnored(): boolean {
    return this.status !== 200 && this.facts.status !== this.status;
  }

  /** Whether the app sends a response of its own on the connection, as by `reply.hijack()` of Fastify. */
  get isTaken(): boolean {
    return false;
  }

  get method(): string {
    return this.request.method ?? '';
  }

  /** Path of the request, without its query. */
  get path(): string {
    return this.request.url?.split('?', 1)[0] ?? '';
  }

  /** The route's path with its parameters; `undefined` in middleware. */
  get route(): string | undefined {
    const { route, routeOptions }: RoutedRequest = this.frameworkRequest;
    const path = routeOptions?.url ?? route?.path;
    return typeof path === 'string' ? path : undefined;
  }

  /** Method and path of the request, for the log. */
  get target(): string {
    return `${this.method} ${this.path}`;
  }

  /** The value of a response header. */
  abstract header(name: string): string | undefined;
  /** All response headers. */
  abstract headers(): SetHeaders;
  abstract setStatus(status: number): void;
  /** Removes the headers named in `removed`, then sets `headers`. */
  abstract setHeaders(headers: ResponseHeaders, removed: readonly string[]): void;
  /** Calls back with the status just before the head is written, when headers may still be changed. */
  beforeHead(callback: (status: number) => void): void {
    this.wrapHead((status) => callback(status));
  }

  /**
   * The same if middleware has wrapped the response, and may write the head by a `writeHead()` that it has kept, or change
   * headers in one below.
   */
  whenHeadIsStored(callback: (status: number) => void): void {
    const response: ServerResponse & HeadStore = this.response;
    const { _storeHeader: store } = response;
    if (typeof store !== 'function') return this.wrapHead(callback, callback); // HTTP/2, Bun
    response._storeHeader = (...args) => {
      response._storeHeader = store;
      callback(response.statusCode);
      return Reflect.apply(store, response, args);
    };
  }

  /**
   * @param before told whether headers come with the status
   * @param after called when the head is written, before anything of it is sent
   */
  protected wrapHead(before: (status: number, hasHeaders: boolean) => void, after?: (status: number) => void): void {
    const { response } = this;
    const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
    response.writeHead = (...args: unknown[]) => {
      response.writeHead = writeHead;
      before(Number(args[0]), args.length > 1);
      const result = writeHead(...args);
      after?.(Number(args[0]));
      return result;
    };
  }

  /** Prevents compression of the content by the framework or its plugins. */
  abstract keepEncoding(): void;
  /**
   * Sends content through the framework, or on the Node.js response.
   *
   * @param judge decides if a hook of the framework replaces the content
   */
  abstract send(content: Payload, judge?: PayloadJudge): void;
  /** Sends an error response through the app's exception filters, or else cuts the connection. */
  abstract sendError(error: Error): void;
}

/** Removes a header if it is set. Removing an unset one tells Node.js never to add it, e.g. Transfer-Encoding: chunked. */
export function removeHeader(response: ServerResponse, name: string): void {
  if (response.hasHeader(name)) response.removeHeader(name);
}
