import { isPatched } from '../../content/writing/kernel-writes.js';
import type { ResponseHeaders } from '../../http/response-plan.js';
import { HttpExchange, removeHeader, type SetHeaders } from '../http-exchange.js';
import type { Payload } from '../payload-guard.js';
import { joinLines, type RequestHeaders } from '../request-headers.js';

/** Of Express, whose requests and responses are those of Node.js, and of Node.js itself. */
export class ExpressExchange extends HttpExchange {
  readonly prefersBuffers = false;

  get frameworkRequest(): object {
    return this.request;
  }

  get status(): number {
    return this.response.statusCode;
  }

  protected get requestHeaders(): RequestHeaders {
    return this.request.headers;
  }

  header(name: string): string | undefined {
    return joinLines(this.response.getHeader(name));
  }

  headers(): SetHeaders {
    return this.response.getHeaders();
  }

  setStatus(status: number): void {
    this.response.statusCode = status;
  }

  setHeaders(headers: ResponseHeaders, removed: readonly string[]): void {
    for (const name of removed) removeHeader(this.response, name);
    for (const name in headers) this.response.setHeader(CANONICAL_NAMES[name] ?? name, headers[name] ?? '');
  }

  override beforeHead(callback: (status: number) => void): void {
    if (isPatched(this.response)) this.whenHeadIsStored(callback);
    else super.beforeHead(callback);
  }

  /** Nothing to do: `compression` respects the `no-transform` that every plan sets. */
  keepEncoding(): void {}

  send(content: Payload): void {
    if (content === undefined || content instanceof Uint8Array) this.response.end(content);
    else content.pipe(this.response);
  }

  sendError(): void {
    this.cut();
  }
}

/** Header names as the RFCs write them; Node.js sends a name exactly as it was set. */
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
