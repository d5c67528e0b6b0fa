/** @module nestjs-range/gcs */
import type { Readable } from 'node:stream';
import type { ByteRange } from '../../../http/ranges/byte-range.js';
import { checkOptions } from '../../options/check-options.js';
import { SourceChangedError, SourceProtocolError } from '../../source-errors.js';
import type { RangeSource } from '../../source.js';
import { destroyQuietly } from '../../stream/releasable-bytes.js';
import { keyOf } from '../metadata-cache.js';
import type { Refusal } from '../store-errors.js';
import { STORE_CHECKS, type StoreOptions } from '../store-options.js';
import { storeSource } from '../store-source.js';
import type { RememberedUnder, Store, StoreAnswer, StoredMetadata } from '../store.js';
import { AbortableRequests } from './abortable-requests.js';

/** The members used of a `File`. */
export interface GcsFileLike {
  readonly name: string;
  /** The version to serve; `undefined`: the current one. */
  readonly generation?: number | string;
  /** The project that pays for the requests. */
  readonly userProject?: string;
  readonly bucket: {
    readonly name: string;
    readonly storage: object;
    readonly userProject?: string;
    file(name: string, options: { generation: string }): GcsFileLike;
  };
  getMetadata(): Promise<readonly [GcsFileMetadata, ...unknown[]]>;
  createReadStream(options: { start: number; end: number; decompress: boolean; userProject?: string }): Readable;
}

/** The members used of a file's metadata. */
export interface GcsFileMetadata {
  readonly size?: string | number;
  readonly generation?: string | number;
  readonly updated?: string;
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
}

/**
 * A source over an object in Google Cloud Storage. Its entity tag is its generation. Objects stored compressed are sent
 * compressed.
 *
 * @example
 * new RangedFile(gcsSource(this.bucket.file(name)))
 * @throws TypeError (immediately) for an unknown or invalid option
 */
export function gcsSource(file: GcsFileLike, options: StoreOptions = {}): RangeSource {
  checkOptions('gcsSource', options, STORE_CHECKS);
  return storeSource(gcsStore(file), options);
}

function gcsStore(file: GcsFileLike): Store {
  const { bucket } = file;
  const name = `gs://${bucket.name}/${file.name}`;
  return {
    name,
    remembered: rememberedUnder(file),

    async look(signal) {
      const requests = new AbortableRequests(signal, isOurs);
      const [metadata] = await requests.run(() => file.getMetadata());
      return toMetadata(metadata);
    },

    async read(range, { etag }, signal) {
      const generation = /^"(\d+)"$/.exec(etag ?? '')?.[1];
      const isPinned = file.generation === undefined && generation !== undefined;
      try {
        const requests = new AbortableRequests(signal, isOurs);
        return await readRange(isPinned ? pinned(file, generation) : file, range, signal, requests);
      } catch (error) {
        if (!isPinned || refusalOf(error)?.status !== 404) throw error;
        throw new SourceChangedError(`${name} no longer has generation ${generation}`, { cause: error });
      }
    },

    refusalOf,
    permissions:
      'storage.objects.get, and storage.objects.list, without which it responds 403 instead of 404 for missing objects',
  };
}

function toMetadata(metadata: GcsFileMetadata): StoredMetadata {
  return {
    size: metadata.size === undefined ? undefined : Number(metadata.size), // a string of digits in the JSON of the API
    type: metadata.contentType,
    etag: metadata.generation === undefined ? undefined : `"${metadata.generation}"`,
    lastModified: metadata.updated === undefined ? undefined : new Date(metadata.updated),
    headers: {
      'cache-control': metadata.cacheControl,
      'content-disposition': asBytes(metadata.contentDisposition),
      'content-encoding': metadata.contentEncoding,
      'content-language': metadata.contentLanguage,
    },
  };
}

/** A header as the store itself sends it: the UTF-8 of the text in its JSON, which need not be ASCII. */
function asBytes(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'utf8').toString('latin1');
}

/** Whether a request is for an object, rather than for a token that many calls may wait for. */
function isOurs(path: string): boolean {
  return path.includes('/o/');
}

/** Further members used of the client's own File, which test doubles need not have. */
interface ConfiguredFile extends GcsFileLike {
  readonly encryptionKey?: string | Buffer;
  readonly encryptionKeyInterceptor?: object;
  readonly interceptors?: object[];
  readonly kmsKeyName?: string;
  readonly crc32cGenerator?: unknown;
  readonly instancePreconditionOpts?: object;
}

function payerOf({ userProject, bucket }: GcsFileLike): string | undefined {
  return userProject ?? bucket.userProject;
}

/** The same file pinned to a generation, with its key, payer and all other settings. */
function pinned(file: ConfiguredFile, generation: string): GcsFileLike {
  const { encryptionKey, encryptionKeyInterceptor, kmsKeyName, crc32cGenerator } = file;
  const set = {
    encryptionKey,
    userProject: payerOf(file),
    kmsKeyName,
    crc32cGenerator,
    preconditionOpts: file.instancePreconditionOpts,
  };
  const options = Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));
  const version: ConfiguredFile = file.bucket.file(file.name, { ...options, generation });
  const others = file.interceptors?.filter((interceptor) => interceptor !== encryptionKeyInterceptor) ?? [];
  version.interceptors?.push(...others);
  return version;
}

/** A key made of everything that affects the file or its requests. Interceptors may do anything, so each file is its own owner. */
function rememberedUnder(file: ConfiguredFile): RememberedUnder {
  const { bucket, name, generation, encryptionKey, encryptionKeyInterceptor, interceptors = [] } = file;
  const ofBucket = (bucket as { readonly interceptors?: readonly object[] }).interceptors ?? [];
  const isIntercepted = [...interceptors, ...ofBucket].some((interceptor) => interceptor !== encryptionKeyInterceptor);
  const key = [bucket.name, name, generation, payerOf(file), encryptionKey, file.instancePreconditionOpts];
  return { owner: isIntercepted ? file : bucket.storage, key: keyOf(key) };
}

type ReasonsLike = readonly { readonly reason?: unknown }[] | undefined;

/** The members used of an `ApiError`. Errors of the client's auth library have a `config` in their response. */
interface ApiErrorLike {
  readonly code?: unknown;
  readonly errors?: ReasonsLike;
  /** The whole body of a response to a request for content, which the client does not parse. */
  readonly message?: unknown;
  readonly response?: { readonly headers?: unknown; readonly config?: unknown };
}

function refusalOf(error: unknown): Refusal | undefined {
  const { code: status, errors, message, response } = (error ?? {}) as ApiErrorLike;
  if (typeof status !== 'number' || response === undefined || response.config !== undefined) return undefined;
  const reason = (errors?.[0] ?? errorsIn(message)?.[0])?.reason;
  return { status, code: typeof reason === 'string' ? reason : undefined, headers: response.headers };
}

function errorsIn(body: unknown): ReasonsLike {
  try {
    const errors: unknown = (JSON.parse(String(body)) as { error?: { errors?: unknown } } | null)?.error?.errors;
    return Array.isArray(errors) ? errors : undefined;
  } catch {
    return undefined; // a text: "No such object: bucket/name"
  }
}

/** The members used of the response behind a stream of the client. */
interface ClientResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly request?: { agent?: unknown };
  destroy?: () => unknown;
  end?(): unknown;
  once?(event: 'unpipe', listener: (source: { destroy?(): unknown }) => void): unknown;
}

/** Resolves with the head of the response, which the client's stream emits as an event. */
function readRange(
  file: GcsFileLike,
  range: ByteRange,
  signal: AbortSignal,
  requests: AbortableRequests,
): Promise<StoreAnswer> {
  const userProject = payerOf(file); // the client's streams omit it
  const payer = userProject === undefined ? {} : { userProject };
  const body = file.createReadStream({ start: range.firstPos, end: range.lastPos, decompress: false, ...payer });
  return new Promise((resolve, reject) => {
    const abort = (): void => destroyQuietly(body);
    signal.addEventListener('abort', abort, { once: true });
    body.once('error', reject);
    body.once('close', () => {
      signal.removeEventListener('abort', abort);
      requests.abort();
      reject(new SourceProtocolError(`gs://${file.bucket.name}/${file.name}: the stream ended without a response`));
    });
    body.once('response', (response: ClientResponse) => {
      releaseAlone(response);
      if (response.statusCode === 206) resolve(toAnswer(body, response));
      else if (response.statusCode < 300)
        body.destroy(new SourceProtocolError(`the store responded with ${response.statusCode} to a range`));
      else endWhereItBreaks(response);
    });
    requests.run(() => body.read(0)); // sends the request
  });
}

/**
 * If a reader stops early, the client would destroy the agent that all its downloads share, but not the connection of this
 * one. So we remove its reference to the agent, and destroy the response from which the body is piped.
 */
function releaseAlone(response: ClientResponse): void {
  if (response.request !== undefined) response.request.agent = undefined;
  response.once?.('unpipe', (source) => source.destroy?.());
}

/**
 * The client reads the body of an error response for its message, and does not handle the rejection if that is cut off, which
 * would crash the process. This ends the body instead.
 */
function endWhereItBreaks(response: ClientResponse): void {
  response.destroy = () => response.end?.();
}

function toAnswer(body: Readable, { headers }: ClientResponse): StoreAnswer {
  const generation = headers['x-goog-generation'];
  const length = headers['content-length'];
  return {
    body,
    etag: generation === undefined ? undefined : `"${generation}"`,
    contentRange: headers['content-range'] ?? '',
    contentLength: length === undefined ? undefined : Number(length),
  };
}
