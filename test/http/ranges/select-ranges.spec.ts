import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ByteRange } from '../../../src/http/ranges/byte-range.js';
import { parseRange, type RangeSet } from '../../../src/http/ranges/range-header.js';
import {
  areAscending,
  selectRanges,
  type Selection,
  type SelectionPolicy,
} from '../../../src/http/ranges/select-ranges.js';
import { mergeByPainting, selectByGrammar } from './range-oracle.js';

const POLICY: SelectionPolicy = { maxRanges: 10, coalesceGap: 0 };
const LARGEST = Number.MAX_SAFE_INTEGER;

/** Positions in pairs, as `first, last, first, last, …`. */
function ranges(...positions: readonly number[]): Selection {
  const result: ByteRange[] = [];
  for (let i = 0; i < positions.length; i += 2) result.push({ firstPos: positions[i]!, lastPos: positions[i + 1]! });
  const [first, ...rest] = result;
  return { kind: 'ranges', ranges: [first!, ...rest] };
}
const unsatisfiable: Selection = { kind: 'unsatisfiable' };
const whole: Selection = { kind: 'whole' };

describe('one range against a complete length (RFC 9110 §14.1.2)', () => {
  it.each<[sentence: string, rangeSet: RangeSet, size: number, expected: Selection]>([
    ['the first 500 bytes', [{ firstPos: 0, lastPos: 499 }], 10_000, ranges(0, 499)],
    ['the second 500 bytes', [{ firstPos: 500, lastPos: 999 }], 10_000, ranges(500, 999)],
    ['the final 500 bytes by a suffix', [{ suffixLength: 500 }], 10_000, ranges(9500, 9999)],
    ['the final 500 bytes by an open end', [{ firstPos: 9500 }], 10_000, ranges(9500, 9999)],
    ['the first byte', [{ firstPos: 0, lastPos: 0 }], 10, ranges(0, 0)],
    ['the first two bytes', [{ firstPos: 0, lastPos: 1 }], 10, ranges(0, 1)],
    ['the last byte', [{ firstPos: 9, lastPos: 9 }], 10, ranges(9, 9)],
    ['the last byte by a suffix', [{ suffixLength: 1 }], 10, ranges(9, 9)],
    ['the last byte by an open end', [{ firstPos: 9 }], 10, ranges(9, 9)],
    ['all of it by its positions is still a range', [{ firstPos: 0, lastPos: 9 }], 10, ranges(0, 9)],
    ['all of it by an open end is still a range', [{ firstPos: 0 }], 10, ranges(0, 9)],
    ['a suffix as long as the representation selects all of it', [{ suffixLength: 10 }], 10, ranges(0, 9)],
    ['a suffix shorter by one excludes the first byte', [{ suffixLength: 9 }], 10, ranges(1, 9)],
    ['a suffix longer by one than the representation selects all of it', [{ suffixLength: 11 }], 10, ranges(0, 9)],
    ['a suffix longer than the representation selects all of it', [{ suffixLength: LARGEST }], 10, ranges(0, 9)],
    ['last-pos at the complete length is clamped', [{ firstPos: 0, lastPos: 10 }], 10, ranges(0, 9)],
    ['last-pos far beyond the end is clamped', [{ firstPos: 4, lastPos: LARGEST }], 10, ranges(4, 9)],
    ['first-pos at the last byte with last-pos beyond', [{ firstPos: 9, lastPos: 20 }], 10, ranges(9, 9)],
    ['first-pos at the complete length is unsatisfiable', [{ firstPos: 10, lastPos: 20 }], 10, unsatisfiable],
    ['an open end from the complete length is unsatisfiable', [{ firstPos: 10 }], 10, unsatisfiable],
    ['first-pos beyond the end is unsatisfiable', [{ firstPos: 500, lastPos: 999 }], 10, unsatisfiable],
    ['first-pos of any length of digits is unsatisfiable', [{ firstPos: LARGEST }], 10, unsatisfiable],
    ['a suffix of length zero is unsatisfiable', [{ suffixLength: 0 }], 10, unsatisfiable],
    ['the only byte of one', [{ firstPos: 0, lastPos: 0 }], 1, ranges(0, 0)],
    ['the only byte by a suffix', [{ suffixLength: 1 }], 1, ranges(0, 0)],
    ['behind the only byte', [{ firstPos: 1 }], 1, unsatisfiable],
    [
      'the last byte of the largest representation',
      [{ firstPos: LARGEST - 1, lastPos: LARGEST }],
      LARGEST,
      ranges(LARGEST - 1, LARGEST - 1),
    ],
    ['a suffix of the largest representation', [{ suffixLength: 2 }], LARGEST, ranges(LARGEST - 2, LARGEST - 1)],
    [
      'a position beyond 2^32 is not folded',
      [{ firstPos: 4_294_967_296, lastPos: 4_294_967_297 }],
      5_000_000_000,
      ranges(4_294_967_296, 4_294_967_297),
    ],
  ])('%s', (_, rangeSet, size, expected) => {
    expect(selectRanges(rangeSet, size, POLICY)).toStrictEqual(expected);
  });
});

describe('an empty representation is selected whole, whatever was asked', () => {
  it.each<[sentence: string, rangeSet: RangeSet]>([
    ['its first byte', [{ firstPos: 0, lastPos: 0 }]],
    ['an open end from zero', [{ firstPos: 0 }]],
    ['an open end behind zero', [{ firstPos: 1 }]],
    ['a suffix', [{ suffixLength: 5 }]],
    ['a suffix of length zero', [{ suffixLength: 0 }]],
    ['a set', [{ firstPos: 0, lastPos: 0 }, { suffixLength: 1 }]],
  ])('%s', (_, rangeSet) => {
    expect(selectRanges(rangeSet, 0, POLICY)).toStrictEqual(whole);
  });
});

describe('a set of ranges (RFC 9110 §14.2, §15.3.7.2)', () => {
  it.each<[sentence: string, rangeSet: RangeSet, size: number, expected: Selection]>([
    [
      'the first and the last byte',
      [{ firstPos: 0, lastPos: 0 }, { suffixLength: 1 }],
      10_000,
      ranges(0, 0, 9999, 9999),
    ],
    [
      'the order asked is kept',
      [{ suffixLength: 1 }, { firstPos: 5, lastPos: 6 }, { firstPos: 0, lastPos: 1 }],
      10,
      ranges(9, 9, 5, 6, 0, 1),
    ],
    ['an unsatisfiable first member is dropped', [{ firstPos: 15 }, { firstPos: 0, lastPos: 5 }], 10, ranges(0, 5)],
    ['an unsatisfiable last member is dropped', [{ firstPos: 0, lastPos: 5 }, { firstPos: 10 }], 10, ranges(0, 5)],
    ['a suffix of length zero is dropped', [{ suffixLength: 0 }, { firstPos: 2, lastPos: 3 }], 10, ranges(2, 3)],
    [
      'an unsatisfiable member between two is dropped',
      [{ firstPos: 0, lastPos: 1 }, { firstPos: 10, lastPos: 11 }, { firstPos: 8 }],
      10,
      ranges(0, 1, 8, 9),
    ],
    [
      'members that are all unsatisfiable make the set unsatisfiable',
      [{ firstPos: 10 }, { firstPos: 11, lastPos: 12 }, { suffixLength: 0 }],
      10,
      unsatisfiable,
    ],
    [
      'each member is clamped',
      [
        { firstPos: 0, lastPos: 0 },
        { firstPos: 8, lastPos: 99 },
      ],
      10,
      ranges(0, 0, 8, 9),
    ],
  ])('%s', (_, rangeSet, size, expected) => {
    expect(selectRanges(rangeSet, size, POLICY)).toStrictEqual(expected);
  });
});

describe('overlapping and nearby ranges are merged (RFC 9110 §15.3.7.2: MAY)', () => {
  const from = (...positions: readonly number[]): RangeSet => {
    const selection = ranges(...positions);
    return selection.kind === 'ranges' ? selection.ranges : [];
  };

  it.each<[sentence: string, rangeSet: RangeSet, coalesceGap: number, expected: Selection]>([
    ['overlapping ranges become one', from(500, 700, 601, 999), 0, ranges(500, 999)],
    ['overlapping ranges become one, whichever is asked first', from(601, 999, 500, 700), 0, ranges(500, 999)],
    ['adjacent ranges become one', from(500, 600, 601, 999), 0, ranges(500, 999)],
    ['a range within another one disappears', from(0, 99, 10, 19), 0, ranges(0, 99)],
    ['a range around another one absorbs it', from(10, 19, 0, 99), 0, ranges(0, 99)],
    ['the same range twice becomes one', from(5, 9, 5, 9), 0, ranges(5, 9)],
    ['one byte between two ranges keeps them apart if no gap is allowed', from(0, 9, 11, 19), 0, ranges(0, 9, 11, 19)],
    ['one byte between them is bridged by a gap of one', from(0, 9, 11, 19), 1, ranges(0, 19)],
    ['two bytes between them are not bridged by a gap of one', from(0, 9, 12, 19), 1, ranges(0, 9, 12, 19)],
    ['80 bytes between them are bridged by a gap of 80', from(0, 9, 90, 99), 80, ranges(0, 99)],
    ['81 bytes between them are not bridged by a gap of 80', from(0, 9, 91, 99), 80, ranges(0, 9, 91, 99)],
    ['a gap is bridged backwards too', from(90, 99, 0, 9), 80, ranges(0, 99)],
    ['a chain of overlaps becomes one', from(0, 10, 10, 20, 20, 30, 30, 40), 0, ranges(0, 40)],
    ['a third range may join two that were apart', from(0, 9, 20, 29, 8, 21), 0, ranges(0, 29)],
    [
      'a short range inside does not hide how far the long one reaches',
      from(0, 99, 10, 19, 50, 120),
      0,
      ranges(0, 120),
    ],
    [
      'a merged range stands where its earliest member was asked',
      from(800, 899, 0, 9, 850, 950, 300, 310),
      0,
      ranges(800, 950, 0, 9, 300, 310),
    ],
    [
      'a merged range stands where its earliest member was asked, also where that is the upper one',
      from(50, 59, 900, 910, 45, 52),
      0,
      ranges(45, 59, 900, 910),
    ],
    [
      'the overlap of an open end with a suffix becomes one',
      [{ firstPos: 990 }, { suffixLength: 20 }],
      0,
      ranges(980, 999),
    ],
    [
      'ranges are merged after they were clamped',
      [
        { firstPos: 100, lastPos: 5000 },
        { firstPos: 50, lastPos: 99 },
      ],
      0,
      ranges(50, 999),
    ],
    ['an unsatisfiable member is merged with nothing', [{ firstPos: 990 }, { firstPos: 1000 }], 80, ranges(990, 999)],
  ])('%s', (_, rangeSet, coalesceGap, expected) => {
    expect(selectRanges(rangeSet, 1000, { ...POLICY, coalesceGap })).toStrictEqual(expected);
  });

  it('the caller’s range set is not changed', () => {
    const rangeSet = Object.freeze(from(90, 99, 0, 9, 5, 20).map((range) => Object.freeze(range)));
    selectRanges(rangeSet, 1000, POLICY);
    expect(rangeSet).toStrictEqual(from(90, 99, 0, 9, 5, 20));
  });
});

describe('more ranges than maxRanges, after merging, select the whole (RFC 9110 §14.2: MAY ignore)', () => {
  const apart = (count: number): RangeSet =>
    Array.from({ length: count }, (_, i) => ({ firstPos: i * 10, lastPos: i * 10 }));
  const kindOf = (rangeSet: RangeSet, policy: Partial<SelectionPolicy> = {}): string =>
    selectRanges(rangeSet, 1000, { ...POLICY, ...policy }).kind;

  it('as many as maxRanges are served', () => {
    expect(selectRanges(apart(10), 1000, POLICY)).toMatchObject({ kind: 'ranges', ranges: { length: 10 } });
  });

  it('one more than maxRanges selects the whole', () => {
    expect(kindOf(apart(11))).toBe('whole');
  });

  it('forty that merge into one are served', () => {
    expect(selectRanges(apart(40), 1000, { ...POLICY, coalesceGap: 9 })).toStrictEqual(ranges(0, 390));
  });

  it('unsatisfiable members do not count', () => {
    expect(kindOf([...apart(10), { firstPos: 1000 }, { suffixLength: 0 }])).toBe('ranges');
  });

  it('too many that are all unsatisfiable stay unsatisfiable', () => {
    expect(kindOf(Array.from({ length: 40 }, () => ({ firstPos: 1000 })))).toBe('unsatisfiable');
  });

  it('with maxRanges 1 a single range is served and two select the whole', () => {
    expect(kindOf(apart(1), { maxRanges: 1 })).toBe('ranges');
    expect(kindOf(apart(2), { maxRanges: 1 })).toBe('whole');
  });
});

describe('openEndedLimit shortens a range without an end, and nothing else', () => {
  const limited: SelectionPolicy = { ...POLICY, openEndedLimit: 100 };

  it.each<[sentence: string, rangeSet: RangeSet, expected: Selection]>([
    ['an open end gets as many bytes as the limit says', [{ firstPos: 0 }], ranges(0, 99)],
    ['an open end in the middle gets as many bytes', [{ firstPos: 450 }], ranges(450, 549)],
    ['an open end with exactly the limit left is served to the end', [{ firstPos: 900 }], ranges(900, 999)],
    ['an open end with one byte more left is shortened', [{ firstPos: 899 }], ranges(899, 998)],
    ['an open end near the end is served to the end', [{ firstPos: 950 }], ranges(950, 999)],
    ['an explicit range is never shortened', [{ firstPos: 0, lastPos: 999 }], ranges(0, 999)],
    ['an explicit range beyond the end is only clamped', [{ firstPos: 0, lastPos: 5000 }], ranges(0, 999)],
    ['a suffix is never shortened', [{ suffixLength: 500 }], ranges(500, 999)],
    ['an open end in a set is shortened too', [{ firstPos: 0, lastPos: 9 }, { firstPos: 500 }], ranges(0, 9, 500, 599)],
    ['an open end behind the end stays unsatisfiable', [{ firstPos: 1000 }], unsatisfiable],
  ])('%s', (_, rangeSet, expected) => {
    expect(selectRanges(rangeSet, 1000, limited)).toStrictEqual(expected);
  });

  it('a limit of one byte sends one byte', () => {
    expect(selectRanges([{ firstPos: 7 }], 1000, { ...POLICY, openEndedLimit: 1 })).toStrictEqual(ranges(7, 7));
  });

  it('without a limit an open end reaches the end', () => {
    expect(selectRanges([{ firstPos: 7 }], 50_000_000_000, POLICY)).toStrictEqual(ranges(7, 49_999_999_999));
  });
});

describe('areAscending', () => {
  it.each<[sentence: string, ranges: readonly ByteRange[], expected: boolean]>([
    ['one range is', [{ firstPos: 5, lastPos: 9 }], true],
    [
      'ranges that follow each other are',
      [
        { firstPos: 0, lastPos: 4 },
        { firstPos: 5, lastPos: 9 },
        { firstPos: 90, lastPos: 99 },
      ],
      true,
    ],
    [
      'a range that begins on the last byte of the one before is not',
      [
        { firstPos: 0, lastPos: 5 },
        { firstPos: 5, lastPos: 9 },
      ],
      false,
    ],
    [
      'a step back at the end is not',
      [
        { firstPos: 0, lastPos: 4 },
        { firstPos: 90, lastPos: 99 },
        { firstPos: 10, lastPos: 19 },
      ],
      false,
    ],
    [
      'a step back to the first byte is not',
      [
        { firstPos: 1, lastPos: 1 },
        { firstPos: 0, lastPos: 0 },
      ],
      false,
    ],
  ])('%s', (_, given, expected) => {
    expect(areAscending(given)).toBe(expected);
  });
});

describe('properties, against a second reading of the grammar that shares no code', () => {
  const ANY = { maxRanges: 1000, coalesceGap: 0 };

  /** Field values that follow the grammar, nearly follow it, or do not, with positions around `near`. */
  function headerValues(near: fc.Arbitrary<bigint>): fc.Arbitrary<string> {
    const digits = fc.tuple(fc.constantFrom('', '', '', '0', '000'), near).map(([zeros, n]) => `${zeros}${n}`);
    const member = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.tuple(digits, digits).map(([a, b]) => (BigInt(a) > BigInt(b) ? `${b}-${a}` : `${a}-${b}`)),
      },
      { weight: 3, arbitrary: digits.map((a) => `${a}-`) },
      { weight: 3, arbitrary: digits.map((a) => `-${a}`) },
      { weight: 1, arbitrary: fc.constantFrom('', ' ', '\t ') },
    );
    const anyMember = fc.oneof(
      { weight: 12, arbitrary: member },
      { weight: 1, arbitrary: fc.tuple(digits, digits).map(([a, b]) => `${a}-${b}`) },
      { weight: 1, arbitrary: fc.constantFrom('-', '5', '1 -2', 'x', '--1') },
    );
    const comma = fc.constantFrom(',', ', ', ' ,', '\t,\t', ',,');
    const set = (one: fc.Arbitrary<string>): fc.Arbitrary<string> =>
      fc.tuple(fc.array(one, { minLength: 1, maxLength: 6 }), comma).map(([texts, between]) => texts.join(between));
    const unit = fc.constantFrom('bytes=', 'bytes=', 'bytes=', 'Bytes=', 'bytes= ');
    return fc.tuple(unit, fc.oneof(set(member), set(member), set(anyMember))).map((texts) => texts.join(''));
  }

  function ours(headerValue: string, size: number, policy: SelectionPolicy): ReturnType<typeof selectByGrammar> {
    const rangeSet = parseRange(headerValue);
    if (rangeSet === undefined) return 'ignored';
    const selection = selectRanges(rangeSet, size, policy);
    if (selection.kind !== 'ranges') return selection.kind;
    return selection.ranges.map(({ firstPos, lastPos }) => [BigInt(firstPos), BigInt(lastPos)]);
  }

  it('a small representation, byte by byte: the union of what was asked, in the order of first mention', () => {
    fc.assert(
      fc.property(headerValues(fc.bigInt(0n, 50n)), fc.nat(40), fc.nat(5), (headerValue, size, coalesceGap) => {
        const members = selectByGrammar(headerValue, BigInt(size));
        const expected = typeof members === 'string' ? members : mergeByPainting(members, size, coalesceGap);
        expect(ours(headerValue, size, { ...ANY, coalesceGap })).toStrictEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('positions up to and beyond 2^53, against any size: one range is exact to the byte', () => {
    const near = fc.oneof(
      fc.bigInt(0n, 2n ** 20n),
      fc.bigInt(2n ** 53n - 5n, 2n ** 53n + 5n),
      fc.bigInt(2n ** 64n - 5n, 2n ** 64n + 5n),
      fc.bigInt(0n, 10n ** 60n),
    );
    const single = headerValues(near).filter((headerValue) => !headerValue.includes(','));
    const sizes = fc.oneof(fc.nat(100), fc.maxSafeNat(), fc.integer({ min: LARGEST - 10, max: LARGEST }));
    fc.assert(
      fc.property(single, sizes, (headerValue, size) => {
        expect(ours(headerValue, size, ANY)).toStrictEqual(selectByGrammar(headerValue, BigInt(size)));
      }),
      { numRuns: 1000 },
    );
  });

  it('large representations: inside the size, disjoint, farther apart than the gap, each member within one of them', () => {
    const sizes = fc.integer({ min: 1, max: LARGEST });
    fc.assert(
      fc.property(headerValues(fc.bigInt(0n, 2n ** 53n)), sizes, fc.nat(1e6), (headerValue, size, coalesceGap) => {
        const members = selectByGrammar(headerValue, BigInt(size));
        const selected = ours(headerValue, size, { ...ANY, coalesceGap });
        fc.pre(typeof members !== 'string' && typeof selected !== 'string');
        const ascending = selected.toSorted((a, b) => (a[0] < b[0] ? -1 : 1));
        const gaps = ascending.slice(1).map((range, i) => range[0] - ascending[i]![1] - 1n);
        expect(gaps.every((gap) => gap > BigInt(coalesceGap))).toBe(true);
        for (const [first, last] of selected) {
          expect(0n <= first && first <= last && last < BigInt(size)).toBe(true);
          expect(members.some((member) => member[0] === first)).toBe(true);
          expect(members.some((member) => member[1] === last)).toBe(true);
        }
        for (const [first, last] of members) {
          expect(selected.filter((range) => range[0] <= first && last <= range[1])).toHaveLength(1);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
