import { parseEntityTag, strongMatch } from './headers/entity-tag.js';
import { trimOws } from './headers/header-value.js';
import { parseHttpDate, toWholeSeconds } from './headers/http-date.js';
import type { Validators } from './preconditions.js';

/**
 * Whether the Range header of the request applies: the validator must be exactly that of the representation, by strong
 * comparison for an entity tag and to the second for a date.
 *
 * @see RFC 9110 §13.1.5
 */
export function ifRangeHolds(ifRange: string, { etag, lastModified }: Validators, now: number): boolean {
  const text = trimOws(ifRange);
  const requested = parseEntityTag(text);
  if (requested !== undefined) {
    const current = etag === undefined ? undefined : parseEntityTag(etag);
    return current !== undefined && strongMatch(requested, current);
  }
  const time = parseHttpDate(text, now);
  return time !== undefined && lastModified !== undefined && toWholeSeconds(lastModified.getTime()) === time;
}
