import { type ByteRange, rangeLength } from '../../http/ranges/byte-range.js';
import { SOURCE_IS_NOT_JSON } from '../not-json.js';
import { checkOptions, type Checks } from '../options/check-options.js';
import { checkBytes, isBlob } from '../options/given-value.js';
import { METADATA_CHECKS, type SourceMetadata } from '../options/source-metadata.js';
import type { Bytes, RangeSource, Representation } from '../source.js';
import { tagOfBlob, tagOfBytes, tagOfMemory } from './memory-tags.js';

export interface BytesSourceOptions extends SourceMetadata {
  /**
   * Entity tag with its quotes. By default, content of up to 1 MiB is hashed for a tag. `'content'`: larger content, too; it is
   * hashed once per source.
   */
  readonly etag?: string | undefined;
}

/** Content up to this size, in bytes, has an entity tag by default. */
const TAGGED = 1024 * 1024;

/**
 * A source over bytes in memory. They are not copied: do not change them while the source is in use. Reuse the source if
 * possible: its bytes are hashed only once, and only if a response has no other entity tag.
 *
 * @throws TypeError (immediately) if they are not bytes, or for unknown or invalid metadata
 */
export function bytesSource(bytes: Uint8Array | Blob, options: BytesSourceOptions = {}): RangeSource {
  checkBytes(bytes);
  checkOptions('bytesSource', options, CHECKS);
  const resolve = isBlob(bytes) ? blobResolver(bytes, options) : memoryResolver(bytes, options);
  const source = { toJSON: SOURCE_IS_NOT_JSON.toJSON, ignoresSignal: true, resolve }; // spreading it would take longer
  return source;
}

const [tagExpected, isTag] = METADATA_CHECKS.etag;
const CHECKS: Checks<BytesSourceOptions> = {
  ...METADATA_CHECKS,
  etag: [`${tagExpected}, or 'content'`, (value) => value === 'content' || isTag(value)],
};

function memoryResolver(
  { buffer, byteOffset, byteLength }: Uint8Array,
  { etag, ...metadata }: BytesSourceOptions,
): RangeSource['resolve'] {
  const bytes = Buffer.from(buffer, byteOffset, byteLength); // a view of the same memory: frameworks expect a Buffer
  let tag = etag === 'content' ? undefined : etag;
  const representation = (): Representation => ({
    size: byteLength,
    isExact: true,
    open: (range) => once(range === undefined ? bytes : bytes.subarray(range.firstPos, range.lastPos + 1)),
    ...metadata,
    /** Computed lazily: not needed if the app has set another tag or disabled it. */
    get etag() {
      if (byteLength <= TAGGED) tag ??= tagOfBytes(bytes);
      return tag;
    },
  });
  if (etag !== 'content' || byteLength <= TAGGED) return representation;
  let hashing: Promise<void> | undefined;
  return () => {
    if (tag !== undefined) return representation();
    hashing ??= tagOfMemory(bytes).then((made) => void (tag = made));
    return hashing.then(representation);
  };
}

function blobResolver(blob: Blob, { etag, ...metadata }: BytesSourceOptions): RangeSource['resolve'] {
  const representation = (tag: string | undefined): Representation => ({
    size: blob.size,
    ...(blob.type === '' ? {} : { type: blob.type }),
    open: (range) => blobSlice(blob, range).stream(),
    ...metadata,
    etag: tag,
  });
  const isTagged = etag === 'content' || (etag === undefined && blob.size <= TAGGED);
  return isTagged ? async () => representation(await tagOfBlob(blob)) : () => representation(etag);
}

function blobSlice(blob: Blob, range: ByteRange | undefined): Blob {
  return range === undefined ? blob : blob.slice(range.firstPos, range.firstPos + rangeLength(range));
}

async function* once(bytes: Uint8Array): Bytes {
  yield bytes;
}
