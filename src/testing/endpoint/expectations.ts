import type { ByteRange } from '../../http/ranges/byte-range.js';
import { type Answer, describeAnswer, valueOf } from './answer-reader.js';
import { type BodyPart, parseByteranges, readContentRange } from './parse-byteranges.js';
import type { Expectation, Fault, Whole } from './question.js';

/** Headers of the 200 that a 206 and a 304 must repeat unchanged (§15.3.7, §15.4.5). */
const IDENTIFYING = ['etag', 'cache-control', 'content-location', 'vary'];

/** Headers that they must have, too, but whose value depends on the time. */
const DATED = ['date', 'expires'];

/** Headers that describe the content: a 206 may omit them only in response to If-Range. */
const DESCRIBING = ['last-modified', 'content-type', 'content-encoding', 'content-language'];

/** 200, with all bytes and no sign of a range. */
export const THE_WHOLE: Expectation = {
  text: '200 with the whole representation',
  fault(answer, { bytes, answer: of200 }) {
    if (answer.status !== 200 || answer.failure !== undefined) return describeAnswer(answer);
    if (valueOf(answer, 'content-range') !== undefined)
      return `${describeAnswer(answer)}: a 200 must not have a Content-Range`;
    if (!answer.body.equals(bytes)) return `${describeAnswer(answer)}, which are not those of the representation`;
    return difference(answer, of200, [...IDENTIFYING, 'last-modified', 'content-type']);
  },
};

/** 206, with exactly that range and all headers of the 200. */
export function theRange(firstPos: number, lastPos: number): Expectation {
  return rangeWith({ firstPos, lastPos }, (answer, of200) => difference(answer, of200, DESCRIBING));
}

/** The same in response to If-Range, which may omit headers that the client already has. */
export function theRangeUnderIfRange(firstPos: number, lastPos: number): Expectation {
  return rangeWith({ firstPos, lastPos }, (answer, of200) =>
    difference(
      answer,
      of200,
      DESCRIBING.filter((name) => valueOf(answer, name) !== undefined),
    ),
  );
}

function rangeWith(
  range: ByteRange,
  describingFault: (answer: Answer, of200: Answer) => Fault | undefined,
): Expectation {
  return {
    text: `206 with the bytes ${range.firstPos}-${range.lastPos}`,
    fault: (answer, whole) =>
      ignoredFault(answer, whole) ??
      rangeFault(answer, range, whole) ??
      difference(answer, whole.answer, IDENTIFYING) ??
      absence(answer, whole.answer, DATED) ??
      describingFault(answer, whole.answer) ??
      lengthFault(answer),
  };
}

/** §14.2: a server may ignore any Range header. One that offers ranges should not. */
function ignoredFault(answer: Answer, whole: Whole): Fault | undefined {
  return THE_WHOLE.fault(answer, whole) === undefined ? { should: describeAnswer(answer) } : undefined;
}

function rangeFault(answer: Answer, { firstPos, lastPos }: ByteRange, { bytes, size }: Whole): string | undefined {
  if (answer.status !== 206 || answer.failure !== undefined) return describeAnswer(answer);
  const named = readContentRange(valueOf(answer, 'content-range'), size);
  if (named?.firstPos !== firstPos || named.lastPos !== lastPos) return describeAnswer(answer);
  const expected = bytes.subarray(firstPos, lastPos + 1);
  if (answer.body.length !== expected.length) return `${describeAnswer(answer)}, where ${expected.length} are expected`;
  return answer.body.equals(expected) ? undefined : `${describeAnswer(answer)}, but the wrong ones`;
}

/** The largest gap over which ranges may be coalesced, in bytes: about the head of a part. */
const LARGEST_GAP = 1024;

/** 206 with these ranges as parts, in this order, or fewer parts that cover them. */
export function theRanges(...ranges: readonly (readonly [firstPos: number, lastPos: number])[]): Expectation {
  const list = ranges.map(([firstPos, lastPos]) => `${firstPos}-${lastPos}`).join(' and ');
  const asked = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  return {
    text: `206 with the bytes ${list} as multipart/byteranges`,
    fault: (answer, whole) => {
      if (answer.status !== 206 || answer.failure !== undefined) return describeAnswer(answer);
      const parts = partsOf(answer, whole);
      if (typeof parts === 'string') return `206, but ${parts}`;
      if (parts.length > ranges.length) return `206 with ${parts.length} parts for ${ranges.length} ranges`;
      const missing = ranges.find(([first, last]) => !parts.some((p) => p.firstPos <= first && p.lastPos >= last));
      if (missing !== undefined) return `206 without the bytes ${missing.join('-')}`;
      const wrong = parts.find((p) => !p.content.equals(whole.bytes.subarray(p.firstPos, p.lastPos + 1)));
      if (wrong !== undefined) return `206, but the part ${wrong.firstPos}-${wrong.lastPos} has other bytes`;
      const sent = parts.reduce((sum, { content }) => sum + content.length, 0);
      if (sent > asked + LARGEST_GAP) return `206 with ${sent} bytes, where ${asked} were requested`;
      return (
        difference(answer, whole.answer, [...IDENTIFYING, 'last-modified']) ??
        absence(answer, whole.answer, DATED) ??
        typeFault(parts, whole) ??
        orderFault(parts, ranges) ??
        lengthFault(answer)
      );
    },
  };
}

/** §15.3.7.2: a part should have the type of the whole. */
function typeFault(parts: readonly BodyPart[], { answer: of200 }: Whole): Fault | undefined {
  const due = valueOf(of200, 'content-type');
  const part = parts.find(({ type }) => type !== due);
  if (part === undefined) return undefined;
  const text = `a part has the Content-Type ${part.type}, where the 200 has ${due}`;
  return part.type === undefined ? { should: text } : text;
}

/** §15.3.7.2: parts should be in the requested order, unless they were coalesced. */
function orderFault(parts: readonly BodyPart[], ranges: readonly (readonly [number, number])[]): Fault | undefined {
  if (parts.length < ranges.length) return undefined;
  const isInOrder = parts.every(({ firstPos }, i) => firstPos === ranges[i]?.[0]);
  return isInOrder ? undefined : { should: '206 with the parts in another order than requested' };
}

function partsOf(answer: Answer, { size }: Whole): ReturnType<typeof parseByteranges> {
  const type = valueOf(answer, 'content-type');
  const value = valueOf(answer, 'content-range');
  if (type !== undefined && /^multipart\/byteranges/i.test(type)) {
    if (value !== undefined) return `it has a Content-Range (${value}) in addition to those of the parts`;
    return parseByteranges(type, answer.body, size);
  }
  const range = readContentRange(value, size); // ranges may be coalesced into one
  if (range === undefined) return `it has the Content-Range ${value}, and is not multipart/byteranges`;
  return [{ ...range, type, content: answer.body }];
}

/** §8.6: a known length should be sent. Without it, clients can neither show progress nor detect truncation. */
function lengthFault(answer: Answer): Fault | undefined {
  return valueOf(answer, 'content-length') === undefined ? { should: '206 without a Content-Length' } : undefined;
}

/** 416, with the complete length and without the bytes. */
export const NOT_SATISFIABLE: Expectation = {
  text: '416 with the complete length in Content-Range',
  fault(answer, whole) {
    const ignored = ignoredFault(answer, whole);
    if (ignored !== undefined) return ignored;
    if (answer.status !== 416 || answer.failure !== undefined) return describeAnswer(answer);
    if (holds(answer, whole.bytes)) return '416 with the bytes of the representation';
    const range = valueOf(answer, 'content-range');
    const text = `416 with Content-Range ${range}, where bytes */${whole.size} is expected`;
    if (range === undefined) return { should: text };
    return range === `bytes */${whole.size}` ? foreignTag(answer, whole) : text;
  },
};

/** 304, with the headers of the 200 that caches need, and without content. */
export const NOT_MODIFIED: Expectation = {
  text: '304 without content, with the ETag of the 200',
  fault(answer, { etag, size, answer: of200 }) {
    if (answer.status !== 304) return describeAnswer(answer);
    if (answer.body.length > 0) return `304 with ${answer.body.length} bytes of content`;
    if (answer.failure !== undefined) return describeAnswer(answer);
    const tag = valueOf(answer, 'etag');
    if (etag !== undefined && tag !== etag) return `304 with the ETag ${tag}, where the 200 has ${etag}`;
    const length = valueOf(answer, 'content-length');
    if (length !== undefined && length !== String(size)) return `304 with Content-Length ${length}, unlike the 200`;
    if (valueOf(answer, 'content-range') !== undefined) return '304 with a Content-Range';
    const fault = difference(answer, of200, IDENTIFYING) ?? absence(answer, of200, DATED);
    if (fault !== undefined) return `304, but ${fault}`;
    // §15.4.5: a cache would update its stored response with them.
    const surplus = ['content-type', 'content-encoding'].find((name) => valueOf(answer, name) !== undefined);
    return surplus === undefined ? undefined : { should: `304 with ${surplus} ${valueOf(answer, surplus)}` };
  },
};

/** The same, but the RFC also allows a server to send everything again. */
export const NOT_MODIFIED_BY_DATE: Expectation = {
  text: NOT_MODIFIED.text,
  fault: (answer, whole) => ignoredFault(answer, whole) ?? NOT_MODIFIED.fault(answer, whole),
};

/** 412, without the bytes. */
export const PRECONDITION_FAILED: Expectation = {
  text: '412 without the bytes',
  fault(answer, whole) {
    if (answer.status !== 412 || answer.failure !== undefined) return describeAnswer(answer);
    if (holds(answer, whole.bytes)) return '412 with the bytes of the representation';
    return foreignTag(answer, whole);
  },
};

/** §8.8: a tag describes the representation. Players would send the tag of an error's own body in If-Match, and fail. */
function foreignTag(answer: Answer, { answer: of200 }: Whole): Fault | undefined {
  const [tag, current] = [valueOf(answer, 'etag'), valueOf(of200, 'etag')];
  if (tag === undefined || tag === current) return undefined;
  return { should: `${answer.status} with the ETag ${tag}, where the 200 has ${current ?? 'none'}` };
}

/** A client error, as an alternative to ignoring an invalid Range header. */
export const REFUSED: Expectation = {
  text: '400 or 416',
  fault: (answer) =>
    (answer.status === 400 || answer.status === 416) && answer.failure === undefined
      ? undefined
      : describeAnswer(answer),
};

/** Any of these; reports the fault of the first. */
export function either(...expectations: readonly Expectation[]): Expectation {
  return {
    text: expectations.map(({ text }) => text).join(', or '),
    fault(answer, whole) {
      const faults = expectations.map((expectation) => expectation.fault(answer, whole));
      return faults.includes(undefined) ? undefined : faults[0];
    },
  };
}

function holds({ body }: Answer, bytes: Buffer): boolean {
  return bytes.length > 0 && body.includes(bytes);
}

/** The first of these headers whose value differs from that of the 200. */
export function difference(answer: Answer, of200: Answer, names: readonly string[]): string | undefined {
  const differing = names.find((name) => valueOf(answer, name) !== valueOf(of200, name));
  if (differing === undefined) return undefined;
  return `${differing} is ${valueOf(answer, differing) ?? 'missing'}, where the 200 has ${valueOf(of200, differing) ?? 'none'}`;
}

function absence(answer: Answer, of200: Answer, names: readonly string[]): string | undefined {
  return difference(
    answer,
    of200,
    names.filter((name) => valueOf(answer, name) === undefined),
  );
}
