import { type ByteRange, rangeLength } from '../http/byte-range.js';
import type { RepresentationMetadata } from '../http/representation.js';
import type { Bytes, RangeSource, Representation } from './source.js';

/** What an app may say of octets that carry no metadata of their own. */
export type SourceMetadata = Pick<RepresentationMetadata, 'type' | 'etag' | 'lastModified' | 'fields'>;

/** A source over octets in memory. They are not copied: leave them unchanged while they are served. */
export function bytesSource(bytes: Uint8Array | Blob, metadata: SourceMetadata = {}): RangeSource {
  const representation = bytes instanceof Blob ? blobRepresentation(bytes) : memoryRepresentation(bytes);
  return { ignoresSignal: true, resolve: () => ({ ...representation, ...metadata }) };
}

function memoryRepresentation({ buffer, byteOffset, byteLength }: Uint8Array): Representation {
  const bytes = Buffer.from(buffer, byteOffset, byteLength); // the same memory, as frameworks like it
  return {
    size: bytes.byteLength,
    isExact: true,
    open: (range) => once(range === undefined ? bytes : bytes.subarray(range.firstPos, range.lastPos + 1)),
  };
}

function blobRepresentation(blob: Blob): Representation {
  return {
    size: blob.size,
    ...(blob.type === '' ? {} : { type: blob.type }),
    open: (range) => blobSlice(blob, range).stream(),
  };
}

function blobSlice(blob: Blob, range: ByteRange | undefined): Blob {
  return range === undefined ? blob : blob.slice(range.firstPos, range.firstPos + rangeLength(range));
}

async function* once(bytes: Uint8Array): Bytes {
  yield bytes;
}
