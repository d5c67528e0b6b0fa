import { parseRange } from '../../src/http/ranges/range-header.js';
import type { DescribedRepresentation, RepresentationMetadata } from '../../src/http/representation.js';
import {
  planResponse,
  type RequestFacts,
  type ResponsePlan,
  type ResponsePolicy,
  type Segment,
} from '../../src/http/response-plan.js';

export const NOW = Date.parse('2026-06-15T12:00:00Z');
/** The Last-Modified of `VIDEO`, and its neighbours. */
export const DATE = 'Tue, 15 Nov 1994 12:45:26 GMT';
export const EARLIER = 'Tue, 15 Nov 1994 12:45:25 GMT';
export const LATER = 'Tue, 15 Nov 1994 12:45:27 GMT';
const lastModified = new Date('1994-11-15T12:45:26.500Z');

/** A representation with everything that counts. */
export const VIDEO: RepresentationMetadata = { size: 10_000, type: 'video/mp4', etag: '"v1"', lastModified };
export const POLICY: ResponsePolicy = {
  acceptRanges: true,
  maxRanges: 50,
  coalesceGap: 80,
  parseRange,
  newBoundary: () => 'BOUNDARY',
};

/** Plans the answer to a GET of `VIDEO`, but for what is given. */
export function plan(
  facts: Partial<RequestFacts>,
  representation: DescribedRepresentation = VIDEO,
  policy: Partial<ResponsePolicy> = {},
): ResponsePlan {
  const request = { method: 'GET', status: 200, receivedAt: NOW, ...facts };
  return planResponse(request, representation, { ...POLICY, ...policy });
}

export function kindOf(...args: Parameters<typeof plan>): string {
  return plan(...args).kind;
}

export function contentOf(given: ResponsePlan): readonly Segment[] {
  return 'content' in given ? given.content : [];
}
