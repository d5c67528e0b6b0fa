import type { RepresentationMetadata } from './representation.js';

export const DEFAULT_TYPE = 'application/octet-stream';

/** The headers that describe the content, whatever the status: no validators, no Accept-Ranges. Names in lower case. */
export function contentHeaders({
  type,
  headers,
}: Pick<RepresentationMetadata, 'type' | 'headers'>): Record<string, string> {
  const result: Record<string, string> = { 'content-type': DEFAULT_TYPE, 'x-content-type-options': 'nosniff' };
  for (const name in headers) {
    const value = headers[name];
    const header = name.toLowerCase();
    if (value !== undefined && !NOT_DESCRIPTIVE.has(header)) result[header] = value;
  }
  if (type !== undefined) result['content-type'] = type;
  return result;
}

/** Headers that a source may pass on from its store, but that only the plan decides. */
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

/** Digests of a message's content (RFC 9530 §2), not of the representation: those of the whole do not apply to a part. */
export const CONTENT_DIGESTS: readonly string[] = ['content-digest', 'content-md5'];

/** The headers without the digests of the whole, for a response that contains only a part, or no content. */
export function withoutDigests<T extends Readonly<Record<string, string>>>(headers: T): T | Record<string, string> {
  if (CONTENT_DIGESTS.every((name) => headers[name] === undefined)) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CONTENT_DIGESTS.includes(name)));
}

/**
 * Adds `no-transform`: clients would splice a body transformed under the same strong tag with this one, and a transforming
 * proxy would buffer a stream of unknown length (RFC 9111 §5.2.2.6).
 */
export function withNoTransform(cacheControl: string | undefined): string {
  if (cacheControl === undefined || cacheControl.trim() === '') return 'no-transform';
  return forbidsTransform(cacheControl) ? cacheControl : `${cacheControl}, no-transform`;
}

/** Whether a Cache-Control value contains `no-transform`. */
export function forbidsTransform(cacheControl: string): boolean {
  return /(?:^|[\s,])no-transform(?:$|[\s,])/i.test(cacheControl);
}
