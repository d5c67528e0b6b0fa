import { parseEntityTag } from '../../../http/headers/entity-tag.js';
import { parseHttpDate } from '../../../http/headers/http-date.js';
import type { RepresentationMetadata } from '../../../http/representation.js';
import { SourceProtocolError } from '../../source-errors.js';
import { sendableType } from '../sendable-metadata.js';
import type { FetchResponse } from './upstream-requests.js';

/**
 * The Content-Length of a response, in bytes; `undefined`: none.
 *
 * @param name name of the upstream, for the log
 * @throws SourceProtocolError if it is invalid
 */
export function contentLengthOf({ headers }: FetchResponse, name: string): number | undefined {
  const text = headers.get('content-length');
  if (text === null) return undefined;
  const length = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(length)) return length;
  throw new SourceProtocolError(`${name} sent the Content-Length ${JSON.stringify(text)}`);
}

/** Headers of the representation that are passed on from the upstream. */
const PASSED_ON = ['cache-control', 'content-disposition', 'content-language', 'expires', 'vary'];

export function metadataOf(response: FetchResponse): Omit<RepresentationMetadata, 'size'> {
  const headers: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return { ...validatorsOf(response), type: sendableType(response.headers.get('content-type')), headers };
}

export function validatorsOf({ headers }: FetchResponse): Pick<RepresentationMetadata, 'etag' | 'lastModified'> {
  const etag = headers.get('etag');
  const time = parseHttpDate(headers.get('last-modified') ?? '', Date.now());
  return {
    etag: etag !== null && parseEntityTag(etag) !== undefined ? etag : undefined,
    lastModified: time === undefined ? undefined : new Date(time),
  };
}
