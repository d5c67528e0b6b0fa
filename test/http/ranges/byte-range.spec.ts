import { describe, expect, it } from '@jest/globals';
import { rangeLength } from '../../../src/http/ranges/byte-range.js';

describe('rangeLength (RFC 9110 §14.1.2: positions are inclusive, offsets begin at zero)', () => {
  it.each([
    ['the first byte alone is one byte', 0, 0, 1],
    ['a byte in the middle alone is one byte', 7, 7, 1],
    ['the first 500 bytes end at position 499', 0, 499, 500],
    ['the second 500 bytes run from 500 to 999', 500, 999, 500],
    ['positions near the largest safe integer lose nothing', 9_007_199_254_740_980, 9_007_199_254_740_990, 11],
  ])('%s', (_, firstPos, lastPos, length) => {
    expect(rangeLength({ firstPos, lastPos })).toBe(length);
  });
});
