import type { Readable } from 'node:stream';
import type { ByteRange } from '../../../http/ranges/byte-range.js';
import { callback, checkOptions, type Checks, flag } from '../../options/check-options.js';
import { shownUrl, type UpstreamTarget, upstreamTarget } from '../../options/target-url.js';
import { SourceChangedError, SourceProtocolError } from '../../source-errors.js';
import type { RangeSource, Representation } from '../../source.js';
import { destroyQuietly } from '../../stream/releasable-bytes.js';
import { forwardRepresentation } from '../../stream/stream-source.js';
import { matchableTag, parseContentRange, rangeHeader } from '../check-answer.js';
import { StoreContent } from '../store-content.js';
import { type Refusal, toSourceError } from '../store-errors.js';
import { STORE_CHECKS, type StoreOptions, withDefaults } from '../store-options.js';
import { storeSource } from '../store-source.js';
import type { ObjectMetadata, RememberedUnder, Store, StoreAnswer, StoredMetadata } from '../store.js';
import type { Wait } from '../within-time.js';
import { identityOf } from './object-identity.js';
import { areHeaders, type OwnHeaders, ownHeaders } from './own-headers.js';
import { contentLengthOf, metadataOf, validatorsOf } from './upstream-answer.js';
import { bodyOf, type Fetch, type FetchResponse, UpstreamRequests } from './upstream-requests.js';

export interface HttpSourceOptions extends StoreOptions {
  /**
   * Headers for the server of the URL, such as Authorization; not sent to other servers after a redirect. May be those of an
   * incoming request: ranges, conditions and hop-by-hop headers are omitted.
   */
  readonly headers?: OwnHeaders | undefined;
  /** Default: `fetch` of Node.js. If yours depends on hidden state, such as a tenant, set `metadataTtlMs` to 0. */
  readonly fetch?: Fetch | undefined;
  /** An undici `Dispatcher` for `fetch`: an agent with its connections, or a proxy. */
  readonly dispatcher?: object | undefined;
  /**
   * Default: true, each range must be of the version that was looked up. `false` is for replicas whose entity tags and dates
   * differ: then only the length must be the same. ETag and Last-Modified are not passed on in that case, since ranges may be
   * of different versions.
   */
  readonly pinVersion?: boolean | undefined;
}

/**
 * A source over a URL: a file on another server, or a presigned URL of a store. The upstream must respond to a range with
 * exactly that range, without a content coding; if it ignores ranges, it is read forwards, as a stream. User info in the URL
 * is sent as Basic credentials.
 *
 * @throws TypeError (immediately) for an invalid URL or option
 */
export function httpSource(url: string | URL, options: HttpSourceOptions = {}): RangeSource {
  checkOptions('httpSource', options, CHECKS);
  const target = upstreamTarget(String(url));
  if (target === undefined) throw new TypeError('httpSource: the URL is not an absolute http: or https: URL');
  return storeSource(new Upstream(target, options), options);
}

const CHECKS: Checks<HttpSourceOptions> = {
  ...STORE_CHECKS,
  headers: ['an object of headers, with strings for values', areHeaders],
  fetch: callback,
  dispatcher: ['a Dispatcher of undici', (value) => typeof value === 'object' && value !== null],
  pinVersion: flag,
};

/** The owner of remembered metadata without a custom fetch or dispatcher. */
const DEFAULT_OWNER = {};

class Upstream implements Store {
  readonly name: string;
  readonly remembered: RememberedUnder;
  private readonly wait: Wait;
  private readonly requests: UpstreamRequests;
  private readonly pinsVersion: boolean;

  constructor(target: UpstreamTarget, options: HttpSourceOptions) {
    const { headers = {}, fetch, dispatcher, pinVersion = true } = options;
    const ask: Fetch = fetch ?? globalThis.fetch;
    this.name = shownUrl(target.url);
    this.wait = { name: this.name, timeoutMs: withDefaults(options).timeoutMs };
    this.pinsVersion = pinVersion;
    const own = ownHeaders(headers);
    this.requests = new UpstreamRequests(target, own, ask, dispatcher === undefined ? {} : { dispatcher });
    // Everything that can affect the response: what one user may see must not be served to another.
    const through = [ask, dispatcher ?? DEFAULT_OWNER].map(identityOf);
    const key = JSON.stringify([target.url.href, target.authorization, own, through, pinVersion]);
    this.remembered = { owner: dispatcher ?? fetch ?? DEFAULT_OWNER, key };
  }

  /**
   * Sends a GET for one byte rather than a HEAD: a presigned URL allows only one method, many servers omit the length from a
   * response to HEAD, and the response shows whether ranges are supported.
   */
  async look(signal: AbortSignal): Promise<StoredMetadata | Representation> {
    const first = await this.requests.send({ range: 'bytes=0-0' }, signal);
    const body = bodyOf(first);
    if (first.status !== 206 && first.status !== 416) return this.forwards(first, body, signal);
    const size = first.status === 206 ? await this.readSize(first, body) : undefined;
    if (size !== undefined) return { ...metadataOf(first), ...(this.pinsVersion ? {} : NO_VALIDATORS), size };
    destroyQuietly(body);
    const whole = await this.requests.send({}, signal); // it is empty, or its length is unknown
    return this.forwards(whole, bodyOf(whole), signal);
  }

  async read(range: ByteRange, known: ObjectMetadata, signal: AbortSignal): Promise<StoreAnswer> {
    const response = await this.ask(range, known, signal);
    const body = bodyOf(response);
    this.check(response, body, 206);
    return {
      ...(this.pinsVersion ? validatorsOf(response) : NO_VALIDATORS),
      body,
      contentRange: response.headers.get('content-range') ?? '',
      contentLength: contentLengthOf(response, this.name),
    };
  }

  refusalOf(error: unknown): Refusal | undefined {
    return error instanceof UpstreamError ? { status: error.status, headers: error.response.headers } : undefined;
  }

  /**
   * Requests a range of the known version. If the upstream rejects the condition, as many do that support none, the range is
   * requested without it, and the response's tag identifies the version.
   */
  private async ask(range: ByteRange, known: ObjectMetadata, signal: AbortSignal): Promise<FetchResponse> {
    const asked = { range: rangeHeader(range) };
    const etag = this.pinsVersion ? matchableTag(known) : undefined;
    if (etag === undefined) return this.requests.send(asked, signal);
    const response = await this.requests.send({ ...asked, 'if-match': etag }, signal);
    if (!CONDITION_REFUSED.has(response.status)) return response;
    destroyQuietly(bodyOf(response));
    const unconditional = await this.requests.send(asked, signal);
    if (unconditional.status !== 206) return unconditional;
    if (validatorsOf(unconditional).etag === etag) {
      warnOfRefusal(this.requests.origin, response.status);
      return unconditional;
    }
    destroyQuietly(bodyOf(unconditional));
    throw new SourceChangedError(
      `${this.name} responded with ${response.status} to If-Match: ${etag}, and then sent ` +
        `${validatorsOf(unconditional).etag ?? 'no entity tag'}: either it has changed, or its replicas have different ` +
        'tags; for these, set the option pinVersion: false of httpSource',
    );
  }

  /**
   * The complete length from the response to a range of one byte; `undefined`: unknown. Reads the body, so that the
   * connection can be reused.
   */
  private async readSize(response: FetchResponse, body: Readable): Promise<number | undefined> {
    this.check(response, body, 206);
    const contentRange = response.headers.get('content-range') ?? '';
    const range = parseContentRange(contentRange);
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      if (bytes > 1) break;
    }
    if (range?.lastPos === 0 && bytes === 1) return range.size;
    throw new SourceProtocolError(`${this.name}: ${bytes} bytes and "${contentRange}" received for bytes=0-0`);
  }

  /** A representation for an upstream that ignores ranges. */
  private forwards(response: FetchResponse, body: Readable, signal: AbortSignal): Representation {
    this.check(response, body, 200);
    const size = contentLengthOf(response, this.name);
    if (isPart(response, size)) {
      destroyQuietly(body);
      throw new SourceProtocolError(
        `${this.name} responded with 200 and Content-Range: ${response.headers.get('content-range')}`,
      );
    }
    const metadata = { ...metadataOf(response), ...(size === undefined ? {} : { size }) };
    const content = new StoreContent(body, this.wait, size, (error) =>
      toSourceError(error, this.name, this.refusalOf(error)),
    );
    return forwardRepresentation(content, metadata, signal);
  }

  /** Destroys the body if the response is not as expected. */
  private check(response: FetchResponse, body: Readable, expected: number): void {
    try {
      checkHead(response, this.name, expected);
    } catch (error) {
      destroyQuietly(body);
      throw error;
    }
  }
}

/** Rejects content codings, too: fetch has already decoded the content. */
function checkHead(response: FetchResponse, name: string, expected: number): void {
  const { status, headers } = response;
  const coding = headers.get('content-encoding')?.toLowerCase() || 'identity';
  if (status >= 400 && status < 600) throw new UpstreamError(`${name} responded with ${status}`, status, { headers });
  if (status !== expected || coding !== 'identity') {
    throw new SourceProtocolError(
      `${name} responded with ${status} and the coding ${coding}, where ${expected} was expected`,
    );
  }
  contentLengthOf(response, name);
}

/** Whether a 200 is a part, as its Content-Range says, and a 206 was meant: it must not be taken for the whole. */
function isPart({ headers }: FetchResponse, length: number | undefined): boolean {
  const text = headers.get('content-range');
  if (text === null) return false;
  const range = parseContentRange(text);
  return (
    range?.firstPos !== 0 ||
    range.size === undefined ||
    range.lastPos + 1 !== range.size ||
    (length ?? range.size) !== range.size
  );
}

/** Upstreams that were warned about; after 100 there are no more warnings. */
const refusing = new Set<string>();

function warnOfRefusal(origin: string, status: number): void {
  if (refusing.has(origin) || refusing.size >= 100) return;
  refusing.add(origin);
  process.emitWarning(
    `httpSource: ${origin} responds with ${status} to If-Match with its own entity tag, as replicas with different tags ` +
      'do, so each range takes a second request. The option pinVersion: false omits If-Match, and does not pass on ETag and Last-Modified.',
    'HttpSourceWarning',
  );
}

/** The validators of a file whose versions cannot be distinguished. */
const NO_VALIDATORS = { etag: undefined, lastModified: undefined };

/** Statuses with which an upstream rejects a condition: the version is gone, or it does not support conditions. */
const CONDITION_REFUSED = new Set([400, 412, 417, 501]);

/** An error response. Its status decides what it means, as for all stores. */
class UpstreamError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly response: Pick<FetchResponse, 'headers'>,
  ) {
    super(message);
  }
}
