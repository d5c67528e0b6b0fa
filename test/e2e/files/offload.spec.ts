import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  Injectable,
  type NestInterceptor,
  Post,
  Query,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import {
  type Delegation,
  fileSource,
  Ranged,
  RangedFile,
  type RangedResponseMessage,
  RangeModule,
  RangeResponder,
  redirectSource,
  SourceNotFoundError,
  SourceUnavailableError,
} from 'nestjs-range';
import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, symlinkSync } from 'node:fs';
import { tap } from 'rxjs';
import { FixtureDirectory, MODIFIED_HEADER, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import {
  fetchRaw,
  headersOf,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { until } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const BYTES = pseudoRandomBytes(10_000);
const root = fixtures.at('root');
mkdirSync(fixtures.at('root/inner'), { recursive: true });
fixtures.write('secret.txt', 'secret');
fixtures.write('root/.env', 'secret');
fixtures.write('root/inner/a b.mp4', BYTES);
symlinkSync('../secret.txt', fixtures.at('root/link-out'));
execFileSync('mkfifo', [fixtures.at('root/fifo')]);

const accel = { accelRedirect: '/internal/' };
const STORE = 'https://store.example/clip.mp4?X-Signature=a%2Fb';
const NAME = 'inner/a b.mp4';

/** What both frameworks' responses have. */
interface HeaderLines {
  setHeader?(name: string, value: string): unknown;
  header?(name: string, value: string): unknown;
}

/** Sets a field when the answer is planned already. */
@Injectable()
class LateCacheControl implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const response = context.switchToHttp().getResponse<HeaderLines>();
    const set = (name: string, value: string) =>
      response.setHeader === undefined ? response.header?.(name, value) : response.setHeader(name, value);
    return next.handle().pipe(tap(() => set('Cache-Control', 'max-age=5')));
  }
}

@Controller()
@Ranged({ cacheControl: 'private, max-age=60' })
class Files {
  constructor(private readonly responder: RangeResponder) {}

  @Get('accel')
  @Ranged({ disposition: 'attachment', filename: 'clip ☃.mp4' })
  accel(@Query('name') name: string) {
    return new RangedFile(fileSource(name, { root, offload: accel }));
  }

  @Get('sendfile')
  sendfile(@Query('name') name: string) {
    return new RangedFile(fileSource(name, { root, offload: 'sendfile' }), { type: 'video/x-own' });
  }

  @Get('self')
  self(@Query('name') name: string) {
    return new RangedFile(fileSource(name, { root, offload: undefined }));
  }

  @Get('unranged')
  @Ranged(false)
  unranged() {
    return new RangedFile(fileSource(NAME, { root, offload: accel }));
  }

  @Get('dressed')
  @Header('ETag', '"of-the-handler"')
  @Header('Last-Modified', MODIFIED_HEADER)
  @Header('Accept-Ranges', 'bytes')
  @Header('Content-Length', '10000')
  @Header('Content-Type', 'video/x-own')
  @Header('Content-Language', 'de')
  @Header('Cache-Control', 'max-age=7')
  dressed() {
    return new RangedFile(fileSource(NAME, { root, offload: accel }));
  }

  @Get('dressed-redirect')
  @Header('ETag', '"of-the-handler"')
  @Header('Accept-Ranges', 'bytes')
  @Header('Content-Length', '10000')
  @Header('Content-Type', 'video/x-own')
  @Header('Content-Disposition', 'attachment')
  @Header('Cache-Control', 'max-age=7')
  dressedRedirect() {
    return new RangedFile(redirectSource(STORE));
  }

  @Get('sent')
  async sent(@Req() request: unknown, @Res() response: unknown) {
    await this.responder.send(request, response, new RangedFile(fileSource(NAME, { root, offload: accel })));
  }

  @Get('sent-redirect')
  async sentRedirect(@Req() request: unknown, @Res() response: unknown) {
    await this.responder.send(request, response, new RangedFile(redirectSource(STORE)));
  }

  @Get('redirect')
  redirect() {
    return new RangedFile(redirectSource(STORE));
  }

  @Post('redirect')
  redirectPost() {
    return new RangedFile(redirectSource(STORE));
  }

  @Get('found')
  @HttpCode(302)
  found() {
    return new RangedFile(redirectSource(STORE));
  }

  @Get('presigned')
  presigned() {
    const presign = async () => new URL(STORE);
    return new RangedFile(redirectSource(presign, { cacheControl: 'private, max-age=30' }));
  }

  @Get('gone')
  gone() {
    const presign = (): string => {
      throw new SourceNotFoundError('no row has this id');
    };
    return new RangedFile(redirectSource(presign));
  }

  @Get('busy')
  busy() {
    const presign = async () => {
      throw new SourceUnavailableError('the signer is busy', { retryAfterSeconds: 7 });
    };
    return new RangedFile(redirectSource(presign));
  }

  @Get('silent')
  @Ranged({ sourceTimeoutMs: 100 })
  silent() {
    return new RangedFile(redirectSource(() => new Promise(() => {})));
  }

  @Get('split')
  split() {
    return new RangedFile(redirectSource(() => 'https://store.example/\r\nSet-Cookie: a=b'));
  }

  @Get('custom')
  custom(@Query('field') header: string) {
    const delegated: Delegation = { status: 200, headers: { 'X-Reproxy-URL': header } };
    return new RangedFile({ resolve: () => ({ delegated, type: 'video/mp4', open: () => [] as never }) });
  }
}

@Controller('late')
@UseInterceptors(LateCacheControl)
class LateFiles {
  @Get('accel')
  @Ranged()
  accel() {
    return new RangedFile(fileSource(NAME, { root, offload: accel }));
  }

  @Get('redirect')
  @Ranged()
  redirect() {
    return new RangedFile(redirectSource(STORE));
  }
}

const OFFLOADED = {
  'content-type': 'video/mp4',
  'content-length': '0',
  'cache-control': 'private, max-age=60, no-transform',
  'x-content-type-options': 'nosniff',
};
const ACCEL = {
  ...OFFLOADED,
  'content-disposition': `attachment; filename="clip ?.mp4"; filename*=UTF-8''clip%20%E2%98%83.mp4`,
  'x-accel-redirect': '/internal/inner/a%20b.mp4',
};
const REDIRECTION = { location: STORE, 'cache-control': 'no-store', 'content-length': '0' };
const SENDFILE = {
  ...OFFLOADED,
  'content-type': 'video/x-own',
  'x-sendfile': `${root}/inner/a%20b.mp4`,
};

function expectAnswer(response: RawResponse, status: number, headers: Readonly<Record<string, string>>): void {
  expect(response.status).toBe(status);
  expect(headersOf(response)).toEqual(headers);
  expect(response.body).toHaveLength(0);
  expect(response.isComplete).toBe(true);
}

describe.each(ADAPTERS)('responses that a proxy or a store sends, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files, LateFiles] });
  });
  afterAll(() => running.close());
  afterEach(() => running.log.clear());

  const get = (target: string, headers: Parameters<typeof fetchRaw>[2] = [], method = 'GET') =>
    fetchRaw(running.port, target, headers, method);
  const named = (route: string, name: string): string => `/${route}?name=${encodeURIComponent(name)}`;

  type Row = readonly [asked: string, headers: readonly (readonly [string, string])[], method?: string];
  const ROWS: readonly Row[] = [
    ['GET', []],
    ['HEAD', [], 'HEAD'],
    ['Range', [['Range', 'bytes=0-9']]],
    ['HEAD with Range', [['Range', 'bytes=0-9']], 'HEAD'],
    ['several ranges', [['Range', 'bytes=0-9,5000-5009']]],
    ['an unsatisfiable Range', [['Range', 'bytes=10000-']]],
    ['If-None-Match: *', [['If-None-Match', '*']]],
    ['If-Modified-Since', [['If-Modified-Since', MODIFIED_HEADER]]],
    ['a false If-Match', [['If-Match', '"v0"']]],
    ['a false If-Unmodified-Since', [['If-Unmodified-Since', 'Thu, 01 Jan 1998 00:00:00 GMT']]],
    [
      'a coding',
      [
        ['Accept-Encoding', 'gzip'],
        ['Range', 'bytes=0-9'],
      ],
    ],
  ];

  it.each(ROWS)(
    '%s: the proxy or the client is directed there, whatever is requested',
    async (_, headers, method = 'GET') => {
      expectAnswer(await get(named('accel', NAME), headers, method), 200, ACCEL);
      expectAnswer(await get(named('sendfile', NAME), headers, method), 200, SENDFILE);
      expectAnswer(await get('/sent', headers, method), 200, {
        ...OFFLOADED,
        'cache-control': 'no-transform',
        'x-accel-redirect': ACCEL['x-accel-redirect'],
      });
      expectAnswer(await get('/redirect', headers, method), 307, REDIRECTION);
      expectAnswer(await get('/sent-redirect', headers, method), 307, REDIRECTION);
      expect(running.log.complaints).toEqual([]);
    },
  );

  it('the next request on the connection is answered, also after a HEAD', async () => {
    const connection = await RawConnection.open(running.port);
    for (const method of ['GET', 'HEAD', 'GET']) {
      connection.send(requestText(named('accel', NAME), [], method));
      expectAnswer(await connection.next(method), 200, ACCEL);
      connection.send(requestText('/redirect', [], method));
      expectAnswer(await connection.next(method), 307, REDIRECTION);
    }
    connection.finish();
  });

  it('the same handler sends the file itself without the option', async () => {
    const response = await get(named('self', NAME), [['Range', 'bytes=10-19']]);
    expect(response.status).toBe(206);
    expect(response.body.equals(BYTES.subarray(10, 20))).toBe(true);
    expect(headersOf(response)).not.toHaveProperty('x-accel-redirect');
  });

  it('without an interceptor the file is sent whole', async () => {
    const response = await get('/unranged');
    expect({ status: response.status, isWhole: response.body.equals(BYTES) }).toEqual({ status: 200, isWhole: true });
    expect(headersOf(response)).not.toHaveProperty('x-accel-redirect');
  });

  it('no descriptor stays open for a delegated response', async () => {
    for (let i = 0; i < 20; i++) await get(named('accel', NAME));
    await untilClosed(fixtures);
  });

  it.each(['missing.mp4', '../secret.txt', '.env', 'fifo', 'inner', 'link-out', 'clip.mp4\0', 'a\\b', ''])(
    '%j is the same 404 as without offload, and names nothing to a proxy',
    async (name) => {
      const expected = await get(named('self', 'missing.mp4'));
      expect(expected.status).toBe(404);
      for (const route of ['accel', 'sendfile']) {
        const response = await get(named(route, name));
        expect(response.status).toBe(404);
        expect(headersOf(response)).toEqual(headersOf(expected));
        expect(response.body.equals(expected.body)).toBe(true);
      }
      expect(running.log.complaints).toEqual([]);
    },
  );

  it("the handler's headers go to the proxy, except validators, length and ranges, which the proxy makes", async () => {
    expectAnswer(await get('/dressed'), 200, {
      ...OFFLOADED,
      'content-type': 'video/x-own',
      'content-language': 'de',
      'cache-control': 'max-age=7, no-transform',
      'x-accel-redirect': ACCEL['x-accel-redirect'],
    });
  });

  it('a redirect has no headers of the content; its Cache-Control may come from the handler', async () => {
    expectAnswer(await get('/dressed-redirect'), 307, { ...REDIRECTION, 'cache-control': 'max-age=7' });
  });

  it('an outer interceptor has the last word on Cache-Control', async () => {
    expect(headersOf(await get('/late/accel'))['cache-control']).toBe('max-age=5, no-transform');
    expectAnswer(await get('/late/redirect'), 307, { ...REDIRECTION, 'cache-control': 'max-age=5' });
  });

  it('a presigned URL is made for the request, and cacheable if the app says so', async () => {
    expectAnswer(await get('/presigned'), 307, { ...REDIRECTION, 'cache-control': 'private, max-age=30' });
  });

  it('a POST continues as a GET: 303; another redirect that the handler chose is kept', async () => {
    expectAnswer(await get('/redirect', [['Content-Length', '0']], 'POST'), 303, REDIRECTION);
    expectAnswer(await get('/found'), 302, REDIRECTION);
  });

  it.each([
    ['that finds nothing', '/gone', 404],
    ['that cannot answer now', '/busy', 503],
    ['that stays silent', '/silent', 504],
    ['that gives no URL', '/split', 500],
  ])('a function %s results in the right status', async (_, target, status) => {
    const response = await get(target);
    const { location, 'retry-after': retryAfter, 'set-cookie': cookie } = headersOf(response);
    expect({ status: response.status, location, cookie }).toEqual({ status });
    expect(retryAfter).toBe(status === 503 ? '7' : undefined);
    expect(headersOf(response)['cache-control']).toBe('no-store');
  });

  it('a source of the app may direct another proxy by another header, which is checked', async () => {
    const { 'x-reproxy-url': url } = headersOf(await get('/custom?field=http%3A%2F%2Fa%2Fb'));
    expect(url).toBe('http://a/b');
    const response = await get('/custom?field=a%0D%0ASet-Cookie%3A%20b%3Dc');
    expect(response.status).toBe(500);
    expect(headersOf(response)).not.toHaveProperty('set-cookie');
  });

  it('is reported on the diagnostics channel', async () => {
    const messages: RangedResponseMessage[] = [];
    const listen = (message: unknown): void => void messages.push(message as RangedResponseMessage);
    subscribe('nestjs-range:response', listen);
    try {
      await get(named('accel', NAME), [['Range', 'bytes=0-9']]);
      await get('/redirect', [], 'HEAD');
      await until(() => messages.length === 2, 'two messages');
    } finally {
      unsubscribe('nestjs-range:response', listen);
    }
    const told = { disposition: 'delegated', ranges: [], bytesPlanned: 0, bytesSent: 0, outcome: 'complete' };
    expect(messages).toMatchObject([
      { ...told, method: 'GET', path: '/accel', status: 200 },
      { ...told, method: 'HEAD', path: '/redirect', status: 307 },
    ]);
  });
});
