import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  ForbiddenException,
  Get,
  Head,
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Param,
  Req,
  Res,
  type StreamableFile,
} from '@nestjs/common';
import {
  bytesSource,
  fileSource,
  RangedFile,
  RangeModule,
  RangeResponder,
  SourceNotFoundError,
  SourceProtocolError,
  SourceUnavailableError,
} from 'nestjs-range';
import { fetchRaw, headersOf, type RawResponse } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { until } from '../../support/until.js';

type Send = () => Promise<void>;

const failing = (error: Error): RangedFile =>
  new RangedFile({
    resolve: () => {
      throw error;
    },
  });

const whole = (): RangedFile => new RangedFile(bytesSource(Buffer.alloc(1000), { etag: '"v1"', type: 'video/mp4' }));

interface Failure {
  readonly status: number;
  readonly file: () => StreamableFile;
  readonly headers?: readonly (readonly [string, string])[];
}

/** What goes wrong, with what the client is told where the promise is awaited and Nest's own filter has it. */
const FAILURES: Readonly<Record<string, Failure>> = {
  'missing-file': { status: 404, file: () => new RangedFile(fileSource('/no/such/file.mp4')) },
  'missing-later': {
    status: 404,
    file: () =>
      new RangedFile({
        resolve: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          throw new SourceNotFoundError('gone');
        },
      }),
  },
  condition: { status: 412, file: whole, headers: [['If-Match', '"v2"']] },
  range: { status: 416, file: whole, headers: [['Range', 'bytes=1000-']] },
  unavailable: {
    status: 503,
    file: () => failing(new SourceUnavailableError('overloaded', { retryAfterSeconds: 7 })),
  },
  protocol: { status: 502, file: () => failing(new SourceProtocolError('nonsense')) },
  silent: {
    status: 504,
    file: () => new RangedFile({ resolve: () => new Promise<never>(() => {}) }, { sourceTimeoutMs: 20 }),
  },
  unknown: { status: 500, file: () => failing(new Error('secret')) },
  forbidden: { status: 403, file: () => failing(new ForbiddenException({ reason: 'yours it is not' })) },
};

/** Handlers that leave the promise to itself. */
const FORGETTING: Readonly<Record<string, (send: Send) => unknown>> = {
  'through a function': (send) => {
    [0].forEach(() => void send());
  },
  void: (send) => void send(),
  'async function': async (send) => {
    void send();
  },
  variable: (send) => {
    const sending = send();
    return sending === undefined ? 1 : undefined;
  },
  'after another await': async (send) => {
    await Promise.resolve();
    void send();
  },
};

const rethrow = (error: unknown): never => {
  throw error;
};

/** Handlers whose failure reaches Nest. */
const TAKING: Readonly<Record<string, (send: Send) => unknown>> = {
  await: async (send) => {
    await send();
  },
  return: (send) => send(),
  'return from async': async (send) => send(),
  'return through functions': async (send) => (async () => (async () => send())())(),
  'then and more': (send) => send().then(() => {}),
  catch: (send) => send().catch(rethrow),
  finally: (send) => send().finally(() => {}),
  all: (send) => Promise.all([send(), Promise.resolve()]),
  allSettled: async (send) => {
    const [result] = await Promise.allSettled([send()]);
    if (result.status === 'rejected') throw result.reason;
  },
  race: (send) => Promise.race([send(), new Promise(() => {})]),
  'awaited later': async (send) => {
    const sending = send();
    await Promise.resolve();
    await Promise.resolve();
    await sending;
  },
};

describe.each(ADAPTERS)('an error of send() that is not awaited, on %s,', (adapter) => {
  @Controller()
  class Files {
    constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

    @Get('forgotten/:form/:failure')
    forgotten(
      @Param() { form = '', failure = '' }: Record<string, string>,
      @Req() request: unknown,
      @Res() response: unknown,
    ) {
      return FORGETTING[form]?.(() => this.send(failure, request, response));
    }

    @Get('taken/:form/:failure')
    async taken(
      @Param() { form = '', failure = '' }: Record<string, string>,
      @Req() request: unknown,
      @Res() response: unknown,
    ) {
      return TAKING[form]?.(() => this.send(failure, request, response));
    }

    /** Fastify serves HEAD only where it is asked to. */
    @Head('head/:failure')
    head(@Param('failure') failure: string, @Req() request: unknown, @Res() response: unknown) {
      void this.send(failure, request, response);
    }

    @Get('late')
    async late(@Req() request: unknown, @Res() response: { raw?: NodeJS.EventEmitter } & NodeJS.EventEmitter) {
      const sending = this.send('missing-file', request, response);
      await new Promise((resolve) => (response.raw ?? response).once('finish', resolve));
      await sending.catch((error: unknown) => late.push(error));
    }

    private send(failure: string, request: unknown, response: unknown): Promise<void> {
      return this.responder.send(request, response, FAILURES[failure]!.file());
    }
  }

  const late: unknown[] = [];

  @Module({ imports: [RangeModule], controllers: [Files] })
  class AppModule implements NestModule {
    constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

    configure(consumer: MiddlewareConsumer) {
      consumer
        .apply((request: unknown, response: unknown) => {
          void this.responder.send(request, response, FAILURES['range']!.file());
        })
        .forRoutes('middleware');
    }
  }

  let running: TestApp;
  const unhandled: unknown[] = [];
  const keep = (error: unknown): unknown => unhandled.push(error);

  beforeEach(async () => {
    unhandled.length = 0;
    process.on('unhandledRejection', keep);
    running = await startApp(adapter, { imports: [AppModule] });
  });
  afterEach(async () => {
    await running.close();
    process.off('unhandledRejection', keep);
    if (unhandled.length > 0) throw new Error('a rejection would have ended the process', { cause: unhandled[0] });
  });

  const get = (path: string, { headers = [] }: Partial<Failure> = {}): Promise<RawResponse> =>
    fetchRaw(running.port, encodeURI(path), headers);

  it.each(Object.entries(FAILURES))('gets the same response as an awaited one: %s', async (name, failure) => {
    const awaited = await get(`/taken/await/${name}`, failure);
    running.log.clear();
    const forgotten = await get(`/forgotten/void/${name}`, failure);

    expect(forgotten.status).toBe(failure.status);
    expect(awaited.status).toBe(failure.status);
    expect(forgotten.body.toString()).toBe(awaited.body.toString());
    expect(withoutTag(headersOf(forgotten))).toEqual(withoutTag(headersOf(awaited)));
    expect(running.log.at('warn')).toEqual([
      expect.stringMatching(/^GET \/forgotten.*is not awaited.*await responder/),
    ]);
    expect(running.log.at('error')).toHaveLength(failure.status >= 500 ? 1 : 0);
  });

  it.each(Object.keys(FORGETTING))('gets a response, whatever the form: %s', async (form) => {
    expect((await get(`/forgotten/${form}/missing-file`)).status).toBe(404);
    expect(running.log.complaints).toEqual([expect.stringContaining('is not awaited')]);
  });

  it.each(Object.keys(TAKING))('is left to the app if it takes the promise: %s', async (form) => {
    for (const failure of ['missing-file', 'missing-later']) {
      expect((await get(`/taken/${form}/${failure}`)).status).toBe(404);
    }
    expect(running.log.complaints).toEqual([]);
  });

  it('is warned about once', async () => {
    for (let request = 0; request < 3; request++) await get('/forgotten/void/missing-file');
    expect(running.log.complaints).toHaveLength(1);
  });

  it('gets a response without content to a HEAD', async () => {
    const response = await fetchRaw(running.port, '/head/missing-file', [], 'HEAD');
    expect(response.status).toBe(404);
    expect(response.body).toHaveLength(0);
  });

  it('gets a response from middleware', async () => {
    const response = await get('/middleware', FAILURES['range']);
    expect(response.status).toBe(416);
    expect(headersOf(response)).toMatchObject({ 'content-range': 'bytes */1000', 'cache-control': 'no-store' });
  });

  it('still reaches whoever awaits it after the response', async () => {
    late.length = 0;
    expect((await get('/late')).status).toBe(404);
    await until(() => late.length === 1, 'the failure to reach the handler');
    expect(late).toEqual([expect.objectContaining({ status: 404 })]);
  });
});

/** Express adds one of the error's content where there is none. */
function withoutTag(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'etag'));
}
