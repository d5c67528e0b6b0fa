/** A status, or a code or name of an error of Node.js, fetch, AWS, Azure, Google or MongoDB. */
export type Reason = string | number;

/** The first of several reasons decides: the AWS SDK calls any broken connection a TimeoutError, behind its code. */
export function faultOf(reason: Reason): 'timeout' | 'protocol' | 'unavailable' | undefined {
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

/** 501 and 505 are excluded: the server would respond the same to the next request. */
function isUnavailable(reason: Reason): boolean {
  if (typeof reason === 'string') return UNAVAILABLE.has(reason);
  return UNAVAILABLE.has(reason) || (reason >= 500 && reason <= 599 && reason !== 501 && reason !== 505);
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
export function reasonsOf(error: unknown, depth = 0): Reason[] {
  if (typeof error !== 'object' || error === null || depth > 2) return [];
  const { name, code, codeName, type, status, statusCode, message, $metadata, cause } = error as ClientError;
  const said = SAID_BY_DENO.find(([text]) => text.test(String(message)))?.[1];
  const own = [$metadata?.httpStatusCode, statusCode, status, code, codeName, type, name, said].filter(isReason);
  return cause === undefined ? own : [...own, ...reasonsOf(cause, depth + 1)];
}

function isReason(value: unknown): value is Reason {
  return typeof value === 'string' || typeof value === 'number';
}

export function words(text: string): string[] {
  return text.split(' ');
}
