/** @module nestjs-range/gridfs */
import { contentType } from 'mime-types';
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { checkOptions } from '../../options/check-options.js';
import { SourceChangedError, type SourceError, SourceNotFoundError } from '../../source-errors.js';
import type { RangeSource } from '../../source.js';
import { destroyQuietly } from '../../stream/releasable-bytes.js';
import { sendableType } from '../sendable-metadata.js';
import { STORE_CHECKS, type StoreOptions } from '../store-options.js';
import { storeSource } from '../store-source.js';
import type { ObjectMetadata, Store, StoredMetadata } from '../store.js';
import { checkedContent } from './gridfs-content.js';
import { filterOf, idKey } from './gridfs-id.js';

/** The members used of a `GridFSBucket`. */
export interface GridFsBucketLike<Id> {
  find(filter: { _id: Id }, options?: object): { limit(count: number): { toArray(): Promise<GridFsFile[]> } };
  /** `end` is exclusive. */
  openDownloadStream(id: Id, options: { start: number; end: number }): GridFsStream;
}

/** A GridFS stream: only `abort` closes its cursor in the database. */
export interface GridFsStream extends Readable {
  abort?(): Promise<void>;
}

/** The members used of a file's document. */
export interface GridFsFile {
  /** Or a Long. */
  readonly length: number | bigint | object;
  readonly uploadDate: Date;
  readonly filename?: string;
  /** Written by old drivers. */
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/**
 * A source over a file in MongoDB's GridFS, by its `_id`. Its type is `metadata.contentType`, or derived from its name.
 *
 * @example
 * new RangedFile(gridFsSource(this.bucket, new ObjectId(id)))
 * @throws TypeError (immediately) for an unknown or invalid option
 */
export function gridFsSource<Id>(bucket: GridFsBucketLike<Id>, id: Id, options: StoreOptions = {}): RangeSource {
  checkOptions('gridFsSource', options, STORE_CHECKS);
  return storeSource(gridFsStore(bucket, id), options);
}

function gridFsStore<Id>(bucket: GridFsBucketLike<Id>, id: Id): Store {
  const name = `gridfs:${String(id)}`;
  const key = idKey(id);

  async function find(signal: AbortSignal): Promise<GridFsFile | undefined> {
    const options = { ...optionsOf(bucket), signal };
    const [file] = await bucket
      .find(filterOf(id) as { _id: Id }, options)
      .limit(1)
      .toArray();
    return file;
  }

  return {
    name,
    remembered: key === undefined ? undefined : { owner: bucket, key },

    async look(signal) {
      const file = await find(signal);
      if (file === undefined) throw new SourceNotFoundError(`${name} does not exist`);
      return toMetadata(id, file);
    },

    async read({ firstPos, lastPos }, known, signal) {
      const stream = bucket.openDownloadStream(id, { start: firstPos, end: lastPos + 1 });
      const compare = (file: GridFsFile | undefined): SourceError | undefined => {
        if (file === undefined) return new SourceNotFoundError(`${name} no longer exists`);
        return isSame(toMetadata(id, file), known) ? undefined : new SourceChangedError(`${name} was replaced`);
      };
      const body = checkedContent(stream, async () => compare(await find(signal)));
      const abort = (): void => destroyQuietly(body);
      signal.addEventListener('abort', abort, { once: true });
      body.once('close', () => signal.removeEventListener('abort', abort));
      stream.once('file', (file: GridFsFile) => {
        const difference = compare(file);
        if (difference !== undefined) body.destroy(difference);
      });
      return { body };
    },

    refusalOf: () => undefined, // not HTTP
  };
}

/** Looks a file up with the read preference with which the driver reads it. */
function optionsOf(bucket: object): object {
  const { s } = bucket as { readonly s?: { readonly options?: { readonly readPreference?: unknown } } };
  const readPreference = s?.options?.readPreference;
  return readPreference === undefined ? {} : { readPreference };
}

function toMetadata(id: unknown, file: GridFsFile): StoredMetadata {
  const type = file.metadata?.['contentType'] ?? file.contentType;
  return {
    size: Number(file.length), // a bigint or a Long if the app has told the driver so
    type: sendableType(type) ?? (contentType(extname(file.filename ?? '')) || undefined),
    etag: entityTag(id, file),
    lastModified: file.uploadDate,
  };
}

/** GridFS files are written once: different content means a different file, or at least a different upload date. */
function entityTag(id: unknown, { length, uploadDate }: GridFsFile): string {
  const version = `${idKey(id) ?? JSON.stringify(id)}:${Number(length)}:${uploadDate.getTime()}`;
  return `"${createHash('sha256').update(version).digest('base64url').slice(0, 22)}"`;
}

/** Metadata from the app may have no tag. */
function isSame(file: StoredMetadata, known: ObjectMetadata): boolean {
  return file.size === known.size && (known.etag === undefined || file.etag === known.etag);
}
