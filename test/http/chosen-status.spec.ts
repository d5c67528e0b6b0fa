import { describe, expect, it } from '@jest/globals';
import { effectiveStatus } from '../../src/http/chosen-status.js';
import type { RequestFacts } from '../../src/http/response-plan.js';

describe('the status that a handler set for a file (RFC 9110 §15.3.7, §15.4.5, §15.5.13, §15.5.17)', () => {
  it.each<
    [sentence: string, status: number, facts: Partial<RequestFacts>, contentRange: string | undefined, meant: number]
  >([
    ['a 206 without a Content-Range is a 200', 206, {}, undefined, 200],
    ['also to a request for a range', 206, { range: 'bytes=0-9' }, undefined, 200],
    ['a 206 with its own Content-Range stays', 206, {}, 'bytes 0-9/10', 206],
    ['a 416 without a Content-Range is a 200', 416, { range: 'bytes=10-' }, undefined, 200],
    ['a 416 with its own Content-Range stays', 416, { range: 'bytes=10-' }, 'bytes */10', 416],
    ['a 304 is a 200', 304, {}, undefined, 200],
    ['a 304 to a condition is evaluated again', 304, { ifNoneMatch: '"v1"' }, undefined, 200],
    ['a 412 without a precondition is a 200', 412, { range: 'bytes=0-9' }, undefined, 200],
    ['a 412 to If-Match stays', 412, { ifMatch: '"v1"' }, undefined, 412],
    ['a 412 to If-Unmodified-Since stays', 412, { ifUnmodifiedSince: '' }, undefined, 412],
    ['a 412 to If-None-Match stays', 412, { ifNoneMatch: '*' }, undefined, 412],
    ['200 is 200', 200, {}, 'bytes 0-9/10', 200],
    ['201 stays', 201, {}, undefined, 201],
    ['203 stays', 203, {}, undefined, 203],
    ['204 stays', 204, {}, undefined, 204],
    ['205 stays', 205, {}, undefined, 205],
    ['404 stays', 404, {}, undefined, 404],
    ['500 stays', 500, {}, undefined, 500],
  ])('%s', (_, status, facts, contentRange, meant) => {
    expect(effectiveStatus({ method: 'GET', status, receivedAt: 0, ...facts }, contentRange)).toBe(meant);
  });
});
