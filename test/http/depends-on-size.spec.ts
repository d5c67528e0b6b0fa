import { describe, expect, it } from '@jest/globals';
import { dependsOnSize } from '../../src/http/depends-on-size.js';
import type { RepresentationMetadata } from '../../src/http/representation.js';
import type { RequestFacts, ResponsePolicy } from '../../src/http/response-plan.js';
import { DATE, NOW, POLICY } from './plan-request.js';

type Row = readonly [
  sentence: string,
  facts: Partial<RequestFacts>,
  policy?: Partial<ResponsePolicy>,
  known?: RepresentationMetadata,
];

const OTHER = new Date('2001-01-01T00:00:00Z');
const TAG = '"v1"';
const depends = (facts: Partial<RequestFacts>, policy: Partial<ResponsePolicy> = {}, known = {}): boolean =>
  dependsOnSize(
    { method: 'GET', status: 200, receivedAt: NOW, ...facts },
    { etag: TAG, ...known },
    { ...POLICY, ...policy },
  );

describe('while the size and the date are unknown', () => {
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
    ['If-Unmodified-Since, which is before a tag that matches', { ifUnmodifiedSince: DATE, ifNoneMatch: TAG }],
    ['a range with a date for If-Range', { range: 'bytes=5-', ifRange: DATE }],
    ['a range with a tag that holds, and a condition that does', { range: 'bytes=5-', ifRange: TAG, ifMatch: TAG }],
    ['a HEAD with conditions that hold', { method: 'HEAD', ifMatch: TAG, ifNoneMatch: '"other"' }],
  ])('waits: %s', (...[, facts, policy, known]) => {
    expect(depends(facts, policy, known)).toBe(true);
  });

  it.each<Row>([
    ['a plain GET', {}],
    ['all of it by a range', { range: 'bytes=0-' }],
    ['all of it by a range, with If-Range', { range: 'bytes=0-', ifRange: '"v1"' }],
    ['If-None-Match', { ifNoneMatch: '"v1"' }],
    ['If-Match', { ifMatch: '"v1"' }],
    ['a range for another version', { range: 'bytes=5-', ifRange: '"other"' }],
    ['a range for a weak tag', { range: 'bytes=5-', ifRange: 'W/"v1"' }],
    ['a range for several tags', { range: 'bytes=5-', ifRange: '"v1", "v1"' }],
    ['a range for what is neither a tag nor a date', { range: 'bytes=5-', ifRange: 'v1' }],
    ['a range where there is no tag', { range: 'bytes=5-', ifRange: TAG }, {}, { etag: undefined }],
    [
      'a range for another date, where the date is known',
      { range: 'bytes=5-', ifRange: DATE },
      {},
      { lastModified: OTHER },
    ],
    ['a range where If-None-Match matches', { range: 'bytes=5-9', ifNoneMatch: TAG }],
    ['a range where If-Match does not', { range: 'bytes=5-9', ifMatch: '"other"' }],
    ['a HEAD where If-None-Match matches', { method: 'HEAD', ifNoneMatch: TAG }],
    ['a HEAD where If-Match does not', { method: 'HEAD', ifMatch: '"other"' }],
    ['If-Modified-Since where If-Match does not hold', { ifModifiedSince: DATE, ifMatch: '"other"' }],
    ['dates, where the date is known', { ifModifiedSince: DATE, ifUnmodifiedSince: DATE }, {}, { lastModified: OTHER }],
    ['dates that are none', { ifModifiedSince: '2024-01-01', ifUnmodifiedSince: 'yesterday' }],
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
  ])('does not wait: %s', (...[, facts, policy, known]) => {
    expect(depends(facts, policy, known)).toBe(false);
  });
});
