import { describe, expect, it } from '@jest/globals';
import { SourceProtocolError } from '../../src/sources/source-errors.js';
import { toSourceError } from '../../src/sources/store-errors.js';

const aws = (status: number, headers: Record<string, string> = {}): object => ({
  name: 'UnknownError',
  $metadata: { httpStatusCode: status, attempts: 1 },
  $response: { statusCode: status, headers },
});
const azure = (statusCode: number, headers: Record<string, string> = {}): object => ({
  name: 'RestError',
  code: 'SomeCode',
  statusCode,
  response: { headers: new Headers(headers) },
});
const google = (code: number, headers: Record<string, string> = {}): object => ({ code, response: { headers } });
const system = (code: string): Error => Object.assign(new Error(code), { code });
const named = (name: string): Error => Object.assign(new Error(name), { name });

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
  ])('takes the status %d of any client for %s', (status, code) => {
    for (const error of [aws(status), azure(status), google(status), { status }]) {
      expect(toSourceError(error, 's3://media/clip')).toMatchObject({
        code,
        message: expect.stringContaining('s3://media/clip'),
        cause: error,
      });
    }
  });

  it.each<[what: string, error: unknown, code: string]>([
    ['a connection that is refused', system('ECONNREFUSED'), 'SOURCE_UNAVAILABLE'],
    ['a connection that is reset', system('ECONNRESET'), 'SOURCE_UNAVAILABLE'],
    ['a name that is not known now', system('EAI_AGAIN'), 'SOURCE_UNAVAILABLE'],
    ['a connection that comes too late', system('ETIMEDOUT'), 'SOURCE_TIMEOUT'],
    ['what fetch wraps', new TypeError('fetch failed', { cause: system('ECONNREFUSED') }), 'SOURCE_UNAVAILABLE'],
    [
      'what fetch waits for',
      new TypeError('fetch failed', { cause: system('UND_ERR_HEADERS_TIMEOUT') }),
      'SOURCE_TIMEOUT',
    ],
    ['a time limit of the AWS SDK', named('TimeoutError'), 'SOURCE_TIMEOUT'],
    ['a time limit of MongoDB', named('MongoOperationTimeoutError'), 'SOURCE_TIMEOUT'],
    ['a MongoDB that has no server', named('MongoServerSelectionError'), 'SOURCE_TIMEOUT'],
    ['a MongoDB that went away', named('MongoNetworkError'), 'SOURCE_UNAVAILABLE'],
    ['a file that GridFS has not', system('ENOENT'), 'SOURCE_NOT_FOUND'],
  ])('tells %s', (_, error, code) => {
    expect(toSourceError(error, 'x')).toMatchObject({ code });
  });

  it.each<[what: string, error: unknown]>([
    ['a fault of ours', new TypeError('undefined is not a function')],
    ['credentials that are refused', aws(401)],
    ['a request that is wrong', google(400)],
    ['a source error', new SourceProtocolError('nonsense')],
    ['a text', 'broken'],
    ['nothing', undefined],
  ])('leaves %s as it is, for the filters and the log', (_, error) => {
    expect(toSourceError(error, 'x')).toBe(error);
  });

  it('ends where an error is its own cause', () => {
    const error: Error & { cause?: unknown } = new Error('round');
    error.cause = error;
    expect(toSourceError(error, 'x')).toBe(error);
  });

  it.each([
    ['none', undefined, 1],
    ['seconds', '120', 120],
    ['a date', new Date(Date.now() + 90_500).toUTCString(), expect.any(Number)],
    ['a date that is over', 'Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['something else', 'soon', 1],
  ])('hands on when to try again: %s', (_, field, retryAfterSeconds) => {
    const headers: Record<string, string> = field === undefined ? {} : { 'retry-after': field };
    for (const make of [aws, azure, google]) {
      expect(toSourceError(make(503, headers), 'x')).toMatchObject({ retryAfterSeconds });
    }
  });
});
