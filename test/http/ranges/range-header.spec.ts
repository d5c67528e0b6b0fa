import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isRangeSet, parseRange, type RangeSet, type RangeSpec } from '../../../src/http/ranges/range-header.js';

const LARGEST = Number.MAX_SAFE_INTEGER; // 9007199254740991

describe('a valid Range header (RFC 9110 §14.1.1, §14.1.2, §14.2)', () => {
  it.each<[sentence: string, headerValue: string, expected: RangeSet]>([
    ['first-pos and last-pos', 'bytes=0-499', [{ firstPos: 0, lastPos: 499 }]],
    ['a range that begins behind the first byte', 'bytes=500-999', [{ firstPos: 500, lastPos: 999 }]],
    ['a range of one byte', 'bytes=0-0', [{ firstPos: 0, lastPos: 0 }]],
    ['equal positions in the middle', 'bytes=5-5', [{ firstPos: 5, lastPos: 5 }]],
    ['first-pos alone is open-ended', 'bytes=9500-', [{ firstPos: 9500 }]],
    ['an open-ended range from zero', 'bytes=0-', [{ firstPos: 0 }]],
    ['a suffix', 'bytes=-500', [{ suffixLength: 500 }]],
    ['a suffix of length zero follows the grammar', 'bytes=-0', [{ suffixLength: 0 }]],
    ['a suffix of many zeros is of length zero', 'bytes=-000', [{ suffixLength: 0 }]],
    ['a set of two', 'bytes=0-0,-1', [{ firstPos: 0, lastPos: 0 }, { suffixLength: 1 }]],
    [
      'a set of all three forms keeps the order as written',
      'bytes=-1,9-,3-4,0-0',
      [{ suffixLength: 1 }, { firstPos: 9 }, { firstPos: 3, lastPos: 4 }, { firstPos: 0, lastPos: 0 }],
    ],
    [
      'overlapping members are both kept',
      'bytes=500-700,601-999',
      [
        { firstPos: 500, lastPos: 700 },
        { firstPos: 601, lastPos: 999 },
      ],
    ],
    [
      'a member written twice is kept twice',
      'bytes=1-2,1-2',
      [
        { firstPos: 1, lastPos: 2 },
        { firstPos: 1, lastPos: 2 },
      ],
    ],
    ['the unit in capitals', 'BYTES=0-1', [{ firstPos: 0, lastPos: 1 }]],
    ['the unit with one capital', 'Bytes=0-1', [{ firstPos: 0, lastPos: 1 }]],
    ['the unit in mixed case', 'bYtEs=-5', [{ suffixLength: 5 }]],
    ['leading zeros of both positions', 'bytes=0005-007', [{ firstPos: 5, lastPos: 7 }]],
    ['leading zeros that make the shorter number the longer text', 'bytes=0000000005-7', [{ firstPos: 5, lastPos: 7 }]],
    ['leading zeros of a suffix', 'bytes=-0005', [{ suffixLength: 5 }]],
    ['a hundred leading zeros', `bytes=${'0'.repeat(100)}9-`, [{ firstPos: 9 }]],
  ])('%s', (_, headerValue, expected) => {
    expect(parseRange(headerValue)).toStrictEqual(expected);
  });
});

describe('white space and empty elements of the list (RFC 9110 §5.6.1.2, §5.6.3)', () => {
  const two: RangeSet = [{ firstPos: 0, lastPos: 1 }, { suffixLength: 2 }];

  it.each([
    ['a blank behind the comma', 'bytes=0-1, -2'],
    ['a blank before the comma', 'bytes=0-1 ,-2'],
    ['tabs around the comma', 'bytes=0-1\t,\t-2'],
    ['many blanks and tabs', 'bytes=0-1 \t  \t,  \t\t -2'],
    ['white space behind the last member', 'bytes=0-1,-2 \t'],
    ['white space before the first member', 'bytes= \t0-1,-2'],
    ['an empty element in front', 'bytes=,0-1,-2'],
    ['an empty element at the end', 'bytes=0-1,-2,'],
    ['an empty element in the middle', 'bytes=0-1,,-2'],
    ['an element of white space alone is empty', 'bytes=0-1, \t ,-2'],
    ['empty elements everywhere', 'bytes=, ,,0-1 , ,\t,, -2,,,'],
  ])('%s does not count', (_, headerValue) => {
    expect(parseRange(headerValue)).toStrictEqual(two);
  });

  it('five hundred empty elements beside one member do not count as members', () => {
    expect(parseRange(`bytes=${', '.repeat(500)}7-8${','.repeat(500)}`)).toStrictEqual([{ firstPos: 7, lastPos: 8 }]);
  });
});

describe('numbers of any length (RFC 9110 §14.1.2: anticipate large decimal numerals)', () => {
  const nines = '9'.repeat(4000);

  it.each<[sentence: string, headerValue: string, expected: RangeSet]>([
    ['the largest safe integer is read exactly', `bytes=0-${LARGEST}`, [{ firstPos: 0, lastPos: LARGEST }]],
    ['a last-pos of 2^53 becomes the largest', 'bytes=0-9007199254740992', [{ firstPos: 0, lastPos: LARGEST }]],
    ['a last-pos of 2^64 becomes the largest', 'bytes=5-18446744073709551616', [{ firstPos: 5, lastPos: LARGEST }]],
    ['a last-pos of 4,000 digits becomes the largest', `bytes=5-${nines}`, [{ firstPos: 5, lastPos: LARGEST }]],
    ['a first-pos of 4,000 digits becomes the largest', `bytes=${nines}-`, [{ firstPos: LARGEST }]],
    ['a suffix of 4,000 digits becomes the largest', `bytes=-${nines}`, [{ suffixLength: LARGEST }]],
    [
      'positions beyond 2^53 which differ by one are in order',
      'bytes=9007199254740992-9007199254740993',
      [{ firstPos: LARGEST, lastPos: LARGEST }],
    ],
    [
      'positions beyond 2^53 which are equal are in order',
      'bytes=90071992547409930000-90071992547409930000',
      [{ firstPos: LARGEST, lastPos: LARGEST }],
    ],
    [
      'equal positions with different leading zeros are in order',
      'bytes=0090071992547409930000-90071992547409930000',
      [{ firstPos: LARGEST, lastPos: LARGEST }],
    ],
  ])('%s', (_, headerValue, expected) => {
    expect(parseRange(headerValue)).toStrictEqual(expected);
  });

  it.each([
    ['first-pos greater by one, beyond 2^53', 'bytes=9007199254740993-9007199254740992'],
    ['first-pos greater by one, beyond 2^64', 'bytes=18446744073709551617-18446744073709551616'],
    ['first-pos greater by one digit', `bytes=1${nines.slice(2000)}-${nines.slice(2000)}`],
    ['first-pos greater in the last of 2,000 digits', `bytes=${'1'.repeat(1999)}2-${'1'.repeat(2000)}`],
  ])('%s makes the range invalid', (_, headerValue) => {
    expect(parseRange(headerValue)).toBeUndefined();
  });
});

describe('a Range field with another unit is ignored (RFC 9110 §14.2: MUST)', () => {
  it.each([
    ['a registered unit that is no unit of ranges', 'none=0-1'],
    ['an unknown unit', 'items=0-5'],
    ['an unknown unit with another grammar', 'seconds=1.5-2.5'],
    ['a unit that begins like ours', 'byte=0-1'],
    ['a unit that goes on where ours ends', 'bytess=0-1'],
    ['a unit that ends like ours', 'kilobytes=0-1'],
    ['no unit', '0-1'],
    ['an empty unit', '=0-1'],
    ['the unit twice', 'bytes=bytes=0-1'],
    ['the unit before each member', 'bytes=0-1,bytes=2-3'],
    ['another unit in the second member', 'bytes=0-1,items=2-3'],
  ])('%s', (_, headerValue) => {
    expect(parseRange(headerValue)).toBeUndefined();
  });
});

describe('a Range field that breaks the grammar is ignored as a whole (RFC 9110 §14.1.1, §14.2)', () => {
  it.each([
    ['an empty field', ''],
    ['the unit alone', 'bytes'],
    ['no range set', 'bytes='],
    ['a range set of white space', 'bytes=         '],
    ['a range set of empty elements', 'bytes= , , ,   '],
    ['a blank instead of the equals sign', 'bytes 0-1'],
    ['a colon instead of the equals sign', 'bytes:0-1'],
    ['a blank before the equals sign', 'bytes =0-1'],
    ['two equals signs', 'bytes==0-1'],
    ['a position without a hyphen', 'bytes=7'],
    ['a hyphen alone', 'bytes=-'],
    ['two hyphens', 'bytes=--'],
    ['a negative suffix', 'bytes=--1'],
    ['a negative last-pos', 'bytes=1--2'],
    ['three numbers', 'bytes=0-1-2'],
    ['last-pos less than first-pos (MUST NOT be taken for a range)', 'bytes=5-4'],
    ['last-pos less than first-pos by text order only', 'bytes=10-9'],
    ['last-pos less than first-pos behind leading zeros', 'bytes=0010-9'],
    ['last-pos less than first-pos with more zeros', 'bytes=10-0009'],
    ['a reversed member behind a valid one', 'bytes=0-2,5-4'],
    ['a reversed member before a valid one', 'bytes=5-4,0-2'],
    ['a word behind a valid member', 'bytes=0-2,foo'],
    ['a word before a valid member', 'bytes=foo,0-2'],
    ['words', 'bytes=Ran-dom, garbage'],
    ['a letter as first-pos', 'bytes=A-'],
    ['letters as both positions', 'bytes=A-Z'],
    ['a letter as last-pos', 'bytes=5-Z'],
    ['a letter as suffix', 'bytes=-Z'],
    ['hexadecimal', 'bytes=0x01-0x02'],
    ['an exponent', 'bytes=1e3-'],
    ['a fraction', 'bytes=1.0-2'],
    ['digits grouped by underscores', 'bytes=1_0-20'],
    ['digits grouped by apostrophes', "bytes=1'000-2'000"],
    ['a plus sign before first-pos', 'bytes=+1-2'],
    ['a plus sign before last-pos', 'bytes=1-+2'],
    ['a plus sign before a suffix', 'bytes=-+2'],
    ['infinity', 'bytes=0-Infinity'],
    ['not a number', 'bytes=NaN-'],
    ['a big integer literal', 'bytes=0-1n'],
    ['an asterisk', 'bytes=*'],
    ['an asterisk as last-pos', 'bytes=0-*'],
    ['an asterisk as suffix', 'bytes=*-5'],
    ['a complete length, as in Content-Range', 'bytes=0-1/10'],
    ['the value of a Content-Range', 'bytes 0-1/10'],
    ['a blank before the hyphen', 'bytes=0 -1'],
    ['a blank behind the hyphen', 'bytes=0- 1'],
    ['blanks on both sides of the hyphen', 'bytes=0 - 1'],
    ['a blank between the hyphen and the suffix', 'bytes=- 1'],
    ['a blank within a number', 'bytes=1 0-20'],
    ['members separated by a blank', 'bytes=0-1 2-3'],
    ['members separated by a semicolon', 'bytes=0-1;2-3'],
    ['a quoted range', 'bytes="0-1"'],
    ['Arabic-Indic digits', 'bytes=\u0660-\u0661'],
    ['fullwidth digits', 'bytes=\uff10-\uff11'],
    ['superscript digits', 'bytes=\u00b2-\u00b3'],
    ['a no-break space, which is no white space of a field', 'bytes=0-1,\u00a02-3'],
    ['a line break within', 'bytes=0-1,\r\n 2-3'],
    ['a vertical tab within', 'bytes=0-1,\v2-3'],
    ['a NUL behind', 'bytes=0-1\0'],
    ['an en dash for the hyphen', 'bytes=0\u20131'],
    ['a minus sign for the hyphen', 'bytes=0\u22121'],
    ['a comma for the hyphen', 'bytes=0,1'],
  ])('%s', (_, headerValue) => {
    expect(parseRange(headerValue)).toBeUndefined();
  });
});

describe('bounds (RFC 9110 §14.2, §17.15)', () => {
  const members = (count: number, member: string): string => `bytes=${Array(count).fill(member).join(',')}`;
  const ofLength = (length: number): string => `bytes=${'0'.repeat(length - 8)}5-`;

  it('a field of 4,096 bytes is read', () => {
    expect(ofLength(4096)).toHaveLength(4096);
    expect(parseRange(ofLength(4096))).toStrictEqual([{ firstPos: 5 }]);
  });

  it('a field of 4,097 bytes is ignored', () => {
    expect(ofLength(4097)).toHaveLength(4097);
    expect(parseRange(ofLength(4097))).toBeUndefined();
  });

  it('a field of 4,097 bytes, most of them empty elements, is ignored', () => {
    expect(parseRange('bytes=0-1'.padEnd(4096, ','))).toStrictEqual([{ firstPos: 0, lastPos: 1 }]);
    expect(parseRange('bytes=0-1'.padEnd(4097, ','))).toBeUndefined();
  });

  it('a hundred members are read', () => {
    expect(parseRange(members(100, '0-0'))).toStrictEqual(
      Array.from({ length: 100 }, () => ({ firstPos: 0, lastPos: 0 })),
    );
  });

  it('a hundred members beside empty elements are read', () => {
    expect(parseRange(members(100, '0-0, '))).toHaveLength(100);
  });

  it('a hundred and one members are ignored', () => {
    expect(parseRange(members(101, '0-0'))).toBeUndefined();
  });

  it('a hundred and one suffixes are ignored', () => {
    expect(parseRange(members(101, '-1'))).toBeUndefined();
  });

  it('thirteen hundred open-ended members, the classic attack, are ignored', () => {
    expect(parseRange(members(1300, '0-'))).toBeUndefined();
  });
});

describe('isRangeSet checks the result of a parser of the app', () => {
  it.each<[sentence: string, rangeSet: RangeSet, expected: boolean]>([
    ['all three forms keep it', [{ firstPos: 0, lastPos: 0 }, { firstPos: 5 }, { suffixLength: 0 }], true],
    ['the largest safe integer keeps it', [{ firstPos: LARGEST, lastPos: LARGEST }, { suffixLength: LARGEST }], true],
    ['a lastPos of undefined is an open end', [{ firstPos: 5, lastPos: undefined } as unknown as RangeSpec], true],
    ['no member breaks it', [], false],
    ['lastPos less than firstPos breaks it', [{ firstPos: 5, lastPos: 4 }], false],
    ['a negative firstPos breaks it', [{ firstPos: -1 }], false],
    ['a negative lastPos breaks it', [{ firstPos: -5, lastPos: -1 }], false],
    ['a negative suffix breaks it', [{ suffixLength: -5 }], false],
    ['a fraction breaks it', [{ firstPos: 0.5 }], false],
    ['a fraction of lastPos breaks it', [{ firstPos: 0, lastPos: 9.5 }], false],
    ['NaN breaks it', [{ firstPos: NaN, lastPos: 5 }], false],
    ['infinity breaks it', [{ firstPos: 0, lastPos: Infinity }], false],
    ['an infinite suffix breaks it', [{ suffixLength: Infinity }], false],
    ['a position beyond 2^53 breaks it', [{ firstPos: 0, lastPos: 2 ** 53 }], false],
    ['a text for a number breaks it', [{ firstPos: '0' } as unknown as RangeSpec], false],
    ['one broken member among many breaks it', [{ firstPos: 0 }, { firstPos: 9, lastPos: 8 }, { firstPos: 1 }], false],
  ])('%s', (_, rangeSet, expected) => {
    expect(isRangeSet(rangeSet)).toBe(expected);
  });
});

describe('properties', () => {
  const position = fc.oneof(fc.nat(20), fc.maxSafeNat());
  const spec: fc.Arbitrary<RangeSpec> = fc.oneof(
    fc.tuple(position, position).map(([a, b]) => ({ firstPos: Math.min(a, b), lastPos: Math.max(a, b) })),
    position.map((firstPos) => ({ firstPos })),
    position.map((suffixLength) => ({ suffixLength })),
  );
  const ows = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
  const zeros = fc.nat(4).map((count) => '0'.repeat(count));
  const delimiter = fc
    .array(fc.tuple(ows, ows), { minLength: 1, maxLength: 3 })
    .map((commas) => commas.map(([before, behind]) => `${before},${behind}`).join(''));

  function write(rangeSpec: RangeSpec, pad: string): string {
    if ('suffixLength' in rangeSpec) return `-${pad}${rangeSpec.suffixLength}`;
    const { firstPos, lastPos } = rangeSpec;
    return `${pad}${firstPos}-${lastPos === undefined ? '' : `${pad}${lastPos}`}`;
  }

  it('what is written by the grammar, with any white space, empty elements and leading zeros, is parsed back', () => {
    const member = fc.record({ rangeSpec: spec, pad: zeros, delimiter });
    fc.assert(
      fc.property(fc.array(member, { minLength: 1, maxLength: 100 }), fc.boolean(), (written, capitals) => {
        const unit = capitals ? 'BYTES' : 'bytes';
        const texts = written.map((one, i) => `${i === 0 ? '' : one.delimiter}${write(one.rangeSpec, one.pad)}`);
        const rangeSet = parseRange(`${unit}=${texts.join('')}`);
        expect(rangeSet).toStrictEqual(written.map((one) => one.rangeSpec));
        expect(isRangeSet(rangeSet ?? [])).toBe(true);
      }),
    );
  });

  it('one member that breaks the grammar spoils any set, wherever it stands', () => {
    const broken = fc.constantFrom('x', '-', '1', '2-1', '--1', '1-2-3', '0x1-2', '1-a', '+1-', '"0-1"', '*');
    const texts = fc.array(spec.map((rangeSpec) => write(rangeSpec, '')));
    fc.assert(
      fc.property(texts, texts, broken, (before, behind, member) => {
        expect(parseRange(`bytes=${[...before, member, ...behind].join(',')}`)).toBeUndefined();
      }),
    );
  });

  it('no text makes it throw, and its result is never empty', () => {
    const nearly = fc
      .array(fc.constantFrom('bytes', '=', '-', ',', ' ', '\t', '0', '7', '9007199254740993', 'x', '\u00a0', '"'))
      .map((texts) => texts.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          nearly,
          nearly.map((text) => `bytes=${text}`),
        ),
        (text) => {
          const rangeSet = parseRange(text);
          expect(rangeSet).not.toStrictEqual([]);
          for (const position of (rangeSet ?? []).flatMap((one) => Object.values(one))) {
            expect(Number.isSafeInteger(position) && position >= 0).toBe(true);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
