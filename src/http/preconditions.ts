import { parseEntityTag, parseEntityTagList, strongMatch, weakMatch } from './entity-tag.js';
import { trimOws } from './field-value.js';
import { parseHttpDate, toWholeSeconds } from './http-date.js';
import type { RepresentationMetadata } from './representation.js';

/** The conditional fields of a request, each as received. Repeated lines are joined by a comma and a blank. */
export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
  readonly ifRange?: string | undefined;
}

/** The validators of the selected representation. */
export type Validators = Pick<RepresentationMetadata, 'etag' | 'lastModified'>;

/** What the preconditions make of a GET or HEAD: the request goes on, or ends with 304 or 412. */
export type PreconditionResult = 'proceed' | 'not-modified' | 'precondition-failed';

/**
 * Evaluates the preconditions of a GET or HEAD in their order of precedence. A date is not looked at where its entity
 * tag twin is present, whatever that says. `now`, in ms since the epoch, places two-digit years.
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

/**
 * Whether the Range field of the request is to be obeyed: the validator must be exactly that of the representation,
 * by strong comparison for an entity tag and to the second for a date.
 *
 * @see RFC 9110 §13.1.5
 */
export function ifRangeHolds(ifRange: string, { etag, lastModified }: Validators, now: number): boolean {
  const text = trimOws(ifRange);
  const asked = parseEntityTag(text);
  if (asked !== undefined) {
    const current = etag === undefined ? undefined : parseEntityTag(etag);
    return current !== undefined && strongMatch(asked, current);
  }
  const time = parseHttpDate(text, now);
  return time !== undefined && lastModified !== undefined && toWholeSeconds(lastModified.getTime()) === time;
}

/** A field that breaks the grammar names no representation, so that the condition is false: the safe side of a write. */
function ifMatchHolds(fieldValue: string, etag: string | undefined): boolean {
  const asked = parseEntityTagList(fieldValue);
  if (asked === undefined) return false;
  if (asked === '*') return true;
  const current = etag === undefined ? undefined : parseEntityTag(etag);
  return current !== undefined && asked.some((tag) => strongMatch(tag, current));
}

/** A field that breaks the grammar matches nothing, so that the client gets the representation. */
function ifNoneMatchHolds(fieldValue: string, etag: string | undefined): boolean {
  const asked = parseEntityTagList(fieldValue);
  if (asked === undefined) return true;
  if (asked === '*') return false;
  const current = etag === undefined ? undefined : parseEntityTag(etag);
  return current === undefined || !asked.some((tag) => weakMatch(tag, current));
}

/** `undefined`: no valid date was given, or none is known, and the condition does not count (§13.1.3, §13.1.4). */
function isModifiedSince(fieldValue: string, lastModified: Date | undefined, now: number): boolean | undefined {
  const time = parseHttpDate(trimOws(fieldValue), now);
  if (time === undefined || lastModified === undefined) return undefined;
  return toWholeSeconds(lastModified.getTime()) > time;
}
