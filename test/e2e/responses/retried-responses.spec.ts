import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Header,
  HttpException,
  Inject,
  Injectable,
  type INestApplication,
  type NestInterceptor,
  StreamableFile,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  bytesSource,
  onRangeResponse,
  Ranged,
  RangedFile,
  RangeModule,
  RangeResponder,
  redirectSource,
  SourceNotFoundError,
  SourceUnavailableError,
} from 'nestjs-range';
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { catchError, firstValueFrom, from, type Observable, of, retry } from 'rxjs';
import { MODIFIED, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { fetchRaw, header, headersOf, type RawResponse } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { settle, until } from '../../support/until.js';
import { range } from './rows/outcome.js';

const BYTES = pseudoRandomBytes(1000);
const PLACEHOLDER = pseudoRandomBytes(500, 2);
const PUBLIC = 'public, max-age=31536000';

type HeaderLines = readonly (readonly [name: string, value: string])[];
type Failure = readonly [what: string, status: number, asked: HeaderLines, fail: () => RangedFile];

const throwing = (error: Error): RangedFile =>
  new RangedFile(
    new ProbeSource(BYTES, {
      onResolve: () => {
        throw error;
      },
    }),
  );
/** How a first attempt fails; what is asked then leads the second to the success named beside it. */
const FAILURES: readonly Failure[] = [
  ['404', 404, [], () => throwing(new SourceNotFoundError('gone'))],
  ['503', 503, [], () => throwing(new SourceUnavailableError('busy', { retryAfterSeconds: 7 }))],
  ['500', 500, [], () => throwing(new Error('broken'))],
  ['an exception of the source', 451, [], () => throwing(new HttpException('withheld', 451))],
  ['404 of a range', 404, range('bytes=0-9'), () => throwing(new SourceNotFoundError('gone'))],
  ['416', 416, range('bytes=900-909'), () => new RangedFile(bytesSource(BYTES.subarray(0, 100), { etag: '"short"' }))],
  ['412', 412, [['If-Match', '"handler"']], () => new RangedFile(bytesSource(BYTES), { etag: '"other"' })],
];

let attempts = 0;
let next: () => RangedFile = () => new RangedFile(bytesSource(BYTES));
let instead: () => unknown = () => null;
let onCatch: (response: HeaderSink) => void = () => {};

interface HeaderSink {
  setHeader?(name: string, value: string): unknown;
  header(name: string, value: string): unknown;
}

function setHeader(response: HeaderSink, name: string, value: string): void {
  if (response.setHeader === undefined) response.header(name, value);
  else response.setHeader(name, value);
}

@Injectable()
class Retrying implements NestInterceptor {
  intercept(_: ExecutionContext, handler: CallHandler): Observable<unknown> {
    return handler.handle().pipe(retry(1));
  }
}

/** Asks the handler twice at once, and sends the answer that there is when the other attempt has failed. */
@Injectable()
class Doubling implements NestInterceptor {
  intercept(_: ExecutionContext, handler: CallHandler): Observable<unknown> {
    const both = [handler.handle(), handler.handle()].map((result) => firstValueFrom(result));
    return from(Promise.allSettled(both).then(() => Promise.any(both)));
  }
}

@Injectable()
class Replacing implements NestInterceptor {
  intercept(context: ExecutionContext, handler: CallHandler): Observable<unknown> {
    return handler.handle().pipe(
      catchError(() => {
        onCatch(context.switchToHttp().getResponse());
        return of(instead());
      }),
    );
  }
}

@Catch()
class SendingPlaceholder implements ExceptionFilter {
  constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

  async catch(_: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    await this.responder.send(unconditional(http.getRequest()), http.getResponse(), placeholder());
  }
}

/** The placeholder has another size and another tag than what was asked for. */
function unconditional<T extends { readonly headers: Record<string, unknown> }>(request: T): T {
  delete request.headers['if-match'];
  if (request.headers['range'] === 'bytes=900-909') delete request.headers['range'];
  return request;
}

@Catch()
class SendingJson implements ExceptionFilter {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(_: unknown, host: ArgumentsHost): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { placeholder: true }, 200);
  }
}

@Catch()
class MappingToGone implements ExceptionFilter {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(_: unknown, host: ArgumentsHost): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { gone: true }, 410);
  }
}

const placeholder = (): RangedFile =>
  new RangedFile(bytesSource(PLACEHOLDER), { etag: '"placeholder"', type: 'image/png' });

/** The first attempt of each request fails where `next` makes it fail, and further ones succeed. */
function attempt(): RangedFile {
  return attempts++ === 0
    ? next()
    : new RangedFile(bytesSource(BYTES, { lastModified: MODIFIED }), { etag: '"handler"' });
}

@Controller()
class Files {
  @Get('retry')
  @Header('Cache-Control', PUBLIC)
  @Header('Content-Language', 'de')
  @Header('Content-Type', 'video/webm')
  @Header('Content-Disposition', 'inline')
  @Header('Expires', 'Fri, 01 Jan 2100 00:00:00 GMT')
  @Header('X-Own', 'kept')
  @Ranged()
  @UseInterceptors(Retrying) // outside of ours, which stands above
  retried(): RangedFile {
    return attempt();
  }

  @Get('double')
  @Header('Cache-Control', PUBLIC)
  @Header('Content-Language', 'de')
  @Header('Content-Type', 'video/webm')
  @Header('Content-Disposition', 'inline')
  @Header('Expires', 'Fri, 01 Jan 2100 00:00:00 GMT')
  @Header('X-Own', 'kept')
  @Ranged()
  @UseInterceptors(Doubling)
  async doubled(): Promise<RangedFile> {
    const isFirst = attempts === 0;
    const file = attempt();
    if (isFirst) await settle(); // the other attempt is planned by then
    return file;
  }

  @Get('declared')
  @Header('ETag', '"declared"')
  @Header('Last-Modified', 'Thu, 29 Feb 2024 12:34:56 GMT')
  @Header('Content-Encoding', 'br')
  @Header('Content-Digest', 'sha-256=:AA==:')
  @Ranged()
  @UseInterceptors(Retrying) // outside of ours, which stands above
  declared(): RangedFile {
    return attempt();
  }

  @Get('replace')
  @Header('Cache-Control', PUBLIC)
  @Header('Content-Type', 'video/webm')
  @Header('ETag', '"declared"')
  @Ranged()
  @UseInterceptors(Replacing)
  replaced(): RangedFile {
    return attempt();
  }

  @Get('filter')
  @Header('Cache-Control', PUBLIC)
  @UseFilters(SendingPlaceholder)
  @Ranged()
  filtered(): RangedFile {
    return attempt();
  }

  @Get('json')
  @Header('Cache-Control', PUBLIC)
  @UseFilters(SendingJson)
  @Ranged()
  json(): RangedFile {
    return attempt();
  }

  @Get('gone')
  @Header('Cache-Control', PUBLIC)
  @UseFilters(MappingToGone)
  @Ranged()
  gone(): RangedFile {
    return attempt();
  }

  @Get('plain')
  @Header('Cache-Control', PUBLIC)
  @Ranged()
  plain(): RangedFile {
    return attempt();
  }
}

function placeholderFor(status: number, asked: HeaderLines): { status: number; firstPos: number; lastPos: number } {
  if (status !== 404 || asked.length === 0) return { status: 200, firstPos: 0, lastPos: PLACEHOLDER.length - 1 };
  return { status: 206, firstPos: 0, lastPos: 9 };
}

describe.each(ADAPTERS)('on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());
  beforeEach(() => {
    attempts = 0;
    next = () => new RangedFile(bytesSource(BYTES));
    instead = () => null;
    onCatch = () => {};
  });

  const get = (path: string, asked: HeaderLines = []): Promise<RawResponse> => fetchRaw(running.port, path, asked);
  /** What the same request gets where nothing fails. */
  async function undisturbed(path: string, asked: HeaderLines): Promise<RawResponse> {
    attempts = 1;
    const response = await get(path, asked);
    attempts = 0;
    return response;
  }

  function expectNoTraceOfAnError(response: RawResponse): void {
    expect(header(response, 'Cache-Control') ?? '').not.toContain('no-store');
    expect(header(response, 'Retry-After')).toBeUndefined();
    expect(header(response, 'Content-Range') ?? 'bytes 0').not.toMatch(/^bytes \*/);
  }

  describe.each(FAILURES)('after %s', (_, status, asked, fail) => {
    it.each(['/retry', '/declared'])('a retry starts as the first attempt did: %s', async (path) => {
      const expected = await undisturbed(path, asked);
      next = fail;
      const response = await get(path, asked);
      expect(attempts).toBe(2);
      expect([200, 206, 412]).toContain(expected.status); // the tag that @Header has set is not the one asked for
      expect({ status: response.status, headers: headersOf(response) }).toEqual({
        status: expected.status,
        headers: headersOf(expected),
      });
      expect(response.body.equals(expected.body)).toBe(true);
      if (path === '/retry') expect(header(response, 'Cache-Control')).toBe(`${PUBLIC}, no-transform`);
      if (expected.status < 400) expectNoTraceOfAnError(response);
    });

    it('a response negotiated beside it is sent as if it were alone', async () => {
      const expected = await undisturbed('/double', asked);
      next = fail;
      const response = await get('/double', asked);
      expect([200, 206]).toContain(expected.status);
      expect({ status: response.status, headers: headersOf(response) }).toEqual({
        status: expected.status,
        headers: headersOf(expected),
      });
      expect(response.body.equals(expected.body)).toBe(true);
    });

    it.each<[what: string, make: () => unknown]>([
      ['JSON', () => ({ placeholder: true })],
      ['null', () => null],
      ['a text', () => 'placeholder'],
      ['a StreamableFile', () => new StreamableFile(PLACEHOLDER)],
      ['a StreamableFile with its type', () => new StreamableFile(PLACEHOLDER, { type: 'image/png' })],
      ['a RangedFile', () => placeholder()],
    ])('an interceptor that sends %s instead sends nothing of the error', async (what, make) => {
      next = fail;
      instead = make;
      const response = await get('/replace', asked);
      expect(response.status).toBe(200);
      expect(response.isComplete).toBe(true);
      expectNoTraceOfAnError(response);
      expect(header(response, 'Cache-Control')).toBe(PUBLIC);
      expect(header(response, 'Accept-Ranges')).toBeUndefined();
      expect(header(response, 'ETag')).not.toBe('"declared"'); // that is the file's, which was not sent
      expect(header(response, 'ETag')).not.toBe('"other"');
      if (what === 'a StreamableFile') expect(header(response, 'Content-Type')).toBe('video/webm');
      if (what === 'a StreamableFile with its type') expect(header(response, 'Content-Type')).toBe('image/png');
      if (what.includes('File')) expect(response.body.equals(PLACEHOLDER)).toBe(true);
    });

    it('headers that the interceptor sets for its placeholder stay, even if we would have set the same', async () => {
      next = fail;
      instead = () => ({ placeholder: true });
      onCatch = (response) => {
        setHeader(response, 'Cache-Control', 'no-store');
        setHeader(response, 'X-Placeholder', 'yes');
      };
      const response = await get('/replace', asked);
      expect(response.status).toBe(200);
      expect(header(response, 'Cache-Control')).toBe('no-store');
      expect(header(response, 'X-Placeholder')).toBe('yes');
    });

    it('a filter that sends a placeholder starts as the first attempt did', async () => {
      next = fail;
      const response = await get('/filter', asked);
      const { status: expected, firstPos, lastPos } = placeholderFor(status, asked);
      expect(response.status).toBe(expected);
      expectNoTraceOfAnError(response);
      expect(header(response, 'ETag')).toBe('"placeholder"');
      expect(header(response, 'Cache-Control')).toBe(`${PUBLIC}, no-transform`);
      expect(response.body.equals(PLACEHOLDER.subarray(firstPos, lastPos + 1))).toBe(true);
    });

    it('a filter that sends JSON instead sends nothing of the error', async () => {
      next = fail;
      const response = await get('/json', asked);
      expect(response.status).toBe(200);
      expect(JSON.parse(response.body.toString())).toEqual({ placeholder: true });
      expectNoTraceOfAnError(response);
      expect(header(response, 'Cache-Control')).toBe(PUBLIC);
    });

    it('a filter that turns it into another error sends only what suits any error', async () => {
      next = fail;
      const response = await get('/gone', asked);
      expect(response.status).toBe(410);
      expect(JSON.parse(response.body.toString())).toEqual({ gone: true });
      for (const name of ['Retry-After', 'Content-Range', 'Accept-Ranges', 'ETag']) {
        expect(header(response, name)).toBeUndefined();
      }
      expect(header(response, 'Cache-Control')).toBe('no-store');
    });

    it('the error itself has its own headers, and no tag but the file’s', async () => {
      next = fail;
      const response = await get('/plain', asked);
      expect(response.status).toBe(status);
      expect(header(response, 'Cache-Control')).toBe('no-store');
      expect(header(response, 'Retry-After')).toBe(status === 503 ? '7' : undefined);
      expect(header(response, 'Content-Range')).toBe(status === 416 ? 'bytes */100' : undefined);
      expect(header(response, 'ETag')).toBe({ 412: '"other"', 416: '"short"' }[status]);
    });
  });
});

describe.each(ADAPTERS)('with the global interceptor outermost, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    const imports = [RangeModule.forRoot({ appInterceptor: true })];
    running = await startApp(adapter, { imports, controllers: [Files] });
  });
  afterAll(() => running.close());

  it.each(FAILURES.filter(([, status]) => status !== 412 && status !== 416))(
    'a placeholder sent after %s is negotiated as if nothing had happened before',
    async (_, _status, asked, fail) => {
      for (const make of [placeholder, () => new StreamableFile(PLACEHOLDER, { type: 'image/png' })]) {
        attempts = 0;
        next = fail;
        instead = make;
        const response = await fetchRaw(running.port, '/replace', asked);
        expect(response.status).toBe(asked.length === 0 ? 200 : 206);
        expect(header(response, 'Cache-Control')).toBe(`${PUBLIC}, no-transform`);
        expect(header(response, 'Retry-After')).toBeUndefined();
        expect(header(response, 'Content-Type')).toBe('video/webm'); // by @Header, which wins
        expect(response.body.equals(asked.length === 0 ? PLACEHOLDER : PLACEHOLDER.subarray(0, 10))).toBe(true);
      }
    },
  );
});

describe('a framework that makes entity tags for what it sends', () => {
  const tagOf = (payload: string | Buffer): string => `"${createHash('sha1').update(payload).digest('base64url')}"`;

  @Controller()
  @Ranged()
  class Errors {
    @Get('tagged')
    tagged(): RangedFile {
      return new RangedFile(bytesSource(BYTES), { etag: '"v1"' });
    }

    @Get('weak')
    weak(): RangedFile {
      return new RangedFile(bytesSource(BYTES), { etag: 'W/"v1"' });
    }

    @Get('untagged')
    untagged(): RangedFile {
      return new RangedFile(bytesSource(BYTES), { etag: false });
    }

    @Get('elsewhere')
    elsewhere(): RangedFile {
      return new RangedFile(redirectSource('https://store.example/clip'));
    }

    @Get('missing')
    missing(): RangedFile {
      return throwing(new SourceNotFoundError('gone'));
    }

    @Get('busy')
    busy(): RangedFile {
      return throwing(new SourceUnavailableError('busy'));
    }

    @Get('broken')
    broken(): RangedFile {
      return throwing(new Error('broken'));
    }
  }

  const configurations: readonly [
    what: string,
    adapter: 'express' | 'fastify',
    configure: (app: INestApplication) => unknown,
  ][] = [
    ['Express as it is', 'express', () => {}],
    ['Express with strong tags', 'express', (app) => expressOf(app).set('etag', 'strong')],
    ['Express with tags of its own', 'express', (app) => expressOf(app).set('etag', tagOf)],
    [
      'a hook of Fastify',
      'fastify',
      (app) =>
        fastifyOf(app).addHook('onSend', async (_request, reply, payload) => {
          if (typeof payload === 'string' && reply.getHeader('etag') === undefined)
            reply.header('etag', tagOf(payload));
          return payload;
        }),
    ],
  ];

  describe.each(configurations)('%s', (_, adapter, configure) => {
    let running: TestApp;
    beforeAll(async () => {
      running = await startApp(adapter, { imports: [RangeModule], controllers: [Errors] }, { configure });
    });
    afterAll(() => running.close());

    it.each<[path: string, asked: HeaderLines, status: number, etag: string | undefined]>([
      ['/tagged', range('bytes=1000-'), 416, '"v1"'],
      ['/tagged', [['If-Match', '"v2"']], 412, '"v1"'],
      ['/tagged', [['If-None-Match', '"v1"']], 304, '"v1"'],
      ['/weak', range('bytes=1000-'), 416, 'W/"v1"'],
      ['/weak', [['If-Match', 'W/"v1"']], 412, 'W/"v1"'],
      ['/untagged', range('bytes=1000-'), 416, undefined],
      ['/untagged', [['If-Match', '"v1"']], 412, undefined],
      ['/untagged', [], 200, undefined],
      ['/untagged', range('bytes=0-9'), 206, undefined],
      ['/elsewhere', [], 307, undefined],
      ['/elsewhere', range('bytes=0-9'), 307, undefined],
      ['/missing', [], 404, undefined],
      ['/busy', [], 503, undefined],
      ['/broken', [], 500, undefined],
    ])('%s %j: %d with the ETag %s', async (path, asked, status, etag) => {
      for (const method of status === 416 || status === 206 ? ['GET'] : ['GET', 'HEAD']) {
        const response = await fetchRaw(running.port, path, asked, method);
        expect(response.status).toBe(status);
        expect(header(response, 'ETag')).toBe(etag);
        if (status >= 400) expect(header(response, 'Cache-Control')).toBe('no-store');
      }
    });

    it('a player that requests a range beyond the end continues with the tag it received', async () => {
      const unsatisfiable = await fetchRaw(running.port, '/tagged', range(`bytes=${BYTES.length}-`));
      const etag = header(unsatisfiable, 'ETag') ?? '';
      const response = await fetchRaw(running.port, '/tagged', [...range('bytes=0-9'), ['If-Match', etag]]);
      expect(response.status).toBe(206);
    });
  });
});

describe('a Fastify hook that fails after a success was committed', () => {
  let running: TestApp;
  let isFailing = true;
  beforeAll(async () => {
    running = await startApp(
      'fastify',
      { imports: [RangeModule], controllers: [Files] },
      {
        configure: (app) =>
          fastifyOf(app).addHook('onSend', async (request, _reply, payload) => {
            if (!isFailing || !request.url.includes('fails')) return payload;
            isFailing = false; // Fastify sends the error through its hooks too
            throw new HttpException('hook', 507);
          }),
      },
    );
  });
  afterAll(() => running.close());

  it.each<[what: string, asked: HeaderLines]>([
    ['the whole', []],
    ['a part', range('bytes=0-9')],
    ['parts', range('bytes=0-9,500-509')],
  ])('leaves no headers of %s on the error', async (_, asked) => {
    attempts = 1;
    isFailing = true;
    const response = await fetchRaw(running.port, '/plain?fails', asked);
    expect(response.status).toBeGreaterThanOrEqual(500);
    const headers = headersOf(response);
    for (const name of ['etag', 'last-modified', 'content-range', 'accept-ranges'])
      expect(headers[name]).toBeUndefined();
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['content-length']).toBe(String(response.body.length));
  });
});

interface ExpressSettings {
  set(name: 'etag', value: unknown): void;
}

interface FastifyHooks {
  addHook(
    name: 'onSend',
    hook: (
      request: { readonly url: string },
      reply: { getHeader(name: string): unknown; header(name: string, value: string): unknown },
      payload: unknown,
    ) => Promise<unknown>,
  ): void;
}

function expressOf(app: INestApplication): ExpressSettings {
  return app.getHttpAdapter().getInstance() as ExpressSettings;
}

function fastifyOf(app: INestApplication): FastifyHooks {
  return app.getHttpAdapter().getInstance() as FastifyHooks;
}

describe.each(ADAPTERS)('a response that is negotiated twenty times, on %s', (adapter) => {
  let response: ServerResponse;
  let fail: () => RangedFile;
  let listeners = 0;

  class Persisting implements NestInterceptor {
    intercept(context: ExecutionContext, handler: CallHandler): Observable<unknown> {
      const own = context.switchToHttp().getResponse<ServerResponse & { raw?: ServerResponse }>();
      response = own.raw ?? own;
      return handler.handle().pipe(retry(20));
    }
  }

  @Controller()
  @UseInterceptors(Persisting)
  class Patient {
    @Get()
    @Ranged()
    get() {
      const emitters = [response, response.req.socket];
      const events = ['close', 'finish', 'error', 'drain'];
      listeners = Math.max(...emitters.flatMap((own) => events.map((event) => own.listenerCount(event))));
      return ++attempts === 20 ? new RangedFile(new ProbeSource(BYTES)) : fail();
    }
  }

  it.each(FAILURES.filter(([what]) => what !== '412'))(
    'has the listeners, and the message, of one that is negotiated once: %s',
    async (_what, _status, headers, make) => {
      fail = make;
      attempts = 0;
      const running = await startApp(adapter, { imports: [RangeModule], controllers: [Patient] });
      const messages: unknown[] = [];
      const stop = onRangeResponse((message) => messages.push(message));
      expect((await fetchRaw(running.port, '/', headers)).isComplete).toBe(true);
      expect(attempts).toBe(20);
      expect(listeners).toBeLessThan(10); // of more, Node.js warns
      await until(() => messages.length > 0, 'a message');
      stop();
      expect(messages).toMatchObject([{ outcome: 'complete', bytesSent: headers.length === 0 ? BYTES.length : 10 }]);
      await running.close();
    },
  );
});
