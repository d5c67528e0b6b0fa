import { describe, expect, it } from '@jest/globals';
import { dependsOnSize } from '../../src/http/depends-on-size.js';
import type { RequestFacts, ResponsePolicy } from '../../src/http/response-plan.js';
import { DATE, NOW, POLICY } from './plan-request.js';

type Row = readonly [sentence: string, facts: Partial<RequestFacts>, policy?: Partial<ResponsePolicy>];

const depends = (facts: Partial<RequestFacts>, policy: Partial<ResponsePolicy> = {}): boolean =>
  dependsOnSize({ method: 'GET', status: 200, receivedAt: NOW, ...facts }, { ...POLICY, ...policy });

describe('while the size and the date are not known', () => {
  it.each<Row>([
    ['a HEAD, which has its length', { method: 'HEAD' }],
    ['a HEAD whatever its status', { method: 'HEAD', status: 201 }],
    ['a range with an end', { range: 'bytes=0-1' }],
    ['a range from further on', { range: 'bytes=1-' }],
    ['a suffix', { range: 'bytes=-1' }],
    ['several ranges, the first of them all of it', { range: 'bytes=0-,5-' }],
    ['a range with If-Range', { range: 'bytes=5-', ifRange: '"v1"' }],
    ['all of it by a range, where such are shortened', { range: 'bytes=0-' }, { openEndedLimit: 10 }],
    ['If-Modified-Since', { ifModifiedSince: DATE }],
    ['If-Unmodified-Since', { ifUnmodifiedSince: DATE }],
    ['If-Modified-Since beside the twin of the other date', { ifModifiedSince: DATE, ifMatch: '*' }],
  ])('this waits: %s', (...[, facts, policy]) => {
    expect(depends(facts, policy)).toBe(true);
  });

  it.each<Row>([
    ['a plain GET', {}],
    ['all of it by a range', { range: 'bytes=0-' }],
    ['all of it by a range, with If-Range', { range: 'bytes=0-', ifRange: '"v1"' }],
    ['If-None-Match', { ifNoneMatch: '"v1"' }],
    ['If-Match', { ifMatch: '"v1"' }],
    [
      'dates whose twins are present',
      { ifNoneMatch: '"v1"', ifModifiedSince: DATE, ifMatch: '*', ifUnmodifiedSince: DATE },
    ],
    ['a Range field that is ignored', { range: 'bytes=5-3' }],
    ['a range in another unit', { range: 'items=0-1' }],
    ['a range where none are offered', { range: 'bytes=0-1' }, { acceptRanges: false }],
    ['a range that the parser of the app makes nothing of', { range: 'bytes=0-1' }, { parseRange: () => [] }],
    ['a POST', { method: 'POST', range: 'bytes=0-1' }],
    ['a status of the handler', { status: 201, range: 'bytes=0-1', ifModifiedSince: DATE }],
  ])('this does not: %s', (...[, facts, policy]) => {
    expect(depends(facts, policy)).toBe(false);
  });
});
