import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ifRangeHolds } from '../../src/http/if-range.js';
import type { Validators } from '../../src/http/preconditions.js';

const NOW = Date.parse('2026-06-15T12:00:00Z');
const DATE = 'Tue, 15 Nov 1994 12:45:26 GMT';
const EARLIER = 'Tue, 15 Nov 1994 12:45:25 GMT';
const LATER = 'Tue, 15 Nov 1994 12:45:27 GMT';
const lastModified = new Date('1994-11-15T12:45:26Z');

const STRONG: Validators = { etag: '"v1"', lastModified };
const WEAK: Validators = { etag: 'W/"v1"', lastModified };
const DATE_ONLY: Validators = { lastModified };
const TAG_ONLY: Validators = { etag: '"v1"' };
const NONE: Validators = {};

describe('If-Range (RFC 9110 §13.1.5)', () => {
  it.each<[sentence: string, ifRange: string, validators: Validators, expected: boolean]>([
    ['the strong tag of the representation holds', '"v1"', STRONG, true],
    ['the strong tag holds where no date is known', '"v1"', TAG_ONLY, true],
    ['another tag does not hold', '"v2"', STRONG, false],
    ['a tag in another case does not hold', '"V1"', STRONG, false],
    ['a weak tag never matches a strong one', 'W/"v1"', STRONG, false],
    ['a strong tag never matches a weak one', '"v1"', WEAK, false],
    ['two equal weak tags never match', 'W/"v1"', WEAK, false],
    ['a tag does not hold where the representation has none', '"v1"', DATE_ONLY, false],
    ['a list never matches, though it has the tag', '"v1", "v2"', STRONG, false],
    ['the same tag on two lines never matches', '"v1", "v1"', STRONG, false],
    ['an asterisk never matches', '*', STRONG, false],
    ['a tag without quotes never matches', 'v1', STRONG, false],
    ['an empty field never matches', '', STRONG, false],
    ['a small weak mark never matches', 'w/"v1"', WEAK, false],
    ['exactly the Last-Modified holds', DATE, STRONG, true],
    ['exactly the Last-Modified holds where no tag is known', DATE, DATE_ONLY, true],
    ['exactly the Last-Modified holds beside a weak tag', DATE, WEAK, true],
    ['one second later does not hold, because the match is exact', LATER, STRONG, false],
    ['one second earlier does not hold', EARLIER, STRONG, false],
    ['a date in the future does not hold', 'Fri, 31 Dec 9999 23:59:59 GMT', STRONG, false],
    ['the Last-Modified in its rfc850 form holds', 'Tuesday, 15-Nov-94 12:45:26 GMT', STRONG, true],
    ['the Last-Modified in its asctime form holds', 'Tue Nov 15 12:45:26 1994', STRONG, true],
    ['a date does not hold where none is known', DATE, TAG_ONLY, false],
    ['the same date on two lines never matches', `${DATE}, ${DATE}`, STRONG, false],
    ['the same date in ISO form never matches', '1994-11-15T12:45:26Z', STRONG, false],
    ['the same date in milliseconds never matches', String(lastModified.getTime()), STRONG, false],
    ['a word never matches', 'yesterday', STRONG, false],
    ['nothing holds where the representation has no validator', '"v1"', NONE, false],
    ['white space around the tag does not count', ' \t"v1" \t', STRONG, true],
    ['white space around the date does not count', ` ${DATE} `, STRONG, true],
    ['a no-break space behind the tag counts', '"v1"\u00a0', STRONG, false],
    ['a no-break space before the date counts', `\u00a0${DATE}`, STRONG, false],
  ])('%s', (_, ifRange, validators, expected) => {
    expect(ifRangeHolds(ifRange, validators, NOW)).toBe(expected);
  });

  it('a date is compared in whole seconds, the resolution of the header', () => {
    expect(ifRangeHolds(DATE, { lastModified: new Date('1994-11-15T12:45:26.999Z') }, NOW)).toBe(true);
    expect(ifRangeHolds(DATE, { lastModified: new Date('1994-11-15T12:45:27.000Z') }, NOW)).toBe(false);
  });

  it('a two-digit year is interpreted by the time of the request', () => {
    const modified = { lastModified: new Date('2094-11-15T12:45:26Z') };
    expect(ifRangeHolds('Monday, 15-Nov-94 12:45:26 GMT', modified, NOW)).toBe(false);
    expect(ifRangeHolds('Monday, 15-Nov-94 12:45:26 GMT', modified, Date.parse('2060-01-01T00:00:00Z'))).toBe(true);
  });
});

it('no text makes If-Range throw', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"v1"', 'W/"v1"', '*', '', 'x, "v1"', DATE));
  fc.assert(
    fc.property(text, fc.constantFrom(STRONG, WEAK, DATE_ONLY, TAG_ONLY, NONE), (ifRange, given) => {
      expect([true, false]).toContain(ifRangeHolds(ifRange, given, NOW));
    }),
  );
});
