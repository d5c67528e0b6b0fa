import type { Answer } from './answer-reader.js';
import type { Asked } from './raw-client.js';

/** The result of one check. */
export interface Finding {
  /** Describes the request. */
  readonly question: string;
  /** Where the expected response is specified. */
  readonly reference: string;
  readonly ok: boolean;
  /**
   * `'must'`: a wrong response violates a MUST of the RFC. `'should'`: it violates a SHOULD, or clients cannot use it as
   * intended. `'must'` if the response is right.
   */
  readonly level: 'must' | 'should';
  readonly expected: string;
  readonly got: string;
}

/** The response to a plain GET, to which all others are compared. */
export interface Whole {
  readonly answer: Answer;
  readonly bytes: Buffer;
  readonly size: number;
  /** A valid entity tag. */
  readonly etag: string | undefined;
  /** A valid strong entity tag. */
  readonly strongTag: string | undefined;
  /** In ms since the epoch. */
  readonly lastModified: number | undefined;
  /** The header, as received. */
  readonly lastModifiedHeader: string | undefined;
}

/** What is wrong with a response: it violates a MUST, or a SHOULD. */
export type Fault = string | { readonly should: string };

/** Describes the expected response, and finds faults in others. */
export interface Expectation {
  readonly text: string;
  /** `undefined`: no fault. */
  fault(answer: Answer, whole: Whole): Fault | undefined;
}

/** A single request, and its expected response. */
export interface Question {
  readonly question: string;
  readonly reference: string;
  readonly asked: Asked;
  readonly expected: Expectation;
}

/** A GET with some headers. */
export function question(
  text: string,
  reference: string,
  headers: readonly (readonly [name: string, value: string])[],
  expected: Expectation,
): Question {
  return { question: text, reference, asked: { headers }, expected };
}

/** The result of a check. */
export function finding(question: string, reference: string, expected: string, fault: Fault | undefined): Finding {
  const isAdvice = typeof fault === 'object';
  const got = isAdvice ? fault.should : (fault ?? expected);
  return { question, reference, ok: fault === undefined, level: isAdvice ? 'should' : 'must', expected, got };
}
