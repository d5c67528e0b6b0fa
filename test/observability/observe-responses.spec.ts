import { describe, expect, it } from '@jest/globals';
import type { RangedResponseMessage } from 'nestjs-range';
import { classifyResponse, type ResponseClass } from '../../src/observability/observe-responses.js';

type Disposition = RangedResponseMessage['disposition'];
type Outcome = RangedResponseMessage['outcome'];

const OUTCOMES: readonly Outcome[] = ['complete', 'aborted', 'failed'];
const METHODS = ['GET', 'HEAD', 'POST'] as const;

/** What each outcome counts as, in the order of `OUTCOMES`, whatever the method is. */
type Classes = readonly [complete: ResponseClass, aborted: ResponseClass, failed: ResponseClass];
type Row = readonly [sentence: string, disposition: Disposition, statuses: readonly number[], classes: Classes];

const ROWS: readonly Row[] = [
  ['a range', 'partial', [206], ['partial', 'aborted', 'failed']],
  ['several ranges', 'multipart', [206], ['partial', 'aborted', 'failed']],
  ['what the client has', 'not-modified', [304, 200], ['not-modified', 'aborted', 'failed']],
  ['what somebody else sends', 'delegated', [200, 302, 307], ['delegated', 'aborted', 'failed']],
  ['a precondition that failed', 'precondition-failed', [412, 200, 500], ['refused', 'aborted', 'failed']],
  ['a range beyond the end', 'range-not-satisfiable', [416, 200, 500], ['refused', 'aborted', 'failed']],
  ["a failure that is the client's", 'error', [400, 403, 404, 410, 499], ['refused', 'refused', 'refused']],
  ["a failure that is the server's", 'error', [500, 502, 503, 504], ['failed', 'aborted', 'failed']],
  ['a failure that nobody has answered', 'error', [200, 206], ['failed', 'aborted', 'failed']],
  ['a failure that a filter covers up', 'error', [200, 302], ['failed', 'aborted', 'failed']],
  ['no plan at all', undefined, [200, 404, 500], ['aborted', 'aborted', 'failed']],
];

const message = (told: Partial<RangedResponseMessage>): RangedResponseMessage => told as RangedResponseMessage;

describe('the class of a response', () => {
  const cases = ROWS.flatMap(([sentence, disposition, statuses, classes]) =>
    METHODS.flatMap((method) =>
      statuses.flatMap((status) =>
        OUTCOMES.map((outcome, i) => [sentence, method, status, outcome, classes[i], disposition] as const),
      ),
    ),
  );

  it.each(cases)('%s: %s %i that is %s counts as %s', (_, method, status, outcome, expected, disposition) => {
    expect(classifyResponse(message({ method, status, outcome, disposition }))).toBe(expected);
  });

  it.each([
    ['GET', 'complete', 'complete'],
    ['POST', 'complete', 'complete'],
    ['HEAD', 'complete', 'head'],
    ['GET', 'aborted', 'aborted'],
    ['HEAD', 'aborted', 'aborted'],
    ['GET', 'failed', 'failed'],
    ['HEAD', 'failed', 'failed'],
  ] as const)('all of a file: %s that is %s counts as %s', (method, outcome, expected) => {
    expect(classifyResponse(message({ method, status: 200, outcome, disposition: 'full' }))).toBe(expected);
  });
});
