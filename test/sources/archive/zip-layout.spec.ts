import { describe, expect, it } from '@jest/globals';
import { ZipLayout } from '../../../src/sources/archive/zip-layout.js';
import {
  centralRecord,
  centralRecordLength,
  dataDescriptor,
  dataDescriptorLength,
  endRecords,
  localHeader,
  localHeaderLength,
  type RecordedEntry,
} from '../../../src/sources/archive/zip-records.js';

/** Fields of a record, in hexadecimal, as they stand in the specification: those of several bytes the wrong way round. */
function record(...headers: readonly string[]): string {
  return headers
    .flatMap((header) => header.split(' '))
    .map((header) =>
      (header.startsWith('=')
        ? Buffer.from(header.slice(1))
        : Buffer.from(Buffer.from(header, 'hex').toReversed())
      ).toString('hex'),
    )
    .join('');
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** 2024-02-29 12:34:56 UTC: (44 << 9) | (2 << 5) | 29, and (12 << 11) | (34 << 5) | 28. */
const DATED = { modifiedAt: 1_709_210_096, date: '585d', time: '645c', seconds: '65e079f0' };

const file = (overrides: Partial<RecordedEntry> = {}): RecordedEntry => ({
  name: 'a.txt',
  size: 5,
  mode: 0o100644,
  modifiedAt: DATED.modifiedAt,
  ...overrides,
});
const FOUR_GIB = 2 ** 32;

describe('the records of an entry, by APPNOTE.TXT', () => {
  it('the local header of a file: §4.3.7', () => {
    expect(hex(localHeader(file()))).toBe(
      record(
        '04034b50 000a 0808 0000', // version 1.0; a descriptor follows, UTF-8; stored
        `${DATED.time} ${DATED.date} 00000000 00000005 00000005 0005 0009 =a.txt`,
        `5455 0005 01 ${DATED.seconds}`,
      ),
    );
  });

  it('the local header of a directory: nothing follows it', () => {
    expect(hex(localHeader(file({ name: 'd/', size: 0, mode: 0o40755, modifiedAt: undefined })))).toBe(
      record('04034b50 0014 0800 0000 0000 0021 00000000 00000000 00000000 0002 0000 =d/'),
    );
  });

  it('the local header of a file that needs ZIP64: §4.5.3', () => {
    expect(hex(localHeader(file({ size: FOUR_GIB, modifiedAt: undefined })))).toBe(
      record(
        '04034b50 002d 0808 0000 0000 0021 00000000 ffffffff ffffffff 0005 0014 =a.txt',
        '0001 0010 0000000100000000 0000000100000000',
      ),
    );
  });

  it('the descriptor: §4.3.9', () => {
    expect(hex(dataDescriptor(file(), 0xcbf43926))).toBe(record('08074b50 cbf43926 00000005 00000005'));
  });

  it('the descriptor of a file that needs ZIP64: §4.3.9.2', () => {
    expect(hex(dataDescriptor(file({ size: FOUR_GIB }), 0xcbf43926))).toBe(
      record('08074b50 cbf43926 0000000100000000 0000000100000000'),
    );
  });

  it('the record in the central directory: §4.3.12', () => {
    expect(hex(centralRecord(file(), 0x1234, 0xcbf43926))).toBe(
      record(
        '02014b50 031e 000a 0808 0000', // Unix, as version 3.0
        `${DATED.time} ${DATED.date} cbf43926 00000005 00000005 0005 0009 0000 0000 0000`,
        `81a40000 00001234 =a.txt 5455 0005 01 ${DATED.seconds}`, // 0o100644 << 16
      ),
    );
  });

  it('the record of a directory', () => {
    const directory = file({ name: 'd/', size: 0, mode: 0o40755, modifiedAt: undefined });
    expect(hex(centralRecord(directory, 0, 0))).toBe(
      record(
        '02014b50 031e 0014 0800 0000 0000 0021 00000000 00000000 00000000 0002 0000 0000 0000 0000',
        '41ed0010 00000000 =d/',
      ),
    );
  });

  it.each([
    ['a size', FOUR_GIB, 0x10, 'ffffffff', '00000010', '0001 0010 0000000100000000 0000000100000000'],
    ['an offset', 5, FOUR_GIB + 1, '00000005', 'ffffffff', '0001 0008 0000000100000001'],
    [
      'both',
      FOUR_GIB,
      FOUR_GIB + 1,
      'ffffffff',
      'ffffffff',
      '0001 0018 0000000100000000 0000000100000000 0000000100000001',
    ],
    ['a size that says ZIP64', FOUR_GIB - 1, 0, 'ffffffff', '00000000', '0001 0010 00000000ffffffff 00000000ffffffff'],
  ])('%s that needs ZIP64 is in the extra field only', (_, size, offset, size32, offset32, extra) => {
    const entry = file({ size, modifiedAt: undefined });
    const extraLength = Buffer.from(extra.replaceAll(' ', ''), 'hex').length.toString(16).padStart(4, '0');
    expect(hex(centralRecord(entry, offset, 0))).toBe(
      record(
        `02014b50 031e 002d 0808 0000 0000 0021 00000000 ${size32} ${size32} 0005 ${extraLength} 0000 0000 0000`,
        `81a40000 ${offset32} =a.txt`,
        extra,
      ),
    );
  });

  it('the largest size and offset without ZIP64', () => {
    expect(localHeader(file({ size: FOUR_GIB - 2 })).length).toBe(localHeader(file()).length);
    expect(centralRecord(file({ size: FOUR_GIB - 2 }), FOUR_GIB - 2, 0).length).toBe(
      centralRecord(file(), 0, 0).length,
    );
  });

  it.each([
    ['before 1980', Date.UTC(1970), '0021', '0000'],
    ['at the last moment that MS-DOS knows', Date.UTC(2107, 11, 31, 23, 59, 59), 'ff9f', 'bf7d'],
    ['after that', Date.UTC(2200), 'ff9f', 'bf7d'],
  ])('a date %s becomes the nearest possible', (_, ms, date, time) => {
    const header = Buffer.from(localHeader(file({ modifiedAt: ms / 1000 })));
    expect(hex(header.subarray(10, 14))).toBe(record(time, date));
  });

  it.each([
    ['1970', 0, '5455 0005 01 00000000'],
    ['before 1970', -1, '5455 0005 01 ffffffff'],
    ['the last second of 32 bits', 2 ** 31 - 1, '5455 0005 01 7fffffff'],
    ['later', 2 ** 31, ''],
  ])('the timestamp of %s', (_, modifiedAt, extra) => {
    expect(hex(localHeader(file({ modifiedAt })).subarray(35))).toBe(extra === '' ? '' : record(extra));
  });

  it('names are UTF-8', () => {
    expect(Buffer.from(localHeader(file({ name: 'ä' }))).subarray(26, 32)).toEqual(
      Buffer.from(record('0002 0009', '=ä'), 'hex'),
    );
  });

  it.each([
    file(),
    file({ name: '日本語' }),
    file({ size: 0, modifiedAt: undefined }),
    file({ size: FOUR_GIB }),
    file({ modifiedAt: 2 ** 33 }),
  ])('has the announced length: %j', (entry) => {
    expect(localHeader(entry).length).toBe(localHeaderLength(entry));
    if (entry.size > 0) expect(dataDescriptor(entry, 0).length).toBe(dataDescriptorLength(entry));
    else expect(dataDescriptorLength(entry)).toBe(0);
    for (const offset of [0, FOUR_GIB]) {
      expect(centralRecord(entry, offset, 0).length).toBe(centralRecordLength(entry, offset));
    }
  });
});

describe('the end of an archive', () => {
  it('§4.3.16', () => {
    expect(hex(endRecords(2, 0x100, 0x2345))).toBe(record('06054b50 0000 0000 0002 0002 00000100 00002345 0000'));
  });

  it.each([
    [
      'many entries',
      70_000,
      0x100,
      0x2345,
      'ffff',
      '00000100',
      '00002345',
      '0000000000011170',
      '0000000000000100',
      '0000000000002345',
    ],
    [
      '65,535 entries, which say ZIP64',
      65_535,
      1,
      2,
      'ffff',
      '00000001',
      '00000002',
      '000000000000ffff',
      '0000000000000001',
      '0000000000000002',
    ],
    [
      'an offset behind 4 GiB',
      1,
      0x100,
      FOUR_GIB,
      '0001',
      '00000100',
      'ffffffff',
      '0000000000000001',
      '0000000000000100',
      '0000000100000000',
    ],
    [
      'a directory of more than 4 GiB',
      1,
      FOUR_GIB,
      0,
      '0001',
      'ffffffff',
      '00000000',
      '0000000000000001',
      '0000000100000000',
      '0000000000000000',
    ],
  ])('with %s: §4.3.14 and §4.3.15', (_, count, size, offset, count16, size32, offset32, count64, size64, offset64) => {
    const at64 = BigInt(size + offset)
      .toString(16)
      .padStart(16, '0');
    expect(hex(endRecords(count, size, offset))).toBe(
      record(
        `06064b50 000000000000002c 031e 002d 00000000 00000000 ${count64} ${count64} ${size64} ${offset64}`,
        `07064b50 00000000 ${at64} 00000001`,
        `06054b50 0000 0000 ${count16} ${count16} ${size32} ${offset32} 0000`,
      ),
    );
  });

  it('65,534 entries need no ZIP64', () => {
    expect(endRecords(65_534, 1, 2).length).toBe(22);
  });
});

describe('the layout', () => {
  const plain = { mode: 0o100644, modifiedAt: undefined };
  const layout = new ZipLayout([
    { name: 'a', size: 10, ...plain }, // 31 + 10 + 16
    { name: 'd/', size: 0, ...plain }, // 32
    { name: 'bb', size: 3, ...plain }, // 32 + 3 + 16
  ]);

  it('has no gaps', () => {
    expect([0, 1, 2].map((i) => layout.localOffset(i))).toEqual([0, 57, 89]);
    expect(layout.size).toBe(89 + 51 + (47 + 48 + 48) + 22);
  });

  it.each<[what: string, firstPos: number, lastPos: number, stretches: [string, number, number, number][]]>([
    ['the first byte', 0, 0, [['header', 0, 0, 0]]],
    [
      'the end of a header and the beginning of its content',
      30,
      31,
      [
        ['header', 0, 30, 30],
        ['content', 0, 0, 0],
      ],
    ],
    ['the middle of a content', 33, 35, [['content', 0, 2, 4]]],
    ['the last byte of a content', 40, 40, [['content', 0, 9, 9]]],
    ['the first byte of a descriptor', 41, 41, [['descriptor', 0, 0, 0]]],
    [
      'from a descriptor over a directory to a header',
      56,
      89,
      [
        ['descriptor', 0, 15, 15],
        ['header', 1, 0, 31],
        ['header', 2, 0, 0],
      ],
    ],
    [
      'from the last descriptor to the first record',
      139,
      140,
      [
        ['descriptor', 2, 15, 15],
        ['record', 0, 0, 0],
      ],
    ],
    ['the second record', 187, 188, [['record', 1, 0, 1]]],
    [
      'from the last record to the end',
      282,
      284,
      [
        ['record', 2, 47, 47],
        ['end', 3, 0, 1],
      ],
    ],
    ['the last byte', 304, 304, [['end', 3, 21, 21]]],
  ])('%s', (_, firstPos, lastPos, stretches) => {
    const found = [...layout.stretches({ firstPos, lastPos })];
    expect(found.map(({ kind, index, firstPos, lastPos }) => [kind, index, firstPos, lastPos])).toEqual(stretches);
  });

  it('an empty archive is only its end record', () => {
    const empty = new ZipLayout([]);
    expect(empty.size).toBe(22);
    expect([...empty.stretches({ firstPos: 0, lastPos: 21 })]).toEqual([
      { kind: 'end', index: 0, firstPos: 0, lastPos: 21 },
    ]);
  });

  it('a size beyond safe integers is an error', () => {
    const size = Number.MAX_SAFE_INTEGER - 100;
    expect(
      () =>
        new ZipLayout([
          { name: 'a', size, ...plain },
          { name: 'b', size, ...plain },
        ]),
    ).toThrow(RangeError);
  });
});
