import { parseHttpDate } from '../../http/headers/http-date.js';
import {
  SourceChangedError,
  SourceError,
  SourceFailedError,
  SourceFaultError,
  SourceNotFoundError,
  SourceProtocolError,
  SourceTimeoutError,
  SourceUnavailableError,
} from '../source-errors.js';
import { faultOf, type Reason, reasonsOf, words } from './failure-reasons.js';

/** An error response of the store itself. */
export interface Refusal {
  readonly status: number;
  /** The store's error code: `AccessDenied`, `AuthenticationFailed`, … */
  readonly code?: string | undefined;
  /** An object of headers with names in lower case, or one with `get(name)`. */
  readonly headers?: unknown;
}

/**
 * Converts an error thrown by a store's client to a source error. A 404 requires a response of the store itself, because a
 * client can also fail to find its own files and services, such as a token. Error classes are not compared: they differ
 * between clients and copies of them.
 *
 * @param name name of the object, for the log
 * @param refusal the store's response to the failed request; `undefined`: there was none
 * @param permissions what the app may lack if the store refuses access
 */
export function toSourceError(error: unknown, name: string, refusal?: Refusal, permissions?: string): unknown {
  if (error instanceof SourceError || error instanceof SourceFaultError || isHttpException(error)) return error;
  const reasons = refusal === undefined ? reasonsOf(error) : [refusal.code ?? '', refusal.status];
  const fault = reasons.map(faultOf).find((known) => known !== undefined);
  const said = describeFailure(error, refusal);
  const options = { cause: error };
  if (fault === 'timeout') {
    return new SourceTimeoutError(`${name}: the store did not respond in time (${said})`, options);
  }
  if (fault === 'protocol') {
    return new SourceProtocolError(`${name}: the response cannot be parsed (${said})`, options);
  }
  if (fault === 'unavailable') {
    const retryAfterSeconds = retryAfterOf(refusal?.headers) ?? DEFAULT_RETRY_AFTER_SECONDS;
    return new SourceUnavailableError(`${name}: the store is unavailable (${said})`, {
      ...options,
      retryAfterSeconds,
    });
  }
  if (refusal !== undefined && isOfObject(refusal)) {
    if (CHANGED.has(refusal.status)) return new SourceChangedError(`${name} has changed (${said})`, options);
    if (isForbidden(refusal)) {
      const advice = permissions === undefined || refusal.status !== 403 ? '' : `; it needs ${permissions}`;
      return new SourceNotFoundError(`${name}: ${said}${advice}`, { ...options, isForbidden: true });
    }
    if (NOT_FOUND.has(refusal.status)) return new SourceNotFoundError(`${name} does not exist (${said})`, options);
  }
  return new SourceFailedError(`${name}: ${said}`, { ...options, status: refusal?.status });
}

/**
 * The error for a 412 to a lookup, with which we send no condition: one that the app has set does not hold, so the client must
 * not have the object. Or the request is wrong, as with another blob's lease.
 */
export function conditionError(error: unknown, name: string, refusal: Refusal): SourceError {
  const message = `${name}: a condition that the app has set does not hold (${describeFailure(error, refusal)})`;
  if (!/^conditionNotMet$/i.test(refusal.code ?? ''))
    return new SourceFailedError(message, { cause: error, status: 412 });
  return new SourceNotFoundError(message, { cause: error, isForbidden: true });
}

const NOT_FOUND = new Set<Reason>([404, 410]);

/** 416 included: the range lies within the known version, so the version must have changed. */
const CHANGED = new Set<Reason>([412, 416]);

/** The store rejects our credentials, so nothing is known about its objects. */
const UNAUTHENTICATED = new Set<Reason>([
  ...words('RequestTimeTooSkewed RequestExpired InvalidAccessKeyId SignatureDoesNotMatch InvalidToken ExpiredToken'),
  ...words('InvalidSecurity TokenRefreshRequired NotSignedUp AccountProblem AllAccessDisabled CredentialsNotSupported'),
  ...words('AuthenticationFailed InvalidAuthenticationInfo KeyBasedAuthenticationNotPermitted AccountIsDisabled'),
  ...words('authError accountDisabled'),
]);

/** The bucket or container is missing. Its name seldom comes from a client, so this is worth a warning. */
const NO_CONTAINER = new Set<Reason>(words('NoSuchBucket ContainerNotFound'));

/** Whether the response is about the object rather than our credentials or clock. */
function isOfObject({ status, code = '', headers }: Refusal): boolean {
  return !UNAUTHENTICATED.has(code) && !isOfLease(code) && !(status === 403 && isClockSkewed(headers));
}

/** Azure responds with 412 to a lease that is not the blob's, which is the app's mistake and no change. */
function isOfLease(code: string): boolean {
  return code.startsWith('Lease');
}

/** A store that denies listing responds with 403 for missing objects: to our client this is a plain 404. */
function isForbidden({ status, code = '' }: Refusal): boolean {
  return status === 403 || (status === 404 && NO_CONTAINER.has(code));
}

/** The clock skew beyond which S3 and Azure reject a signature, in ms. */
const LARGEST_CLOCK_SKEW_MS = 15 * 60 * 1000;

/** Detects skew from the response's Date: S3 reports it only in the body, which a response to HEAD lacks. */
function isClockSkewed(headers: unknown): boolean {
  const now = Date.now();
  const time = parseHttpDate(headerOf(headers, 'date') ?? '', now);
  return time !== undefined && Math.abs(time - now) >= LARGEST_CLOCK_SKEW_MS;
}

/** An HttpException that the app throws in its own function, such as `fetch`, is passed through. */
function isHttpException(error: unknown): boolean {
  return typeof (error as { getStatus?: unknown } | null | undefined)?.getStatus === 'function';
}

/** Describes a failure on one line for the log, in the words of the store or its client. */
function describeFailure(error: unknown, refusal: Refusal | undefined): string {
  const { name, code, message, cause } = toRecord(error);
  const status = refusal === undefined ? [] : [`the store responded with ${refusal.status}`, refusal.code];
  const kind = refusal !== undefined || name === 'Error' ? code : name;
  const texts = [
    ...status,
    kind,
    message ?? (typeof error === 'string' ? error : undefined),
    toRecord(cause)['message'],
  ];
  const said = texts.filter((text): text is string => typeof text === 'string' && text !== '');
  return withoutSecrets([...new Set(said)].join(': ').replace(/\s+/g, ' ')).slice(0, MAX_SAID);
}

/** Some clients use the whole body of a response as the message. */
const MAX_SAID = 400;

/** Removes signatures from the queries of URLs, and passwords before their hosts. */
function withoutSecrets(text: string): string {
  return text.replace(/\b([a-z][a-z\d+.-]*:\/\/)[^\s/?#'"@]*@/gi, '$1').replace(/(:\/\/[^\s?#'"]*)\?[^\s'"]*/g, '$1');
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Used if the store sends no Retry-After. */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

/** The delay from a Retry-After header, in whole seconds. */
function retryAfterOf(headers: unknown): number | undefined {
  const text = headerOf(headers, 'retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const time = parseHttpDate(text, Date.now());
  return time === undefined ? undefined : Math.max(0, Math.ceil((time - Date.now()) / 1000));
}

/** A response header, from any of the forms in which clients store them. */
export function headerOf(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const value: unknown = isGetter(headers) ? headers.get(name) : Reflect.get(headers, name);
  return typeof value === 'string' ? value : undefined;
}

function isGetter(headers: object): headers is { get(name: string): unknown } {
  return typeof Reflect.get(headers, 'get') === 'function';
}
