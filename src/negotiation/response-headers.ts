import { beginAttempt, failWith, succeedAtOnce, succeedWith } from '../exchange/failed-attempt.js';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { CONTENT_DIGESTS } from '../http/content-headers.js';
import type { ResponseHeaders, ResponsePlan } from '../http/response-plan.js';
import type { Declared } from './describe-representation.js';
import { withLastWords } from './later-headers.js';
import { preconditionFailed, RangeNotSatisfiableException } from './range.exceptions.js';

/** Headers of a success that must not remain on another response, unless that sets them itself. */
const CONTENT_HEADERS = ['content-length', 'content-range', 'content-encoding'];
/** Never both: RFC 9112 §6.2. */
const FRAMING_HEADERS = ['content-length', 'transfer-encoding'];
const REPLACED_HEADERS = [...CONTENT_HEADERS, 'transfer-encoding'];
/** Headers that identify the negotiated representation or the sent content. */
const IDENTIFYING_HEADERS = ['etag', 'last-modified', ...CONTENT_DIGESTS];
const NEGOTIATED_HEADERS = [...REPLACED_HEADERS, ...IDENTIFYING_HEADERS];
const UNSIZED_HEADERS = [...CONTENT_HEADERS, ...IDENTIFYING_HEADERS];
const EMPTIED_HEADERS = [...FRAMING_HEADERS, ...CONTENT_DIGESTS];
/** Headers that a proxy sets itself when it sends the file. */
const OFFLOADED_HEADERS = [...NEGOTIATED_HEADERS, 'accept-ranges'];
const DESCRIPTIVE_HEADERS = [
  ...NEGOTIATED_HEADERS,
  'accept-ranges',
  'content-type',
  'content-language',
  'content-disposition',
  'digest',
  'repr-digest',
];
const SUCCESS_HEADERS = [...DESCRIPTIVE_HEADERS, 'cache-control', 'content-location', 'expires'];

/** Removes the file's headers before an error response. */
export function clear(exchange: HttpExchange, status: number, ofError: ResponseHeaders): void {
  failWith(exchange, status, ofError, SUCCESS_HEADERS);
}

/** @throws HttpException for a planned 412 or 416, after removing the file's headers */
export function refuse(exchange: HttpExchange, { kind, status, headers }: ResponsePlan): void {
  if (kind !== 'precondition-failed' && kind !== 'range-not-satisfiable') return;
  failWith(exchange, status, headers, SUCCESS_HEADERS);
  throw kind === 'precondition-failed' ? preconditionFailed() : new RangeNotSatisfiableException();
}

/**
 * Sets status and headers. Headers that others have set since the response was planned win, except those that frame or identify
 * the content.
 *
 * @param seen the response's headers when it was planned
 * @param isWrittenNext whether the head is written at once, before anything else can happen
 */
export function commit(exchange: HttpExchange, plan: ResponsePlan, seen: Declared, isWrittenNext: boolean): void {
  exchange.keepEncoding();
  beginAttempt(exchange); // another attempt may have failed after this one was planned
  const succeed = isWrittenNext ? succeedAtOnce : succeedWith;
  succeed(exchange, plan.status, withLastWords(plan, seen, exchange), outdatedHeaders(plan));
}

/** The handler's headers that do not describe the content being sent. */
function outdatedHeaders(plan: ResponsePlan): readonly string[] {
  if (plan.kind === 'not-modified') return DESCRIPTIVE_HEADERS;
  if (plan.kind === 'delegated') return plan.headers['location'] === undefined ? OFFLOADED_HEADERS : SUCCESS_HEADERS;
  const isLengthKnown = 'contentLength' in plan && plan.contentLength !== undefined;
  if (plan.kind === 'full' && plan.status !== 200) {
    if (plan.content.length === 0) return EMPTIED_HEADERS;
    return isLengthKnown ? FRAMING_HEADERS : [];
  }
  const isNegotiated = plan.headers['accept-ranges'] !== undefined;
  if (isLengthKnown) return isNegotiated ? NEGOTIATED_HEADERS : REPLACED_HEADERS;
  return isNegotiated ? UNSIZED_HEADERS : CONTENT_HEADERS;
}
