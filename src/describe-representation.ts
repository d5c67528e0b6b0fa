import { parseEntityTag } from './http/entity-tag.js';
import { isFieldValue, isToken } from './http/field-value.js';
import { parseHttpDate, toWholeSeconds } from './http/http-date.js';
import type { Delegation, DescribedRepresentation, RepresentationMetadata } from './http/representation.js';
import type { ServingOptions } from './range.options.js';

/** The fields of a representation that the app may set on the response itself, validators and type apart. */
export const DECLARABLE = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-location',
  'expires',
  'vary',
];

const DECLARED = [...DECLARABLE, 'content-type', 'etag', 'last-modified'];

/** What the app says of a representation by fields that it has set on the response, by name in lower case. */
export type Declared = Readonly<Record<string, string>>;

/** @param field reads a field of the response, by its name in lower case */
export function declaredFields(field: (name: string) => string | undefined): Declared {
  const declared: Record<string, string> = {};
  for (const name of DECLARED) {
    const value = field(name);
    if (value !== undefined) declared[name] = value;
  }
  return declared;
}

/**
 * What the response says of a representation: what the handler has set on the response wins over the options, and
 * these over what the source knows. `now` is in ms since the epoch.
 *
 * @throws TypeError where a source gives a size, a type, an entity tag or a field that is none
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
    throw new TypeError(`a source gave ${size} as its size, which must be a whole number of octets, or undefined`);
  }
  const described = {
    size,
    forwardOnly: representation.forwardOnly,
    type: type === undefined ? undefined : checked('Content-Type', type),
    etag: declared['etag'] ?? etagOf(representation, options),
    lastModified: declaredDate(declared, now) ?? lastModifiedOf(representation, options, now),
    fields: fieldsOf(representation, options, declared),
  };
  return delegated === undefined ? described : { ...described, delegated: describeDelegation(delegated, declared) };
}

/** What was meant for the content, the option `cacheControl`, says nothing of a redirection; what the handler set does. */
function describeDelegation({ status, fields }: Delegation, declared: Declared): Delegation {
  const result = checkedFields(fields);
  const cacheControl = declared['cache-control'];
  if (status !== 200 && cacheControl !== undefined) result['cache-control'] = cacheControl;
  return { status, fields: result };
}

/** Checked here because Node.js, which checks fields, does not check what stands in the heads of multipart parts. */
function checked(name: string, value: string): string {
  if (isFieldValue(value)) return value;
  throw new TypeError(`${name} cannot be ${JSON.stringify(value)}: that cannot stand in a field`);
}

function etagOf(representation: RepresentationMetadata, options: ServingOptions): string | undefined {
  if (options.etag !== undefined) return options.etag === false ? undefined : options.etag;
  const { etag } = representation;
  if (etag !== undefined && parseEntityTag(etag) === undefined) {
    throw new TypeError(`a source gave ${etag} as its entity tag, which must have quotes: '"v1"' or 'W/"v1"'`);
  }
  return etag;
}

/** Neither in the future nor in a second that is not over: what may still change in it would keep the same date. */
function lastModifiedOf(
  representation: RepresentationMetadata,
  options: ServingOptions,
  now: number,
): Date | undefined {
  const date = options.lastModified ?? representation.lastModified;
  if (date === undefined || date === false) return undefined;
  return date.getTime() < toWholeSeconds(now) ? date : undefined; // nor an Invalid Date
}

function declaredDate(declared: Declared, now: number): Date | undefined {
  const text = declared['last-modified'];
  const time = text === undefined ? undefined : parseHttpDate(text, now);
  return time === undefined ? undefined : new Date(time);
}

function fieldsOf(
  { fields }: RepresentationMetadata,
  { cacheControl, contentDisposition, crossOriginResourcePolicy }: ServingOptions,
  declared: Declared,
): Record<string, string> {
  const result = checkedFields(fields);
  if (cacheControl !== undefined) result['cache-control'] = cacheControl;
  if (crossOriginResourcePolicy !== undefined) result['cross-origin-resource-policy'] = crossOriginResourcePolicy;
  if (contentDisposition !== undefined) {
    result['content-disposition'] = checked('Content-Disposition', contentDisposition);
  }
  for (const name of DECLARABLE) {
    const value = declared[name];
    if (value !== undefined) result[name] = name === 'vary' ? joinVary(result[name], value) : value;
  }
  return result;
}

/** The fields that a source gives, by name in lower case, without those that are empty. */
function checkedFields(fields: RepresentationMetadata['fields']): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name in fields) {
    const value = fields[name] ?? '';
    if (!isToken(name)) throw new TypeError(`a source gave a field the name ${JSON.stringify(name)}, which is none`);
    if (value !== '') result[name.toLowerCase()] = checked(name, value);
  }
  return result;
}

/** Both count: the handler's (or a middleware's) and the source's. */
function joinVary(ofSource: string | undefined, ofHandler: string): string {
  return ofSource === undefined || ofSource === ofHandler ? ofHandler : `${ofHandler}, ${ofSource}`;
}
