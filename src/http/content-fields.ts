import type { RepresentationMetadata } from './representation.js';

export const DEFAULT_TYPE = 'application/octet-stream';

/** What describes the content, whatever the status: neither validators nor the offer of ranges. Names in lower case. */
export function contentFields({
  type,
  fields,
}: Pick<RepresentationMetadata, 'type' | 'fields'>): Record<string, string> {
  const result: Record<string, string> = { 'content-type': DEFAULT_TYPE, 'x-content-type-options': 'nosniff' };
  for (const name in fields) {
    const value = fields[name];
    const field = name.toLowerCase();
    if (value !== undefined && !NOT_DESCRIPTIVE.has(field)) result[field] = value;
  }
  if (type !== undefined) result['content-type'] = type;
  return result;
}

/** What a source may hand on from its store, but only the plan decides. */
const NOT_DESCRIPTIVE = new Set([
  'content-length',
  'content-range',
  'transfer-encoding',
  'trailer',
  'te',
  'connection',
  'keep-alive',
  'upgrade',
  'date',
  'accept-ranges',
  'etag',
  'last-modified',
]);

/**
 * A body transformed under the same strong tag would be spliced with this one, and a transformed stream of unknown
 * length would be held back (RFC 9111 §5.2.2.6).
 */
export function withNoTransform(cacheControl: string | undefined): string {
  if (cacheControl === undefined || cacheControl.trim() === '') return 'no-transform';
  return forbidsTransform(cacheControl) ? cacheControl : `${cacheControl}, no-transform`;
}

/** Whether a Cache-Control has `no-transform`. */
export function forbidsTransform(cacheControl: string): boolean {
  return /(?:^|[\s,])no-transform(?:$|[\s,])/i.test(cacheControl);
}
