import { isRangeSet, type RangeSpec } from './range-header.js';
import type { RequestFacts, ResponsePolicy } from './response-plan.js';

/**
 * Whether the answer depends on a size and a date that are not known yet, so that it has to wait for them. An entity tag
 * is known from the start. `bytes=0-`, by which players ask for all of it, may as well be given all of it (§14.2).
 */
export function dependsOnSize(request: RequestFacts, policy: ResponsePolicy): boolean {
  const { method, status, range } = request;
  if (method === 'HEAD') return true;
  if (method !== 'GET' || status !== 200) return false;
  if (dependsOnDate(request)) return true;
  if (range === undefined || !policy.acceptRanges) return false;
  const rangeSet = policy.parseRange(range);
  if (rangeSet === undefined || !isRangeSet(rangeSet)) return false;
  const [first, ...others] = rangeSet;
  const isAll = first !== undefined && others.length === 0 && isFromTheStart(first);
  return !isAll || policy.openEndedLimit !== undefined;
}

/** A date counts where its entity tag twin is absent (§13.2.2). */
function dependsOnDate({ ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince }: RequestFacts): boolean {
  return (
    (ifUnmodifiedSince !== undefined && ifMatch === undefined) ||
    (ifModifiedSince !== undefined && ifNoneMatch === undefined)
  );
}

function isFromTheStart(spec: RangeSpec): boolean {
  return 'firstPos' in spec && spec.firstPos === 0 && spec.lastPos === undefined;
}
