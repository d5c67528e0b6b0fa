import { types } from 'node:util';
import { parseEntityTag } from '../../http/headers/entity-tag.js';
import { isHeaderValue } from '../../http/headers/header-value.js';
import { SourceProtocolError } from '../source-errors.js';
import type { ObjectMetadata, StoredMetadata } from './store.js';

/**
 * Removes what cannot be sent from the metadata of an object: stores keep any text as a type or a header, and some write
 * entity tags without quotes.
 *
 * @param name name of the object, for the log
 * @throws SourceProtocolError if the size is unknown: it must not be taken for 0
 */
export function sendableMetadata(name: string, metadata: StoredMetadata): ObjectMetadata {
  const { size, type, etag, lastModified, headers = {} } = metadata;
  if (size === undefined || !Number.isSafeInteger(size) || size < 0) {
    throw new SourceProtocolError(`${name}: the store did not send the length of the object`);
  }
  return {
    size,
    type: sendableType(type),
    etag: sendableTag(etag),
    lastModified: validDate(lastModified),
    headers: sendableHeaders(headers),
  };
}

/** A media type from a store; `undefined`: it cannot be sent. */
export function sendableType(type: unknown): string | undefined {
  return typeof type === 'string' && isHeaderValue(type) ? type : undefined;
}

/** An entity tag from a store; `undefined`: it is not one. */
export function sendableTag(etag: string | undefined): string | undefined {
  return etag !== undefined && parseEntityTag(etag) !== undefined ? etag : undefined;
}

function validDate(date: Date | undefined): Date | undefined {
  return types.isDate(date) && !Number.isNaN(date.getTime()) ? date : undefined;
}

function sendableHeaders(headers: NonNullable<StoredMetadata['headers']>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && isHeaderValue(value)) result[name] = value;
  }
  return result;
}
