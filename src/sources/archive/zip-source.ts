import { createHash } from 'node:crypto';
import { isPromise } from 'node:util/types';
import { type ByteRange, rangeLength } from '../../http/ranges/byte-range.js';
import { bytesSource } from '../memory/bytes-source.js';
import { checkOptions, type Checks } from '../options/check-options.js';
import { entityTag } from '../content-tags/content-hash.js';
import { describeValue, has } from '../options/given-value.js';
import { SOURCE_IS_NOT_JSON } from '../not-json.js';
import { refuse } from '../options/refuse.js';
import { SourceFaultError } from '../source-errors.js';
import type { RangeSource, Representation } from '../source.js';
import { CompositeParts, type KnownPart, type Part } from '../composite/composite-parts.js';
import { type CrcStore, crcMemory } from './crc-store.js';
import { type CheckedEntry, EntryCrcs } from './entry-crcs.js';
import { type Piece, PieceReader } from '../composite/piece-reader.js';
import { isStrong } from '../composite/strong-tag.js';
import { type Stretch, ZipLayout } from './zip-layout.js';
import { checkEntries, type ZipEntry } from './zip-entry.js';
import { isDirectoryName } from './zip-names.js';
import { centralRecord, dataDescriptor, localHeader, type RecordedEntry } from './zip-records.js';

export interface ZipSourceOptions {
  /** Stores the CRCs of entries. Replicas may share one. Default: in memory, up to 100,000 CRCs. */
  readonly crcs?: CrcStore | undefined;
}

/**
 * A source over a ZIP archive of other sources, stored uncompressed. Its layout follows from their names and sizes, so its size,
 * entity tag and ranges are available before a byte is read. A range opens only the entries that it touches, one at a time.
 *
 * @example
 * return new RangedFile(zipSource(photos.map((photo) => ({ name: photo.name, source: fileSource(photo.path) }))));
 * @throws TypeError (immediately) naming an entry that is incomplete, or has an unsafe or duplicate name
 */
export function zipSource(entries: readonly ZipEntry[], options: ZipSourceOptions = {}): RangeSource {
  if (!Array.isArray(entries)) refuse(`zipSource: the entries must be an array, not ${describeValue(entries).what}`);
  const { crcs = crcMemory } = checkOptions('zipSource', options, CHECKS);
  const archive = new Archive(checkEntries(entries), crcs);
  return {
    ...SOURCE_IS_NOT_JSON,
    resolve: (signal) => archive.resolve(signal),
    discard: () => archive.discard(),
  };
}

const CHECKS: Checks<ZipSourceOptions> = {
  crcs: ['an object with get(key) and set(key, crc32)', (value) => has(value, 'get') && has(value, 'set')],
};

const NOTHING = bytesSource(new Uint8Array(0));

class Archive {
  private readonly parts: readonly Part[];

  constructor(
    private readonly entries: readonly ZipEntry[],
    private readonly crcs: CrcStore,
  ) {
    this.parts = entries.map(({ name, source, size, etag }) =>
      source === undefined
        ? { name, source: NOTHING, size: 0 }
        : { name: `the entry ${JSON.stringify(name)}`, source, size, etag },
    );
  }

  async resolve(signal: AbortSignal): Promise<Representation> {
    const parts = new CompositeParts(this.parts);
    const known = await parts.resolve(signal);
    try {
      return this.represent(parts, known);
    } catch (error) {
      await parts.close();
      throw error;
    }
  }

  discard(): void {
    for (const { source } of this.parts) source.discard?.();
  }

  private represent(parts: CompositeParts, known: readonly KnownPart[]): Representation {
    const layout = new ZipLayout(this.entries.map((entry, i) => recorded(entry, known[i])));
    const crcs = new EntryCrcs(layout.entries.length, (index) => this.checkedEntry(index, layout, known), this.crcs);
    const isForwardOnly = known.some(({ forwardOnly }) => forwardOnly === true);
    return {
      size: layout.size,
      type: 'application/zip',
      etag: tagOf(layout, known),
      isExact: true,
      ...(isForwardOnly ? { forwardOnly: true } : {}),
      open: (range = { firstPos: 0, lastPos: layout.size - 1 }, signal) =>
        new PieceReader(this.piecesIn(layout, crcs, range, signal), parts, signal),
      close: () => parts.close(),
    };
  }

  private checkedEntry(index: number, { entries }: ZipLayout, known: readonly KnownPart[]): CheckedEntry {
    const { name, size, modifiedAt } = at(entries, index);
    const { crc32 } = at(this.entries, index);
    return { name, size, modifiedAt, crc32, part: at(this.parts, index), known: at(known, index) };
  }

  private *piecesIn(layout: ZipLayout, crcs: EntryCrcs, range: ByteRange, signal: AbortSignal): Generator<Piece> {
    for (const stretch of layout.stretches(range)) {
      yield stretch.kind === 'content'
        ? this.contentPiece(stretch, at(layout.entries, stretch.index), crcs)
        : { kind: 'bytes', bytes: () => cut(recordOf(stretch, layout, crcs, signal), stretch) };
    }
  }

  private contentPiece({ index, ...range }: Stretch, { size }: RecordedEntry, crcs: EntryCrcs): Piece {
    const length = rangeLength(range);
    const piece = { kind: 'part', index, name: at(this.parts, index).name, length } as const;
    if (length < size) return { ...piece, range: { firstPos: range.firstPos, lastPos: range.lastPos } };
    return { ...piece, range: undefined, watch: crcs.watch(index) };
  }
}

/** The metadata in the records of an entry. */
function recorded({ name, mode, lastModified, ...entry }: ZipEntry, known: KnownPart | undefined): RecordedEntry {
  const size = entry.size ?? known?.size;
  const modified = lastModified ?? known?.lastModified;
  const isDirectory = isDirectoryName(name);
  if (size === undefined && !isDirectory) {
    throw new SourceFaultError(`zipSource: the size of the entry ${JSON.stringify(name)} is unknown: set its size`);
  }
  return {
    name,
    size: size ?? 0,
    mode: isDirectory ? DIRECTORY | (mode ?? 0o755) : FILE | (mode ?? 0o644),
    modifiedAt: modified === undefined ? undefined : Math.floor(modified.getTime() / 1000),
  };
}

/** File types of Unix, above the permissions. */
const DIRECTORY = 0o040000;
const FILE = 0o100000;

/** The record that a stretch is part of: at once, or when the CRC in it is known. */
function recordOf(
  { kind, index }: Stretch,
  layout: ZipLayout,
  crcs: EntryCrcs,
  signal: AbortSignal,
): Uint8Array | Promise<Uint8Array> {
  if (kind === 'end') return layout.end;
  const entry = at(layout.entries, index);
  if (kind === 'header') return localHeader(entry);
  const write = (crc: number): Uint8Array =>
    kind === 'descriptor' ? dataDescriptor(entry, crc) : centralRecord(entry, layout.localOffset(index), crc);
  const crc = kind === 'record' ? crcs.ofNext(index, signal) : crcs.of(index, signal);
  return typeof crc === 'number' ? write(crc) : crc.then(write);
}

function cut(
  record: Uint8Array | Promise<Uint8Array>,
  { firstPos, lastPos }: ByteRange,
): Uint8Array | Promise<Uint8Array> {
  const slice = (bytes: Uint8Array): Uint8Array => bytes.subarray(firstPos, lastPos + 1);
  return isPromise(record) ? record.then(slice) : slice(record);
}

/** `undefined` if an entry has no strong tag. */
function tagOf({ entries }: ZipLayout, known: readonly KnownPart[]): string | undefined {
  const hash = createHash('sha256');
  for (const [i, { name, size, mode, modifiedAt }] of entries.entries()) {
    const etag = size === 0 ? undefined : known[i]?.etag;
    if (size > 0 && !isStrong(etag)) return undefined;
    hash.update(JSON.stringify([name, size, mode, modifiedAt, etag]));
  }
  return entityTag(hash.digest('base64url'));
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`there is no entry ${index}`);
  return item;
}
