import { parseEntityTag, parseEntityTagList, strongMatch, weakMatch } from './headers/entity-tag.js';
import { trimOws } from './headers/header-value.js';
import { parseHttpDate, toWholeSeconds } from './headers/http-date.js';
import type { RepresentationMetadata } from './representation.js';

/** The conditional headers of a request, each as received. Repeated lines are joined by a comma and a space. */
export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
  readonly ifRange?: string | undefined;
}

/** The validators of the selected representation. */
export type Validators = Pick<RepresentationMetadata, 'etag' | 'lastModified'>;

/** The result of the preconditions of a GET or HEAD: proceed, 304 or 412. */
export type PreconditionResult = 'proceed' | 'not-modified' | 'precondition-failed';

/**
 * Evaluates the preconditions of a GET or HEAD in their order of precedence. If-None-Match disables If-Modified-Since, and
 * If-Match disables If-Unmodified-Since, whatever their values. `now`, in ms since the epoch, resolves two-digit years.
 *
 * @see RFC 9110 §13.2.2
 */
export function evaluatePreconditions(conditions: Conditions, validators: Validators, now: number): PreconditionResult {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!ifMatchHolds(ifMatch, validators.etag)) return 'precondition-failed';
  } else if (ifUnmodifiedSince !== undefined) {
    if (isModifiedSince(ifUnmodifiedSince, validators.lastModified, now) === true) return 'precondition-failed';
  }
  if (ifNoneMatch !== undefined) {
    return ifNoneMatchHolds(ifNoneMatch, validators.etag) ? 'proceed' : 'not-modified';
  }
  if (ifModifiedSince !== undefined) {
    return isModifiedSince(ifModifiedSince, validators.lastModified, now) === false ? 'not-modified' : 'proceed';
  }
  return 'proceed';
}

/** A header that violates the grammar matches no representation, so the condition is false: the safe choice for a write. */
function ifMatchHolds(headerValue: string, etag: string | undefined): boolean {
  const requested = parseEntityTagList(headerValue);
  if (requested === undefined) return false;
  if (requested === '*') return true;
  const current = etag === undefined ? undefined : parseEntityTag(etag);
  return current !== undefined && requested.some((tag) => strongMatch(tag, current));
}

/** A header that violates the grammar matches nothing, so the client receives the representation. */
function ifNoneMatchHolds(headerValue: string, etag: string | undefined): boolean {
  const requested = parseEntityTagList(headerValue);
  if (requested === undefined) return true;
  if (requested === '*') return false;
  const current = etag === undefined ? undefined : parseEntityTag(etag);
  return current === undefined || !requested.some((tag) => weakMatch(tag, current));
}

/** `undefined`: one of the dates is invalid or unknown, so the condition is ignored (§13.1.3, §13.1.4). */
function isModifiedSince(headerValue: string, lastModified: Date | undefined, now: number): boolean | undefined {
  const time = parseHttpDate(trimOws(headerValue), now);
  if (time === undefined || lastModified === undefined) return undefined;
  return toWholeSeconds(lastModified.getTime()) > time;
}
