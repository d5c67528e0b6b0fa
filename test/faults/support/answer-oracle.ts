import { type OracleRange, selectByGrammar } from '../../http/ranges/range-oracle.js';

/**
 * What RFC 9110 has a server answer to a GET or HEAD, straight from its grammar and in BigInt. It shares nothing with src.
 */

/** What is served. Dates are whole seconds, in ms since the epoch. */
export interface Served {
  readonly bytes: Buffer;
  /** With its quotes, and `W/` where it is weak. */
  readonly etag: string | undefined;
  readonly modified: number | undefined;
}

/** The answer: its status, and the ranges of a 206 in their order. */
export type OracleAnswer =
  { readonly status: 200 | 304 | 412 | 416 } | { readonly status: 206; readonly ranges: readonly OracleRange[] };

const GAP = 80n;
const MOST_RANGES = 50;
/** A boundary of ours. */
const BOUNDARY_LENGTH = 36;

/** @param fields names in lower case, values as they arrive: without blanks at their ends */
export function answerByGrammar(
  method: string,
  headers: ReadonlyMap<string, string>,
  served: Served,
  type: string,
): OracleAnswer {
  const ifMatch = headers.get('if-match');
  const ifNoneMatch = headers.get('if-none-match');
  const isNewerThan = (name: string): boolean | undefined => {
    const date = dateByGrammar(headers.get(name) ?? '');
    return date === undefined || served.modified === undefined ? undefined : served.modified > date;
  };
  if (ifMatch !== undefined ? !matches(ifMatch, served.etag, 'strong') : isNewerThan('if-unmodified-since') === true) {
    return { status: 412 };
  }
  if (
    ifNoneMatch !== undefined ? matches(ifNoneMatch, served.etag, 'weak') : isNewerThan('if-modified-since') === false
  ) {
    return { status: 304 };
  }
  const range = headers.get('range');
  const ifRange = headers.get('if-range');
  if (method !== 'GET' || range === undefined || (ifRange !== undefined && !holds(ifRange, served)))
    return { status: 200 };
  return select(range, served.bytes.length, type);
}

function select(range: string, size: number, type: string): OracleAnswer {
  const selected = selectByGrammar(range, BigInt(size));
  if (selected === 'ignored' || selected === 'whole') return { status: 200 };
  if (selected === 'unsatisfiable') return { status: 416 };
  const ranges = merge(selected);
  if (ranges.length > MOST_RANGES) return { status: 200 };
  if (ranges.length > 1 && multipartBy(ranges, Buffer.alloc(size), type, 'b'.repeat(BOUNDARY_LENGTH)).length > size) {
    return { status: 200 };
  }
  return { status: 206, ranges };
}

/** Those that touch, or nearly, become one, which stands where the first of them stood. */
function merge(ranges: readonly OracleRange[]): OracleRange[] {
  let merged: OracleRange[] = [];
  for (const [first, last] of ranges) {
    const near = merged.filter(([a, b]) => first <= b + GAP + 1n && last + GAP + 1n >= a);
    const union: OracleRange = [
      near.reduce((least, [a]) => (a < least ? a : least), first),
      near.reduce((most, [, b]) => (b > most ? b : most), last),
    ];
    const [place] = near;
    merged =
      place === undefined
        ? [...merged, union]
        : merged.flatMap((one) => (one === place ? [union] : near.includes(one) ? [] : [one]));
  }
  return merged.length === ranges.length ? merged : merge(merged);
}

/** A multipart/byteranges body: RFC 9110 §14.6, RFC 2046 §5.1.1. */
export function multipartBy(ranges: readonly OracleRange[], bytes: Buffer, type: string, boundary: string): Buffer {
  const parts = ranges.flatMap(([first, last]) => [
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${type}\r\n` +
        `Content-Range: bytes ${first}-${last}/${bytes.length}\r\n\r\n`,
    ),
    bytes.subarray(Number(first), Number(last) + 1),
  ]);
  return Buffer.concat([...parts, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/;

/** A list that breaks the grammar has no tags. */
function matches(list: string, etag: string | undefined, comparison: 'strong' | 'weak'): boolean {
  if (list === '*') return true;
  return (tagsOf(list) ?? []).some((tag) => sameTag(tag, etag, comparison));
}

/** `#entity-tag`: RFC 9110 §5.6.1.2; `undefined` where the list is none. */
function tagsOf(list: string): string[] | undefined {
  const tags: string[] = [];
  let rest = list;
  while (rest !== '') {
    const empty = /^[ \t]*,[ \t]*/.exec(rest) ?? /^[ \t]+$/.exec(rest);
    if (empty !== null) {
      rest = rest.slice(empty[0].length);
      continue;
    }
    const tag = new RegExp(`^[ \\t]*(${ENTITY_TAG.source})[ \\t]*(?:,|$)`).exec(rest);
    if (tag === null) return undefined;
    tags.push(tag[1]!);
    rest = rest.slice(tag[0].length);
  }
  return tags;
}

function sameTag(one: string, other: string | undefined, comparison: 'strong' | 'weak'): boolean {
  if (other === undefined) return false;
  const isWeak = one.startsWith('W/') || other.startsWith('W/');
  return one.replace(/^W\//, '') === other.replace(/^W\//, '') && !(comparison === 'strong' && isWeak);
}

/** RFC 9110 §13.1.5. */
function holds(ifRange: string, { etag, modified }: Served): boolean {
  if (new RegExp(`^${ENTITY_TAG.source}$`).test(ifRange)) return sameTag(ifRange, etag, 'strong');
  const date = dateByGrammar(ifRange);
  return date !== undefined && date === modified;
}

const SHORT = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** The three forms of RFC 9110 §5.6.7, in ms since the epoch. The days that the generator writes all exist. */
function dateByGrammar(text: string): number | undefined {
  const forms: readonly (readonly [RegExp, (parts: readonly string[]) => [string, string, string, string]])[] = [
    [
      new RegExp(`^${SHORT}, (\\d\\d) (\\w{3}) (\\d{4}) (\\d\\d:\\d\\d:\\d\\d) GMT$`),
      ([d, m, y, t]) => [y!, m!, d!, t!],
    ],
    [
      new RegExp(`^${LONG}, (\\d\\d)-(\\w{3})-(\\d\\d) (\\d\\d:\\d\\d:\\d\\d) GMT$`),
      ([d, m, y, t]) => [century(y!), m!, d!, t!],
    ],
    [new RegExp(`^${SHORT} (\\w{3}) ([ \\d]\\d) (\\d\\d:\\d\\d:\\d\\d) (\\d{4})$`), ([m, d, t, y]) => [y!, m!, d!, t!]],
  ];
  for (const [form, order] of forms) {
    const found = form.exec(text);
    if (found === null) continue;
    const [year, month, day, time] = order(found.slice(1));
    const number = MONTHS.indexOf(month) / 3 + 1;
    if (!Number.isInteger(number) || number < 1) return undefined;
    return Date.parse(`${year}-${String(number).padStart(2, '0')}-${day.trim().padStart(2, '0')}T${time}Z`);
  }
  return undefined;
}

/** Two digits that would be more than 50 years ahead are of the past; the generator stays away from the edge. */
function century(twoDigits: string): string {
  const now = new Date().getUTCFullYear();
  const year = now - (now % 100) + Number(twoDigits);
  return String(year > now + 50 ? year - 100 : year);
}
