import type { ByteRange } from '../http/byte-range.js';
import { parseByteranges, readContentRange } from './parse-byteranges.js';
import type { Expectation, Whole } from './question.js';
import { type Answer, describeAnswer, valueOf } from './raw-answer.js';

/** 200, with all octets and no sign of a range. */
export const THE_WHOLE: Expectation = {
  text: '200 with the whole representation',
  fault(answer, { bytes }) {
    if (answer.status !== 200 || answer.failure !== undefined) return describeAnswer(answer);
    if (valueOf(answer, 'content-range') !== undefined)
      return `${describeAnswer(answer)}: no range may be named on a 200`;
    return answer.body.equals(bytes)
      ? undefined
      : `${describeAnswer(answer)}, which are not those of the representation`;
  },
};

/** 206, with exactly that range. */
export function theRange(firstPos: number, lastPos: number): Expectation {
  return {
    text: `206 with the octets ${firstPos}-${lastPos}`,
    fault: (answer, whole) => rangeFault(answer, { firstPos, lastPos }, whole),
  };
}

function rangeFault(answer: Answer, { firstPos, lastPos }: ByteRange, { bytes, size }: Whole): string | undefined {
  if (answer.status !== 206 || answer.failure !== undefined) return describeAnswer(answer);
  const named = readContentRange(valueOf(answer, 'content-range'), size);
  if (named?.firstPos !== firstPos || named.lastPos !== lastPos) return describeAnswer(answer);
  const expected = bytes.subarray(firstPos, lastPos + 1);
  if (answer.body.length !== expected.length) return `${describeAnswer(answer)}, where ${expected.length} are due`;
  return answer.body.equals(expected) ? undefined : `${describeAnswer(answer)}, which are others than those`;
}

/** 206 with these ranges as parts, or fewer parts that cover them. */
export function theRanges(...ranges: readonly (readonly [firstPos: number, lastPos: number])[]): Expectation {
  const list = ranges.map(([firstPos, lastPos]) => `${firstPos}-${lastPos}`).join(' and ');
  return {
    text: `206 with the octets ${list} as multipart/byteranges`,
    fault: (answer, whole) => {
      if (answer.status !== 206 || answer.failure !== undefined) return describeAnswer(answer);
      const parts = partsOf(answer, whole);
      if (typeof parts === 'string') return `206, but ${parts}`;
      if (parts.length > ranges.length) return `206 with ${parts.length} parts for ${ranges.length} ranges`;
      const missing = ranges.find(([first, last]) => !parts.some((p) => p.firstPos <= first && p.lastPos >= last));
      if (missing !== undefined) return `206 without the octets ${missing.join('-')}`;
      const wrong = parts.find((p) => !p.content.equals(whole.bytes.subarray(p.firstPos, p.lastPos + 1)));
      return wrong === undefined ? undefined : `206, but the part ${wrong.firstPos}-${wrong.lastPos} has other octets`;
    },
  };
}

function partsOf(answer: Answer, { size }: Whole): ReturnType<typeof parseByteranges> {
  const type = valueOf(answer, 'content-type') ?? '';
  const value = valueOf(answer, 'content-range');
  if (/^multipart\/byteranges/i.test(type)) {
    if (value !== undefined) return `a Content-Range (${value}) stands on top of the parts`;
    return parseByteranges(type, answer.body, size);
  }
  const range = readContentRange(value, size); // ranges may be coalesced into one
  if (range === undefined) return `it has the Content-Range ${value}, and is no multipart/byteranges`;
  return [{ ...range, content: answer.body }];
}

/** 416, with the complete length and without the octets. */
export const NOT_SATISFIABLE: Expectation = {
  text: '416 with the complete length in Content-Range',
  fault(answer, { size, bytes }) {
    if (answer.status !== 416) return describeAnswer(answer);
    const range = valueOf(answer, 'content-range');
    if (range !== `bytes */${size}`) return `416 with Content-Range ${range}, where bytes */${size} is due`;
    return holds(answer, bytes) ? '416 with the octets of the representation' : undefined;
  },
};

/** 304, with the entity tag and without content. */
export const NOT_MODIFIED: Expectation = {
  text: '304 without content, with the ETag of the 200',
  fault(answer, { etag, size }) {
    if (answer.status !== 304) return describeAnswer(answer);
    const tag = valueOf(answer, 'etag');
    if (etag !== undefined && tag !== etag) return `304 with the ETag ${tag}, where the 200 has ${etag}`;
    const length = valueOf(answer, 'content-length');
    if (length !== undefined && length !== String(size))
      return `304 with Content-Length ${length}, which the 200 has not`;
    return valueOf(answer, 'content-range') === undefined ? undefined : '304 with a Content-Range';
  },
};

/** 412, without the octets. */
export const PRECONDITION_FAILED: Expectation = {
  text: '412 without the octets',
  fault(answer, { bytes }) {
    if (answer.status !== 412) return describeAnswer(answer);
    return holds(answer, bytes) ? '412 with the octets of the representation' : undefined;
  },
};

/** An error of the client's, or no notice taken: what a server may do with a Range field that is none. */
export const REFUSED: Expectation = {
  text: '400 or 416',
  fault: (answer) => (answer.status === 400 || answer.status === 416 ? undefined : describeAnswer(answer)),
};

export function either(...expectations: readonly Expectation[]): Expectation {
  return {
    text: expectations.map(({ text }) => text).join(', or '),
    fault(answer, whole) {
      const faults = expectations.map((expectation) => expectation.fault(answer, whole));
      return faults.includes(undefined) ? undefined : faults[0];
    },
  };
}

export function also(first: Expectation, text: string, fault: Expectation['fault']): Expectation {
  return {
    text: `${first.text}, ${text}`,
    fault: (answer, whole) => first.fault(answer, whole) ?? fault(answer, whole),
  };
}

function holds({ body }: Answer, bytes: Buffer): boolean {
  return bytes.length > 0 && body.equals(bytes);
}
