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

/** A status, or a code or name of an error of Node.js, fetch, AWS, Azure, Google or MongoDB. */
type Reason = string | number;

/** The first of several reasons decides: the AWS SDK calls any broken connection a TimeoutError, behind its code. */
function faultOf(reason: Reason): 'timeout' | 'protocol' | 'unavailable' | undefined {
  if (TIMEOUT.has(reason)) return 'timeout';
  if (isProtocolFault(reason)) return 'protocol';
  return isUnavailable(reason) ? 'unavailable' : undefined;
}

const TIMEOUT = new Set<Reason>([
  408,
  504,
  ...words('ETIMEDOUT ESOCKETTIMEDOUT TimeoutError RequestTimeout OperationTimedOut request-timeout'),
  ...words('UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT'),
  ...words('MongoNetworkTimeoutError MongoOperationTimeoutError MongoServerSelectionError MaxTimeMSExpired'),
]);

const NOT_FOUND = new Set<Reason>([404, 410]);

/** 416 included: the range lies within the known version, so the version must have changed. */
const CHANGED = new Set<Reason>([412, 416]);

const UNAVAILABLE = new Set<Reason>([
  429,
  ...words('ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH'),
  ...words('UND_ERR_SOCKET ERR_STREAM_PREMATURE_CLOSE AbortError'), // Azure's client calls a broken body an AbortError
  ...words('ERR_HTTP2_STREAM_ERROR ERR_HTTP2_STREAM_CANCEL ERR_HTTP2_SESSION_ERROR'),
  ...words('ERR_HTTP2_GOAWAY_SESSION ERR_HTTP2_INVALID_SESSION'),
  ...words('rateLimitExceeded userRateLimitExceeded quotaExceeded dailyLimitExceeded'),
  ...words('MongoNetworkError MongoPoolClearedError MongoTopologyClosedError MongoWaitQueueTimeoutError'),
  ...words('NotWritablePrimary NotPrimaryNoSecondaryOk NotPrimaryOrSecondary PrimarySteppedDown ShutdownInProgress'),
  ...words('InterruptedAtShutdown InterruptedDueToReplStateChange HostUnreachable'),
]);

/** Errors of Node.js' HTTP parser, undici and OpenSSL: not HTTP, not TLS, or a wrong certificate. */
const PROTOCOL_FAULTS = [
  /^(?:HPE|ERR_SSL|ERR_TLS)_|^ERR_ASSERTION$/, // undici asserts that a status is not below 100
  /^HTTPParserError$/, // undici in Node.js 24, without a code
  /^(?:EPROTO|PARSE_ERROR|CERT_.*|.*_CERT(?:_.*)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|HOSTNAME_MISMATCH)$/,
  /^UND_ERR_(?:HEADERS_OVERFLOW|RES_CONTENT_LENGTH_MISMATCH|RES_EXCEEDED_MAX_SIZE)$/,
  /^Malformed_HTTP_Response$/, // Bun
];

/** What Deno's fetch says, whose errors have no codes: the codes that Node.js has for it. */
const SAID_BY_DENO: readonly (readonly [message: RegExp, code: string])[] = [
  [/client error \(Connect\): (?:invalid peer certificate|received (?:corrupt|fatal|unexpected)|peer )/, 'EPROTO'],
  [/client error \(SendRequest\): (?:invalid|message head)/, 'HPE_INVALID_CONSTANT'],
  [/client error \(Connect\)/, 'ECONNREFUSED'],
  [/client error \(SendRequest\)/, 'ECONNRESET'],
];

function isProtocolFault(reason: Reason): boolean {
  return PROTOCOL_FAULTS.some((codes) => codes.test(String(reason)));
}

/** The store rejects our credentials, so nothing is known about its objects. */
const UNAUTHENTICATED = new Set<Reason>([
  ...words('RequestTimeTooSkewed RequestExpired InvalidAccessKeyId SignatureDoesNotMatch InvalidToken ExpiredToken'),
  ...words('InvalidSecurity TokenRefreshRequired NotSignedUp AccountProblem AllAccessDisabled CredentialsNotSupported'),
  ...words('AuthenticationFailed InvalidAuthenticationInfo KeyBasedAuthenticationNotPermitted AccountIsDisabled'),
  ...words('authError accountDisabled'),
]);

/** The bucket or container is missing. Its name seldom comes from a client, so this is worth a warning. */
const NO_CONTAINER = new Set<Reason>(words('NoSuchBucket ContainerNotFound'));

function words(text: string): string[] {
  return text.split(' ');
}

/** 501 and 505 are excluded: the server would respond the same to the next request. */
function isUnavailable(reason: Reason): boolean {
  if (typeof reason === 'string') return UNAVAILABLE.has(reason);
  return UNAVAILABLE.has(reason) || (reason >= 500 && reason <= 599 && reason !== 501 && reason !== 505);
}

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

/** Properties in which clients store the status of a response, or the reason that there was none. */
interface ClientError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly codeName?: unknown;
  readonly type?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly cause?: unknown;
}

/** Reasons of an error and of its causes: fetch reports a socket error as the cause. */
function reasonsOf(error: unknown, depth = 0): Reason[] {
  if (typeof error !== 'object' || error === null || depth > 2) return [];
  const { name, code, codeName, type, status, statusCode, message, $metadata, cause } = error as ClientError;
  const said = SAID_BY_DENO.find(([text]) => text.test(String(message)))?.[1];
  const own = [$metadata?.httpStatusCode, statusCode, status, code, codeName, type, name, said].filter(isReason);
  return cause === undefined ? own : [...own, ...reasonsOf(cause, depth + 1)];
}

function isReason(value: unknown): value is Reason {
  return typeof value === 'string' || typeof value === 'number';
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
