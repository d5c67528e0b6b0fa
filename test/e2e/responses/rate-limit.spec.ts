import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  type NestInterceptor,
  Query,
  Req,
  Res,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import {
  compositeSource,
  bytesSource,
  fileSource,
  generatedSource,
  httpSource,
  Ranged,
  RangedFile,
  type RangedOptions,
  RangeInterceptor,
  RangeModule,
  type RangeModuleOptions,
  RangeResponder,
  type RateLimit,
} from 'nestjs-range';
import type { ServerResponse } from 'node:http';
import { map } from 'rxjs';
import { Arrivals } from '../../support/connections/arrivals.js';
import {
  fetchRaw,
  header,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import { FakeStore } from '../../support/stores/fake-store.js';
import { createMedium, FILE_KINDS, inPieces } from '../../support/sources/file-kinds.js';
import { FixtureDirectory } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { until } from '../../support/until.js';
import { type HeaderLines, range } from './rows/outcome.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const MEDIUM = createMedium(fixtures, 100_000);
const { bytes: BYTES, path: PATH } = MEDIUM;
const TAG = '"v1"';

const RATE = 200_000;
const CHUNK = RATE / 4;
/** A head, and what the clocks of a timer and of the test differ by. */
const SLACK = 1500;
/** So slow that whoever waits for it does not come back in time. */
const NEVER: RateLimit = { bytesPerSecond: 1, after: 1000, key: () => 'all' };

/** @param source the `source` of the request's query */
let make: (source?: string) => StreamableFile | Promise<StreamableFile>;

/** Counts what is sent, beside the pipe. */
class Counting implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      map((file: StreamableFile) => {
        file.getStream().on('data', () => {});
        return file;
      }),
    );
  }
}

interface User {
  user?: string | undefined;
}

class Login implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request: User & { readonly headers: Record<string, string | undefined> } = context
      .switchToHttp()
      .getRequest();
    request.user = request.headers['x-user'];
    return true;
  }
}

@Controller()
class Files {
  constructor(private readonly responder: RangeResponder) {}

  @Get('file')
  @Ranged()
  @UseGuards(Login)
  file(@Query('source') source?: string) {
    return make(source);
  }

  @Get('observed')
  @UseInterceptors(Counting, RangeInterceptor)
  observed() {
    return make();
  }

  @Get('responder')
  async send(@Req() request: unknown, @Res() response: unknown) {
    await this.responder.send(request, response, await make());
  }

  @Get('free')
  @Ranged({ rateLimit: false })
  free() {
    return make();
  }
}
Reflect.defineMetadata('design:paramtypes', [RangeResponder], Files);

const byRoot = () => new RangedFile(fileSource(PATH));

/** Each open connection to an app, closed in the end. */
const connections: RawConnection[] = [];
const open = async (port: number): Promise<RawConnection> => {
  const connection = await RawConnection.open(port);
  connections.push(connection);
  return connection;
};

/** One request, and what of its response has come too early. */
async function fetchTimed(
  port: number,
  path: string,
  headers: HeaderLines = [],
  after = 0,
): Promise<{ readonly response: RawResponse; readonly tooEarly: readonly string[] }> {
  const arrivals = new Arrivals(RATE, after + CHUNK + SLACK);
  const connection = arrivals.watch(await RawConnection.open(port));
  connection.send(requestText(path, [...headers, ['Connection', 'close']]));
  const response = await connection.next();
  await connection.untilEnd();
  return { response, tooEarly: arrivals.tooEarly };
}

describe.each(ADAPTERS)('a limited response on %s', (adapter) => {
  let running: TestApp;
  let store: FakeStore;
  beforeAll(async () => {
    store = await FakeStore.start();
    store.put('clip', BYTES);
  });
  afterAll(() => store.stop());
  beforeEach(() => {
    make = byRoot;
  });

  async function withApp(
    options: RangeModuleOptions,
    work: (running: TestApp) => Promise<void>,
    configure: (app: INestApplication) => unknown = () => {},
  ): Promise<void> {
    running = await startApp(
      adapter,
      { imports: [RangeModule.forRoot(options)], controllers: [Files] },
      { configure, nest: { forceCloseConnections: false } },
    );
    try {
      await work(running);
    } finally {
      for (const connection of connections.splice(0)) connection.finish();
      await running.close();
    }
  }

  const limited = (options: Partial<RateLimit> = {}): RangeModuleOptions => ({
    rateLimit: { bytesPerSecond: RATE, ...options },
  });

  const SOURCES: readonly (readonly [name: string, make: () => StreamableFile | Promise<StreamableFile>])[] = [
    ...FILE_KINDS.map((kind) => [kind.name, () => kind.make(MEDIUM)] as const),
    ['StreamableFile(Readable of unknown length)', () => new StreamableFile(inPieces(BYTES))],
    ['RangedFile(httpSource)', () => new RangedFile(httpSource(`${store.url}/http/files/clip`))],
    [
      'RangedFile(generatedSource)',
      () =>
        new RangedFile(
          generatedSource({ key: adapter, dir: fixtures.at(`spool-${adapter}`), generate: () => inPieces(BYTES) }),
        ),
    ],
    [
      'RangedFile(compositeSource)',
      () => {
        return new RangedFile(compositeSource([BYTES.subarray(0, 50), bytesSource(BYTES.subarray(50))]));
      },
    ],
  ];

  it('sends all bytes, and none too early, from every kind of source', async () => {
    await withApp(limited(), async ({ port, log }) => {
      make = (source) => SOURCES[Number(source)]![1]();
      const fetched = await Promise.all(SOURCES.map((_, i) => fetchTimed(port, `/file?source=${i}`)));
      fetched.forEach(({ response, tooEarly }, i) => {
        const expected = [SOURCES[i]![0], 200, true, []];
        expect([SOURCES[i]![0], response.status, response.body.equals(BYTES), tooEarly]).toEqual(expected);
      });
      expect(log.complaints).toEqual([]);
    });
  });

  it('keeps its own bytes while others reuse the memory of its chunks', async () => {
    await withApp(limited(), async ({ port }) => {
      const all = Array.from({ length: 20 }, async (_, i) => {
        const first = i * 1000;
        const { body } = await fetchRaw(port, '/file', range(`bytes=${first}-`));
        return body.equals(BYTES.subarray(first));
      });
      expect(await Promise.all(all)).toEqual(all.map(() => true));
    });
  });

  it.each([
    ['a range', range('bytes=1000-90000'), '/file'],
    ['several ranges', range('bytes=0-9,500-69999,80000-'), '/file'],
    ['what an interceptor listens to', [], '/observed'],
    ['a range that an interceptor listens to', range('bytes=10-'), '/observed'],
    ['what RangeResponder sends', [], '/responder'],
  ] as const)('is paced with %s', async (_, headers, path) => {
    await withApp(limited(), async ({ port }) => {
      const unlimited = await fetchRaw(port, '/free', headers);
      const { response, tooEarly } = await fetchTimed(port, path, headers);
      expect([response.status, response.body.length]).toEqual([unlimited.status, unlimited.body.length]);
      expect(response.isComplete).toBe(true);
      expect(tooEarly).toEqual([]);
    });
  });

  it('is paced if a middleware has patched the response', async () => {
    const patch = (_: unknown, response: ServerResponse, next: () => void): void => {
      const write = response.write.bind(response) as (...args: unknown[]) => boolean;
      response.write = (...args: unknown[]) => write(...args);
      next();
    };
    await withApp(
      limited(),
      async ({ port }) => {
        const { response, tooEarly } = await fetchTimed(port, '/file');
        expect([response.body.equals(BYTES), tooEarly]).toEqual([true, []]);
      },
      (app) => app.use(patch),
    );
  });

  it.each([1000, 30_000, 60_000, 99_999])('sends %d more bytes at once, by `after`', async (after) => {
    await withApp(limited({ after }), async ({ port }) => {
      for (const makeIt of [byRoot, () => new RangedFile(bytesSource(BYTES))]) {
        make = makeIt;
        const { response, tooEarly } = await fetchTimed(port, '/file', [], after);
        expect([response.body.equals(BYTES), tooEarly]).toEqual([true, []]);
      }
    });
  });

  it('is sent at once if it is smaller than that', async () => {
    await withApp({ rateLimit: { bytesPerSecond: 1, after: BYTES.length } }, async ({ port }) => {
      for (const makeIt of [byRoot, () => new RangedFile(bytesSource(BYTES, { etag: TAG }))]) {
        make = makeIt;
        expect((await fetchRaw(port, '/file')).body.equals(BYTES)).toBe(true);
        expect((await fetchRaw(port, '/file', range('bytes=5-1004'))).body).toHaveLength(1000);
      }
    });
  });

  it('small responses of a key wait once `after` is used up, also in one piece', async () => {
    make = () => new RangedFile(bytesSource(BYTES.subarray(0, 20_000), { etag: TAG }));
    const limit = { ...limited({ after: 10_000, key: () => 'all' }) };
    await withApp(limit, async ({ port }) => {
      const arrivals = new Arrivals(RATE, 10_000 + CHUNK + 6 * SLACK);
      for (let i = 0; i < 6; i++) {
        const connection = arrivals.watch(await open(port));
        connection.send(requestText('/file'));
        expect((await connection.next()).body).toHaveLength(20_000);
      }
      expect(arrivals.tooEarly).toEqual([]);
    });
  });

  it('shares its limit by key: eight connections get no more than one', async () => {
    const limit = limited({ after: 20_000, key: (request: object) => (request as User).user });
    await withApp(limit, async ({ port }) => {
      const arrivals = new Arrivals(RATE, 20_000 + CHUNK + 8 * SLACK);
      const responses = Array.from({ length: 8 }, async (_, i) => {
        const connection = arrivals.watch(await open(port));
        connection.send(
          requestText('/file', [['X-User', 'anna'], ...range(`bytes=${i * 12_000}-${i * 12_000 + 11_999}`)]),
        );
        return (await connection.next()).body;
      });
      expect(Buffer.concat(await Promise.all(responses)).equals(BYTES.subarray(0, 96_000))).toBe(true);
      expect(arrivals.tooEarly).toEqual([]);
    });
  });

  describe('if the limit of a key is used up', () => {
    const limit: RangeModuleOptions = {
      rateLimit: { ...NEVER, key: (request: object) => (request as User).user },
      etag: false,
    };

    /** One that waits for its next byte, of a user called anna. */
    async function waiting(port: number): Promise<RawConnection> {
      const connection = await open(port);
      connection.send(requestText('/file', [['X-User', 'anna']]));
      await connection.untilSeen(1000);
      return connection;
    }

    it('another user, and one without a key, do not wait', async () => {
      await withApp(limit, async ({ port }) => {
        await waiting(port);
        for (const user of [
          ['X-User', 'bert'],
          ['X-Other', ''],
        ] as const) {
          const { body } = await fetchRaw(port, '/file', [user, ...range('bytes=0-999')]);
          expect(body.equals(BYTES.subarray(0, 1000))).toBe(true);
        }
      });
    });

    it('the head of the next response does not wait', async () => {
      await withApp(limit, async ({ port }) => {
        await waiting(port);
        const next = await open(port);
        next.send(requestText('/file', [['X-User', 'anna'], ...range('bytes=0-999')]));
        expect(await next.head()).toMatch(/^HTTP\/1.1 206 [^]*Content-Range: bytes 0-999\/100000/i);
      });
    });

    it.each([
      ['HEAD', 'HEAD', [], 200],
      ['304', 'GET', [['If-None-Match', TAG]], 304],
      ['412', 'GET', [['If-Match', '"other"']], 412],
      ['416', 'GET', [['Range', 'bytes=200000-']], 416],
    ] as const)('%s does not wait', async (_, method, headers, status) => {
      make = () => new RangedFile(bytesSource(BYTES, { etag: TAG }));
      const { etag: _etag, ...others } = limit;
      await withApp(others, async ({ port }) => {
        await waiting(port);
        const response = await fetchRaw(port, '/file', [['X-User', 'anna'], ...headers], method);
        expect(response.status).toBe(status);
      });
    });

    it('a route without a limit does not wait', async () => {
      await withApp(limit, async ({ port }) => {
        await waiting(port);
        expect((await fetchRaw(port, '/free', [['X-User', 'anna']])).body.equals(BYTES)).toBe(true);
      });
    });
  });

  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  it('releases its timer and its source when its client leaves', async () => {
    await withApp({ rateLimit: NEVER }, async ({ port, log }) => {
      const probes: ProbeSource[] = [];
      make = () => {
        const probe = new ProbeSource(BYTES, { chunkSize: 1000 });
        probes.push(probe);
        return new RangedFile(probe);
      };
      const before = timers();
      for (const leave of ['finish', 'reset'] as const) {
        const connection = await open(port);
        connection.send(requestText('/file', range('bytes=1-')));
        await connection.head();
        connection[leave]();
      }
      await until(
        () => probes.length === 2 && probes.every(({ isReleased }) => isReleased),
        'the sources to be released',
      );
      await until(() => timers() <= before, 'the timers to be cleared');
      expect(log.complaints).toEqual([]);
    });
  });

  it('closes its descriptor when its client leaves', async () => {
    await withApp({ rateLimit: NEVER, openFiles: 0 }, async ({ port }) => {
      const connection = await open(port);
      connection.send(requestText('/file'));
      await connection.untilSeen(1000);
      connection.reset();
      await untilClosed(fixtures);
    });
  });

  it('is cut off at a shutdown that it outlasts', async () => {
    let probe: ProbeSource | undefined;
    make = () => new RangedFile((probe = new ProbeSource(BYTES)));
    await withApp({ rateLimit: { bytesPerSecond: 1 }, shutdownTimeoutMs: 200 }, async ({ port, close, log }) => {
      const connection = await open(port);
      connection.send(requestText('/file'));
      await connection.head();
      await close();
      expect((await connection.next()).isComplete).toBe(false);
      expect(probe?.isReleased).toBe(true);
      expect(log.complaints).toEqual(['running transfers cut off 200 ms after the shutdown began: 1']);
    });
  });

  it('is cut off, and logged, if its source breaks off while it waits', async () => {
    const fail = (index: number): void => {
      if (index === 3) throw new Error('the disk is gone');
    };
    make = () => new RangedFile(new ProbeSource(BYTES, { chunkSize: 20_000, onChunk: fail }));
    await withApp(limited(), async ({ port, log }) => {
      const connection = await open(port);
      connection.send(requestText('/file'));
      const response = await connection.next();
      expect(response.isComplete).toBe(false);
      expect(BYTES.subarray(0, 60_000).includes(response.body)).toBe(true);
      expect(log.complaints).toEqual(['GET /file was cut off: the disk is gone']);
    });
  });

  describe('with a key that fails', () => {
    const FAULTS: readonly (readonly [what: string, key: () => unknown, says: RegExp])[] = [
      ['throws', () => raise(new Error('no user')), /the option "rateLimit.key" threw: no user/],
      ['throws what is no error', () => raise(null), /the option "rateLimit.key" threw: null/],
      ['throws what cannot be read', () => raise(unreadable()), /the option "rateLimit.key" threw/],
      ['is a number', () => 42, /"rateLimit.key" must return a string or undefined, not 42/],
      ['is null', () => null, /"rateLimit.key" must return a string or undefined, not null/],
      ['is a promise', async () => 'anna', /"rateLimit.key" must return a string or undefined, not a Promise/],
      ['rejects', async () => raise(new Error('late')), /"rateLimit.key" must return a string or undefined/],
    ];
    function raise(error: unknown): never {
      throw error;
    }
    function unreadable(): object {
      return Object.defineProperty(new Error('x'), 'message', { get: () => raise(new Error('hostile')) });
    }

    it.each(FAULTS)('%s: 500, and nothing else', async (_, key, says) => {
      const probe = new ProbeSource(BYTES);
      const stream = inPieces(BYTES);
      await withApp(limited({ key: key as () => string }), async ({ port, log }) => {
        for (const makeIt of [() => new RangedFile(probe), () => new StreamableFile(stream)]) {
          make = makeIt;
          log.clear();
          const response = await fetchRaw(port, '/file', range('bytes=0-9'));
          expect(response.status).toBe(500);
          expect(response.body.toString()).not.toMatch(/rateLimit/);
          expect([header(response, 'Content-Range'), header(response, 'ETag')]).toEqual([undefined, undefined]);
          expect(log.complaints).toHaveLength(1);
          expect(log.complaints[0]).toMatch(says);
          expect(log.complaints[0]).toMatch('GET /file');
        }
        expect(probe.resolved).toBe(0);
        await until(() => stream.destroyed, 'the stream to be destroyed');
        expect((await fetchRaw(port, '/free')).status).toBe(500); // its stream is gone
        make = byRoot;
        expect((await fetchRaw(port, '/free')).status).toBe(200);
      });
    });
  });
});

describe('the option rateLimit', () => {
  const REFUSED: readonly (readonly [value: unknown, says: RegExp])[] = [
    [{}, /option "rateLimit.bytesPerSecond" must be a positive number, not undefined/],
    [[], /option "rateLimit.bytesPerSecond" must be a positive number, not undefined/],
    ...[0, -1, Number.NaN, Infinity, '1000', 1n, null].map(
      (bytesPerSecond) =>
        [{ bytesPerSecond }, /option "rateLimit.bytesPerSecond" must be a positive number, not /] as const,
    ),
    [{ bytesPerSecond: 1, after: -1 }, /option "rateLimit.after" must be a whole number from 0, not -1/],
    [{ bytesPerSecond: 1, after: 0.5 }, /option "rateLimit.after" must be a whole number from 0, not 0.5/],
    [{ bytesPerSecond: 1, key: 'user' }, /option "rateLimit.key" must be a function, not "user"/],
    [{ bytesPerSecond: 1, aftr: 1 }, /unknown option "rateLimit.aftr" \(did you mean "rateLimit.after"\?\)/],
    [1000, /option "rateLimit" must be an object with bytesPerSecond, or false, not 1000/],
    [true, /option "rateLimit" must be an object with bytesPerSecond, or false, not true/],
    [null, /option "rateLimit" must be an object with bytesPerSecond, or false, not null/],
  ];
  it.each(REFUSED)('rejects %p: the app does not start', async (rateLimit, says) => {
    const options = { rateLimit } as RangedOptions;
    const starting = startApp('express', { imports: [RangeModule.forRoot(options as RangeModuleOptions)] });
    await expect(starting).rejects.toThrow(says);
    expect(() => Ranged(options)).toThrow(says);
    expect(() => new RangedFile(fileSource(PATH), options)).toThrow(says);
  });

  it.each([
    false,
    undefined,
    { bytesPerSecond: 0.5 },
    { bytesPerSecond: 1e12, after: 0, key: undefined },
    { bytesPerSecond: 1, after: Number.MAX_SAFE_INTEGER, key: () => undefined },
  ])('accepts %p', (rateLimit) => {
    expect(() => Ranged({ rateLimit } as RangedOptions)).not.toThrow();
  });
});
