import { trimOws } from './headers/header-value.js';
import { parseHttpDate } from './headers/http-date.js';
import { ifRangeHolds } from './if-range.js';
import { evaluatePreconditions } from './preconditions.js';
import { isRangeSet, type RangeSpec } from './ranges/range-header.js';
import type { RepresentationMetadata } from './representation.js';
import type { RequestFacts, ResponsePolicy } from './response-plan.js';

/**
 * Whether the response depends on a size or a date that is not known yet, and so has to wait. The entity tag is known from
 * the start, so conditions on it are evaluated at once. `bytes=0-`, which players send to request the whole, may be
 * answered with the whole (§14.2).
 *
 * @param representation the metadata known so far
 */
export function dependsOnSize(
  request: RequestFacts,
  representation: RepresentationMetadata,
  policy: ResponsePolicy,
): boolean {
  const { method, status, receivedAt } = request;
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (status !== 200) return method === 'HEAD';
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = request;
  // In the order of §13.2.2; a date counts only if the corresponding entity tag condition is absent.
  if (ifMatch === undefined && waitsForDate(ifUnmodifiedSince, representation, receivedAt)) return true;
  if (evaluatePreconditions(request, representation, receivedAt) !== 'proceed') return false;
  if (ifNoneMatch === undefined && waitsForDate(ifModifiedSince, representation, receivedAt)) return true;
  return method === 'HEAD' || rangeDependsOnSize(request, representation, policy);
}

/** Whether a condition compares a date with one that is not known yet. An invalid date is ignored, or fails. */
function waitsForDate(condition: string | undefined, { lastModified }: RepresentationMetadata, now: number): boolean {
  return condition !== undefined && lastModified === undefined && parseHttpDate(trimOws(condition), now) !== undefined;
}

function rangeDependsOnSize(
  { range, ifRange, receivedAt }: RequestFacts,
  representation: RepresentationMetadata,
  policy: ResponsePolicy,
): boolean {
  if (range === undefined || !policy.acceptRanges) return false;
  const mayHold =
    ifRange === undefined ||
    ifRangeHolds(ifRange, representation, receivedAt) ||
    waitsForDate(ifRange, representation, receivedAt);
  if (!mayHold) return false;
  const rangeSet = policy.parseRange(range);
  if (rangeSet === undefined || !isRangeSet(rangeSet)) return false;
  const [first, ...others] = rangeSet;
  const isAll = first !== undefined && others.length === 0 && isFromTheStart(first);
  return !isAll || policy.openEndedLimit !== undefined;
}

function isFromTheStart(spec: RangeSpec): boolean {
  return 'firstPos' in spec && spec.firstPos === 0 && spec.lastPos === undefined;
}
