import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  type Conditions,
  evaluatePreconditions,
  type PreconditionResult,
  type Validators,
} from '../../src/http/preconditions.js';

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

const proceed = 'proceed';
const failed = 'precondition-failed';
const notModified = 'not-modified';

type Row = [sentence: string, headerValue: string, validators: Validators, expected: PreconditionResult];

describe('If-Match (RFC 9110 §13.1.1)', () => {
  it.each<Row>([
    ['the tag of the representation holds', '"v1"', STRONG, proceed],
    ['the tag among others holds', '"v0", "v1", "v2"', STRONG, proceed],
    ['the tag as the last of a list without blanks holds', '"v0","v1"', STRONG, proceed],
    ['another tag fails', '"v2"', STRONG, failed],
    ['several other tags fail', '"v0", "v2"', STRONG, failed],
    ['a tag in another case fails', '"V1"', STRONG, failed],
    ['an asterisk holds for any representation', '*', STRONG, proceed],
    ['an asterisk holds for a representation with a weak tag', '*', WEAK, proceed],
    ['an asterisk holds for a representation without validators', '*', NONE, proceed],
    ['a weak tag never matches a strong one', 'W/"v1"', STRONG, failed],
    ['a strong tag never matches a weak one', '"v1"', WEAK, failed],
    ['two weak tags never match, because the comparison is strong', 'W/"v1"', WEAK, failed],
    ['a strong tag among weak ones holds', 'W/"v1", "v1"', STRONG, proceed],
    ['a tag fails where the representation has none', '"v1"', DATE_ONLY, failed],
    ['an asterisk within quotes is a tag that fails', '"*"', STRONG, failed],
    ['a list without members fails', ',', STRONG, failed],
    ['an empty field fails', '', STRONG, failed],
    ['a field that breaks the grammar fails', 'v1', STRONG, failed],
    ['a field that breaks the grammar behind the tag fails', '"v1", v2', STRONG, failed],
    ['an asterisk in a list breaks the grammar and fails', '*, "v1"', STRONG, failed],
    ['a date is no tag and fails', DATE, STRONG, failed],
  ])('%s', (_, ifMatch, validators, expected) => {
    expect(evaluatePreconditions({ ifMatch }, validators, NOW)).toBe(expected);
  });
});

describe('If-None-Match (RFC 9110 §13.1.2)', () => {
  it.each<Row>([
    ['the tag of the representation is not modified', '"v1"', STRONG, notModified],
    ['the tag among others is not modified', '"v0", "v1", "v2"', STRONG, notModified],
    ['the tag in a list with empty elements is not modified', ', "v0",, "v1" ,', STRONG, notModified],
    ['another tag proceeds', '"v2"', STRONG, proceed],
    ['several other tags proceed', '"v0", W/"v2"', STRONG, proceed],
    ['a weak tag matches a strong one, because the comparison is weak', 'W/"v1"', STRONG, notModified],
    ['a strong tag matches a weak one, for the comparison is weak', '"v1"', WEAK, notModified],
    ['two weak tags match', 'W/"v1"', WEAK, notModified],
    ['an asterisk matches any representation', '*', STRONG, notModified],
    ['an asterisk matches a representation without validators', '*', NONE, notModified],
    ['a tag proceeds where the representation has none', '"v1"', DATE_ONLY, proceed],
    ['an asterisk within quotes is another tag', '"*"', STRONG, proceed],
    ['a list without members proceeds', ',', STRONG, proceed],
    ['an empty field proceeds', '', STRONG, proceed],
    ['a tag without quotes breaks the grammar and proceeds', 'v1', STRONG, proceed],
    ['a small weak mark breaks the grammar and proceeds', 'w/"v1"', STRONG, proceed],
    ['a list that breaks the grammar behind the tag proceeds', '"v1" "v2"', STRONG, proceed],
    ['a list that breaks the grammar before the tag proceeds', 'v0, "v1"', STRONG, proceed],
    ['an asterisk in a list breaks the grammar and proceeds', '"v0", *', STRONG, proceed],
    ['a no-break space before the tag breaks the grammar and proceeds', '\u00a0"v1"', STRONG, proceed],
    ['the tag of a coding is another tag', '"v1-gzip"', STRONG, proceed],
  ])('%s', (_, ifNoneMatch, validators, expected) => {
    expect(evaluatePreconditions({ ifNoneMatch }, validators, NOW)).toBe(expected);
  });
});

describe('If-Modified-Since (RFC 9110 §13.1.3)', () => {
  it.each<Row>([
    ['the same date is not modified', DATE, STRONG, notModified],
    ['one second earlier is modified', EARLIER, STRONG, proceed],
    ['one second later is not modified', LATER, STRONG, notModified],
    ['a date in the future is not modified', 'Fri, 31 Dec 9999 23:59:59 GMT', STRONG, notModified],
    ['the epoch is modified', 'Thu, 01 Jan 1970 00:00:00 GMT', STRONG, proceed],
    ['the rfc850 form of the same date is not modified', 'Tuesday, 15-Nov-94 12:45:26 GMT', STRONG, notModified],
    ['the asctime form of the same date is not modified', 'Tue Nov 15 12:45:26 1994', STRONG, notModified],
    ['a representation without a date proceeds', DATE, TAG_ONLY, proceed],
    ['an ISO date is ignored', '1994-11-15T12:45:26Z', STRONG, proceed],
    ['an ISO date in the future is ignored', '2999-01-01', STRONG, proceed],
    ['a date in another time zone is ignored', 'Tue, 15 Nov 1994 12:45:26 EST', STRONG, proceed],
    ['a date that does not exist is ignored', 'Thu, 31 Feb 2999 12:45:26 GMT', STRONG, proceed],
    ['the same date twice is ignored', `${DATE}, ${DATE}`, STRONG, proceed],
    ['a date with the length some old browsers add is ignored', `${DATE}; length=10`, STRONG, proceed],
    ['a tag is ignored', '"v1"', STRONG, proceed],
    ['an asterisk is ignored', '*', STRONG, proceed],
    ['a number is ignored', '784903526', STRONG, proceed],
    ['an empty field is ignored', '', STRONG, proceed],
    ['a no-break space behind the date is ignored', `${DATE}\u00a0`, STRONG, proceed],
  ])('%s', (_, ifModifiedSince, validators, expected) => {
    expect(evaluatePreconditions({ ifModifiedSince }, validators, NOW)).toBe(expected);
  });

  it('fractions of a second of the representation do not count, because no header can carry them', () => {
    const late = { lastModified: new Date('1994-11-15T12:45:26.999Z') };
    expect(evaluatePreconditions({ ifModifiedSince: DATE }, late, NOW)).toBe(notModified);
  });

  it('a two-digit year is interpreted by the time of the request', () => {
    const modified = { lastModified: new Date('2044-11-15T12:45:26Z') };
    const ifModifiedSince = 'Tuesday, 15-Nov-94 12:45:26 GMT';
    expect(evaluatePreconditions({ ifModifiedSince }, modified, NOW)).toBe(proceed);
    expect(evaluatePreconditions({ ifModifiedSince }, modified, Date.parse('2045-01-01T00:00:00Z'))).toBe(notModified);
  });
});

describe('If-Unmodified-Since (RFC 9110 §13.1.4)', () => {
  it.each<Row>([
    ['the same date holds', DATE, STRONG, proceed],
    ['one second later holds', LATER, STRONG, proceed],
    ['one second earlier fails', EARLIER, STRONG, failed],
    ['the rfc850 form of an earlier date fails', 'Tuesday, 15-Nov-94 12:45:25 GMT', STRONG, failed],
    ['the asctime form of an earlier date fails', 'Tue Nov 15 12:45:25 1994', STRONG, failed],
    ['a representation without a date proceeds', EARLIER, TAG_ONLY, proceed],
    ['an ISO date is ignored', '1970-01-01T00:00:00Z', STRONG, proceed],
    ['two dates are ignored', `${EARLIER}, ${EARLIER}`, STRONG, proceed],
    ['a date that does not exist is ignored', 'Sat, 31 Feb 1970 00:00:00 GMT', STRONG, proceed],
    ['a tag is ignored', '"v2"', STRONG, proceed],
    ['an empty field is ignored', '', STRONG, proceed],
  ])('%s', (_, ifUnmodifiedSince, validators, expected) => {
    expect(evaluatePreconditions({ ifUnmodifiedSince }, validators, NOW)).toBe(expected);
  });

  it('parts of a second of the representation do not count', () => {
    const late = { lastModified: new Date('1994-11-15T12:45:26.999Z') };
    expect(evaluatePreconditions({ ifUnmodifiedSince: DATE }, late, NOW)).toBe(proceed);
  });
});

describe('precedence (RFC 9110 §13.2.2)', () => {
  const MATCHES = '"v1"';
  const OTHER = '"v2"';

  it.each<[sentence: string, conditions: Conditions, expected: PreconditionResult]>([
    ['no condition proceeds', {}, proceed],
    ['If-Range alone is no precondition', { ifRange: OTHER }, proceed],
    [
      'a true If-Match overrides a false If-Unmodified-Since',
      { ifMatch: MATCHES, ifUnmodifiedSince: EARLIER },
      proceed,
    ],
    ['an asterisk buries a false If-Unmodified-Since', { ifMatch: '*', ifUnmodifiedSince: EARLIER }, proceed],
    [
      'a false If-Match is not rescued by a true If-Unmodified-Since',
      { ifMatch: OTHER, ifUnmodifiedSince: DATE },
      failed,
    ],
    [
      'a broken If-Match is not rescued by a true If-Unmodified-Since',
      { ifMatch: 'v1', ifUnmodifiedSince: DATE },
      failed,
    ],
    [
      'a false If-None-Match buries a true If-Modified-Since',
      { ifNoneMatch: MATCHES, ifModifiedSince: EARLIER },
      notModified,
    ],
    [
      'a true If-None-Match overrides an If-Modified-Since that says 304',
      { ifNoneMatch: OTHER, ifModifiedSince: DATE },
      proceed,
    ],
    [
      'a broken If-None-Match overrides an If-Modified-Since that says 304',
      { ifNoneMatch: 'v1', ifModifiedSince: DATE },
      proceed,
    ],
    [
      'an empty If-None-Match buries an If-Modified-Since that says 304',
      { ifNoneMatch: '', ifModifiedSince: DATE },
      proceed,
    ],
    ['If-Match fails before If-None-Match is asked', { ifMatch: OTHER, ifNoneMatch: MATCHES }, failed],
    ['If-Match holds, then If-None-Match says 304', { ifMatch: MATCHES, ifNoneMatch: MATCHES }, notModified],
    ['If-Match holds, then If-None-Match proceeds', { ifMatch: MATCHES, ifNoneMatch: OTHER }, proceed],
    ['If-Match fails before If-Modified-Since is asked', { ifMatch: OTHER, ifModifiedSince: DATE }, failed],
    ['If-Match holds, then If-Modified-Since says 304', { ifMatch: MATCHES, ifModifiedSince: DATE }, notModified],
    ['If-Match holds, then If-Modified-Since proceeds', { ifMatch: MATCHES, ifModifiedSince: EARLIER }, proceed],
    [
      'If-Unmodified-Since fails before If-None-Match is asked',
      { ifUnmodifiedSince: EARLIER, ifNoneMatch: MATCHES },
      failed,
    ],
    [
      'If-Unmodified-Since holds, then If-None-Match says 304',
      { ifUnmodifiedSince: DATE, ifNoneMatch: MATCHES },
      notModified,
    ],
    [
      'If-Unmodified-Since fails before If-Modified-Since is asked',
      { ifUnmodifiedSince: EARLIER, ifModifiedSince: LATER },
      failed,
    ],
    [
      'If-Unmodified-Since holds, then If-Modified-Since says 304',
      { ifUnmodifiedSince: DATE, ifModifiedSince: DATE },
      notModified,
    ],
    [
      'an If-Unmodified-Since that is no date is passed over, then If-Modified-Since says 304',
      { ifUnmodifiedSince: 'yesterday', ifModifiedSince: DATE },
      notModified,
    ],
    [
      'all four: If-Match fails first',
      { ifMatch: OTHER, ifUnmodifiedSince: DATE, ifNoneMatch: MATCHES, ifModifiedSince: DATE },
      failed,
    ],
    [
      'all four: the dates are dead, the tags decide for 304',
      { ifMatch: MATCHES, ifUnmodifiedSince: EARLIER, ifNoneMatch: MATCHES, ifModifiedSince: EARLIER },
      notModified,
    ],
    [
      'all four: the dates are ignored, the tags decide to proceed',
      { ifMatch: MATCHES, ifUnmodifiedSince: EARLIER, ifNoneMatch: OTHER, ifModifiedSince: DATE },
      proceed,
    ],
  ])('%s', (_, conditions, expected) => {
    expect(evaluatePreconditions(conditions, STRONG, NOW)).toBe(expected);
  });

  it('a date is ignored beside its tag header, whatever that says, even if the representation has no tag', () => {
    expect(evaluatePreconditions({ ifNoneMatch: MATCHES, ifModifiedSince: DATE }, DATE_ONLY, NOW)).toBe(proceed);
    expect(evaluatePreconditions({ ifMatch: MATCHES, ifUnmodifiedSince: DATE }, DATE_ONLY, NOW)).toBe(failed);
  });
});

describe('properties', () => {
  const tags = fc.constantFrom('"v1"', 'W/"v1"', '"v2"', '*', '', 'v1', '"v2", "v1"', 'x, "v1"');
  const dates = fc.constantFrom(EARLIER, DATE, LATER, 'yesterday', '');
  const validators = fc.constantFrom(STRONG, WEAK, DATE_ONLY, TAG_ONLY, NONE);

  it('a date never changes what its tag header decides', () => {
    fc.assert(
      fc.property(validators, fc.option(tags), tags, dates, dates, (given, none, match, unmodified, modified) => {
        const ifNoneMatch = none ?? '"v1"';
        const byTags = evaluatePreconditions({ ifMatch: match, ifNoneMatch }, given, NOW);
        const all = { ifMatch: match, ifNoneMatch, ifUnmodifiedSince: unmodified, ifModifiedSince: modified };
        expect(evaluatePreconditions(all, given, NOW)).toBe(byTags);
      }),
    );
  });

  it('no text makes them throw', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), tags, dates);
    fc.assert(
      fc.property(text, text, text, validators, (ifMatch, ifNoneMatch, ifModifiedSince, given) => {
        const conditions = { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince: ifModifiedSince };
        expect([proceed, failed, notModified]).toContain(evaluatePreconditions(conditions, given, NOW));
      }),
    );
  });
});
