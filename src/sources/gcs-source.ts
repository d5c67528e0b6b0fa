/** @module nestjs-range/gcs */
import type { Readable } from 'node:stream';
import type { ByteRange } from '../http/byte-range.js';
import { checkOptions } from './check-options.js';
import { destroyQuietly } from './octets.js';
import { codeOf, SourceChangedError, SourceProtocolError } from './source-errors.js';
import type { RangeSource } from './source.js';
import type { ObjectMetadata, Store, StoreAnswer } from './store.js';
import { describedFields } from './store-fields.js';
import { STORE_CHECKS, type StoreOptions } from './store-options.js';
import { storeSource } from './store-source.js';

/** What is used of a `File`. */
export interface GcsFileLike {
  readonly name: string;
  /** Where it is set, that version is served; without it, the current one. */
  readonly generation?: number | string;
  readonly bucket: {
    readonly name: string;
    readonly storage: object;
    file(name: string, options: { generation: string }): GcsFileLike;
  };
  getMetadata(): Promise<readonly [GcsFileMetadata, ...unknown[]]>;
  createReadStream(options: { start: number; end: number; decompress: boolean }): Readable;
}

/** What is used of a file's metadata. */
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
 * A source over an object in Google Cloud Storage. Its entity tag is its generation; one that is stored compressed is
 * sent as it is stored.
 *
 * @example
 * new RangedFile(gcsSource(this.bucket.file(name)))
 * @throws TypeError (at once) for an unknown or impossible option
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
    remembered: { owner: bucket.storage, key: JSON.stringify([bucket.name, file.name, file.generation]) },

    async look() {
      const [metadata] = await file.getMetadata();
      return toMetadata(metadata);
    },

    async read(range, { etag }, signal) {
      const generation = /^"(\d+)"$/.exec(etag ?? '')?.[1];
      const isPinned = file.generation === undefined && generation !== undefined;
      try {
        return await readRange(isPinned ? bucket.file(file.name, { generation }) : file, range, signal);
      } catch (error) {
        if (!isPinned || codeOf(error) !== 404) throw error;
        throw new SourceChangedError(`${name} has no generation ${generation} any more`, { cause: error });
      }
    },
  };
}

function toMetadata(metadata: GcsFileMetadata): ObjectMetadata {
  return {
    size: Number(metadata.size), // a string of digits in the JSON of the API
    type: metadata.contentType,
    etag: metadata.generation === undefined ? undefined : `"${metadata.generation}"`,
    lastModified: metadata.updated === undefined ? undefined : new Date(metadata.updated),
    fields: describedFields({
      'cache-control': metadata.cacheControl,
      'content-disposition': metadata.contentDisposition,
      'content-encoding': metadata.contentEncoding,
      'content-language': metadata.contentLanguage,
    }),
  };
}

/** What is used of the response that a stream of the client gets. */
interface ClientResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly request?: { agent?: unknown };
  once?(event: 'unpipe', listener: (source: { destroy?(): unknown }) => void): unknown;
}

/** Resolves with the head of the response, which the client's stream shows by an event. */
function readRange(file: GcsFileLike, range: ByteRange, signal: AbortSignal): Promise<StoreAnswer> {
  const body = file.createReadStream({ start: range.firstPos, end: range.lastPos, decompress: false });
  return new Promise((resolve, reject) => {
    const abort = (): void => destroyQuietly(body);
    signal.addEventListener('abort', abort, { once: true });
    body.once('error', reject);
    body.once('close', () => {
      signal.removeEventListener('abort', abort);
      reject(new SourceProtocolError(`gs://${file.bucket.name}/${file.name}: the stream ended without an answer`));
    });
    body.once('response', (response: ClientResponse) => {
      releaseAlone(response);
      if (response.statusCode === 206) resolve(toAnswer(body, response));
      else if (response.statusCode < 300)
        body.destroy(new SourceProtocolError(`${response.statusCode} came for a range`));
    });
    body.read(0); // sends the request
  });
}

/**
 * Where a reader leaves early the client destroys the agent that all its downloads share, and not the connection of this
 * one. We let it forget the agent, and end the response from which the body is piped.
 */
function releaseAlone(response: ClientResponse): void {
  if (response.request !== undefined) response.request.agent = undefined;
  response.once?.('unpipe', (source) => source.destroy?.());
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
