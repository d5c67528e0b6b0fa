import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { formatHttpDate, parseHttpDate, toWholeSeconds } from '../../../src/http/headers/http-date.js';

const NOW = Date.parse('2026-06-15T12:00:00Z');
const at = (iso: string): number => Date.parse(iso);

describe('the three forms of an HTTP-date (RFC 9110 §5.6.7)', () => {
  it.each([
    ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z'],
    ['rfc850-date', 'Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37Z'],
    ['asctime-date with a day of one digit', 'Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37Z'],
    ['asctime-date with a day of two digits', 'Wed Nov 16 08:49:37 1994', '1994-11-16T08:49:37Z'],
    ['asctime-date is UTC too', 'Sat Jul  4 00:00:00 2026', '2026-07-04T00:00:00Z'],
    ['the longest rfc850-date', 'Wednesday, 09-Nov-94 08:49:37 GMT', '1994-11-09T08:49:37Z'],
    ['the epoch', 'Thu, 01 Jan 1970 00:00:00 GMT', '1970-01-01T00:00:00Z'],
    ['before the epoch', 'Wed, 31 Dec 1969 23:59:59 GMT', '1969-12-31T23:59:59Z'],
    ['the last second of a day', 'Mon, 15 Jun 2026 23:59:59 GMT', '2026-06-15T23:59:59Z'],
    ['29 February of a leap year', 'Thu, 29 Feb 2024 00:00:00 GMT', '2024-02-29T00:00:00Z'],
    ['29 February of 2000', 'Tue, 29 Feb 2000 00:00:00 GMT', '2000-02-29T00:00:00Z'],
    ['beyond 2038', 'Tue, 19 Jan 2038 03:14:08 GMT', '2038-01-19T03:14:08Z'],
    ['the last year of four digits', 'Fri, 31 Dec 9999 23:59:59 GMT', '9999-12-31T23:59:59Z'],
    ['a year of four digits below 100 is that year', 'Wed, 01 Jan 0070 00:00:00 GMT', '0070-01-01T00:00:00Z'],
    ['a leap second is the second after 59', 'Sat, 31 Dec 2016 23:59:60 GMT', '2017-01-01T00:00:00Z'],
    ['a leap second at the end of June', 'Tuesday, 30-Jun-15 23:59:60 GMT', '2015-07-01T00:00:00Z'],
  ])('%s', (_, text, iso) => {
    expect(parseHttpDate(text, NOW)).toBe(at(iso));
  });

  it.each([
    ['Jan', '2021-01-31'],
    ['Feb', '2021-02-28'],
    ['Mar', '2021-03-31'],
    ['Apr', '2021-04-30'],
    ['May', '2021-05-31'],
    ['Jun', '2021-06-30'],
    ['Jul', '2021-07-31'],
    ['Aug', '2021-08-31'],
    ['Sep', '2021-09-30'],
    ['Oct', '2021-10-31'],
    ['Nov', '2021-11-30'],
    ['Dec', '2021-12-31'],
  ])('the last day of %s exists in all three forms, and no day behind it', (month, iso) => {
    const day = Number(iso.slice(8));
    const forms = (two: number): string[] => [
      `Sun, ${two} ${month} 2021 00:00:00 GMT`,
      `Sunday, ${two}-${month}-21 00:00:00 GMT`,
      `Sun ${month} ${two} 00:00:00 2021`,
    ];
    expect(forms(day).map((text) => parseHttpDate(text, NOW))).toStrictEqual(Array(3).fill(at(`${iso}T00:00:00Z`)));
    expect(forms(day + 1).map((text) => parseHttpDate(text, NOW))).toStrictEqual(Array(3).fill(undefined));
  });

  it.each(['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'])('the day name %s is known', (name) => {
    expect(parseHttpDate(`${name}, 06 Nov 1994 08:49:37 GMT`, NOW)).toBe(at('1994-11-06T08:49:37Z'));
    expect(parseHttpDate(`${name} Nov  6 08:49:37 1994`, NOW)).toBe(at('1994-11-06T08:49:37Z'));
  });

  it.each(['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'])(
    'the long day name %s is known',
    (name) => {
      expect(parseHttpDate(`${name}, 06-Nov-94 08:49:37 GMT`, NOW)).toBe(at('1994-11-06T08:49:37Z'));
    },
  );
});

describe('anything else is no HTTP-date', () => {
  it.each([
    ['nothing', ''],
    ['a word', 'yesterday'],
    ['a number', '784111777'],
    ['zero, which some clients send for Expires', '0'],
    ['an ISO 8601 date', '1994-11-06T08:49:37Z'],
    ['an ISO 8601 day', '1994-11-06'],
    ['what JavaScript prints', 'Sun Nov 06 1994 08:49:37 GMT+0000 (Coordinated Universal Time)'],
    ['a numeric time zone', 'Sun, 06 Nov 1994 08:49:37 +0000'],
    ['UTC for GMT', 'Sun, 06 Nov 1994 08:49:37 UTC'],
    ['another time zone', 'Sun, 06 Nov 1994 08:49:37 EST'],
    ['no time zone', 'Sun, 06 Nov 1994 08:49:37'],
    ['gmt in small letters', 'Sun, 06 Nov 1994 08:49:37 gmt'],
    ['no day name', '06 Nov 1994 08:49:37 GMT'],
    ['a day name in small letters (they are case-sensitive)', 'sun, 06 Nov 1994 08:49:37 GMT'],
    ['a month in capitals', 'Sun, 06 NOV 1994 08:49:37 GMT'],
    ['a long month', 'Sun, 06 November 1994 08:49:37 GMT'],
    ['a month that does not exist', 'Sun, 06 Nox 1994 08:49:37 GMT'],
    ['a day name that does not exist', 'Son, 06 Nov 1994 08:49:37 GMT'],
    ['a long day name in an IMF-fixdate', 'Sunday, 06 Nov 1994 08:49:37 GMT'],
    ['a short day name in an rfc850-date', 'Sun, 06-Nov-94 08:49:37 GMT'],
    ['four digits of the year in an rfc850-date', 'Sunday, 06-Nov-1994 08:49:37 GMT'],
    ['two digits of the year in an IMF-fixdate', 'Sun, 06 Nov 94 08:49:37 GMT'],
    ['a day of one digit in an IMF-fixdate', 'Sun, 6 Nov 1994 08:49:37 GMT'],
    ['a day with a blank in an IMF-fixdate', 'Sun,  6 Nov 1994 08:49:37 GMT'],
    ['a day of one digit without its blank in an asctime-date', 'Sun Nov 6 08:49:37 1994'],
    ['GMT behind an asctime-date', 'Sun Nov  6 08:49:37 1994 GMT'],
    ['no comma', 'Sun 06 Nov 1994 08:49:37 GMT'],
    ['two blanks', 'Sun, 06  Nov 1994 08:49:37 GMT'],
    ['a tab for a blank', 'Sun,\t06 Nov 1994 08:49:37 GMT'],
    ['hyphens in an IMF-fixdate', 'Sun, 06-Nov-1994 08:49:37 GMT'],
    ['an hour of one digit', 'Sun, 06 Nov 1994 8:49:37 GMT'],
    ['no seconds', 'Sun, 06 Nov 1994 08:49 GMT'],
    ['parts of a second', 'Sun, 06 Nov 1994 08:49:37.000 GMT'],
    ['hour 24', 'Sun, 06 Nov 1994 24:00:00 GMT'],
    ['minute 60', 'Sun, 06 Nov 1994 08:60:00 GMT'],
    ['second 61', 'Sun, 06 Nov 1994 08:49:61 GMT'],
    ['day 0', 'Sun, 00 Nov 1994 08:49:37 GMT'],
    ['day 0 in an asctime-date', 'Sun Nov  0 08:49:37 1994'],
    ['day 32', 'Sun, 32 Dec 1994 08:49:37 GMT'],
    ['29 February of a common year', 'Wed, 29 Feb 2023 00:00:00 GMT'],
    ['29 February of 1900', 'Thu, 29 Feb 1900 00:00:00 GMT'],
    ['30 February', 'Fri, 30 Feb 2024 00:00:00 GMT'],
    ['a year of five digits', 'Sun, 06 Nov 11994 08:49:37 GMT'],
    ['a negative year', 'Sun, 06 Nov -994 08:49:37 GMT'],
    ['Arabic-Indic digits', 'Sun, \u0660\u0666 Nov 1994 08:49:37 GMT'],
    ['text behind', 'Sun, 06 Nov 1994 08:49:37 GMT;'],
    ['the length of an old browser behind', 'Sun, 06 Nov 1994 08:49:37 GMT; length=1234'],
    ['text before', 'x Sun, 06 Nov 1994 08:49:37 GMT'],
    ['a blank before', ' Sun, 06 Nov 1994 08:49:37 GMT'],
    ['a blank behind', 'Sun, 06 Nov 1994 08:49:37 GMT '],
    ['a line break behind', 'Sun, 06 Nov 1994 08:49:37 GMT\n'],
    ['two dates', 'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT'],
    ['quotes', '"Sun, 06 Nov 1994 08:49:37 GMT"'],
  ])('%s', (_, text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined();
  });
});

describe('a year of two digits (RFC 9110 §5.6.7: more than 50 years in the future means the past)', () => {
  const on = (year: string): number | undefined => parseHttpDate(`Monday, 15-Jun-${year} 12:00:00 GMT`, NOW);

  it.each([
    ['this year', '26', '2026-06-15T12:00:00Z'],
    ['last year', '25', '2025-06-15T12:00:00Z'],
    ['the first year of the century', '00', '2000-06-15T12:00:00Z'],
    ['forty-nine years on', '75', '2075-06-15T12:00:00Z'],
    ['fifty years on to the second', '76', '2076-06-15T12:00:00Z'],
    ['fifty-one years on is forty-nine years ago', '77', '1977-06-15T12:00:00Z'],
    ['the last year of the last century', '99', '1999-06-15T12:00:00Z'],
    ['the year of the example', '94', '1994-06-15T12:00:00Z'],
  ])('%s', (_, year, iso) => {
    expect(on(year)).toBe(at(iso));
  });

  it('fifty years and one second on is fifty years ago', () => {
    expect(parseHttpDate('Monday, 15-Jun-76 12:00:01 GMT', NOW)).toBe(at('1976-06-15T12:00:01Z'));
  });

  it('the rule moves with the time of the request', () => {
    expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', at('2044-11-06T08:49:36Z'))).toBe(
      at('1994-11-06T08:49:37Z'),
    );
    expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', at('2044-11-06T08:49:37Z'))).toBe(
      at('2094-11-06T08:49:37Z'),
    );
  });

  it('29 February is looked for in the year that is meant', () => {
    expect(parseHttpDate('Tuesday, 29-Feb-00 00:00:00 GMT', NOW)).toBe(at('2000-02-29T00:00:00Z'));
    expect(parseHttpDate('Thursday, 29-Feb-96 00:00:00 GMT', NOW)).toBe(at('1996-02-29T00:00:00Z'));
    expect(parseHttpDate('Sunday, 29-Feb-01 00:00:00 GMT', NOW)).toBeUndefined();
  });

  it('four digits are never moved', () => {
    expect(parseHttpDate('Mon, 15 Jun 2099 12:00:00 GMT', NOW)).toBe(at('2099-06-15T12:00:00Z'));
  });
});

describe('formatHttpDate writes an IMF-fixdate (RFC 9110 §5.6.7: MUST)', () => {
  it.each([
    ['the example of the RFC', '1994-11-06T08:49:37Z', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['parts of a second are cut off, not rounded', '1994-11-06T08:49:37.999Z', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    [
      'parts of a second before the epoch are cut off downwards',
      '1969-12-31T23:59:58.500Z',
      'Wed, 31 Dec 1969 23:59:58 GMT',
    ],
    ['the epoch', '1970-01-01T00:00:00Z', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['29 February', '2024-02-29T23:59:59Z', 'Thu, 29 Feb 2024 23:59:59 GMT'],
    ['a year below 1000 has four digits', '0070-01-01T00:00:00Z', 'Wed, 01 Jan 0070 00:00:00 GMT'],
  ])('%s', (_, iso, expected) => {
    expect(formatHttpDate(at(iso))).toBe(expected);
  });
});

it('formatHttpDate writes each of very many times as itself, however often it is asked', () => {
  const start = at('2026-01-01T00:00:00Z');
  for (const round of [1, 2]) {
    const wrong = Array.from({ length: 2500 }, (_, i) => start + i * 500).filter(
      (time) => at(formatHttpDate(time)) !== Math.floor(time / 1000) * 1000,
    );
    expect({ round, wrong }).toStrictEqual({ round, wrong: [] });
  }
});

describe('toWholeSeconds', () => {
  it.each([
    ['a whole second stays', 784_111_777_000, 784_111_777_000],
    ['one millisecond is cut off', 784_111_777_001, 784_111_777_000],
    ['999 milliseconds are cut off', 784_111_777_999, 784_111_777_000],
    ['parts of a millisecond, as stat gives them, are cut off', 784_111_777_000.4321, 784_111_777_000],
    ['before the epoch it is cut off downwards', -1, -1000],
  ])('%s', (_, time, expected) => {
    expect(toWholeSeconds(time)).toBe(expected);
  });
});

describe('properties', () => {
  const seconds = fc.integer({ min: at('0001-01-01T00:00:00Z') / 1000, max: at('9999-12-31T23:59:59Z') / 1000 });
  const milliseconds = fc.nat(999);

  it('a date that is written is read back, to the second', () => {
    fc.assert(
      fc.property(seconds, milliseconds, (second, part) => {
        expect(parseHttpDate(formatHttpDate(second * 1000 + part), NOW)).toBe(second * 1000);
      }),
    );
  });

  it('the three forms of one time are read alike, within fifty years', () => {
    const near = fc.integer({ min: at('1977-01-01T00:00:00Z') / 1000, max: at('2076-06-15T12:00:00Z') / 1000 });
    fc.assert(
      fc.property(near, (second) => {
        const [dayName, day, month, year, time] = formatHttpDate(second * 1000).split(' ');
        const longName = new Date(second * 1000).toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' });
        const asctimeDay = String(Number(day)).padStart(2, ' ');
        expect(parseHttpDate(`${longName}, ${day}-${month}-${year!.slice(2)} ${time} GMT`, NOW)).toBe(second * 1000);
        expect(parseHttpDate(`${dayName!.slice(0, 3)} ${month} ${asctimeDay} ${time} ${year}`, NOW)).toBe(
          second * 1000,
        );
      }),
    );
  });

  it('no text makes it throw, and what it reads is a whole second', () => {
    const nearly = fc
      .array(fc.constantFrom('Sun', ', ', '06', ' ', 'Nov', '1994', '08:49:37', ' GMT', '-', '94', '\u00a0', '61'))
      .map((texts) => texts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (text) => {
        const time = parseHttpDate(text, NOW) ?? 0;
        expect(Math.abs(time % 1000)).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});
