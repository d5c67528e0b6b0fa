/** @module nestjs-range/azure */
import type { Readable } from 'node:stream';
import { rangeLength } from '../../../http/ranges/byte-range.js';
import { checkOptions, type Checks } from '../../options/check-options.js';
import type { RangeSource } from '../../source.js';
import { matchableTag } from '../check-answer.js';
import { keyOf } from '../metadata-cache.js';
import { headerOf, type Refusal } from '../store-errors.js';
import { STORE_CHECKS, type StoreOptions } from '../store-options.js';
import { storeSource } from '../store-source.js';
import type { Store, StoredMetadata } from '../store.js';

/** The members used of a `BlobClient`, or of a client for one kind of blob. */
export interface AzureBlobClientLike {
  /** Including a shared access signature, if any. */
  readonly url: string;
  readonly credential?: object;
  getProperties(options: AzureReadOptions): Promise<AzureBlobProperties>;
  download(offset: number, count: number, options: AzureReadOptions): Promise<AzureBlobDownload>;
}

/** Options of each request. */
export interface AzureReadOptions {
  readonly abortSignal: AbortSignal;
  readonly conditions: AzureAccessConditions & { readonly ifMatch?: string };
  readonly customerProvidedKey?: AzureCustomerProvidedKey;
}

/** Conditions that the source does not set itself. */
export interface AzureAccessConditions {
  readonly leaseId?: string;
  /** An expression over the blob's tags. */
  readonly tagConditions?: string;
}

/** The SDK's `CpkInfo`. */
export interface AzureCustomerProvidedKey {
  readonly encryptionKey?: string;
  readonly encryptionKeySha256?: string;
  readonly encryptionAlgorithm?: 'AES256';
}

export interface AzureBlobSourceOptions extends StoreOptions {
  /** Sent with each request, for a blob encrypted with a key of the app. */
  readonly customerProvidedKey?: AzureCustomerProvidedKey | undefined;
  /** Sent with each request: a lease, or a condition on tags. */
  readonly conditions?: AzureAccessConditions | undefined;
}

/** The members used of a blob's properties. */
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

/** The members used of a download response. */
export interface AzureBlobDownload {
  readonly contentLength?: number;
  readonly contentRange?: string;
  readonly etag?: string;
  readonly lastModified?: Date;
  readonly readableStreamBody?: NodeJS.ReadableStream;
}

/**
 * A source over a blob in Azure Storage. For a snapshot or a version, pass its client.
 *
 * @example
 * new RangedFile(azureBlobSource(this.container.getBlobClient(name)))
 * @throws TypeError (immediately) for an unknown or invalid option
 */
export function azureBlobSource(blob: AzureBlobClientLike, options: AzureBlobSourceOptions = {}): RangeSource {
  checkOptions('azureBlobSource', options, CHECKS);
  return storeSource(azureStore(blob, options), options);
}

const CHECKS: Checks<AzureBlobSourceOptions> = {
  ...STORE_CHECKS,
  customerProvidedKey: ["the SDK's CpkInfo", (value) => typeof value === 'object' && value !== null],
  conditions: ['leaseId or tagConditions', isAccessConditions],
};

function isAccessConditions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(value).every((name) => name === 'leaseId' || name === 'tagConditions');
}

function azureStore(blob: AzureBlobClientLike, { customerProvidedKey, conditions }: AzureBlobSourceOptions): Store {
  const key = customerProvidedKey === undefined ? {} : { customerProvidedKey };
  return {
    name: blob.url.split('?', 1)[0] ?? '', // the query may be a signature
    remembered: { owner: ownerOf(blob), key: keyOf([blob.url, customerProvidedKey, conditions]) },

    async look(abortSignal) {
      return toMetadata(await blob.getProperties({ ...key, abortSignal, conditions: { ...conditions } }));
    },

    async read(range, known, abortSignal) {
      const etag = matchableTag(known);
      const answer = await blob.download(range.firstPos, rangeLength(range), {
        ...key,
        abortSignal,
        conditions: { ...conditions, ...(etag === undefined ? {} : { ifMatch: etag }) },
      });
      return {
        body: answer.readableStreamBody as Readable, // always set in Node.js
        etag: answer.etag,
        lastModified: answer.lastModified,
        contentRange: answer.contentRange ?? '',
        contentLength: answer.contentLength,
      };
    },

    refusalOf: (error) => refusalOf(error, blob.url),
    permissions: 'the role Storage Blob Data Reader, or a signature with the permission to read',
  };
}

/**
 * The owner of remembered metadata. Blob clients are created per request from a container client and share its pipeline, which
 * holds the credential and whatever else the app adds to requests.
 */
function ownerOf(blob: AzureBlobClientLike): object {
  return (blob as { readonly pipeline?: object }).pipeline ?? blob.credential ?? blob;
}

/** The members used of a `RestError`. */
interface RestErrorLike {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  /** The request to the store, or to a token service. */
  readonly request?: { readonly url?: unknown };
  readonly response?: { readonly headers?: unknown };
}

function refusalOf(error: unknown, url: string): Refusal | undefined {
  const { statusCode, code, request, response } = (error ?? {}) as RestErrorLike;
  if (typeof statusCode !== 'number' || response === undefined) return undefined;
  if (typeof request?.url === 'string' && pathOf(request.url) !== pathOf(url)) return undefined;
  const { headers } = response;
  // A response to HEAD has its code in a header only, which the SDK ignores.
  return { status: statusCode, code: typeof code === 'string' ? code : headerOf(headers, 'x-ms-error-code'), headers };
}

/** Compared instead of the URL: a retry may go to the account's secondary host, but not to another path. */
function pathOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).pathname : undefined;
}

function toMetadata(properties: AzureBlobProperties): StoredMetadata {
  return {
    size: properties.contentLength,
    type: properties.contentType,
    etag: properties.etag,
    lastModified: properties.lastModified,
    headers: {
      'cache-control': properties.cacheControl,
      'content-disposition': properties.contentDisposition,
      'content-encoding': properties.contentEncoding,
      'content-language': properties.contentLanguage,
    },
  };
}
