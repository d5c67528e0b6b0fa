import { describe, expect, it } from '@jest/globals';
import { ForbiddenException } from '@nestjs/common';
import { SourceProtocolError } from '../../../src/sources/source-errors.js';
import { toSourceError } from '../../../src/sources/stores/store-errors.js';

const system = (code: string, more: object = {}): Error => Object.assign(new Error(code), { code, ...more });
const named = (name: string, more: object = {}): Error => Object.assign(new Error(`it is ${name}`), { name, ...more });

describe('toSourceError', () => {
  it.each([
    [404, 'SOURCE_NOT_FOUND'],
    [403, 'SOURCE_NOT_FOUND'],
    [410, 'SOURCE_NOT_FOUND'],
    [412, 'SOURCE_CHANGED'],
    [416, 'SOURCE_CHANGED'],
    [408, 'SOURCE_TIMEOUT'],
    [504, 'SOURCE_TIMEOUT'],
    [429, 'SOURCE_UNAVAILABLE'],
    [500, 'SOURCE_UNAVAILABLE'],
    [502, 'SOURCE_UNAVAILABLE'],
    [503, 'SOURCE_UNAVAILABLE'],
    [400, 'SOURCE_FAILED'],
    [401, 'SOURCE_FAILED'],
    [409, 'SOURCE_FAILED'],
    [301, 'SOURCE_FAILED'],
    [501, 'SOURCE_FAILED'],
    [505, 'SOURCE_FAILED'],
  ])('takes the answer %d of a store for %s', (status, code) => {
    const error = named('SomeError');
    expect(toSourceError(error, 's3://media/clip', { status })).toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`s3://media/clip.*${status}.*it is SomeError`)),
      cause: error,
    });
  });

  it.each<[what: string, error: unknown, code: string]>([
    ['a connection that is refused', system('ECONNREFUSED'), 'SOURCE_UNAVAILABLE'],
    ['a connection that is reset', system('ECONNRESET'), 'SOURCE_UNAVAILABLE'],
    ['a stream of HTTP/2 that is reset', system('ERR_HTTP2_STREAM_ERROR'), 'SOURCE_UNAVAILABLE'],
    ['a session of HTTP/2 that has gone', system('ERR_HTTP2_GOAWAY_SESSION'), 'SOURCE_UNAVAILABLE'],
    ['a name that is not known now', system('EAI_AGAIN'), 'SOURCE_UNAVAILABLE'],
    ['a connection that comes too late', system('ETIMEDOUT'), 'SOURCE_TIMEOUT'],
    ['what fetch wraps', new TypeError('fetch failed', { cause: system('ECONNREFUSED') }), 'SOURCE_UNAVAILABLE'],
    [
      'what fetch waits for',
      new TypeError('fetch failed', { cause: system('UND_ERR_HEADERS_TIMEOUT') }),
      'SOURCE_TIMEOUT',
    ],
    ['a time limit of the AWS SDK', named('TimeoutError'), 'SOURCE_TIMEOUT'],
    [
      'a reset, which the AWS SDK names a time limit',
      named('TimeoutError', { code: 'ECONNRESET' }),
      'SOURCE_UNAVAILABLE',
    ],
    ['a status below 100', new TypeError('fetch failed', { cause: system('ERR_ASSERTION') }), 'SOURCE_PROTOCOL'],
    ['a body that breaks off, as Azure names it', named('AbortError'), 'SOURCE_UNAVAILABLE'],
    ['a refusal of Azure that breaks off', named('RestError', { code: 'PARSE_ERROR' }), 'SOURCE_PROTOCOL'],
    [
      'a query of MongoDB that takes too long',
      named('MongoServerError', { code: 50, codeName: 'MaxTimeMSExpired' }),
      'SOURCE_TIMEOUT',
    ],
    [
      'a MongoDB that elects a primary',
      named('MongoServerError', { code: 10107, codeName: 'NotWritablePrimary' }),
      'SOURCE_UNAVAILABLE',
    ],
    ['a time limit of node-fetch', named('FetchError', { type: 'request-timeout' }), 'SOURCE_TIMEOUT'],
    ['a time limit of MongoDB', named('MongoOperationTimeoutError'), 'SOURCE_TIMEOUT'],
    ['a MongoDB that has no server', named('MongoServerSelectionError'), 'SOURCE_TIMEOUT'],
    ['a MongoDB that went away', named('MongoNetworkError'), 'SOURCE_UNAVAILABLE'],
    ['a service for tokens that is busy', named('AuthenticationError', { statusCode: 503 }), 'SOURCE_UNAVAILABLE'],
    [
      'a service for tokens that is slow',
      named('STSServiceException', { $metadata: { httpStatusCode: 504 } }),
      'SOURCE_TIMEOUT',
    ],
  ])('tells %s', (_, error, code) => {
    expect(toSourceError(error, 'x')).toMatchObject({ code });
  });

  it.each<[what: string, error: unknown]>([
    ['the file of a token', system('ENOENT', { syscall: 'open', path: '/var/run/token' })],
    ['the file of a key', system('ENOENT', { syscall: 'open', path: '/keys/app.json' })],
    ['a role that STS refuses', named('AccessDenied', { $metadata: { httpStatusCode: 403 }, $fault: 'client' })],
    ['a tenant that Azure does not know', named('AuthenticationError', { statusCode: 404 })],
    ['a token that Google refuses', named('GaxiosError', { code: '404', status: 404, response: { config: {} } })],
    ['a metadata server without our account', named('GaxiosError', { status: 403 })],
    ['credentials that are nowhere', named('CredentialsProviderError')],
    ['a fault of ours', new TypeError('undefined is not a function')],
    ['a text', 'broken'],
    ['nothing', undefined],
  ])('takes nothing that no store said for a missing object: %s', (_, error) => {
    expect(toSourceError(error, 'x')).toMatchObject({ code: 'SOURCE_FAILED', cause: error });
  });

  it.each<[code: string, headers: object]>([
    ['RequestTimeTooSkewed', {}],
    ['SignatureDoesNotMatch', {}],
    ['InvalidAccessKeyId', {}],
    ['InvalidSecurity', {}],
    ['AuthenticationFailed', {}],
    ['Forbidden', { date: new Date(Date.now() - 16 * 60_000).toUTCString() }],
    ['Forbidden', { date: new Date(Date.now() + 16 * 60_000).toUTCString() }],
  ])('takes a 403 for a fault where the store does not accept who we are: %s %j', (code, headers) => {
    expect(toSourceError(named(code), 'x', { status: 403, code, headers })).toMatchObject({ code: 'SOURCE_FAILED' });
  });

  it.each([
    [403, 'rateLimitExceeded', 'SOURCE_UNAVAILABLE'],
    [403, 'quotaExceeded', 'SOURCE_UNAVAILABLE'],
    [400, 'RequestTimeout', 'SOURCE_TIMEOUT'],
    [500, 'OperationTimedOut', 'SOURCE_TIMEOUT'],
    [412, 'LeaseIdMismatchWithBlobOperation', 'SOURCE_FAILED'],
    [412, 'LeaseNotPresentWithBlobOperation', 'SOURCE_FAILED'],
  ])('goes by the code of an answer rather than its status: %d %s', (status, code, expected) => {
    expect(toSourceError(named(code), 'x', { status, code })).toMatchObject({ code: expected });
  });

  it.each<[status: number, code: string, headers: object]>([
    [403, 'AccessDenied', {}],
    [403, 'AuthorizationPermissionMismatch', {}],
    [403, 'Forbidden', { date: new Date().toUTCString() }],
    [404, 'NoSuchBucket', {}],
    [404, 'ContainerNotFound', {}],
  ])('marks what the log should tell of: %d %s', (status, code, headers) => {
    const error = toSourceError(named(code), 'x', { status, code, headers });
    expect(error).toMatchObject({ code: 'SOURCE_NOT_FOUND', isForbidden: true });
    expect(toSourceError(named('NoSuchKey'), 'x', { status: 404, code: 'NoSuchKey' })).toMatchObject({
      isForbidden: false,
    });
  });

  it.each<[what: string, error: unknown]>([
    ['a source error', new SourceProtocolError('nonsense')],
    ["an exception of the app's own", new ForbiddenException()],
  ])('leaves %s as it is, for the filters', (_, error) => {
    expect(toSourceError(error, 'x')).toBe(error);
  });

  it('says on one line what was wrong, and where, without the secrets of a URL', () => {
    const cause = new Error('connect to https://user:pass@store.test/a?sig=secret\n  failed');
    const error = new TypeError('fetch failed', { cause });
    const failed = toSourceError(error, 'https://store.test/a') as Error;
    expect(failed.message).toBe(
      'https://store.test/a: TypeError: fetch failed: connect to https://store.test/a failed',
    );
    expect(failed.stack).toContain(error.stack!.split('\n')[1]);
  });

  it('ends if an error is its own cause', () => {
    const error: Error & { cause?: unknown } = new Error('round');
    error.cause = error;
    expect(toSourceError(error, 'x')).toMatchObject({ code: 'SOURCE_FAILED', cause: error });
  });

  it.each([
    ['none', undefined, 1],
    ['seconds', '120', 120],
    ['a date', new Date(Date.now() + 90_500).toUTCString(), expect.any(Number)],
    ['a date that is over', 'Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['something else', 'soon', 1],
  ])('hands on when to try again: %s', (_, header, retryAfterSeconds) => {
    const headers: Record<string, string> = header === undefined ? {} : { 'retry-after': header };
    for (const headers_ of [headers, new Headers(headers)]) {
      const refusal = { status: 503, headers: headers_ };
      expect(toSourceError(new Error('busy'), 'x', refusal)).toMatchObject({ retryAfterSeconds });
    }
  });
});
