import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { ByteRange } from '../http/byte-range.js';
import { parseEntityTag } from '../http/entity-tag.js';
import { parseHttpDate } from '../http/http-date.js';
import type { RepresentationMetadata } from '../http/representation.js';
import { matchableTag, parseContentRange, rangeField } from './check-answer.js';
import { callback, checkOptions, type Checks } from './check-options.js';
import { destroyQuietly } from './octets.js';
import { SourceProtocolError } from './source-errors.js';
import type { RangeSource, Representation } from './source.js';
import type { ObjectMetadata, RememberedUnder, Store, StoreAnswer } from './store.js';
import { StoreContent } from './store-content.js';
import { toSourceError } from './store-errors.js';
import { STORE_CHECKS, type StoreOptions, withDefaults } from './store-options.js';
import { storeSource } from './store-source.js';
import { forwardRepresentation } from './stream-source.js';
import type { Wait } from './within-time.js';

/** What is used of `fetch`: Node.js' own, undici's, or one of the app's. */
export type Fetch = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
) => Promise<FetchResponse>;

/** What is used of the response to a `fetch`. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** A web stream of octets. */
  readonly body: unknown;
}

export interface HttpSourceOptions extends StoreOptions {
  /** Sent with each request, such as Authorization. Those that ask for a range, or under a condition, are not sent. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: that of Node.js. */
  readonly fetch?: Fetch | undefined;
  /** A `Dispatcher` of undici, handed to `fetch`: an agent with its connections, a proxy. */
  readonly dispatcher?: object | undefined;
}

/**
 * A source over a URL: a file of another server, or a presigned URL of a store. The upstream must answer a range with
 * just that range, in no coding; one that takes no notice of ranges is read forwards, as a stream.
 *
 * @throws TypeError (at once) for a URL or an option that is impossible
 */
export function httpSource(url: string | URL, options: HttpSourceOptions = {}): RangeSource {
  checkOptions('httpSource', options, CHECKS);
  const target = new URL(url);
  if (!/^https?:$/.test(target.protocol)) throw new TypeError(`httpSource: ${target.protocol} is not http: or https:`);
  return storeSource(new Upstream(target, options), options);
}

const CHECKS: Checks<HttpSourceOptions> = {
  ...STORE_CHECKS,
  headers: ['an object of fields', (value) => typeof value === 'object' && value !== null],
  fetch: callback,
  dispatcher: ['a Dispatcher of undici', (value) => typeof value === 'object' && value !== null],
};

/** Whom metadata is remembered for where neither a fetch nor a dispatcher was given. */
const ANYBODY = {};

class Upstream implements Store {
  readonly name: string;
  readonly remembered: RememberedUnder;
  private readonly wait: Wait;
  private readonly ask: (fields: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<FetchResponse>;

  constructor(url: URL, options: HttpSourceOptions) {
    const { headers = {}, fetch, dispatcher } = options;
    const ask: Fetch = fetch ?? globalThis.fetch;
    this.name = `${url.origin}${url.pathname}`; // a query may be a signature
    this.wait = { name: this.name, timeoutMs: withDefaults(options).timeoutMs };
    const own = { ...withoutConditions(headers), 'accept-encoding': 'identity' };
    // By the headers too: what one user may see is not for the next.
    this.remembered = { owner: fetch ?? dispatcher ?? ANYBODY, key: JSON.stringify([url.href, own]) };
    const init = dispatcher === undefined ? {} : { dispatcher };
    this.ask = (fields, signal) => ask(url.href, { ...init, headers: { ...own, ...fields }, signal });
  }

  /**
   * By a GET for one octet rather than a HEAD: a presigned URL is good for one method, many servers leave the length out
   * of a HEAD, and the answer shows whether ranges are served.
   */
  async look(signal: AbortSignal): Promise<ObjectMetadata | Representation> {
    const first = await this.ask({ range: 'bytes=0-0' }, signal);
    const body = bodyOf(first);
    if (first.status === 206) return { ...metadataOf(first), size: await this.readSize(first, body) };
    if (first.status !== 416) return this.forwards(first, body, signal);
    destroyQuietly(body);
    const empty = await this.ask({}, signal); // there is no first octet
    return this.forwards(empty, bodyOf(empty), signal);
  }

  async read(range: ByteRange, known: ObjectMetadata, signal: AbortSignal): Promise<StoreAnswer> {
    const etag = matchableTag(known);
    const condition = etag === undefined ? {} : { 'if-match': etag };
    const response = await this.ask({ range: rangeField(range), ...condition }, signal);
    const body = bodyOf(response);
    this.check(response, body, 206);
    const contentRange = response.headers.get('content-range') ?? '';
    return { ...validatorsOf(response), body, contentRange, contentLength: contentLengthOf(response) };
  }

  /** The complete length, by the answer to a range of one octet. Reads that, so that the connection is used again. */
  private async readSize(response: FetchResponse, body: Readable): Promise<number> {
    this.check(response, body, 206);
    const contentRange = response.headers.get('content-range') ?? '';
    const range = parseContentRange(contentRange);
    let octets = 0;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      octets += chunk.byteLength;
      if (octets > 1) break;
    }
    if (range?.lastPos === 0 && octets === 1) return range.size;
    throw new SourceProtocolError(`${this.name}: ${octets} octets and "${contentRange}" came for bytes=0-0`);
  }

  /** An upstream that sends all of it whatever it is asked for. */
  private forwards(response: FetchResponse, body: Readable, signal: AbortSignal): Representation {
    this.check(response, body, 200);
    const size = contentLengthOf(response);
    const metadata = { ...metadataOf(response), ...(size === undefined ? {} : { size }) };
    const content = new StoreContent(body, this.wait, (error) => toSourceError(error, this.name));
    return forwardRepresentation(content, metadata, signal);
  }

  /** Destroys the body where the status is another, or the content is in a coding, which fetch has undone by now. */
  private check({ status, headers }: FetchResponse, body: Readable, expected: number): void {
    const coding = headers.get('content-encoding') ?? 'identity';
    if (status === expected && coding === 'identity') return;
    destroyQuietly(body);
    if (status >= 400) throw new UpstreamError(`${this.name} answered ${status}`, status, { headers });
    throw new SourceProtocolError(`${this.name} answered ${status} in the coding ${coding}, where ${expected} was due`);
  }
}

/** An answer that is an error. What it means for us is told by its status, as for all stores. */
class UpstreamError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly response: Pick<FetchResponse, 'headers'>,
  ) {
    super(message);
  }
}

/** An app may hand on the fields of its own request: what asks for a range, or under a condition, is decided here. */
function withoutConditions(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(entries.filter(([name]) => !/^(?:range|if-.*|host|connection|content-.*)$/.test(name)));
}

function bodyOf({ body }: FetchResponse): Readable {
  return body === null || body === undefined ? Readable.from([]) : Readable.fromWeb(body as ReadableStream);
}

function contentLengthOf({ headers }: FetchResponse): number | undefined {
  const text = headers.get('content-length');
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What the upstream says of the representation for others to know. */
const PASSED_ON = ['cache-control', 'content-disposition', 'content-language', 'expires', 'vary'];

function metadataOf(response: FetchResponse): Omit<RepresentationMetadata, 'size'> {
  const fields: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = response.headers.get(name);
    if (value !== null) fields[name] = value;
  }
  return { ...validatorsOf(response), type: response.headers.get('content-type') ?? undefined, fields };
}

function validatorsOf({ headers }: FetchResponse): Pick<RepresentationMetadata, 'etag' | 'lastModified'> {
  const etag = headers.get('etag');
  const time = parseHttpDate(headers.get('last-modified') ?? '', Date.now());
  return {
    etag: etag !== null && parseEntityTag(etag) !== undefined ? etag : undefined,
    lastModified: time === undefined ? undefined : new Date(time),
  };
}
