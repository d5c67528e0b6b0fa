/** @module nestjs-range/gridfs */
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { contentType } from 'mime-types';
import { checkOptions } from './check-options.js';
import { destroyQuietly } from './octets.js';
import { SourceChangedError, SourceNotFoundError } from './source-errors.js';
import type { RangeSource } from './source.js';
import type { ObjectMetadata, Store } from './store.js';
import { STORE_CHECKS, type StoreOptions } from './store-options.js';
import { storeSource } from './store-source.js';

/** What is used of a `GridFSBucket`. */
export interface GridFsBucketLike<Id> {
  find(filter: { _id: Id }): { limit(count: number): { toArray(): Promise<GridFsFile[]> } };
  /** `end` is exclusive. */
  openDownloadStream(id: Id, options: { start: number; end: number }): GridFsStream;
}

/** A stream out of GridFS: only `abort` closes its cursor in the database. */
export interface GridFsStream extends Readable {
  abort?(): Promise<void>;
}

/** What is used of a file's document. */
export interface GridFsFile {
  readonly length: number;
  readonly uploadDate: Date;
  readonly filename?: string;
  /** Of old drivers. */
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/**
 * A source over a file in MongoDB's GridFS, by its `_id`. Its type is `metadata.contentType`, or else that of its name.
 *
 * @example
 * new RangedFile(gridFsSource(this.bucket, new ObjectId(id)))
 * @throws TypeError (at once) for an unknown or impossible option
 */
export function gridFsSource<Id>(bucket: GridFsBucketLike<Id>, id: Id, options: StoreOptions = {}): RangeSource {
  checkOptions('gridFsSource', options, STORE_CHECKS);
  return storeSource(gridFsStore(bucket, id), options);
}

function gridFsStore<Id>(bucket: GridFsBucketLike<Id>, id: Id): Store {
  const name = `gridfs:${idText(id)}`;
  return {
    name,
    remembered: { owner: bucket, key: name },

    async look() {
      const [file] = await bucket.find({ _id: id }).limit(1).toArray();
      if (file === undefined) throw new SourceNotFoundError(`${name} is not there`);
      return toMetadata(id, file);
    },

    /** The stream finds its file itself: a change would show there. */
    async read({ firstPos, lastPos }, known, signal) {
      const body = bucket.openDownloadStream(id, { start: firstPos, end: lastPos + 1 });
      const abort = (): void => destroyQuietly(body);
      signal.addEventListener('abort', abort, { once: true });
      body.once('file', (file: GridFsFile) => {
        if (isSame(toMetadata(id, file), known)) return;
        body.destroy(new SourceChangedError(`${name} was replaced`));
      });
      body.once('close', () => {
        signal.removeEventListener('abort', abort);
        body.abort?.().catch(() => {}); // closing a cursor that is closed, or whose server has gone
      });
      return { body };
    },
  };
}

function toMetadata(id: unknown, file: GridFsFile): ObjectMetadata {
  const type = file.metadata?.['contentType'] ?? file.contentType;
  return {
    size: file.length,
    type: typeof type === 'string' ? type : contentType(extname(file.filename ?? '')) || undefined,
    etag: entityTag(id, file),
    lastModified: file.uploadDate,
  };
}

/** Files in GridFS are written once: another content means another file, or at least another time of upload. */
function entityTag(id: unknown, { length, uploadDate }: GridFsFile): string {
  const version = `${idText(id)}:${length}:${uploadDate.getTime()}`;
  return `"${createHash('sha256').update(version).digest('base64url').slice(0, 22)}"`;
}

/** An id may be any value of BSON; most are ObjectIds, whose JSON are their digits. */
function idText(id: unknown): string {
  return typeof id === 'string' || typeof id === 'bigint' ? String(id) : JSON.stringify(id);
}

/** What the app has given as metadata may have a tag of its own. */
function isSame(file: ObjectMetadata, known: ObjectMetadata): boolean {
  return file.size === known.size && (known.etag === undefined || file.etag === known.etag);
}
