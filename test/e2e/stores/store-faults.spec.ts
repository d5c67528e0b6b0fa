import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Catch, Controller, type ExceptionFilter, ForbiddenException, Get, HttpException } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { httpSource, Ranged, RangedFile, RangeModule, type RangeSource } from 'nestjs-range';
import type { ArgumentsHost } from '@nestjs/common';
import { azureBlobSource } from '../../../src/sources/stores/azure/azure-blob-source.js';
import { gcsSource } from '../../../src/sources/stores/gcs/gcs-source.js';
import { gridFsSource } from '../../../src/sources/stores/gridfs/gridfs-source.js';
import { s3Source } from '../../../src/sources/stores/s3/s3-source.js';
import { destroyedWith } from '../../support/sources/destroyed-stream.js';
import { fetchRaw, header } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

const rejecting = (error: unknown) => async (): Promise<never> => {
  throw error;
};

type Fail = (error: unknown) => RangeSource;

/** A source over each store, whose client fails with an error at the first request. */
const LOOKING: Record<string, Fail> = {
  s3: (error) => s3Source({ send: rejecting(error) }, { Bucket: 'media', Key: 'clip' }),
  azure: (error) => {
    const fail = rejecting(error);
    return azureBlobSource({ url: 'https://account.test/media/clip', getProperties: fail, download: fail });
  },
  gcs: (error) => gcsSource(gcsFile(error)),
  gridfs: (error) =>
    gridFsSource(
      {
        find: () => ({ limit: () => ({ toArray: rejecting(error) }) }),
        openDownloadStream: () => destroyedWith(error as Error),
      },
      'clip',
    ),
  http: (error) => httpSource('https://store.test/clip?sig=secret', { fetch: rejecting(error) }),
};

/** The same where the app knows the metadata, so that the first request is for the content. */
const READING: Record<string, Fail> = {
  s3: (error) => s3Source({ send: rejecting(error) }, { Bucket: 'media', Key: 'clip' }, KNOWN),
  azure: (error) => {
    const fail = rejecting(error);
    return azureBlobSource({ url: 'https://account.test/media/clip', getProperties: fail, download: fail }, KNOWN);
  },
  gcs: (error) => gcsSource(gcsFile(error), KNOWN),
  gridfs: (error) =>
    gridFsSource(
      {
        find: () => ({ limit: () => ({ toArray: rejecting(error) }) }),
        openDownloadStream: () => destroyedWith(error as Error),
      },
      'clip',
      KNOWN,
    ),
  http: (error) => httpSource('https://store.test/clip?sig=secret', { ...KNOWN, fetch: rejecting(error) }),
};

const KNOWN = { metadata: { size: 1000, etag: '"1"' } };

function gcsFile(error: unknown): Parameters<typeof gcsSource>[0] {
  const file = {
    name: 'clip',
    bucket: { name: 'media', storage: {}, file: () => file },
    getMetadata: rejecting(error),
    createReadStream: () => destroyedWith(error as Error),
  };
  return file;
}

const failure = (name: string, more: object = {}): Error =>
  Object.assign(new Error(`${name} it was`), { name, ...more });

/** What clients throw before the store has heard of the request, in the shapes of each. */
const FAULTS: readonly (readonly [what: string, error: Error])[] = [
  ['the file of a web-identity token', failure('Error', { code: 'ENOENT', syscall: 'open', path: '/var/run/token' })],
  ['the file of a key', failure('Error', { code: 'EACCES', syscall: 'open', path: '/keys/app.json' })],
  ['credentials that are nowhere', failure('CredentialsProviderError', { tryNextLink: false })],
  ['a token of Azure that is refused', failure('AuthenticationError', { statusCode: 403 })],
  ['a tenant of Azure that is unknown', failure('AuthenticationError', { statusCode: 404 })],
  [
    'a service for tokens of Azure that is not there',
    failure('RestError', {
      statusCode: 404,
      request: { url: 'https://login.test/tenant/oauth2/token' },
      response: { headers: new Map() },
    }),
  ],
  ['a token of Google that is refused', failure('GaxiosError', { code: '403', status: 403, response: { config: {} } })],
  ['an account of Google that is gone', failure('GaxiosError', { code: 404, response: { config: {} } })],
  ['a database that refuses us', failure('MongoServerError', { code: 18, codeName: 'AuthenticationFailed' })],
];

const azureRefusal = (statusCode: number, code: string): Error => {
  const headers = new Headers({ 'x-ms-error-code': code });
  return failure('RestError', { code: undefined, statusCode, response: { headers } }); // of HEAD: it has no body
};
const googleRefusal = (code: number, reason: string, parsed: object[] = []): Error => {
  const message = JSON.stringify({ error: { code, message: reason, errors: [{ reason }] } });
  return Object.assign(new Error(message), { code, errors: parsed, response: { headers: {} } }); // of content: not parsed
};

/** What a store says where the code decides, and not the status. */
const REFUSALS: readonly (readonly [kind: string, what: string, error: Error, status: number])[] = [
  ['azure', 'a signature that is over', azureRefusal(403, 'AuthenticationFailed'), 500],
  ['azure', 'an account that is disabled', azureRefusal(403, 'AccountIsDisabled'), 500],
  ['azure', 'the lease of another blob', azureRefusal(412, 'LeaseIdMismatchWithBlobOperation'), 500],
  ['azure', 'a time limit of its own', azureRefusal(500, 'OperationTimedOut'), 504],
  ['gcs', 'an account that is disabled', googleRefusal(403, 'accountDisabled'), 500],
  ['gcs', 'too many requests', googleRefusal(403, 'rateLimitExceeded'), 503],
  ['gcs', 'a quota that is used up', googleRefusal(403, 'quotaExceeded', [{ reason: 'quotaExceeded' }]), 503],
];

let source: RangeSource;

@Controller()
class Files {
  @Get('file')
  @Ranged({ etag: '"v1"', cacheControl: 'max-age=60' })
  file() {
    return new RangedFile(source);
  }
}

describe.each(ADAPTERS)('what a store does not say about an object, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());
  beforeEach(() => running.log.clear());

  const stores = Object.keys(LOOKING);
  describe.each(stores)('%s', (kind) => {
    it.each(FAULTS)('results in a 500, logged once with its cause: %s', async (_, error) => {
      for (const make of [LOOKING[kind]!, READING[kind]!]) {
        running.log.clear();
        source = make(error);
        const response = await fetchRaw(running.port, '/file', [['Range', 'bytes=0-9']]);
        expect(response.status).toBe(500);
        expect(JSON.parse(response.body.toString())).toMatchObject({
          statusCode: 500,
          message: 'Internal Server Error',
        });
        expect(header(response, 'ETag')).not.toBe('"v1"');
        expect(header(response, 'Cache-Control')).toBe('no-store');
        expect(running.log.complaints).toHaveLength(1);
        const [message] = running.log.complaints;
        expect(message).toContain('GET /file: ');
        expect(message).toContain(error.message);
        expect(message).not.toContain('secret');
      }
    });

    it('leaves an exception of the app to the filters', async () => {
      for (const make of [LOOKING[kind]!, READING[kind]!]) {
        source = make(new ForbiddenException('not yours'));
        const response = await fetchRaw(running.port, '/file');
        expect(response.status).toBe(403);
        expect(running.log.complaints).toEqual([]);
      }
    });
  });

  it.each(REFUSALS)('is not taken for a missing object if %s refuses %s', async (kind, _, error, status) => {
    for (const make of [LOOKING[kind]!, READING[kind]!]) {
      running.log.clear();
      source = make(error);
      expect((await fetchRaw(running.port, '/file', [['Range', 'bytes=0-9']])).status).toBe(status);
      expect(running.log.at('error')).toHaveLength(1);
    }
  });

  it.each<[kind: string, error: Error]>([
    [
      's3',
      failure('AccessDenied', { $metadata: { httpStatusCode: 403 }, $response: { statusCode: 403, headers: {} } }),
    ],
    [
      'azure',
      failure('RestError', { code: 'AuthorizationFailure', statusCode: 403, response: { headers: new Map() } }),
    ],
    ['gcs', failure('Error', { code: 403, errors: [{ reason: 'forbidden' }], response: { headers: {} } })],
  ])('results in a 404 and a warning if %s refuses the object', async (kind, error) => {
    const own = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
    try {
      for (const make of [LOOKING[kind]!, READING[kind]!, LOOKING[kind]!]) {
        source = make(error);
        expect((await fetchRaw(own.port, '/file')).status).toBe(404);
      }
      expect(own.log.at('error', 'fatal')).toEqual([]);
      expect(own.log.at('warn')).toEqual([
        expect.stringMatching(/^GET \/file: 404, .*clip.*responded with 403.* it was/),
      ]);
    } finally {
      await own.close();
    }
  });

  it.each<[kind: string, what: string, error: Error]>([
    ['azure', 'a container', azureRefusal(404, 'ContainerNotFound')],
    ['azure', 'a condition on tags', azureRefusal(412, 'ConditionNotMet')],
    ['gcs', 'a condition on the generation', googleRefusal(412, 'conditionNotMet', [{ reason: 'conditionNotMet' }])],
  ])('results in a 404 and a warning if %s misses %s of the app', async (kind, _, error) => {
    const own = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
    try {
      source = LOOKING[kind]!(error);
      expect((await fetchRaw(own.port, '/file')).status).toBe(404);
      expect(own.log.at('error', 'fatal')).toEqual([]);
      expect(own.log.at('warn')).toEqual([
        expect.stringMatching(/^GET \/file: 404, .*the store responded with 4(?:04|12): \w+/),
      ]);
    } finally {
      await own.close();
    }
  });

  it('is an HttpException for filters, with the error of the client at its end', async () => {
    const seen: unknown[] = [];
    @Catch()
    class Filter implements ExceptionFilter {
      constructor(private readonly answer: BaseExceptionFilter['catch']) {}

      catch(exception: unknown, host: ArgumentsHost) {
        seen.push(exception);
        this.answer(exception, host);
      }
    }
    const own = await startApp(
      adapter,
      { imports: [RangeModule], controllers: [Files] },
      {
        configure: (app) =>
          app.useGlobalFilters(
            new Filter((...args) => new BaseExceptionFilter(app.get(HttpAdapterHost).httpAdapter).catch(...args)),
          ),
      },
    );
    try {
      const [, error] = FAULTS[0]!;
      source = LOOKING['s3']!(error);
      expect((await fetchRaw(own.port, '/file')).status).toBe(500);
      expect(seen).toEqual([expect.any(HttpException)]);
      expect((seen[0] as Error).cause).toMatchObject({ code: 'SOURCE_FAILED', cause: error });
    } finally {
      await own.close();
    }
  });
});
