import { MODIFIED_HEADER } from '../../../support/sources/fixtures.js';
import {
  type HeaderLines,
  notModified,
  notSatisfiable,
  partial,
  preconditionFailed,
  range,
  type Row,
  whole,
} from './outcome.js';

export const STRONG_TAG = '"v1"';
export const WEAK_TAG = 'W/"v1"';

const SAME = MODIFIED_HEADER;
const EARLIER = 'Thu, 29 Feb 2024 12:34:55 GMT';
const LATER = 'Thu, 29 Feb 2024 12:34:57 GMT';
const RFC_850 = 'Thursday, 29-Feb-24 12:34:56 GMT';
const ASCTIME = 'Thu Feb 29 12:34:56 2024';

/** Values that are no HTTP-date (§5.6.7), though many a parser takes them for one. */
const NO_DATES: readonly (readonly [what: string, value: string])[] = [
  ['an ISO date', '2024-02-29T12:34:56Z'],
  ['another zone', 'Thu, 29 Feb 2024 12:34:56 UTC'],
  ['a numeric zone', 'Thu, 29 Feb 2024 12:34:56 +0000'],
  ['no zone', 'Thu, 29 Feb 2024 12:34:56'],
  ['a zone in lower case', 'Thu, 29 Feb 2024 12:34:56 gmt'],
  ['no weekday', '29 Feb 2024 12:34:56 GMT'],
  ['a month in capitals', 'Thu, 29 FEB 2024 12:34:56 GMT'],
  ['a day of one digit', 'Thu, 9 Feb 2024 12:34:56 GMT'],
  ['a day that does not exist', 'Fri, 30 Feb 2024 12:34:56 GMT'],
  ['an hour that does not exist', 'Thu, 29 Feb 2024 24:34:56 GMT'],
  ['seconds since the epoch', '1709210096'],
  ['a word', 'yesterday'],
  ['nothing', ''],
  ['something behind the date', 'Thu, 29 Feb 2024 12:34:56 GMT; length=10000'],
];

const ifRange = (value: string, ...more: HeaderLines): HeaderLines => [
  ['Range', 'bytes=0-9'],
  ['If-Range', value],
  ...more,
];
const first = partial(0, 9);

/** Rows for a representation with `STRONG_TAG`, last modified at `MODIFIED`. */
export const CONDITIONAL_ROWS: readonly Row[] = [
  // §13.1.2
  ['If-None-Match: the tag', [['If-None-Match', '"v1"']], notModified],
  ['If-None-Match: the tag in its weak form', [['If-None-Match', 'W/"v1"']], notModified],
  ['If-None-Match: another tag', [['If-None-Match', '"v2"']], whole],
  ['If-None-Match: any', [['If-None-Match', '*']], notModified],
  ['If-None-Match: a list with the tag', [['If-None-Match', '"v0", "v1", "v2"']], notModified],
  ['If-None-Match: a list without blanks', [['If-None-Match', '"v0","v1"']], notModified],
  ['If-None-Match: a list without the tag', [['If-None-Match', '"v0", W/"v2"']], whole],
  ['If-None-Match: a list with empty elements', [['If-None-Match', ', "v0",, "v1" ,']], notModified],
  ['If-None-Match: a comma inside a tag', [['If-None-Match', '"a,b", "v1"']], notModified],
  ['If-None-Match: the tag inside another', [['If-None-Match', '"a, "v1""']], whole],
  [
    'If-None-Match: two lines',
    [
      ['If-None-Match', '"v0"'],
      ['If-None-Match', '"v1"'],
    ],
    notModified,
  ],
  ['If-None-Match: no quotes', [['If-None-Match', 'v1']], whole],
  ['If-None-Match: a small w', [['If-None-Match', 'w/"v1"']], whole],
  ['If-None-Match: a tag that does not end', [['If-None-Match', '"v1']], whole],
  ['If-None-Match: tags in another case', [['If-None-Match', '"V1"']], whole],
  ['If-None-Match: the empty tag', [['If-None-Match', '""']], whole],
  ['If-None-Match: a suffix added by a proxy', [['If-None-Match', '"v1-gzip"']], whole],
  ['If-None-Match: a list without commas', [['If-None-Match', '"v0" "v1"']], whole],

  // §13.1.1
  ['If-Match: the tag', [['If-Match', '"v1"']], whole],
  ['If-Match: the tag in its weak form', [['If-Match', 'W/"v1"']], preconditionFailed],
  ['If-Match: another tag', [['If-Match', '"v2"']], preconditionFailed],
  ['If-Match: any', [['If-Match', '*']], whole],
  ['If-Match: a list with the tag', [['If-Match', '"v0", "v1"']], whole],
  ['If-Match: a list without the tag', [['If-Match', '"v0", "v2"']], preconditionFailed],
  [
    'If-Match: two lines',
    [
      ['If-Match', '"v0"'],
      ['If-Match', '"v1"'],
    ],
    whole,
  ],
  ['If-Match: no quotes', [['If-Match', 'v1']], preconditionFailed],

  // §13.1.3
  ['If-Modified-Since: the date', [['If-Modified-Since', SAME]], notModified],
  ['If-Modified-Since: a later date', [['If-Modified-Since', LATER]], notModified],
  ['If-Modified-Since: an earlier date', [['If-Modified-Since', EARLIER]], whole],
  [
    'If-Modified-Since: a date in the far future',
    [['If-Modified-Since', 'Fri, 01 Jan 2100 00:00:00 GMT']],
    notModified,
  ],
  ['If-Modified-Since: the epoch', [['If-Modified-Since', 'Thu, 01 Jan 1970 00:00:00 GMT']], whole],
  ['If-Modified-Since: the date as of RFC 850', [['If-Modified-Since', RFC_850]], notModified],
  ['If-Modified-Since: the date as of asctime', [['If-Modified-Since', ASCTIME]], notModified],
  [
    'If-Modified-Since: a year of two digits in the past',
    [['If-Modified-Since', 'Tuesday, 01-Mar-94 00:00:00 GMT']],
    whole,
  ],
  ...NO_DATES.map(([what, value]): Row => [`If-Modified-Since: ${what}`, [['If-Modified-Since', value]], whole]),
  [
    'If-Modified-Since twice',
    [
      ['If-Modified-Since', SAME],
      ['If-Modified-Since', SAME],
    ],
    whole,
  ],

  // §13.1.4
  ['If-Unmodified-Since: the date', [['If-Unmodified-Since', SAME]], whole],
  ['If-Unmodified-Since: a later date', [['If-Unmodified-Since', LATER]], whole],
  ['If-Unmodified-Since: an earlier date', [['If-Unmodified-Since', EARLIER]], preconditionFailed],
  ['If-Unmodified-Since: the date as of RFC 850', [['If-Unmodified-Since', RFC_850]], whole],
  [
    'If-Unmodified-Since: an earlier date as of asctime',
    [['If-Unmodified-Since', 'Thu Feb  8 12:34:56 2024']],
    preconditionFailed,
  ],
  ['If-Unmodified-Since: an ISO date, even an earlier one', [['If-Unmodified-Since', '2020-01-01T00:00:00Z']], whole],
  ['If-Unmodified-Since: a word', [['If-Unmodified-Since', 'yesterday']], whole],
  [
    'If-Unmodified-Since twice, both earlier',
    [
      ['If-Unmodified-Since', EARLIER],
      ['If-Unmodified-Since', EARLIER],
    ],
    whole,
  ],

  // §13.2.2: precedence
  ...pair('If-Match', '"v1"', 'If-Unmodified-Since', EARLIER, whole),
  ...pair('If-Match', '"v2"', 'If-Unmodified-Since', LATER, preconditionFailed),
  ...pair('If-None-Match', '"v1"', 'If-Modified-Since', EARLIER, notModified),
  ...pair('If-None-Match', '"v2"', 'If-Modified-Since', LATER, whole),
  ...pair('If-None-Match', 'not a tag', 'If-Modified-Since', LATER, whole),
  ...pair('If-Match', '"v1"', 'If-None-Match', '"v1"', notModified),
  ...pair('If-Match', '"v1"', 'If-None-Match', '"v2"', whole),
  ...pair('If-Match', '"v2"', 'If-None-Match', '"v1"', preconditionFailed),
  ...pair('If-Match', '"v2"', 'If-None-Match', '"v2"', preconditionFailed),
  ...pair('If-Match', '"v1"', 'If-Modified-Since', SAME, notModified),
  ...pair('If-Match', '"v2"', 'If-Modified-Since', SAME, preconditionFailed),
  ...pair('If-Match', '*', 'If-None-Match', '*', notModified),
  ...pair('If-Unmodified-Since', SAME, 'If-None-Match', '"v1"', notModified),
  ...pair('If-Unmodified-Since', SAME, 'If-None-Match', '"v2"', whole),
  ...pair('If-Unmodified-Since', EARLIER, 'If-None-Match', '"v1"', preconditionFailed),
  ...pair('If-Unmodified-Since', SAME, 'If-Modified-Since', SAME, notModified),
  ...pair('If-Unmodified-Since', EARLIER, 'If-Modified-Since', SAME, preconditionFailed),
  ...pair('If-Unmodified-Since', LATER, 'If-Modified-Since', EARLIER, whole),

  // §13.2.2 with §14.2: a Range counts only where the answer would be 200
  ...pair('If-Match', '"v1"', 'Range', 'bytes=0-9', first),
  ...pair('If-Match', '"v2"', 'Range', 'bytes=0-9', preconditionFailed),
  ...pair('If-None-Match', '"v1"', 'Range', 'bytes=0-9', notModified),
  ...pair('If-None-Match', '"v2"', 'Range', 'bytes=0-9', first),
  ...pair('If-Modified-Since', SAME, 'Range', 'bytes=0-9', notModified),
  ...pair('If-Modified-Since', EARLIER, 'Range', 'bytes=0-9', first),
  ...pair('If-Unmodified-Since', SAME, 'Range', 'bytes=0-9', first),
  ...pair('If-Unmodified-Since', EARLIER, 'Range', 'bytes=0-9', preconditionFailed),
  ...pair('If-Match', '"v1"', 'Range', 'bytes=20000-', notSatisfiable),
  ...pair('If-Match', '"v2"', 'Range', 'bytes=20000-', preconditionFailed),
  ...pair('If-None-Match', '"v1"', 'Range', 'bytes=20000-', notModified),
  ...pair('If-None-Match', '"v2"', 'Range', 'bytes=20000-', notSatisfiable),
  ...pair('If-Unmodified-Since', EARLIER, 'Range', 'bytes=20000-', preconditionFailed),
  ...pair('If-Modified-Since', SAME, 'Range', 'bytes=20000-', notModified),

  // §13.1.5
  ['If-Range: the tag', ifRange('"v1"'), first],
  ['If-Range: another tag', ifRange('"v2"'), whole],
  ['If-Range: the tag in its weak form', ifRange('W/"v1"'), whole],
  ['If-Range: no quotes', ifRange('v1'), whole],
  ['If-Range: any', ifRange('*'), whole],
  ['If-Range: nothing', ifRange(''), whole],
  ['If-Range: the empty tag', ifRange('""'), whole],
  ['If-Range: a list with the tag', ifRange('"v1", "v2"'), whole],
  ['If-Range: a list of the tag alone', ifRange('"v1",'), whole],
  ['If-Range twice', ifRange('"v1"', ['If-Range', '"v1"']), whole],
  ['If-Range twice, the tag and its date', ifRange('"v1"', ['If-Range', SAME]), whole],
  ['If-Range: the tag with blanks around', ifRange('  "v1" \t'), first],
  ['If-Range: the date', ifRange(SAME), first],
  ['If-Range: a later date', ifRange(LATER), whole],
  ['If-Range: an earlier date', ifRange(EARLIER), whole],
  ['If-Range: the date as of RFC 850', ifRange(RFC_850), first],
  ['If-Range: the date as of asctime', ifRange(ASCTIME), first],
  ['If-Range: the date twice', ifRange(SAME, ['If-Range', SAME]), whole],
  ...NO_DATES.map(([what, value]): Row => [`If-Range: ${what}`, ifRange(value), whole]),
  ['If-Range without Range', [['If-Range', '"v1"']], whole],
  ['If-Range that is false, without Range', [['If-Range', '"v2"']], whole],
  ...pair('If-Range', '"v1"', 'Range', 'bytes=20000-', notSatisfiable),
  ...pair('If-Range', '"v2"', 'Range', 'bytes=20000-', whole),
  ...pair('If-Range', LATER, 'Range', 'bytes=20000-', whole),
  ...pair('If-Range', '"v1"', 'Range', 'bytes=garbage', whole),
  ['If-Range and a tag that is known', ifRange('"v1"', ['If-None-Match', '"v1"']), notModified],
  ['If-Range and a tag that is not known', ifRange('"v1"', ['If-None-Match', '"v2"']), first],
  ['If-Range that is false beside If-Match', ifRange('"v2"', ['If-Match', '"v1"']), whole],
  ['If-Range beside If-Match', ifRange('"v1"', ['If-Match', '"v1"']), first],
  ['If-Range beside If-Match that is false', ifRange('"v1"', ['If-Match', '"v2"']), preconditionFailed],
  ['If-Range beside If-Unmodified-Since', ifRange(SAME, ['If-Unmodified-Since', SAME]), first],
];

/** Rows for a representation with `WEAK_TAG`, last modified at `MODIFIED`. */
export const WEAK_ROWS: readonly Row[] = [
  ['no condition', range('bytes=0-9'), first],
  ['If-None-Match: the tag', [['If-None-Match', 'W/"v1"']], notModified],
  ['If-None-Match: the tag as if it were strong', [['If-None-Match', '"v1"']], notModified],
  ['If-None-Match: another tag', [['If-None-Match', 'W/"v2"']], whole],
  ['If-Match: the tag never matches', [['If-Match', 'W/"v1"']], preconditionFailed],
  ['If-Match: the tag as if it were strong', [['If-Match', '"v1"']], preconditionFailed],
  ['If-Match: any', [['If-Match', '*']], whole],
  ['If-Range: the tag never matches', ifRange('W/"v1"'), whole],
  ['If-Range: the tag as if it were strong', ifRange('"v1"'), whole],
  ['If-Range: the date', ifRange(SAME), first],
];

/** Rows for a representation with neither tag nor date. */
export const BARE_ROWS: readonly Row[] = [
  ['no condition', range('bytes=0-9'), first],
  ['If-None-Match: a tag', [['If-None-Match', '"v1"']], whole],
  ['If-None-Match: any', [['If-None-Match', '*']], notModified],
  ['If-Match: a tag', [['If-Match', '"v1"']], preconditionFailed],
  ['If-Match: any', [['If-Match', '*']], whole],
  ['If-Modified-Since', [['If-Modified-Since', LATER]], whole],
  ['If-Unmodified-Since', [['If-Unmodified-Since', EARLIER]], whole],
  ['If-Range: a tag', ifRange('"v1"'), whole],
  ['If-Range: a date', ifRange(SAME), whole],
];

/** The same two fields in both orders: the order of field lines means nothing. */
function pair(name: string, value: string, otherName: string, otherValue: string, outcome: Row[2]): Row[] {
  const one = [name, value] as const;
  const other = [otherName, otherValue] as const;
  return [
    [`${name}: ${value}, ${otherName}: ${otherValue}`, [one, other], outcome],
    [`${otherName}: ${otherValue}, ${name}: ${value}`, [other, one], outcome],
  ];
}
