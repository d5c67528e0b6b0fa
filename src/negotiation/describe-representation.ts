import { types } from 'node:util';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { parseEntityTag } from '../http/headers/entity-tag.js';
import { isHeaderValue, isToken } from '../http/headers/header-value.js';
import { parseHttpDate, toWholeSeconds } from '../http/headers/http-date.js';
import { isJoined, joinLists } from '../http/headers/list-header.js';
import type { Delegation, DescribedRepresentation, RepresentationMetadata } from '../http/representation.js';
import { adviceOnDate, adviceOnSize, describe, isPlain, NOT_PLAIN } from '../sources/options/check-options.js';
import { SourceFaultError } from '../sources/source-errors.js';
import type { ServingOptions } from './ranged-options.js';

/** Headers with a property of their own in a representation. */
const VALIDATORS_AND_TYPE = ['content-type', 'etag', 'last-modified'];

/** Headers of a representation that the app may set on the response itself. */
const DECLARED: ReadonlySet<string> = new Set([
  ...VALIDATORS_AND_TYPE,
  'cache-control',
  'content-digest',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-location',
  'content-md5',
  'expires',
  'vary',
]);

/** Headers that we set on every file. A source or an option may override them, a middleware for all routes may not. */
const NOT_DECLARED = new Set(['x-content-type-options', 'cross-origin-resource-policy']);

/** Headers on the response before we touched it, by lower-case name: the app's own description of the representation. */
export type Declared = Readonly<Record<string, string>>;

/**
 * @param headers the source's headers: the app may override each of them
 */
export function declaredHeaders(headers: RepresentationMetadata['headers'], exchange: HttpExchange): Declared {
  const declared: Record<string, string> = {};
  const read = (name: string): void => {
    const value = exchange.header(name);
    if (value !== undefined) declared[name] = value;
  };
  for (const name in exchange.headers()) if (DECLARED.has(name)) read(name);
  for (const name in headers) {
    if (isToken(name) && !NOT_DECLARED.has(name.toLowerCase())) read(name.toLowerCase());
  }
  return declared;
}

/**
 * Describes the representation for the response: headers set by the handler win over the options, and those over the source.
 * `now` is in ms since the epoch.
 *
 * @throws SourceFaultError if the source has an invalid size, type, entity tag or header
 */
export function describeRepresentation(
  representation: DescribedRepresentation,
  options: ServingOptions,
  declared: Declared,
  now: number,
): DescribedRepresentation {
  const { size, delegated } = representation;
  const type = declared['content-type'] ?? options.type ?? representation.type;
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new SourceFaultError(
      `a source has the size ${describe(size)}, which must be a whole number of bytes, or undefined${adviceOnSize(size)}`,
    );
  }
  const described = {
    size,
    forwardOnly: representation.forwardOnly,
    type: type === undefined ? undefined : checked('Content-Type', type),
    etag: declared['etag'] ?? etagOf(representation, options),
    lastModified: declaredDate(declared, now) ?? lastModifiedOf(representation, options, now),
    headers: headersOf(representation, options, declared),
  };
  return delegated === undefined ? described : { ...described, delegated: describeDelegation(delegated, declared) };
}

/** A redirection gets the Cache-Control that the handler set, but not the option `cacheControl`, which is for the content. */
function describeDelegation({ status, headers }: Delegation, declared: Declared): Delegation {
  const result = checkedHeaders(headers);
  const cacheControl = declared['cache-control'];
  if (status !== 200 && cacheControl !== undefined) result['cache-control'] = cacheControl;
  return { status, headers: result };
}

/** Node.js checks headers, but not those of multipart parts. */
function checked(name: string, value: string): string {
  if (typeof value === 'string' && isHeaderValue(value)) return value;
  throw new SourceFaultError(`${name} cannot be ${JSON.stringify(value)}, which is not a valid header value`);
}

function etagOf(representation: RepresentationMetadata, options: ServingOptions): string | undefined {
  if (options.etag !== undefined) return options.etag === false ? undefined : options.etag;
  const { etag } = representation;
  if (etag !== undefined && (typeof etag !== 'string' || parseEntityTag(etag) === undefined)) {
    throw new SourceFaultError(`a source has the entity tag ${etag}, which must have quotes: '"v1"' or 'W/"v1"'`);
  }
  return etag;
}

/** Never in the future nor in the current second: a change within that second would keep the same date. */
function lastModifiedOf(
  representation: RepresentationMetadata,
  options: ServingOptions,
  now: number,
): Date | undefined {
  const date = options.lastModified ?? representation.lastModified;
  if (date === undefined || date === false) return undefined;
  if (!types.isDate(date))
    throw new SourceFaultError(
      `a source has the lastModified ${describe(date)}, which must be a Date${adviceOnDate(date)}`,
    );
  return date.getTime() < toWholeSeconds(now) ? date : undefined; // `false` for an Invalid Date, too
}

function declaredDate(declared: Declared, now: number): Date | undefined {
  const text = declared['last-modified'];
  const time = text === undefined ? undefined : parseHttpDate(text, now);
  return time === undefined ? undefined : new Date(time);
}

function headersOf(
  { headers }: RepresentationMetadata,
  { cacheControl, contentDisposition, crossOriginResourcePolicy }: ServingOptions,
  declared: Declared,
): Record<string, string> {
  const result = checkedHeaders(headers);
  if (cacheControl !== undefined) result['cache-control'] = cacheControl;
  if (crossOriginResourcePolicy !== undefined) result['cross-origin-resource-policy'] = crossOriginResourcePolicy;
  if (contentDisposition !== undefined) {
    result['content-disposition'] = checked('Content-Disposition', contentDisposition);
  }
  for (const name in declared) {
    if (VALIDATORS_AND_TYPE.includes(name)) continue;
    const value = declared[name] ?? '';
    result[name] = isJoined(name) ? (joinLists(name, value, result[name]) ?? '') : value;
  }
  return result;
}

/** The source's headers by lower-case name, without empty ones. */
function checkedHeaders(headers: RepresentationMetadata['headers']): Record<string, string> {
  const result: Record<string, string> = {};
  if (headers !== undefined && !isPlain(headers)) {
    throw new SourceFaultError(`a source has the headers ${describe(headers)}, ${NOT_PLAIN}`);
  }
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (!isToken(name))
      throw new SourceFaultError(`a source has a header named ${JSON.stringify(name)}, which is not a valid name`);
    if (value !== '') result[name.toLowerCase()] = checked(name, value);
  }
  return result;
}
