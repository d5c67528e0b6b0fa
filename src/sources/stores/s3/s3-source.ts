/** @module nestjs-range/s3 */
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { checkOptions } from '../../options/check-options.js';
import { SourceFailedError, SourceNotFoundError } from '../../source-errors.js';
import type { Bytes, RangeSource } from '../../source.js';
import { destroyQuietly, toReadable } from '../../stream/releasable-bytes.js';
import { matchableTag, rangeHeader } from '../check-answer.js';
import { keyOf } from '../metadata-cache.js';
import { headerOf } from '../store-errors.js';
import { STORE_CHECKS, type StoreOptions } from '../store-options.js';
import { storeSource } from '../store-source.js';
import type { Store, StoredMetadata } from '../store.js';
import { refusalOf, type S3Command, sendCommand } from './s3-request.js';

/** The members used of an `S3Client`. */
export interface S3ClientLike {
  send(command: never, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
}

/**
 * Identifies an object by parameters of HeadObject and GetObject. Further parameters of both are sent with each request, except
 * those for ranges, parts and conditions, which the source sets itself.
 */
export interface S3Object {
  readonly Bucket: string;
  readonly Key: string;
  /** The version to serve; `undefined`: the current one. */
  readonly VersionId?: string | undefined;
  /** The account that must own the bucket. */
  readonly ExpectedBucketOwner?: string | undefined;
  /** `'requester'`: we, not the bucket's owner, pay for the requests. */
  readonly RequestPayer?: 'requester' | undefined;
  /** With SSECustomerKey: for an object encrypted with a key of the app. */
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
  readonly SSECustomerKeyMD5?: string | undefined;
  /** `'ENABLED'`: the SDK verifies the checksum of whole objects. */
  readonly ChecksumMode?: 'ENABLED' | undefined;
}

/** The members used of the outputs of HeadObject and GetObject. */
interface ObjectOutput {
  readonly ContentLength?: number;
  readonly ContentRange?: string;
  readonly ETag?: string;
  readonly LastModified?: Date;
  readonly ContentType?: string;
  readonly CacheControl?: string;
  readonly ContentDisposition?: string;
  readonly ContentEncoding?: string;
  readonly ContentLanguage?: string;
  readonly ExpiresString?: string;
  readonly Body?: Bytes;
}

/**
 * A source over an object in S3, or in a compatible store.
 *
 * @example
 * new RangedFile(s3Source(this.s3, { Bucket: 'media', Key: key }))
 * @throws TypeError (immediately) for an unknown or invalid option
 */
export function s3Source(client: S3ClientLike, object: S3Object, options: StoreOptions = {}): RangeSource {
  checkOptions('s3Source', options, STORE_CHECKS);
  return storeSource(s3Store(client, checkedObject(object)), options);
}

/** Parameters of GetObject that this source sets itself. */
const OWN_PARAMETERS = ['Range', 'PartNumber', 'IfMatch', 'IfNoneMatch', 'IfModifiedSince', 'IfUnmodifiedSince'];

function checkedObject(object: S3Object): S3Object {
  const own = OWN_PARAMETERS.find((name) => (object as unknown as Record<string, unknown>)[name] !== undefined);
  if (own === undefined) return object;
  throw new TypeError(`s3Source: "${own}" cannot be set: the source itself requests ranges of one version`);
}

function s3Store(client: S3ClientLike, object: S3Object): Store {
  const name = `s3://${object.Bucket}/${object.Key}`;
  const given = Object.entries(object).filter(([, value]) => value !== undefined);
  const parameters: object = Object.fromEntries(given.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const send = (command: S3Command, abortSignal: AbortSignal): Promise<ObjectOutput> =>
    sendCommand(command, () => client.send(command as never, { abortSignal }) as Promise<ObjectOutput>) // typed by the app's SDK
      .catch((error: unknown) => {
        throw inAnotherRegion(name, error) ?? error;
      });
  /** A response to HEAD has no body, and so no code: only that to a GET tells whether the object or our credentials are refused. */
  const explain = async (error: unknown, signal: AbortSignal): Promise<never> => {
    if (![400, 403].includes(refusalOf(error)?.status ?? 0)) throw error;
    const { Body } = await send(new GetObjectCommand({ ...parameters, Range: 'bytes=0-0' }), signal);
    if (Body !== undefined) destroyQuietly(toReadable(Body));
    throw error;
  };
  return {
    name,
    remembered: { owner: client, key: keyOf(Object.entries(parameters)) },

    async look(signal) {
      if (object.Key === '') throw new SourceNotFoundError(`${name}: the key is empty`); // the SDK would throw another error
      const looking = send(new HeadObjectCommand({ ...parameters }), signal);
      return toMetadata(await looking.catch((error: unknown) => explain(error, signal)));
    },

    async read(range, known, signal) {
      const etag = matchableTag(known);
      const input = { ...parameters, Range: rangeHeader(range), ...(etag === undefined ? {} : { IfMatch: etag }) };
      const output = await send(new GetObjectCommand(input), signal).catch((error: unknown) => {
        throw refusalOf(error)?.status === 501 ? withoutChecksums(name, error) : error;
      });
      return {
        body: toReadable(output.Body as Bytes), // always set on success; a web stream if the SDK uses fetch
        etag: output.ETag,
        lastModified: output.LastModified,
        contentRange: output.ContentRange ?? '',
        contentLength: output.ContentLength,
      };
    },

    refusalOf,
    permissions: 's3:GetObject, and s3:ListBucket, without which S3 responds 403 instead of 404 for missing objects',
  };
}

/** A bucket in another region than the client's, of which the SDK says "UnknownError". `undefined`: it is something else. */
function inAnotherRegion(name: string, cause: unknown): SourceFailedError | undefined {
  const { status = 0, headers } = refusalOf(cause) ?? {};
  const region = headerOf(headers, 'x-amz-bucket-region');
  if (region === undefined || ![301, 307, 400].includes(status)) return undefined;
  const advice = `the bucket is in the region ${region}: set that, or followRegionRedirects: true, on the S3Client`;
  return new SourceFailedError(`${name}: the store responded with ${status}; ${advice}`, { cause, status });
}

/** By default the SDK requests a checksum with the content, but not with the metadata. Some stores do not support that. */
function withoutChecksums(name: string, cause: unknown): SourceFailedError {
  const advice = `set responseChecksumValidation: 'WHEN_REQUIRED' on the S3Client if the store does not support checksums`;
  return new SourceFailedError(`${name}: the store responded with 501 to GetObject; ${advice}`, { cause });
}

function toMetadata(output: ObjectOutput): StoredMetadata {
  return {
    size: output.ContentLength,
    type: output.ContentType,
    etag: output.ETag,
    lastModified: output.LastModified,
    headers: {
      'cache-control': output.CacheControl,
      'content-disposition': output.ContentDisposition,
      'content-encoding': withoutFraming(output.ContentEncoding),
      'content-language': output.ContentLanguage,
      expires: output.ExpiresString,
    },
  };
}

/** Removes `aws-chunked`, which some stores keep from an upload although it is not a coding of the object. */
function withoutFraming(contentEncoding: string | undefined): string | undefined {
  const codings = contentEncoding?.split(',').map((coding) => coding.trim());
  return codings?.filter((coding) => coding !== 'aws-chunked').join(', ');
}
