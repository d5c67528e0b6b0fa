import { parseHttpDate } from '../http/http-date.js';
import {
  SourceChangedError,
  SourceError,
  SourceNotFoundError,
  SourceTimeoutError,
  SourceUnavailableError,
} from './source-errors.js';

/**
 * What a client of a store has thrown, as a source error; an error that fits none of them stays as it is. The clients'
 * own classes are not asked: they differ, and there may be several copies of them.
 *
 * @param name of the object, for the log
 */
export function toSourceError(error: unknown, name: string): unknown {
  if (error instanceof SourceError) return error;
  const reasons = reasonsOf(error);
  const options = { cause: error };
  if (reasons.some((reason) => TIMEOUT.has(reason))) {
    return new SourceTimeoutError(`${name}: the store did not answer in time`, options);
  }
  if (reasons.some((reason) => NOT_FOUND.has(reason))) return new SourceNotFoundError(`${name} is not there`, options);
  if (reasons.some((reason) => CHANGED.has(reason))) return new SourceChangedError(`${name} has changed`, options);
  if (reasons.some((reason) => isUnavailable(reason))) {
    const retryAfterSeconds = retryAfterOf(error) ?? DEFAULT_RETRY_AFTER_SECONDS;
    return new SourceUnavailableError(`${name}: the store cannot answer now`, { ...options, retryAfterSeconds });
  }
  return error;
}

/** Statuses, and codes and names of errors: of Node.js, fetch, AWS, Azure, Google and MongoDB. */
type Reason = string | number;

const TIMEOUT = new Set<Reason>([
  408,
  504,
  ...words('ETIMEDOUT ESOCKETTIMEDOUT TimeoutError RequestTimeout'),
  ...words('UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT'),
  ...words('MongoNetworkTimeoutError MongoOperationTimeoutError MongoServerSelectionError'),
]);

/** 403 as well: a store that may not be listed says it of what is not there, and which of both it is tells too much. */
const NOT_FOUND = new Set<Reason>([403, 404, 410, 'ENOENT']);

/** 416: a resolved range lies within the version that was known, so that there must be another one now. */
const CHANGED = new Set<Reason>([412, 416]);

const UNAVAILABLE = new Set<Reason>([
  429,
  ...words('ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH'),
  ...words('UND_ERR_SOCKET ERR_STREAM_PREMATURE_CLOSE MongoNetworkError MongoPoolClearedError'),
]);

function words(text: string): string[] {
  return text.split(' ');
}

function isUnavailable(reason: Reason): boolean {
  return UNAVAILABLE.has(reason) || (typeof reason === 'number' && reason >= 500 && reason <= 599);
}

/** Where the clients keep the status of an answer, or say why there was none. */
interface ClientError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly cause?: unknown;
}

/** Those of an error, and of what caused it: fetch gives the error of the socket as a cause. */
function reasonsOf(error: unknown, depth = 0): Reason[] {
  if (typeof error !== 'object' || error === null || depth > 2) return [];
  const { name, code, status, statusCode, $metadata, cause } = error as ClientError;
  const own = [$metadata?.httpStatusCode, statusCode, status, code, name].filter(isReason);
  return cause === undefined ? own : [...own, ...reasonsOf(cause, depth + 1)];
}

function isReason(value: unknown): value is Reason {
  return typeof value === 'string' || typeof value === 'number';
}

/** Where a store does not say when it may answer again. */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

/** When to try again, in whole seconds from now, by the Retry-After of the store's answer. */
function retryAfterOf(error: unknown): number | undefined {
  const text = retryAfterField(error)?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const time = parseHttpDate(text, Date.now());
  return time === undefined ? undefined : Math.max(0, Math.ceil((time - Date.now()) / 1000));
}

function retryAfterField(error: unknown): string | undefined {
  const { $response, response } = error as Record<'$response' | 'response', { headers?: unknown } | undefined>;
  const headers = $response?.headers ?? response?.headers;
  if (typeof headers !== 'object' || headers === null) return undefined;
  const value: unknown = isGetter(headers) ? headers.get('retry-after') : Reflect.get(headers, 'retry-after');
  return typeof value === 'string' ? value : undefined;
}

function isGetter(headers: object): headers is { get(name: string): unknown } {
  return typeof Reflect.get(headers, 'get') === 'function';
}
