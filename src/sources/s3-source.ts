/** @module nestjs-range/s3 */
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { matchableTag, rangeField } from './check-answer.js';
import { checkOptions } from './check-options.js';
import type { RangeSource } from './source.js';
import type { ObjectMetadata, Store } from './store.js';
import { describedFields } from './store-fields.js';
import { STORE_CHECKS, type StoreOptions } from './store-options.js';
import { storeSource } from './store-source.js';

/** What is used of an `S3Client`. */
export interface S3ClientLike {
  send(command: never, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
}

/** Names an object, as the parameters of a command do. */
export interface S3Object {
  readonly Bucket: string;
  readonly Key: string;
  /** Serves that version; without it, the current one. */
  readonly VersionId?: string | undefined;
}

/** What is used of the answers to HeadObject and GetObject. */
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
  readonly Body?: Readable;
}

/**
 * A source over an object in S3, or in a store that speaks its protocol.
 *
 * @example
 * new RangedFile(s3Source(this.s3, { Bucket: 'media', Key: key }))
 * @throws TypeError (at once) for an unknown or impossible option
 */
export function s3Source(client: S3ClientLike, object: S3Object, options: StoreOptions = {}): RangeSource {
  checkOptions('s3Source', options, STORE_CHECKS);
  return storeSource(s3Store(client, object), options);
}

function s3Store(client: S3ClientLike, { Bucket, Key, VersionId }: S3Object): Store {
  const object = { Bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) };
  const send = (command: object, abortSignal: AbortSignal): Promise<ObjectOutput> =>
    client.send(command as never, { abortSignal }) as Promise<ObjectOutput>; // a command of the client's own SDK
  return {
    name: `s3://${Bucket}/${Key}`,
    remembered: { owner: client, key: JSON.stringify([Bucket, Key, VersionId]) },

    async look(signal) {
      return toMetadata(await send(new HeadObjectCommand(object), signal));
    },

    async read(range, known, signal) {
      const etag = matchableTag(known);
      const input = { ...object, Range: rangeField(range), ...(etag === undefined ? {} : { IfMatch: etag }) };
      const output = await send(new GetObjectCommand(input), signal);
      return {
        body: output.Body as Readable, // a GetObject that succeeds has one
        etag: output.ETag,
        contentRange: output.ContentRange ?? '',
        contentLength: output.ContentLength,
      };
    },
  };
}

function toMetadata(output: ObjectOutput): ObjectMetadata {
  return {
    size: output.ContentLength ?? 0,
    type: output.ContentType,
    etag: output.ETag,
    lastModified: output.LastModified,
    fields: describedFields({
      'cache-control': output.CacheControl,
      'content-disposition': output.ContentDisposition,
      'content-encoding': withoutFraming(output.ContentEncoding),
      'content-language': output.ContentLanguage,
      expires: output.ExpiresString,
    }),
  };
}

/** Some stores keep the `aws-chunked` of an upload, which was never a coding of the object. */
function withoutFraming(contentEncoding: string | undefined): string | undefined {
  const codings = contentEncoding?.split(',').map((coding) => coding.trim());
  return codings?.filter((coding) => coding !== 'aws-chunked').join(', ');
}
