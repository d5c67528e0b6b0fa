import type { Answer, Asked } from './raw-answer.js';

/** What one question has shown. */
export interface Finding {
  /** What was asked, in words. */
  readonly question: string;
  /** Where the answer is laid down. */
  readonly reference: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly got: string;
}

/** The representation as a plain GET gives it: what all other answers are measured by. */
export interface Whole {
  readonly answer: Answer;
  readonly bytes: Buffer;
  readonly size: number;
  /** A tag of the right form. */
  readonly etag: string | undefined;
  /** A tag that identifies the octets: not a weak one. */
  readonly strongTag: string | undefined;
  /** In ms since the epoch. */
  readonly lastModified: number | undefined;
  /** The same, as it was written. */
  readonly lastModifiedField: string | undefined;
}

/** What an answer should be, in words, and what is wrong with one that is something else. */
export interface Expectation {
  readonly text: string;
  /** `undefined`: nothing. */
  fault(answer: Answer, whole: Whole): string | undefined;
}

/** A single request, and what its answer should be. */
export interface Question {
  readonly question: string;
  readonly reference: string;
  readonly asked: Asked;
  readonly expected: Expectation;
}

/** A question by a GET with some fields. */
export function question(
  text: string,
  reference: string,
  fields: readonly (readonly [name: string, value: string])[],
  expected: Expectation,
): Question {
  return { question: text, reference, asked: { fields }, expected };
}
