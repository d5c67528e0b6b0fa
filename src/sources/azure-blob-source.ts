/** @module nestjs-range/azure */
import type { Readable } from 'node:stream';
import { rangeLength } from '../http/byte-range.js';
import { matchableTag } from './check-answer.js';
import { checkOptions } from './check-options.js';
import type { RangeSource } from './source.js';
import type { ObjectMetadata, Store } from './store.js';
import { describedFields } from './store-fields.js';
import { STORE_CHECKS, type StoreOptions } from './store-options.js';
import { storeSource } from './store-source.js';

/** What is used of a `BlobClient`, or of a client for one kind of blob. */
export interface AzureBlobClientLike {
  /** With its shared access signature, where it has one. */
  readonly url: string;
  readonly credential?: object;
  getProperties(options: { abortSignal: AbortSignal }): Promise<AzureBlobProperties>;
  download(
    offset: number,
    count: number,
    options: { abortSignal: AbortSignal; conditions: { ifMatch?: string } },
  ): Promise<AzureBlobDownload>;
}

/** What is used of a blob's properties. */
export interface AzureBlobProperties {
  readonly contentLength?: number;
  readonly contentType?: string;
  readonly etag?: string;
  readonly lastModified?: Date;
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
}

/** What is used of the response to a download. */
export interface AzureBlobDownload {
  readonly contentLength?: number;
  readonly contentRange?: string;
  readonly etag?: string;
  readonly readableStreamBody?: NodeJS.ReadableStream;
}

/**
 * A source over a blob in Azure Storage. For a snapshot or a version, give the client of that.
 *
 * @example
 * new RangedFile(azureBlobSource(this.container.getBlobClient(name)))
 * @throws TypeError (at once) for an unknown or impossible option
 */
export function azureBlobSource(blob: AzureBlobClientLike, options: StoreOptions = {}): RangeSource {
  checkOptions('azureBlobSource', options, STORE_CHECKS);
  return storeSource(azureStore(blob), options);
}

/** Whom metadata is remembered for where a client has no credential: its URL says all then. */
const BEARER = {};

function azureStore(blob: AzureBlobClientLike): Store {
  return {
    name: blob.url.split('?', 1)[0] ?? '', // the query may be a signature
    remembered: { owner: blob.credential ?? BEARER, key: blob.url }, // clients of blobs are made for each request

    async look(abortSignal) {
      return toMetadata(await blob.getProperties({ abortSignal }));
    },

    async read(range, known, abortSignal) {
      const etag = matchableTag(known);
      const conditions = etag === undefined ? {} : { ifMatch: etag };
      const answer = await blob.download(range.firstPos, rangeLength(range), { abortSignal, conditions });
      return {
        body: answer.readableStreamBody as Readable, // always there in Node.js
        etag: answer.etag,
        contentRange: answer.contentRange ?? '',
        contentLength: answer.contentLength,
      };
    },
  };
}

function toMetadata(properties: AzureBlobProperties): ObjectMetadata {
  return {
    size: properties.contentLength ?? 0,
    type: properties.contentType,
    etag: properties.etag,
    lastModified: properties.lastModified,
    fields: describedFields({
      'cache-control': properties.cacheControl,
      'content-disposition': properties.contentDisposition,
      'content-encoding': properties.contentEncoding,
      'content-language': properties.contentLanguage,
    }),
  };
}
