import { Readable } from 'node:stream';
import { propertyOf } from '../../call-quietly.js';
import { describe } from '../../options/check-options.js';
import { shownUrl, type UpstreamTarget, upstreamTarget } from '../../options/target-url.js';
import { codeOf, SourceFaultError, SourceProtocolError } from '../../source-errors.js';
import type { Bytes } from '../../source.js';
import { destroyQuietly, toReadable } from '../../stream/releasable-bytes.js';

/** `fetch` as it is called here: that of Node.js or undici, or a function of the app that passes `init` on. */
export type Fetch = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly redirect: 'manual'; readonly signal: AbortSignal },
) => Promise<FetchResponse>;

/** The members used of a `fetch` response. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** A web stream of bytes, of Node.js or of another library; a Node.js stream, as from node-fetch. */
  readonly body: unknown;
}

type Headers = Readonly<Record<string, string>>;

const REDIRECTIONS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTIONS = 10;

/** Sends GET requests to a URL and follows redirections; the app's headers are not sent to other origins. */
export class UpstreamRequests {
  constructor(
    private readonly target: UpstreamTarget,
    private readonly own: Headers,
    private readonly fetch: Fetch,
    /** Further options of the fetch. */
    private readonly init: object,
  ) {}

  get origin(): string {
    return this.target.url.origin;
  }

  /** @throws SourceProtocolError for too many redirections, or one to an invalid URL */
  async send(headers: Headers, signal: AbortSignal): Promise<FetchResponse> {
    let { url } = this.target;
    let own = withAuthorization(this.target, this.own);
    for (let count = 0; count <= MOST_REDIRECTIONS; count++) {
      const sent = { ...own, ...headers, 'accept-encoding': 'identity' };
      const ask = (): Promise<FetchResponse> =>
        this.fetch(url.href, { ...this.init, headers: sent, redirect: 'manual', signal });
      const response = await ask().catch((error: unknown) => askAgain(error, ask));
      checkResponse(response);
      if (!REDIRECTIONS.has(response.status)) return response;
      destroyQuietly(bodyOf(response));
      const next = this.nextTarget(response, url);
      // Headers for one origin are never sent to another, nor restored if that redirects back.
      own = withAuthorization(next, next.url.origin === url.origin ? own : {});
      ({ url } = next);
    }
    throw new SourceProtocolError(`${shownUrl(this.target.url)} redirects more than ${MOST_REDIRECTIONS} times`);
  }

  private nextTarget({ status, headers }: FetchResponse, url: URL): UpstreamTarget {
    const next = upstreamTarget(headers.get('location') ?? 'none:', url);
    if (next !== undefined) return next;
    throw new SourceProtocolError(
      `${shownUrl(url)} responded with ${status} without a Location that is an http: or https: URL`,
    );
  }
}

/**
 * Sends a request once more if its connection ended before the response: a server may close one that it kept open just as the
 * request arrives.
 *
 * @see RFC 9112 §9.3.1
 */
function askAgain(error: unknown, ask: () => Promise<FetchResponse>): Promise<FetchResponse> {
  const codes = [error, propertyOf(error, 'cause')].map(codeOf);
  if (codes.some((code) => CONNECTION_ENDED.has(code))) return ask();
  throw error;
}

const CONNECTION_ENDED = new Set<unknown>(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** @throws SourceFaultError if a fetch of the app gave something else, such as the response of another client */
function checkResponse(response: unknown): void {
  if (typeof response !== 'object' || response === null) refuseResponse(describe(response));
  const { status, headers } = response as { readonly status?: unknown; readonly headers?: { readonly get?: unknown } };
  if (!Number.isInteger(status)) refuseResponse('an object without a status');
  if (typeof headers?.get !== 'function') refuseResponse('an object without headers.get()');
  if (!('body' in response)) refuseResponse('an object without a body');
}

function refuseResponse(given: string): never {
  throw new SourceFaultError(
    `httpSource: the option "fetch" must return a Response, as fetch of Node.js does, not ${given}`,
  );
}

function withAuthorization({ authorization }: UpstreamTarget, headers: Headers): Headers {
  return authorization === undefined ? headers : { authorization, ...headers };
}

export function bodyOf({ body }: FetchResponse): Readable {
  return body === null || body === undefined ? Readable.from([]) : toReadable(body as Bytes);
}
