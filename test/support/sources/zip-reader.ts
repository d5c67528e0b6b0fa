import { crc32 } from 'node:zlib';

/** An entry of an archive, as its central directory and its local header have it. */
export interface ReadEntry {
  readonly name: string;
  readonly bytes: Buffer;
  readonly flags: number;
  readonly versionNeeded: number;
  readonly madeBy: number;
  readonly mode: number;
  readonly isMsDosDirectory: boolean;
  readonly dosDate: number;
  readonly dosTime: number;
  /** In seconds, by the extended timestamp. */
  readonly modifiedAt: number | undefined;
}

/**
 * Reads an archive of stored entries by APPNOTE.TXT, as strictly as nobody else does: it shares no code with what writes them.
 *
 * @throws Error where a record is wrong, a CRC is, or where a byte belongs to nothing
 */
export function readZip(archive: Buffer): ReadEntry[] {
  const end = archive.length - 22;
  expectSignature(archive, end, 0x06054b50);
  const count = archive.readUInt16LE(end + 10);
  equal(archive.readUInt16LE(end + 8), count, 'the number of entries on this disk');
  const centralSize = archive.readUInt32LE(end + 12);
  const central = archive.readUInt32LE(end + 16);
  equal(central + centralSize, end, 'the end of the central directory');
  const entries: ReadEntry[] = [];
  let at = central;
  let localAt = 0;
  for (let i = 0; i < count; i++) {
    const { entry, length, localLength } = readEntry(archive, at, localAt);
    entries.push(entry);
    at += length;
    localAt += localLength;
  }
  equal(at, end, 'the end of the last record');
  equal(localAt, central, 'the end of the last entry');
  return entries;
}

function readEntry(archive: Buffer, at: number, localAt: number) {
  expectSignature(archive, at, 0x02014b50);
  const record = commonHeaders(archive, at + 6);
  const nameLength = archive.readUInt16LE(at + 28);
  const extraLength = archive.readUInt16LE(at + 30);
  equal(archive.readUInt32LE(at + 32), 0, 'a comment, or a disk');
  equal(archive.readUInt16LE(at + 36), 0, 'the internal attributes');
  const attributes = archive.readUInt32LE(at + 38);
  equal(archive.readUInt32LE(at + 42), localAt, 'the offset of the local header');
  const name = archive.toString('utf8', at + 46, at + 46 + nameLength);

  expectSignature(archive, localAt, 0x04034b50);
  const local = commonHeaders(archive, localAt + 4);
  equal(archive.readUInt16LE(localAt + 26), nameLength, 'the length of the name in the local header');
  const localExtra = archive.readUInt16LE(localAt + 28);
  const content = localAt + 30 + nameLength + localExtra;
  equal(archive.toString('utf8', localAt + 30, localAt + 30 + nameLength), name, 'the name in the local header');
  equal({ ...local, crc: 0 }, { ...record, crc: 0 }, 'the local header, as the record has it');
  const bytes = archive.subarray(content, content + record.size);
  equal(crc32(bytes), record.crc, `the CRC of ${name}`);
  let localLength = 30 + nameLength + localExtra + record.size;
  if ((record.flags & 8) === 0) {
    equal(local.crc, record.crc, 'the CRC in the local header');
  } else {
    equal(local.crc, 0, 'the CRC in the local header');
    const descriptor = content + record.size;
    expectSignature(archive, descriptor, 0x08074b50);
    equal(archive.readUInt32LE(descriptor + 4), record.crc, 'the CRC behind the content');
    equal(archive.readUInt32LE(descriptor + 8), record.size, 'the compressed size behind the content');
    equal(archive.readUInt32LE(descriptor + 12), record.size, 'the size behind the content');
    localLength += 16;
  }
  const extra = archive.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
  equal(archive.subarray(content - localExtra, content).toString('hex'), extra.toString('hex'), 'the extra fields');
  const entry: ReadEntry = {
    name,
    bytes,
    flags: record.flags,
    versionNeeded: record.versionNeeded,
    madeBy: archive.readUInt16LE(at + 4),
    mode: attributes >>> 16,
    isMsDosDirectory: (attributes & 0x10) !== 0,
    dosDate: record.dosDate,
    dosTime: record.dosTime,
    modifiedAt: modifiedAt(extra),
  };
  return { entry, length: 46 + nameLength + extraLength, localLength };
}

function commonHeaders(archive: Buffer, at: number) {
  equal(archive.readUInt16LE(at + 4), 0, 'the method: stored');
  const size = archive.readUInt32LE(at + 14);
  equal(archive.readUInt32LE(at + 18), size, 'the size, which is the compressed size');
  return {
    versionNeeded: archive.readUInt16LE(at),
    flags: archive.readUInt16LE(at + 2),
    dosTime: archive.readUInt16LE(at + 6),
    dosDate: archive.readUInt16LE(at + 8),
    crc: archive.readUInt32LE(at + 10),
    size,
  };
}

function modifiedAt(extra: Buffer): number | undefined {
  if (extra.length === 0) return undefined;
  equal(extra.readUInt16LE(0), 0x5455, 'the identifier of the extra field');
  equal(extra.readUInt16LE(2), 5, 'the length of the timestamp');
  equal(extra.readUInt8(4), 1, 'the flags of the timestamp');
  equal(extra.length, 9, 'the length of the extra fields');
  return extra.readInt32LE(5);
}

function expectSignature(archive: Buffer, at: number, signature: number): void {
  equal(archive.readUInt32LE(at).toString(16), signature.toString(16), `the signature at ${at}`);
}

function equal<T>(got: T, expected: T, what: string): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a}, where ${b} is due`);
}
