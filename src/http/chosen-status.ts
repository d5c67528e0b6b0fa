import type { RequestFacts } from './response-plan.js';

/**
 * The status to plan with when a handler chose one for a file. 206, 304, 412 and 416 are results of ranges and conditions,
 * which we evaluate ourselves; left over from code that did so by hand, they count as 200. They are kept if the handler
 * evaluated the request itself: it then set Content-Range with a 206 or 416, or the request has a precondition for a 412.
 * (A 304 counts as 200 in any case, since the same validators produce it again.)
 *
 * @see RFC 9110 §15.3.7, §15.4.5, §15.5.13, §15.5.17
 */
export function effectiveStatus(facts: RequestFacts, contentRange: string | undefined): number {
  const { status } = facts;
  if (status === 304) return 200;
  if (status === 206 || status === 416) return contentRange === undefined ? 200 : status;
  if (status === 412) return hasPrecondition(facts) ? status : 200;
  return status;
}

function hasPrecondition({ ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }: RequestFacts): boolean {
  return [ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince].some((condition) => condition !== undefined);
}
