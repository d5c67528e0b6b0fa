import type { ServerResponse } from 'node:http';
import { CONTENT_DIGESTS, DEFAULT_TYPE } from '../http/content-headers.js';
import type { ResponseHeaders } from '../http/response-plan.js';
import { frameHead } from './head-framing.js';
import type { HttpExchange, SetHeaders } from './http-exchange.js';
import { joinLines } from './request-headers.js';

/** The changes an attempt made to its response. They may have to be undone: apps retry, or send a placeholder instead. */
interface Attempt {
  readonly before: SetHeaders;
  readonly headers: ResponseHeaders;
  readonly removed: readonly string[];
  readonly status: readonly [before: number, after: number];
  /** Whether it was a success, whose content is about to be sent. */
  readonly isSuccess: boolean;
}

/** A property of the response, since a WeakMap costs 0.3 µs. A registered symbol, so that all copies of the package share it. */
const ATTEMPT: unique symbol = Symbol.for('nestjs-range:attempt');

type Attempted = ServerResponse & { [ATTEMPT]?: Attempt | undefined };

/** Whether the content of another attempt is about to be sent: its head still stands. Fastify removes the type for an error. */
export function isSucceeding(exchange: HttpExchange): boolean {
  const { [ATTEMPT]: attempt }: Attempted = exchange.response;
  if (attempt?.isSuccess !== true || exchange.status !== attempt.status[1]) return false;
  return exchange.header('content-type') === attempt.headers['content-type'];
}

/**
 * Undoes the changes of an earlier attempt; headers that others have set since then remain. Does nothing if a filter has
 * set an error status, because its response still belongs to the failed attempt.
 */
export function beginAttempt(exchange: HttpExchange): void {
  const response: Attempted = exchange.response;
  const attempt = response[ATTEMPT];
  if (attempt === undefined || response.headersSent || isSucceeding(exchange)) return;
  const [before, after] = attempt.status;
  if (exchange.status !== after && exchange.status >= 400) return;
  response[ATTEMPT] = undefined;
  if (exchange.status === after) exchange.setStatus(before);
  for (const name of changedBy(attempt)) restoreHeader(exchange, attempt, name, joinLines(attempt.before[name]));
}

/** Sets the status and headers of a success. If a hook then fails before the head is sent, the error goes without them. */
export function succeedWith(
  exchange: HttpExchange,
  status: number,
  headers: ResponseHeaders,
  removed: readonly string[],
): void {
  const change = { before: exchange.headers(), headers, removed };
  const attempt: Attempt = { ...change, status: [exchange.status, status], isSuccess: true };
  watchSuccess(exchange, attempt);
  exchange.setStatus(status);
  exchange.setHeaders(headers, removed);
}

/** The same for a head that is written at once, so that nothing can fail before that: only if it cannot be set is it watched. */
export function succeedAtOnce(
  exchange: HttpExchange,
  status: number,
  headers: ResponseHeaders,
  removed: readonly string[],
): void {
  const before = exchange.headers();
  const statusBefore = exchange.status;
  try {
    exchange.setStatus(status);
    exchange.setHeaders(headers, removed);
    frameHead(exchange, status);
  } catch (error) {
    watchSuccess(exchange, { before, headers, removed, status: [statusBefore, status], isSuccess: false });
    throw error;
  }
}

/** Leaves nothing of a success on an error that is sent instead. */
function watchSuccess(exchange: HttpExchange, attempt: Attempt): void {
  const { headers, status } = attempt;
  begin(exchange, attempt);
  exchange.beforeHead((sent) => {
    frameHead(exchange, sent);
    if (sent < 400 || sent === status[1] || !isLast(exchange, attempt)) return;
    if (exchange.header('cache-control') === headers['cache-control']) exchange.setHeaders({}, ['cache-control']);
    finishError(exchange, attempt, undefined);
  });
}

/**
 * Sets the headers of an error that is about to be thrown. They are removed if another response is sent instead.
 *
 * @param status of the error
 */
export function failWith(
  exchange: HttpExchange,
  status: number,
  headers: ResponseHeaders,
  removed: readonly string[],
): void {
  if (exchange.response.headersSent) return;
  beginAttempt(exchange);
  const { 'cache-control': _, ...early } = headers; // set at the end: it could not be told from one that the app sets on its placeholder
  const before = exchange.headers();
  const attempt: Attempt = {
    before,
    headers: early,
    removed,
    status: [exchange.status, exchange.status],
    isSuccess: false,
  };
  begin(exchange, attempt);
  exchange.setHeaders(early, removed);
  exchange.beforeHead((sent) => {
    frameHead(exchange, sent);
    if (!isLast(exchange, attempt)) return;
    if (sent < 400) finishPlaceholder(exchange, attempt);
    else finishError(exchange, attempt, sent === status ? early : undefined);
  });
}

function begin({ response }: { readonly response: Attempted }, attempt: Attempt): void {
  response[ATTEMPT] = attempt;
}

function isLast({ response }: { readonly response: Attempted }, attempt: Attempt): boolean {
  return response[ATTEMPT] === attempt;
}

/**
 * Makes an error `no-store`, unless it has a Cache-Control, and removes any entity tag but the file's: one that a framework
 * generates from the error's body would be taken for the file's (RFC 9110 §8.8).
 *
 * @param own the headers of the error; `undefined`: another error is sent
 */
function finishError(exchange: HttpExchange, attempt: Attempt, own: ResponseHeaders | undefined): void {
  if (own === undefined) {
    for (const name in attempt.headers) restoreHeader(exchange, attempt, name, appValue(attempt, name));
  }
  const etag = own?.['etag'];
  exchange.setHeaders(etag === undefined ? {} : { etag }, ['etag']);
  if (exchange.header('cache-control') === undefined) exchange.setHeaders({ 'cache-control': 'no-store' }, []);
}

/** Restores the app's headers, except those specific to the file's content, because a placeholder is sent, not the error. */
function finishPlaceholder(exchange: HttpExchange, attempt: Attempt): void {
  const type = exchange.header('content-type');
  if (type === DEFAULT_TYPE && appValue(attempt, 'content-type') !== undefined) {
    exchange.setHeaders({}, ['content-type']); // the default that Nest sets
  }
  for (const name of changedBy(attempt)) restoreHeader(exchange, attempt, name, appValue(attempt, name));
}

/** @param value the value to restore; `undefined`: the header is removed */
function restoreHeader(exchange: HttpExchange, { headers }: Attempt, name: string, value: string | undefined): void {
  if (exchange.header(name) !== headers[name]) return; // somebody else has set it since
  exchange.setHeaders(value === undefined ? {} : { [name]: value }, [name]);
}

function appValue({ before }: Attempt, name: string): string | undefined {
  return CONTENT_SPECIFIC.has(name) ? undefined : joinLines(before[name]);
}

/** Headers that frame, identify or encode the content, and would be wrong with any other. */
const CONTENT_SPECIFIC = new Set([
  ...CONTENT_DIGESTS,
  'accept-ranges',
  'content-encoding',
  'content-length',
  'content-range',
  'digest',
  'etag',
  'last-modified',
  'repr-digest',
  'transfer-encoding',
]);

function changedBy({ headers, removed }: Attempt): string[] {
  return [...Object.keys(headers), ...removed.filter((name) => headers[name] === undefined)];
}
