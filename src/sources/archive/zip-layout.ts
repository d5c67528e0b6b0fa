import type { ByteRange } from '../../http/ranges/byte-range.js';
import {
  centralRecordLength,
  dataDescriptorLength,
  endRecords,
  localHeaderLength,
  type RecordedEntry,
} from './zip-records.js';

/** A part of a record or of a content; positions are inclusive, and relative to its beginning. */
export interface Stretch extends ByteRange {
  readonly kind: 'header' | 'content' | 'descriptor' | 'record' | 'end';
  /** The index of the entry; for `end`, the number of entries. */
  readonly index: number;
}

/**
 * The positions of everything in an archive of stored entries. They follow from names, sizes and dates alone, not from contents
 * or CRCs.
 */
export class ZipLayout {
  /** The size of the archive, in bytes. */
  readonly size: number;
  readonly end: Uint8Array;
  /** The position of each local header, then that of the central directory. */
  private readonly locals: Float64Array;
  /** The position of each record in the central directory, then that of the end. */
  private readonly records: Float64Array;

  /** @throws RangeError if the archive is larger than 2^53 bytes */
  constructor(readonly entries: readonly RecordedEntry[]) {
    const count = entries.length;
    this.locals = new Float64Array(count + 1);
    this.records = new Float64Array(count + 1);
    let at = 0;
    entries.forEach((entry, i) => {
      this.locals[i] = at;
      at += localHeaderLength(entry) + entry.size + dataDescriptorLength(entry);
    });
    this.locals[count] = at;
    const central = at;
    entries.forEach((entry, i) => {
      this.records[i] = at;
      at += centralRecordLength(entry, this.localOffset(i));
    });
    this.records[count] = at;
    this.end = endRecords(count, at - central, central);
    this.size = at + this.end.byteLength;
    if (!Number.isSafeInteger(this.size)) throw new RangeError('the archive would be larger than 2^53 bytes');
  }

  /** The position of the local header of an entry. */
  localOffset(index: number): number {
    return this.locals[index] ?? 0;
  }

  /** The stretches in a range of the archive, in order. */
  *stretches(range: ByteRange): Generator<Stretch> {
    const count = this.entries.length;
    for (let i = lastAtOrBefore(this.locals, range.firstPos); i < count; i++) {
      if (this.localOffset(i) > range.lastPos) return;
      yield* this.stretchesOfEntry(i, range);
    }
    for (let i = lastAtOrBefore(this.records, range.firstPos); i < count; i++) {
      const firstPos = this.records[i] ?? 0;
      if (firstPos > range.lastPos) return;
      yield* clipped('record', i, firstPos, (this.records[i + 1] ?? 0) - firstPos, range);
    }
    yield* clipped('end', count, this.size - this.end.byteLength, this.end.byteLength, range);
  }

  private *stretchesOfEntry(index: number, range: ByteRange): Generator<Stretch> {
    const entry = this.entries[index];
    if (entry === undefined) return;
    const header = localHeaderLength(entry);
    const content = this.localOffset(index) + header;
    yield* clipped('header', index, content - header, header, range);
    yield* clipped('content', index, content, entry.size, range);
    yield* clipped('descriptor', index, content + entry.size, dataDescriptorLength(entry), range);
  }
}

function* clipped(
  kind: Stretch['kind'],
  index: number,
  at: number,
  length: number,
  range: ByteRange,
): Generator<Stretch> {
  const firstPos = Math.max(range.firstPos - at, 0);
  const lastPos = Math.min(range.lastPos - at, length - 1);
  if (firstPos <= lastPos) yield { kind, index, firstPos, lastPos };
}

/** The index of the last of these ascending offsets that is at or before the position; 0 if there is none. */
function lastAtOrBefore(offsets: Float64Array, position: number): number {
  let low = 0;
  let high = offsets.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) <= position) low = middle;
    else high = middle;
  }
  return low;
}
