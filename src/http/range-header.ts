import { trimOws } from './field-value.js';

/**
 * One member of a range set as the client wrote it: `first-last`, `first-` (no `lastPos`) or `-suffixLength`.
 * Positions are octet offsets from 0, inclusive. What it selects depends on a size: see `selectRanges`.
 *
 * @see RFC 9110 §14.1.1
 */
export type RangeSpec = { readonly firstPos: number; readonly lastPos?: number } | { readonly suffixLength: number };

/** The members of a Range field in the order they were written; never empty, and no `lastPos` below its `firstPos`. */
export type RangeSet = readonly RangeSpec[];

/** RFC 9110 §14.2 and §17.15 let a server bound what it reads: a longer field is ignored. In octets. */
const MAX_FIELD_LENGTH = 4096;

/** A set with more members than this is ignored, before any number in it is read. */
const MAX_MEMBERS = 50;

const BYTES_UNIT = 'bytes=';

/**
 * Reads a Range field value. `undefined` means that it is not understood (another unit, a syntax error, too long, too
 * many members) and is to be ignored; whether a member is satisfiable is not decided here.
 * Positions beyond `Number.MAX_SAFE_INTEGER`, which no representation has, are given as that number.
 *
 * @see RFC 9110 §14.2
 */
export function parseRange(fieldValue: string): RangeSet | undefined {
  if (fieldValue.length > MAX_FIELD_LENGTH) return undefined;
  if (fieldValue.slice(0, BYTES_UNIT.length).toLowerCase() !== BYTES_UNIT) return undefined;
  const members = splitMembers(fieldValue, BYTES_UNIT.length);
  if (members === undefined || members.length === 0) return undefined;
  const rangeSet: RangeSpec[] = [];
  for (const member of members) {
    const spec = parseMember(member);
    if (spec === undefined) return undefined;
    rangeSet.push(spec);
  }
  return rangeSet;
}

/** The list's non-empty elements without the optional white space around them (§5.6.1.2); `undefined`: too many. */
function splitMembers(fieldValue: string, from: number): string[] | undefined {
  const members: string[] = [];
  for (let start = from; start <= fieldValue.length;) {
    const comma = fieldValue.indexOf(',', start);
    const end = comma === -1 ? fieldValue.length : comma;
    const member = trimOws(fieldValue, start, end);
    if (member !== '' && members.push(member) > MAX_MEMBERS) return undefined;
    start = end + 1;
  }
  return members;
}

function parseMember(member: string): RangeSpec | undefined {
  const dash = member.indexOf('-');
  if (dash === -1) return undefined;
  const first = member.slice(0, dash);
  const last = member.slice(dash + 1);
  if (!isDigits(first) || !isDigits(last)) return undefined;
  if (first === '') return last === '' ? undefined : { suffixLength: toPosition(last) };
  if (last === '') return { firstPos: toPosition(first) };
  if (isGreater(first, last)) return undefined;
  return { firstPos: toPosition(first), lastPos: toPosition(last) };
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** Whether a set, from whichever parser, keeps what its type promises. */
export function isRangeSet(rangeSet: RangeSet): boolean {
  return rangeSet.length > 0 && rangeSet.every(isRangeSpec);
}

function isRangeSpec(spec: RangeSpec): boolean {
  if ('suffixLength' in spec) return isPosition(spec.suffixLength);
  const { firstPos, lastPos = firstPos } = spec;
  return isPosition(firstPos) && isPosition(lastPos) && firstPos <= lastPos;
}

function isPosition(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function toPosition(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/** Compares numbers of any length: beyond 2^53 a `number` would call different positions equal. */
function isGreater(left: string, right: string): boolean {
  const a = withoutLeadingZeros(left);
  const b = withoutLeadingZeros(right);
  return a.length === b.length ? a > b : a.length > b.length;
}

function withoutLeadingZeros(digits: string): string {
  let start = 0;
  while (start < digits.length - 1 && digits.charCodeAt(start) === 0x30) start++;
  return digits.slice(start);
}
