import { notSatisfiable, partial, parts, range, type Row, whole } from './outcome.js';

/** Rows for a representation of exactly this many bytes. */
export const SIZE = 10_000;

const hundred = Array.from({ length: 100 }, () => '5-9').join(',');
const apart = (count: number): string => Array.from({ length: count }, (_, i) => `${i * 190}-${i * 190}`).join(',');
const fifty = Array.from({ length: 50 }, (_, i): [number, number] => [i * 190, i * 190]);
const longest = (length: number): string => `bytes=0-9${','.repeat(length - 'bytes=0-9'.length)}`;

export const RANGE_ROWS: readonly Row[] = [
  ['no Range: all of it', [], whole],

  // §14.1.2: one range
  ['the first bytes', range('bytes=0-499'), partial(0, 499)],
  ['bytes in the middle', range('bytes=500-999'), partial(500, 999)],
  ['the first byte', range('bytes=0-0'), partial(0, 0)],
  ["Safari's probe gets exactly two bytes", range('bytes=0-1'), partial(0, 1)],
  ['the last byte by position', range('bytes=9999-9999'), partial(9999, 9999)],
  ['the last byte, open-ended', range('bytes=9999-'), partial(9999, 9999)],
  ['the last byte as a suffix', range('bytes=-1'), partial(9999, 9999)],
  ['a suffix', range('bytes=-500'), partial(9500, 9999)],
  ['from a position to the end', range('bytes=9500-'), partial(9500, 9999)],
  ['all of it, open-ended, is a 206', range('bytes=0-'), partial(0, 9999)],
  ['all of it by both positions is a 206', range('bytes=0-9999'), partial(0, 9999)],
  ['a last-pos that equals the size is clamped', range('bytes=0-10000'), partial(0, 9999)],
  ['a last-pos behind the end is clamped', range('bytes=9000-12345'), partial(9000, 9999)],
  ['a suffix as long as the representation', range('bytes=-10000'), partial(0, 9999)],
  ['a suffix longer than the representation is all of it', range('bytes=-10001'), partial(0, 9999)],
  ['a suffix far longer than the representation', range('bytes=-999999999'), partial(0, 9999)],

  // §14.1.1: unsatisfiable
  ['a first-pos that equals the size', range('bytes=10000-'), notSatisfiable],
  ['a first-pos that equals the size, with last-pos', range('bytes=10000-10000'), notSatisfiable],
  ['a first-pos behind the end', range('bytes=20000-30000'), notSatisfiable],
  ['a suffix of nothing', range('bytes=-0'), notSatisfiable],
  ['a suffix of nothing in many digits', range('bytes=-0000'), notSatisfiable],
  ['several ranges, none satisfiable', range('bytes=10000-10001, 20000-, -0'), notSatisfiable],

  // §14.1: digits of any length
  ['leading zeros', range('bytes=000-0009'), partial(0, 9)],
  ['leading zeros in a suffix', range('bytes=-0005'), partial(9995, 9999)],
  ['a last-pos beyond 2^31', range('bytes=5-2147483648'), partial(5, 9999)],
  ['a last-pos beyond 2^53', range('bytes=0-9007199254740993'), partial(0, 9999)],
  ['a last-pos beyond 2^64', range('bytes=0-18446744073709551616'), partial(0, 9999)],
  ['a last-pos of forty digits', range(`bytes=1-${'9'.repeat(40)}`), partial(1, 9999)],
  ['a last-pos beyond the range of a double', range(`bytes=1-${'9'.repeat(400)}`), partial(1, 9999)],
  ['a suffix of forty digits', range(`bytes=-${'9'.repeat(40)}`), partial(0, 9999)],
  ['a first-pos beyond 2^64', range('bytes=18446744073709551616-'), notSatisfiable],
  ['a first-pos of forty digits', range(`bytes=${'9'.repeat(40)}-`), notSatisfiable],
  [
    'positions that differ only beyond 2^53, the wrong way round, are invalid',
    range('bytes=9007199254740993-9007199254740992'),
    whole,
  ],
  [
    'positions that differ only beyond 2^53, the right way round, are unsatisfiable',
    range('bytes=9007199254740992-9007199254740993'),
    notSatisfiable,
  ],

  // §14.1: the unit
  ['the unit in capitals', range('BYTES=0-9'), partial(0, 9)],
  ['the unit in mixed case', range('Bytes=0-9'), partial(0, 9)],
  ['an unknown unit is ignored', range('items=0-9'), whole],
  ['a unit that begins like bytes', range('bytesx=0-9'), whole],
  ['a unit that ends like bytes', range('kilobytes=0-9'), whole],
  ['the unit none', range('none=0-9'), whole],
  ['seconds', range('npt=0-9'), whole],
  ['no unit', range('0-9'), whole],
  ['an empty unit', range('=0-9'), whole],
  ['no equals sign', range('bytes 0-9'), whole],
  ['a colon for the equals sign', range('bytes:0-9'), whole],
  ['a blank before the equals sign', range('bytes =0-9'), whole],

  // §14.2: what is not understood is ignored
  ['an empty field', range(''), whole],
  ['the unit alone', range('bytes'), whole],
  ['an empty range set', range('bytes='), whole],
  ['a dash alone', range('bytes=-'), whole],
  ['two dashes', range('bytes=--1'), whole],
  ['a negative range', range('bytes=-5-10'), whole],
  ['a trailing dash', range('bytes=1-2-'), whole],
  ['three positions', range('bytes=1-2-3'), whole],
  ['a number alone', range('bytes=5'), whole],
  ['last-pos before first-pos', range('bytes=5-3'), whole],
  ['last-pos before first-pos, both behind the end', range('bytes=30000-20000'), whole],
  ['letters', range('bytes=a-b'), whole],
  ['a letter behind a number', range('bytes=0-9x'), whole],
  ['a letter before a number', range('bytes=x0-9'), whole],
  ['hexadecimal', range('bytes=0x0-0x9'), whole],
  ['an exponent', range('bytes=0-1e3'), whole],
  ['a decimal point', range('bytes=0.0-9'), whole],
  ['a plus sign', range('bytes=+0-9'), whole],
  ['a plus sign in last-pos', range('bytes=0-+9'), whole],
  ['a minus sign in last-pos', range('bytes=0--9'), whole],
  ['a star', range('bytes=*'), whole],
  ['a Content-Range for a Range', range('bytes 0-9/10000'), whole],
  ['a slash', range('bytes=0-9/10000'), whole],
  ['semicolons for commas', range('bytes=0-9;20-29'), whole],
  ['quotes', range('"bytes=0-9"'), whole],
  ['digits of another script', range('bytes=\xb2-\xb3'), whole],
  ['a no-break space is no white space', range('bytes=\xa00-9'), whole],
  ['a next-line character is no white space', range('bytes=0-9,\x85'), whole],
  ['a blank inside a range', range('bytes=0 -9'), whole],
  ['a blank behind the dash', range('bytes=0- 9'), whole],
  ['a blank inside a number', range('bytes=1 0-20'), whole],
  ['a blank before a suffix length', range('bytes=- 5'), whole],
  ['one invalid member spoils the set', range('bytes=0-9,x'), whole],
  ['an invalid member in front', range('bytes=5-3,0-9'), whole],
  ['an invalid member beside unsatisfiable ones', range('bytes=20000-,5-3'), whole],
  ['two units', range('bytes=0-9,bytes=20-29'), whole],

  // §5.6.1: lists
  ['blanks around a range', range('bytes= 0-9'), partial(0, 9)],
  ['a tab before a range', range('bytes=\t0-9'), partial(0, 9)],
  ['blanks behind the field', [['Range', 'bytes=0-9  \t']], partial(0, 9)],
  ['empty elements', range('bytes=,,0-9,,'), partial(0, 9)],
  ['empty elements with white space', range('bytes= , \t,0-9 ,\t'), partial(0, 9)],
  ['commas alone', range('bytes=,,,'), whole],
  ['blanks alone', range('bytes=  '), whole],
  [
    'white space between ranges',
    range('bytes=0-9 ,\t1000-1009  ,  2000-2009'),
    parts([0, 9], [1000, 1009], [2000, 2009]),
  ],

  // §15.3.7.2: several ranges
  ['two ranges', range('bytes=0-99,1000-1099'), parts([0, 99], [1000, 1099])],
  ['first and last byte', range('bytes=0-0,-1'), parts([0, 0], [9999, 9999])],
  ['all three forms', range('bytes=10-19,4000-4009,-10'), parts([10, 19], [4000, 4009], [9990, 9999])],
  ['an open-ended member', range('bytes=0-9,9000-'), parts([0, 9], [9000, 9999])],
  ['parts come in the order asked', range('bytes=5000-5009,0-9'), parts([5000, 5009], [0, 9])],
  ['a suffix in front', range('bytes=-10,0-9,5000-5004'), parts([9990, 9999], [0, 9], [5000, 5004])],
  ['unsatisfiable members are dropped', range('bytes=0-9,20000-,500-509,-0'), parts([0, 9], [500, 509])],
  ['of which one is left: no multipart', range('bytes=20000-,500-509'), partial(500, 509)],
  ['a clamped member', range('bytes=0-9,9990-20000'), parts([0, 9], [9990, 9999])],
  ['members of nearly all', range('bytes=0-4000,5000-9400'), parts([0, 4000], [5000, 9400])],

  // §14.2, §15.3.7.2: what is merged
  ['the same range twice', range('bytes=0-9,0-9'), partial(0, 9)],
  ['overlapping ranges', range('bytes=0-99,50-149'), partial(0, 149)],
  ['a range inside another', range('bytes=0-999,10-19'), partial(0, 999)],
  ['adjacent ranges', range('bytes=0-99,100-199'), partial(0, 199)],
  ['adjacent ranges out of order', range('bytes=100-199,0-99'), partial(0, 199)],
  ['ranges 80 bytes apart are one', range('bytes=0-9,90-99'), partial(0, 99)],
  ['ranges 81 bytes apart are two', range('bytes=0-9,91-99'), parts([0, 9], [91, 99])],
  ['a chain of overlaps', range('bytes=0-99,80-199,150-299,1000-1009'), parts([0, 299], [1000, 1009])],
  [
    'a merged range stands where the first of its members was asked',
    range('bytes=5000-5009,1000-1009,5005-5020'),
    parts([5000, 5020], [1000, 1009]),
  ],
  ['a suffix that overlaps', range('bytes=9900-9949,-100'), partial(9900, 9999)],
  ['one range is not stretched by the gap', range('bytes=10-19'), partial(10, 19)],

  // §17.15: what is bounded
  ['a hundred members that merge into one', range(`bytes=${hundred}`), partial(5, 9)],
  ['a hundred and one members are ignored', range(`bytes=${hundred},5-9`), whole],
  ['a hundred and one members, none satisfiable, are ignored too', range(`bytes=${'20000-,'.repeat(101)}`), whole],
  ['fifty ranges', range(`bytes=${apart(50)}`), parts(...fifty)],
  ['fifty-one ranges are answered with all of it', range(`bytes=${apart(51)}`), whole],
  ['a thousand ranges', range(`bytes=${Array.from({ length: 1000 }, (_, i) => `${i}-${i}`).join(',')}`), whole],
  ['a field of 4,096 bytes', range(longest(4096)), partial(0, 9)],
  ['a field of 4,097 bytes is ignored', range(longest(4097)), whole],
  ['parts and heads that are larger than the representation', range('bytes=0-4950,5050-9999'), whole],

  // Repeated lines are joined by a comma, which makes another member of the same set.
  [
    'Range twice',
    [
      ['Range', 'bytes=0-9'],
      ['Range', 'bytes=20-29'],
    ],
    whole,
  ],
  [
    'the same Range twice',
    [
      ['Range', 'bytes=0-9'],
      ['Range', 'bytes=0-9'],
    ],
    whole,
  ],
  [
    'a Range and an unknown unit',
    [
      ['Range', 'items=0-9'],
      ['Range', 'bytes=0-9'],
    ],
    whole,
  ],
  ['the field name in lower case', [['range', 'bytes=0-9']], partial(0, 9)],
  ['the field name in capitals', [['RANGE', 'bytes=0-9']], partial(0, 9)],
  ['Request-Range, which is not standard, is ignored', [['Request-Range', 'bytes=0-9']], whole],
];

/** Rows for an empty representation, which has no range to offer. */
export const EMPTY_ROWS: readonly Row[] = [
  ['no Range', [], whole],
  ['the first byte', range('bytes=0-0'), whole],
  ['all of it', range('bytes=0-'), whole],
  ["Safari's probe", range('bytes=0-1'), whole],
  ['a suffix', range('bytes=-1'), whole],
  ['a suffix of nothing', range('bytes=-0'), whole],
  ['behind the end', range('bytes=5-9'), whole],
  ['several ranges', range('bytes=0-0,5-9'), whole],
];

/** Rows for a representation of one byte. */
export const ONE_BYTE_ROWS: readonly Row[] = [
  ['no Range', [], whole],
  ['the first byte', range('bytes=0-0'), partial(0, 0)],
  ["Safari's probe", range('bytes=0-1'), partial(0, 0)],
  ['all of it', range('bytes=0-'), partial(0, 0)],
  ['a suffix of one', range('bytes=-1'), partial(0, 0)],
  ['a suffix of two', range('bytes=-2'), partial(0, 0)],
  ['a suffix of nothing', range('bytes=-0'), notSatisfiable],
  ['the second byte', range('bytes=1-'), notSatisfiable],
  ['the second byte by both positions', range('bytes=1-1'), notSatisfiable],
  ['the byte twice', range('bytes=0-0,-1'), partial(0, 0)],
];

/** Rows for a representation of many chunks: 300,007 bytes. */
export const LARGE_SIZE = 300_007;
export const LARGE_ROWS: readonly Row[] = [
  ['no Range', [], whole],
  ['all of it', range('bytes=0-'), partial(0, 300_006)],
  ['across 64 KiB', range('bytes=65530-65545'), partial(65_530, 65_545)],
  ['from the first byte behind 64 KiB', range('bytes=65536-131071'), partial(65_536, 131_071)],
  ['across 256 KiB', range('bytes=262143-262144'), partial(262_143, 262_144)],
  ['to the byte before the last', range('bytes=1-300005'), partial(1, 300_005)],
  ['a suffix of several chunks', range('bytes=-200000'), partial(100_007, 300_006)],
  [
    'parts of several chunks',
    range('bytes=10-100009,120000-219999,-70000'),
    parts([10, 100_009], [120_000, 219_999], [230_007, 300_006]),
  ],
  [
    'parts of several chunks out of order',
    range('bytes=-70000,10-100009,120000-219999'),
    parts([230_007, 300_006], [10, 100_009], [120_000, 219_999]),
  ],
];
