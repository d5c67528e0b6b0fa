import { describe, expect, it } from '@jest/globals';
import { refusalOf, sendCommand } from '../../../src/sources/stores/s3/s3-request.js';
import { s3Source } from '../../../src/sources/stores/s3/s3-source.js';

/** An answer as the SDK hands it from one middleware to the next. */
interface RawAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
}

type Handler = (args: unknown) => Promise<{ readonly response?: unknown }>;
type Middleware = (next: Handler) => Handler;

/** A command whose stack has the steps of the SDK's that are used: the first of all, and the last before the request. */
class Command {
  private readonly steps: Record<string, Middleware[]> = { initialize: [], deserialize: [] };
  readonly middlewareStack = {
    add: (middleware: Middleware, { step }: { readonly step?: string }): void =>
      void this.steps[step ?? 'initialize']!.push(middleware),
  };

  /**
   * Runs it as the SDK does.
   *
   * @param attempts of the request, each of which may end before anything is sent
   */
  async run(...attempts: readonly (() => RawAnswer)[]): Promise<RawAnswer> {
    const attempt = async (get: () => RawAnswer): Promise<RawAnswer> => {
      const { response } = await wrapped(this.steps['deserialize']!, async () => ({ response: get() }))({});
      const answer = response as RawAnswer;
      if (answer.statusCode < 300) return answer;
      throw sdkError('Refused', answer);
    };
    const all: Handler = async () => {
      for (const get of attempts.slice(0, -1)) await attempt(get).catch(() => {}); // retried
      return { response: await attempt(attempts.at(-1)!) };
    };
    return (await wrapped(this.steps['initialize']!, all)({})).response as RawAnswer;
  }
}

function wrapped(middlewares: readonly Middleware[], innermost: Handler): Handler {
  return middlewares.reduceRight((next, middleware) => middleware(next), innermost);
}

function sdkError(name: string, answer: RawAnswer): Error {
  const $metadata = { httpStatusCode: answer.statusCode };
  return Object.assign(new Error(name), { name, $metadata, $response: answer });
}

const answer = (statusCode: number, headers: Record<string, string> = {}): RawAnswer => ({ statusCode, headers });

async function send(...attempts: readonly (() => RawAnswer)[]): Promise<RawAnswer> {
  const command = new Command();
  return sendCommand(command, () => command.run(...attempts));
}

async function refusal(...attempts: readonly (() => RawAnswer)[]): Promise<ReturnType<typeof refusalOf>> {
  const error: unknown = await send(...attempts).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return refusalOf(error);
}

const throwing = (error: Error) => (): never => {
  throw error;
};

/** What a service that gives out credentials answers, while the SDK prepares a request to the store. */
const ofCredentials = throwing(sdkError('AccessDenied', answer(403)));

describe('the answer of the store itself', () => {
  it.each([403, 404, 412, 503])('is the status of the refusal: %d', async (status) => {
    const headers = { date: 'today' };
    expect(await refusal(() => answer(status, headers))).toEqual({ status, code: 'Refused', headers });
  });

  it('is the last one, if the request was retried', async () => {
    const last = await refusal(
      () => answer(503),
      () => answer(404),
    );
    expect(last).toMatchObject({ status: 404 });
  });

  it.each<[what: string, attempts: readonly (() => RawAnswer)[]]>([
    ['credentials that are refused', [ofCredentials]],
    ['credentials that are refused when the request is sent again', [() => answer(503), ofCredentials]],
    ['a connection that is reset', [throwing(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))]],
  ])('is none where the error is of something else: %s', async (_, attempts) => {
    expect(await refusal(...attempts)).toBeUndefined();
  });
});

describe('the checksum of an object that comes with an answer', () => {
  const sent = async (statusCode: number, contentRange?: string): Promise<string[]> => {
    const headers = { etag: '"1"', 'x-amz-checksum-crc32': 'AAAAAA==', 'X-Amz-Checksum-Type': 'FULL_OBJECT' };
    const ofRange = contentRange === undefined ? {} : { 'content-range': contentRange };
    return Object.keys((await send(() => answer(statusCode, { ...headers, ...ofRange }))).headers);
  };

  it.each([
    ['all of it', 200, undefined],
    ['a range that is all of it', 206, 'bytes 0-99/100'],
  ])('stays where %s is sent', async (_, status, contentRange) => {
    expect(await sent(status, contentRange)).toEqual(
      expect.arrayContaining(['etag', 'x-amz-checksum-crc32', 'X-Amz-Checksum-Type']),
    );
  });

  it.each(['bytes 0-98/100', 'bytes 1-99/100', 'bytes 0-99/*', 'nonsense'])(
    'is not compared with a part: %s',
    async (contentRange) => {
      expect(await sent(206, contentRange)).toEqual(['etag', 'content-range']);
    },
  );
});

describe('a store without checksums', () => {
  it('fails with a message that names the option to set', async () => {
    const client = { send: async () => throwing(sdkError('NotImplemented', answer(501)))() };
    const metadata = { size: 10, etag: '"1"' };
    const source = s3Source(client, { Bucket: 'b', Key: 'clip' }, { metadata });
    const { signal } = new AbortController();
    const representation = await source.resolve(signal);
    await expect(representation.open(undefined, signal)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining("responseChecksumValidation: 'WHEN_REQUIRED'"),
    });
  });
});
