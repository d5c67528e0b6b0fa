import type { HttpExchange } from '../exchange/http-exchange.js';
import { forbidsTransform, withNoTransform } from '../http/content-headers.js';
import { isJoined, joinLists } from '../http/headers/list-header.js';
import type { ResponseHeaders, ResponsePlan } from '../http/response-plan.js';
import type { Declared } from './describe-representation.js';

/** Headers that frame or identify the negotiated content: nobody can change them without changing the content. */
const NEGOTIATED = new Set([
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'etag',
  'last-modified',
]);

/** The response's current values for the planned headers, to detect later changes, which win. */
export function seenBefore({ headers }: ResponsePlan, declared: Declared, exchange: HttpExchange): Declared {
  const seen: Record<string, string> = { ...declared };
  for (const name in headers) {
    if (name in seen || NEGOTIATED.has(name)) continue;
    const value = exchange.header(name);
    if (value !== undefined) seen[name] = value;
  }
  return seen;
}

/** The planned headers with the changes that others made after planning. */
export function withLastWords(
  { kind, headers }: ResponsePlan,
  seen: Declared,
  exchange: HttpExchange,
): ResponseHeaders {
  let result = headers;
  for (const name in headers) {
    if (NEGOTIATED.has(name) || (kind === 'multipart' && name === 'content-type')) continue;
    const value = exchange.header(name);
    if (value !== seen[name]) result = replaceHeader(result, name, value);
  }
  return result;
}

/** @param value set by somebody else after planning; `undefined` if they removed the header */
function replaceHeader(headers: ResponseHeaders, name: string, value: string | undefined): ResponseHeaders {
  const { [name]: planned = '', ...others } = headers;
  if (isJoined(name)) return { ...others, [name]: joinLists(name, value, planned) ?? planned };
  if (name === 'cache-control' && forbidsTransform(planned)) return { ...others, [name]: withNoTransform(value) };
  return value === undefined ? others : { ...others, [name]: value };
}
