import type { RepresentationMetadata } from '../../http/representation.js';
import { type Checks, date, entityTag, headerText, isPlain, NOT_PLAIN } from './check-options.js';

/** Metadata that an app can declare for bytes that have none of their own. */
export type SourceMetadata = Pick<RepresentationMetadata, 'type' | 'etag' | 'lastModified' | 'headers'>;

export const METADATA_CHECKS: Checks<SourceMetadata> = {
  type: headerText,
  etag: entityTag,
  lastModified: date,
  headers: ['a plain object of headers, with strings for values', areHeaders, adviceOnHeaders],
};

function areHeaders(value: unknown): boolean {
  return isPlain(value) && Object.values(value).every((header) => typeof header === 'string');
}

function adviceOnHeaders(value: unknown): string {
  return isPlain(value) ? '' : `, ${NOT_PLAIN}`;
}
