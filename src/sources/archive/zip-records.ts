/** The metadata in the records of an entry, known before its content is read. */
export interface RecordedEntry {
  /** The path; that of a directory ends with `/`. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Type and permissions of Unix: `0o100644`. */
  readonly mode: number;
  /** In whole seconds since 1970; `undefined`: unknown. */
  readonly modifiedAt: number | undefined;
}

/** These values, of 32 and 16 bits, refer to the ZIP64 extra field. */
const IN_ZIP64 = 0xffffffff;
const IN_ZIP64_SHORT = 0xffff;

/** The version of the specification that extractors need for a file, a directory, or ZIP64. */
const VERSION = { file: 10, directory: 20, zip64: 45 } as const;

/** Made on Unix by version 3.0 of Info-ZIP, so that extractors read `mode`. */
const MADE_BY = (3 << 8) | 30;

/** Bit 3: the CRC follows the content. Bit 11: the name is UTF-8. */
const CRC_FOLLOWS = 1 << 3;
const IS_UTF8 = 1 << 11;

const ZIP64_ID = 0x0001;
const TIMESTAMP_ID = 0x5455;

/** In bytes: the identifier and the length of an extra field, with a timestamp, and with two sizes. */
const EXTRA_HEAD = 4;
const TIMESTAMP_LENGTH = EXTRA_HEAD + 5;
const ZIP64_SIZES_LENGTH = EXTRA_HEAD + 16;

/**
 * The header before the content of an entry. Like Info-ZIP's it has the sizes, so that an extractor that reads forwards finds
 * the end of the content; but not the CRC, which may not be known yet.
 *
 * @see APPNOTE.TXT §4.3.7
 */
export function localHeader(entry: RecordedEntry): Uint8Array {
  const needsZip64 = isLong(entry.size);
  const record = Buffer.alloc(localHeaderLength(entry));
  const nameLength = record.write(entry.name, 30);
  record.writeUInt32LE(0x04034b50, 0);
  writeCommonHeaders(record, 4, entry, needsZip64, 0);
  record.writeUInt16LE(nameLength, 26);
  record.writeUInt16LE(record.byteLength - 30 - nameLength, 28);
  let at = 30 + nameLength;
  if (needsZip64) at = writeZip64(record, at, [entry.size, entry.size]);
  writeTimestamp(record, at, entry);
  return record;
}

export function localHeaderLength(entry: RecordedEntry): number {
  return 30 + Buffer.byteLength(entry.name) + (isLong(entry.size) ? ZIP64_SIZES_LENGTH : 0) + timestampLength(entry);
}

/**
 * The record after the content of an entry.
 *
 * @see APPNOTE.TXT §4.3.9
 */
export function dataDescriptor({ size }: RecordedEntry, crc: number): Uint8Array {
  const record = Buffer.alloc(isLong(size) ? 24 : 16);
  record.writeUInt32LE(0x08074b50, 0);
  record.writeUInt32LE(crc, 4);
  if (isLong(size)) {
    record.writeBigUInt64LE(BigInt(size), 8);
    record.writeBigUInt64LE(BigInt(size), 16);
  } else {
    record.writeUInt32LE(size, 8);
    record.writeUInt32LE(size, 12);
  }
  return record;
}

/** Without content there is no descriptor, since the CRC is known. */
export function dataDescriptorLength({ size }: RecordedEntry): number {
  if (size === 0) return 0;
  return isLong(size) ? 24 : 16;
}

/**
 * An entry in the central directory.
 *
 * @param offset of its local header
 * @see APPNOTE.TXT §4.3.12
 */
export function centralRecord(entry: RecordedEntry, offset: number, crc: number): Uint8Array {
  const longs = [...(isLong(entry.size) ? [entry.size, entry.size] : []), ...(isLong(offset) ? [offset] : [])];
  const record = Buffer.alloc(centralRecordLength(entry, offset));
  const nameLength = record.write(entry.name, 46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(MADE_BY, 4);
  writeCommonHeaders(record, 6, entry, longs.length > 0, crc);
  record.writeUInt16LE(nameLength, 28);
  record.writeUInt16LE(record.byteLength - 46 - nameLength, 30);
  record.writeUInt32LE(externalAttributes(entry), 38);
  record.writeUInt32LE(Math.min(offset, IN_ZIP64), 42);
  let at = 46 + nameLength;
  if (longs.length > 0) at = writeZip64(record, at, longs);
  writeTimestamp(record, at, entry);
  return record;
}

export function centralRecordLength(entry: RecordedEntry, offset: number): number {
  const longs = (isLong(entry.size) ? 2 : 0) + (isLong(offset) ? 1 : 0);
  const zip64Length = longs === 0 ? 0 : EXTRA_HEAD + 8 * longs;
  return 46 + Buffer.byteLength(entry.name) + zip64Length + timestampLength(entry);
}

/**
 * The records at the end of an archive, which locate its central directory.
 *
 * @param count number of entries
 * @param size of the central directory, in bytes
 * @param offset of the central directory, in bytes
 * @see APPNOTE.TXT §4.3.14 to §4.3.16
 */
export function endRecords(count: number, size: number, offset: number): Uint8Array {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, IN_ZIP64_SHORT), 8);
  end.writeUInt16LE(Math.min(count, IN_ZIP64_SHORT), 10);
  end.writeUInt32LE(Math.min(size, IN_ZIP64), 12);
  end.writeUInt32LE(Math.min(offset, IN_ZIP64), 16);
  if (count < IN_ZIP64_SHORT && !isLong(size) && !isLong(offset)) return end;
  return Buffer.concat([zip64End(count, size, offset), zip64Locator(offset + size), end]);
}

function zip64End(count: number, size: number, offset: number): Uint8Array {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(BigInt(record.byteLength - 12), 4); // what follows this field
  record.writeUInt16LE(MADE_BY, 12);
  record.writeUInt16LE(VERSION.zip64, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  return record;
}

function zip64Locator(offset: number): Uint8Array {
  const record = Buffer.alloc(20);
  record.writeUInt32LE(0x07064b50, 0);
  record.writeBigUInt64LE(BigInt(offset), 8);
  record.writeUInt32LE(1, 16); // of one disk
  return record;
}

/** Writes the fields that local headers and central records share: from the version to the sizes. */
function writeCommonHeaders(record: Buffer, at: number, entry: RecordedEntry, needsZip64: boolean, crc: number): void {
  const { date, time } = dosTime(entry.modifiedAt);
  const version = isDirectory(entry) ? VERSION.directory : VERSION.file;
  record.writeUInt16LE(needsZip64 ? VERSION.zip64 : version, at);
  record.writeUInt16LE(IS_UTF8 | (entry.size === 0 ? 0 : CRC_FOLLOWS), at + 2);
  record.writeUInt16LE(0, at + 4); // stored
  record.writeUInt16LE(time, at + 6);
  record.writeUInt16LE(date, at + 8);
  record.writeUInt32LE(crc, at + 10);
  record.writeUInt32LE(Math.min(entry.size, IN_ZIP64), at + 14);
  record.writeUInt32LE(Math.min(entry.size, IN_ZIP64), at + 18);
}

/** Returns the position of the next field. */
function writeZip64(record: Buffer, at: number, longs: readonly number[]): number {
  record.writeUInt16LE(ZIP64_ID, at);
  record.writeUInt16LE(8 * longs.length, at + 2);
  longs.forEach((value, i) => record.writeBigUInt64LE(BigInt(value), at + EXTRA_HEAD + 8 * i));
  return at + EXTRA_HEAD + 8 * longs.length;
}

/** Info-ZIP's extended timestamp, with the time of modification only: unlike the DOS time it has a time zone. */
function writeTimestamp(record: Buffer, at: number, { modifiedAt }: RecordedEntry): void {
  if (!hasTimestamp(modifiedAt)) return;
  record.writeUInt16LE(TIMESTAMP_ID, at);
  record.writeUInt16LE(TIMESTAMP_LENGTH - EXTRA_HEAD, at + 2);
  record.writeUInt8(1, at + 4);
  record.writeInt32LE(modifiedAt, at + 5);
}

function timestampLength({ modifiedAt }: RecordedEntry): number {
  return hasTimestamp(modifiedAt) ? TIMESTAMP_LENGTH : 0;
}

function hasTimestamp(modifiedAt: number | undefined): modifiedAt is number {
  return modifiedAt !== undefined && Math.abs(modifiedAt) < 2 ** 31;
}

/** In UTC, so that replicas agree; in steps of two seconds, from 1980 to 2107. */
function dosTime(modifiedAt: number | undefined): { readonly date: number; readonly time: number } {
  const seconds = Math.min(Math.max(modifiedAt ?? 0, FIRST_DOS_TIME), LAST_DOS_TIME);
  const utc = new Date(seconds * 1000);
  return {
    date: ((utc.getUTCFullYear() - 1980) << 9) | ((utc.getUTCMonth() + 1) << 5) | utc.getUTCDate(),
    time: (utc.getUTCHours() << 11) | (utc.getUTCMinutes() << 5) | (utc.getUTCSeconds() >> 1),
  };
}

const FIRST_DOS_TIME = Date.UTC(1980) / 1000;
const LAST_DOS_TIME = Date.UTC(2107, 11, 31, 23, 59, 58) / 1000;

/** The upper half is for Unix; the lower for MS-DOS: its flag for directories. */
function externalAttributes(entry: RecordedEntry): number {
  return ((entry.mode << 16) | (isDirectory(entry) ? 0x10 : 0)) >>> 0;
}

function isDirectory({ name }: RecordedEntry): boolean {
  return name.endsWith('/');
}

function isLong(value: number): boolean {
  return value >= IN_ZIP64;
}
