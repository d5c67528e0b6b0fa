import { trimOws } from '../headers/header-value.js';

/**
 * One member of a range set as the client wrote it: `first-last`, `first-` (no `lastPos`) or `-suffixLength`.
 * Positions are byte offsets from 0, inclusive. What it selects depends on a size: see `selectRanges`.
 *
 * @see RFC 9110 §14.1.1
 */
export type RangeSpec = { readonly firstPos: number; readonly lastPos?: number } | { readonly suffixLength: number };

/** The members of a Range header in the order written; never empty, and no `lastPos` below its `firstPos`. */
export type RangeSet = readonly RangeSpec[];

/** A longer header is ignored, as RFC 9110 §14.2 and §17.15 allow. In bytes. */
const MAX_HEADER_LENGTH = 4096;

/** A set with more members than this is ignored, before any number in it is read. */
const MAX_MEMBERS = 100;

const BYTES_UNIT = 'bytes=';

/**
 * Parses a Range header. `undefined` means that it is not understood (another unit, a syntax error, too long, too many
 * members) and must be ignored; satisfiability is not decided here.
 * Positions beyond `Number.MAX_SAFE_INTEGER`, which no representation has, are clamped to that number.
 *
 * @see RFC 9110 §14.2
 */
export function parseRange(headerValue: string): RangeSet | undefined {
  if (headerValue.length > MAX_HEADER_LENGTH) return undefined;
  if (headerValue.slice(0, BYTES_UNIT.length).toLowerCase() !== BYTES_UNIT) return undefined;
  const members = splitMembers(headerValue, BYTES_UNIT.length);
  if (members === undefined || members.length === 0) return undefined;
  const rangeSet: RangeSpec[] = [];
  for (const member of members) {
    const spec = parseMember(member);
    if (spec === undefined) return undefined;
    rangeSet.push(spec);
  }
  return rangeSet;
}

/** The non-empty elements of the list, without surrounding white space (§5.6.1.2); `undefined`: too many. */
function splitMembers(headerValue: string, from: number): string[] | undefined {
  const members: string[] = [];
  for (let start = from; start <= headerValue.length;) {
    const comma = headerValue.indexOf(',', start);
    const end = comma === -1 ? headerValue.length : comma;
    const member = trimOws(headerValue, start, end);
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

/** Whether a set returned by any parser satisfies the invariants of its type. */
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
