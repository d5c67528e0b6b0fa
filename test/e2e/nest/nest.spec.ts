import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  ClassSerializerInterceptor,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  HttpException,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type ModuleMetadata,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  Param,
  ParseIntPipe,
  Req,
  RequestTimeoutException,
  Res,
  Scope,
  Sse,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
  Version,
  VersioningType,
} from '@nestjs/common';
import { APP_INTERCEPTOR, HttpAdapterHost, Reflector } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { Expose } from 'class-transformer';
import {
  bytesSource,
  RANGE_ALLOWED_HEADERS,
  RANGE_EXPOSED_HEADERS,
  Ranged,
  RangedFile,
  type RangedOptions,
  RangeInterceptor,
  RangeModule,
  type RangeModuleOptions,
  RangeNotSatisfiableException,
  RangeParser,
  RangeResponder,
  type RangeSet,
  SourceNotFoundError,
} from 'nestjs-range';
import { Readable } from 'node:stream';
import { firstValueFrom, from, map, type Observable, of, race, tap } from 'rxjs';
import { MODIFIED, MODIFIED_HEADER, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { freePort } from '../../support/connections/free-port.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import {
  fetchRaw,
  header,
  headersOf,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import {
  ADAPTERS,
  type AdapterName,
  createApp,
  startApp,
  type StartOptions,
  type TestApp,
} from '../../support/apps/test-app.js';
import { Gate, until } from '../../support/until.js';
import { range } from '../responses/rows/outcome.js';

const BYTES = pseudoRandomBytes(1000);
const bytesFile = (options: RangedOptions = {}) => new RangedFile(bytesSource(BYTES), options);

/** The fields that belong to a file's answer, and to no other. */
const OURS = [
  'accept-ranges',
  'content-range',
  'etag',
  'last-modified',
  'content-disposition',
  'x-content-type-options',
];

function expectPartial(response: RawResponse, firstPos = 0, lastPos = 9): void {
  expect(response.status).toBe(206);
  expect(header(response, 'Content-Range')).toBe(`bytes ${firstPos}-${lastPos}/1000`);
  expect(header(response, 'Content-Length')).toBe(String(lastPos - firstPos + 1));
  expect(response.body.equals(BYTES.subarray(firstPos, lastPos + 1))).toBe(true);
}

function expectWhole(response: RawResponse, status = 200): void {
  expect(response.status).toBe(status);
  expect(header(response, 'Content-Range')).toBeUndefined();
  expect(header(response, 'Content-Length')).toBe('1000');
  expect(response.body.equals(BYTES)).toBe(true);
}

function expectNothingOfTheFile(response: RawResponse, allowed: readonly string[] = []): void {
  const headers = headersOf(response);
  const present = OURS.filter((name) => name in headers && !allowed.includes(name));
  // Express tags the bodies that it writes itself.
  expect(present.filter((name) => !(name === 'etag' && headers[name]!.startsWith('W/"')))).toEqual([]);
}

/** What the two frameworks' responses have for setting a field. */
interface HeaderSink {
  setHeader?(name: string, value: string): unknown;
  header?(name: string, value: string): unknown;
}

function setHeader(response: HeaderSink, name: string, value: string): void {
  if (response.setHeader === undefined) response.header?.(name, value);
  else response.setHeader(name, value);
}

describe.each(ADAPTERS)('Nest on %s', (adapter) => {
  let running: TestApp | undefined;
  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  const start = async (metadata: ModuleMetadata, options?: StartOptions): Promise<TestApp> => {
    running = await startApp(adapter, metadata, options);
    return running;
  };
  const get = (path: string, headers: Parameters<typeof fetchRaw>[2] = range('bytes=0-9'), method?: string) =>
    fetchRaw(running!.port, path, headers, method);

  describe('registration', () => {
    @Controller()
    class Files {
      @Get('plain')
      plain() {
        return new StreamableFile(BYTES);
      }

      @Get('ranged')
      @Ranged()
      ranged() {
        return new StreamableFile(BYTES);
      }

      @Get('out')
      @Ranged(false)
      out() {
        return new StreamableFile(BYTES);
      }

      @Get('lazy-out')
      @Ranged(false)
      lazyOut() {
        return bytesFile();
      }

      @Get('json')
      json() {
        return { range: 'none' };
      }
    }

    @Module({ providers: [{ provide: 'CACHE', useValue: 'max-age=60' }], exports: ['CACHE'] })
    class ConfigModule {}

    @Injectable()
    class RangeConfig {
      create(): RangeModuleOptions {
        return { cacheControl: 'max-age=60' };
      }
    }

    @Module({ providers: [RangeConfig], exports: [RangeConfig] })
    class RangeConfigModule {}

    const imports = (module: NonNullable<ModuleMetadata['imports']>[number]): ModuleMetadata => ({ imports: [module] });
    const useExisting = { provide: APP_INTERCEPTOR, useExisting: RangeInterceptor };
    const configured = { cacheControl: 'max-age=60' };
    const useGlobal: StartOptions = { configure: (app) => app.useGlobalInterceptors(app.get(RangeInterceptor)) };

    it.each<[name: string, metadata: ModuleMetadata, cacheControl: string]>([
      ['RangeModule as it is', imports(RangeModule), 'no-transform'],
      ['forRoot without options', imports(RangeModule.forRoot()), 'no-transform'],
      ['forRoot with empty options', imports(RangeModule.forRoot({})), 'no-transform'],
      ['forRoot', imports(RangeModule.forRoot(configured)), 'max-age=60, no-transform'],
      [
        'forRootAsync with a factory that injects',
        imports(
          RangeModule.forRootAsync({
            imports: [ConfigModule],
            inject: ['CACHE'],
            useFactory: async (cacheControl: string) => ({ cacheControl }),
          }),
        ),
        'max-age=60, no-transform',
      ],
      [
        'forRootAsync with a class',
        imports(RangeModule.forRootAsync({ useClass: RangeConfig })),
        'max-age=60, no-transform',
      ],
      [
        'forRootAsync with a provider that exists',
        imports(RangeModule.forRootAsync({ imports: [RangeConfigModule], useExisting: RangeConfig })),
        'max-age=60, no-transform',
      ],
    ])('%s serves the routes that are marked, and no others', async (_, metadata, cacheControl) => {
      await start({ ...metadata, controllers: [Files] });
      const ranged = await get('/ranged');
      expectPartial(ranged);
      expect(header(ranged, 'Cache-Control')).toBe(cacheControl);
      expectWhole(await get('/plain'));
      expectNothingOfTheFile(await get('/plain'));
      expectWhole(await get('/out'));
      expectNothingOfTheFile(await get('/out'));
    });

    it.each<[name: string, metadata: ModuleMetadata, options?: StartOptions]>([
      ['forRoot with appInterceptor', imports(RangeModule.forRoot({ appInterceptor: true }))],
      [
        'forRootAsync with appInterceptor',
        imports(RangeModule.forRootAsync({ useFactory: () => ({}), appInterceptor: true })),
      ],
      ['APP_INTERCEPTOR', { imports: [RangeModule], providers: [useExisting] }],
      ['useGlobalInterceptors', imports(RangeModule), useGlobal],
      [
        'all three of them',
        { imports: [RangeModule.forRoot({ appInterceptor: true })], providers: [useExisting] },
        useGlobal,
      ],
    ])('%s serves every route but those that are left out', async (_, metadata, options = {}) => {
      await start({ ...metadata, controllers: [Files] }, options);
      expectPartial(await get('/plain'));
      expectPartial(await get('/ranged'));
      const out = await get('/out');
      expectWhole(out);
      expectNothingOfTheFile(out);
      const json = await get('/json');
      expect(json.status).toBe(200);
      expect(JSON.parse(json.body.toString())).toEqual({ range: 'none' });
      expectNothingOfTheFile(json);
    });

    it('a RangedFile without an interceptor is an ordinary file: whole, and unchanged', async () => {
      await start({ controllers: [Files], imports: [RangeModule] });
      const response = await get('/lazy-out');
      expect(response.status).toBe(200);
      expect(response.isComplete).toBe(true);
      expect(response.body.equals(BYTES)).toBe(true);
      expectNothingOfTheFile(response);
    });

    it('a request is negotiated once, however often the interceptor runs', async () => {
      const probe = new ProbeSource(BYTES);

      @Controller()
      @Ranged()
      @UseInterceptors(RangeInterceptor)
      class Probing {
        @Get()
        @Ranged()
        @UseInterceptors(RangeInterceptor)
        file() {
          return new RangedFile(probe);
        }
      }

      await start(
        {
          imports: [RangeModule.forRoot({ appInterceptor: true })],
          providers: [useExisting],
          controllers: [Probing],
        },
        useGlobal,
      );
      expectPartial(await get('/'));
      await until(() => probe.isReleased, 'the release');
      expect({ resolved: probe.resolved, ranges: probe.ranges }).toEqual({
        resolved: 1,
        ranges: [{ firstPos: 0, lastPos: 9 }],
      });
    });

    it('reaches every module of the app', async () => {
      @Module({ controllers: [Files] })
      class FeatureModule {}

      await start({ imports: [FeatureModule, RangeModule] });
      expectPartial(await get('/ranged'));
    });
  });

  describe('@Ranged', () => {
    it('false excludes a method from its class, and a method may be ranged in an excluded class', async () => {
      @Controller('in')
      @Ranged()
      class In {
        @Get('file')
        file() {
          return new StreamableFile(BYTES);
        }

        @Get('out')
        @Ranged(false)
        out() {
          return new StreamableFile(BYTES);
        }
      }

      @Controller('out')
      @Ranged(false)
      class Out {
        @Get('file')
        file() {
          return new StreamableFile(BYTES);
        }

        @Get('in')
        @Ranged()
        in() {
          return new StreamableFile(BYTES);
        }
      }

      await start({ imports: [RangeModule.forRoot({ appInterceptor: true })], controllers: [In, Out] });
      expectPartial(await get('/in/file'));
      expectWhole(await get('/in/out'));
      expectWhole(await get('/out/file'));
      expectPartial(await get('/out/in'));
    });

    it('options nearest to the file win: module, class, method, RangedFile', async () => {
      @Controller()
      @Ranged({ cacheControl: 'max-age=2', etag: '"class"', disposition: 'inline' })
      class Files {
        @Get('class')
        ofClass() {
          return new RangedFile(bytesSource(BYTES, { etag: '"source"', lastModified: MODIFIED }));
        }

        @Get('method')
        @Ranged({ cacheControl: 'max-age=3', type: 'audio/mpeg' })
        ofMethod() {
          return bytesFile();
        }

        @Get('file')
        @Ranged({ cacheControl: 'max-age=3', type: 'audio/mpeg', etag: false })
        ofFile() {
          return bytesFile({
            cacheControl: 'max-age=4',
            etag: '"file"',
            filename: 'a b.bin',
            disposition: 'attachment',
          });
        }

        @Get('undefined')
        @Ranged({ cacheControl: undefined } as unknown as RangedOptions)
        undefinedOption() {
          return bytesFile();
        }
      }

      @Controller('other')
      class Others {
        @Get()
        @Ranged()
        ofModule() {
          return bytesFile();
        }
      }

      await start({
        imports: [RangeModule.forRoot({ cacheControl: 'max-age=1', coalesceGap: 0 })],
        controllers: [Others, Files],
      });
      const answer = async (path: string) => {
        const { 'cache-control': cacheControl, etag, 'content-type': type, ...more } = headersOf(await get(path));
        return { cacheControl, etag, type, disposition: more['content-disposition'] };
      };
      expect(await answer('/other')).toEqual({
        cacheControl: 'max-age=1, no-transform',
        etag: expect.stringMatching(/^"[\w-]{22}"$/), // of the content
        type: 'application/octet-stream',
      });
      expect(await answer('/class')).toEqual({
        cacheControl: 'max-age=2, no-transform',
        etag: '"class"',
        type: 'application/octet-stream',
        disposition: 'inline',
      });
      expect(await answer('/method')).toEqual({
        cacheControl: 'max-age=3, no-transform',
        etag: '"class"',
        type: 'audio/mpeg',
        disposition: 'inline',
      });
      expect(await answer('/file')).toEqual({
        cacheControl: 'max-age=4, no-transform',
        etag: '"file"',
        type: 'audio/mpeg',
        disposition: 'attachment; filename="a b.bin"',
      });
      expect((await answer('/undefined')).cacheControl).toBe('max-age=2, no-transform');
    });

    it('each option has its effect', async () => {
      @Controller()
      class Files {
        @Get('none')
        @Ranged({ acceptRanges: false, etag: '"v1"' })
        none() {
          return bytesFile();
        }

        @Get('two')
        @Ranged({ maxRanges: 2, coalesceGap: 0 })
        two() {
          return bytesFile();
        }

        @Get('far')
        @Ranged({ coalesceGap: 500 })
        far() {
          return bytesFile();
        }

        @Get('limited')
        @Ranged({ openEndedLimit: 100 })
        limited() {
          return bytesFile();
        }

        @Get('named')
        @Ranged({ filename: 'Überblick “€”.pdf' })
        named() {
          return bytesFile();
        }

        @Get('kept')
        @Ranged({ cacheControl: 'private, No-Transform' })
        kept() {
          return bytesFile();
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      const none = await get('/none');
      expectWhole(none);
      expect(header(none, 'Accept-Ranges')).toBe('none');
      expect((await get('/none', [['If-None-Match', '"v1"']])).status).toBe(304);
      expect((await get('/none', range('bytes=5000-'))).status).toBe(200);

      expect(header(await get('/two', range('bytes=0-9,100-109')), 'Content-Type')).toMatch(/^multipart\/byteranges/);
      expect(header(await get('/two', range('bytes=0-0,2-2')), 'Content-Type')).toMatch(/^multipart\/byteranges/);
      expectWhole(await get('/two', range('bytes=0-9,100-109,200-209')));
      expectPartial(await get('/far', range('bytes=0-9,510-519')), 0, 519);

      expectPartial(await get('/limited', range('bytes=0-')), 0, 99);
      expectPartial(await get('/limited', range('bytes=950-')), 950, 999);
      expectPartial(await get('/limited', range('bytes=0-499')), 0, 499);
      expectPartial(await get('/limited', range('bytes=-300')), 700, 999);
      expectWhole(await get('/limited', []));

      expect(header(await get('/named'), 'Content-Disposition')).toMatch(
        /^attachment; filename="[^"]*"; filename\*=UTF-8''%C3%9Cberblick%20%E2%80%9C%E2%82%AC%E2%80%9D\.pdf$/,
      );
      expect(header(await get('/kept'), 'Cache-Control')).toBe('private, No-Transform');
    });
  });

  describe('invalid options', () => {
    const impossible: [name: string, options: object][] = [
      ['maxRanges', { maxRanges: 0 }],
      ['maxRanges', { maxRanges: Number.NaN }],
      ['maxRanges', { maxRanges: '10' }],
      ['coalesceGap', { coalesceGap: -1 }],
      ['openEndedLimit', { openEndedLimit: 1.5 }],
      ['openEndedLimit', { openEndedLimit: Infinity }],
      ['cacheControl', { cacheControl: 'a\r\nb: c' }],
      ['disposition', { disposition: 'download' }],
      ['acceptRanges', { acceptRanges: 'bytes' }],
      ['acceptrange', { acceptrange: true }],
      ['constructor', { constructor: 1 }],
    ];
    const ofModule: [name: string, options: object][] = [
      ...impossible,
      ['openFiles', { openFiles: -1 }],
      ['etag', { etag: '"v1"' }],
      ['lastModified', { lastModified: new Date() }],
      ['filename', { filename: 'all.mp4' }],
      ['maxRanges', { maxRanges: null }],
    ];
    const ofRoute: [name: string, options: object][] = [
      ...impossible,
      ['etag', { etag: 'v1' }],
      ['etag', { etag: true }],
      ['lastModified', { lastModified: '2024-02-29' }],
      ['lastModified', { lastModified: new Date(Number.NaN) }],
      ['type', { type: 'video/mp4\n' }],
      ['type', { type: '' }],
      ['filename', { filename: 5 }],
      ['openFiles', { openFiles: 5 }],
    ];
    const naming = (name: string): RegExp => new RegExp(`"${name}"`);

    it.each(ofModule)('forRoot rejects: %s of %p', async (name, options) => {
      await expect(createAndInit(adapter, { imports: [RangeModule.forRoot(options)] })).rejects.toThrow(naming(name));
    });

    it.each(ofModule)('forRootAsync rejects: %s of %p', async (name, options) => {
      const module = RangeModule.forRootAsync({ useFactory: () => Promise.resolve(options) });
      await expect(createAndInit(adapter, { imports: [module] })).rejects.toThrow(naming(name));
    });

    it.each(ofRoute)('@Ranged rejects: %s of %p', (name, options) => {
      expect(() => Ranged(options)).toThrow(naming(name));
    });

    it.each(ofRoute)('RangedFile rejects: %s of %p', (name, options) => {
      expect(() => bytesFile(options)).toThrow(naming(name));
    });

    it('the message names what is expected', () => {
      expect(() => Ranged({ maxRanges: 0 })).toThrow('option "maxRanges" must be a whole number from 1, not 0');
    });

    it.each([
      ['a parser that cannot parse', { parser: {} }, 'parser'],
      ['an appInterceptor that is no boolean', { appInterceptor: 'yes' }, 'appInterceptor'],
    ])('forRoot rejects: %s', async (_, options, name) => {
      const starting = async () => createAndInit(adapter, { imports: [RangeModule.forRoot(options as object)] });
      await expect(starting()).rejects.toThrow(naming(name));
    });
  });

  describe('RangeParser', () => {
    @Controller()
    class Files {
      constructor(@Inject(RangeParser) private readonly parser: RangeParser) {}

      @Get('file')
      @Ranged()
      file() {
        return new StreamableFile(BYTES);
      }

      @Get('parsed')
      parsed() {
        return { set: this.parser.parse('bytes=0-9, -5') ?? 'not understood' };
      }
    }

    const parsed = async (): Promise<unknown> =>
      (JSON.parse((await get('/parsed', [])).body.toString()) as { set: unknown }).set;

    it('can be injected anywhere', async () => {
      await start({ imports: [RangeModule], controllers: [Files] });
      expect(await parsed()).toEqual([{ firstPos: 0, lastPos: 9 }, { suffixLength: 5 }]);
    });

    it('is replaced by a class that injects', async () => {
      @Module({ providers: [{ provide: 'UNIT', useValue: 'bytes' }], exports: ['UNIT'] })
      class UnitModule {}

      @Injectable()
      class BytesParser extends RangeParser {
        constructor(@Inject('UNIT') private readonly unit: string) {
          super();
        }

        override parse(headerValue: string): RangeSet | undefined {
          return super.parse(headerValue.replace(this.unit, 'bytes'));
        }
      }

      await start({
        imports: [RangeModule.forRootAsync({ imports: [UnitModule], useFactory: () => ({}), parser: BytesParser })],
        controllers: [Files],
      });
      expectPartial(await get('/file', range('bytes=0-9')));
      expect(await parsed()).toEqual([{ firstPos: 0, lastPos: 9 }, { suffixLength: 5 }]);
    });

    it('is replaced by an instance', async () => {
      class FirstTen extends RangeParser {
        override parse(): RangeSet {
          return [{ firstPos: 10, lastPos: 19 }];
        }
      }

      await start({ imports: [RangeModule.forRoot({ parser: new FirstTen() })], controllers: [Files] });
      expectPartial(await get('/file', range('anything')), 10, 19);
      expectWhole(await get('/file', []));
    });

    it('that understands nothing makes every response whole', async () => {
      class Nothing extends RangeParser {
        override parse(): undefined {
          return undefined;
        }
      }

      await start({ imports: [RangeModule.forRoot({ parser: Nothing })], controllers: [Files] });
      expectWhole(await get('/file'));
      expect(await parsed()).toBe('not understood');
    });
  });

  describe('RangeResponder.send', () => {
    const probe = new ProbeSource(BYTES, { etag: '"v1"', lastModified: MODIFIED, type: 'video/mp4' });
    const resolved: string[] = [];

    @Controller()
    class Files {
      constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

      @Get('handler')
      async handler(@Req() request: unknown, @Res() response: unknown) {
        await this.responder.send(request, response, new RangedFile(probe), { cacheControl: 'max-age=5' });
        resolved.push('handler');
      }

      @Get('missing')
      async missing(@Req() request: unknown, @Res() response: unknown) {
        const source = {
          resolve: () => {
            throw new SourceNotFoundError('s3://secret-bucket/key');
          },
        };
        await this.responder.send(request, response, new RangedFile(source));
      }

      @Get('bad-option')
      async badOption(@Req() request: unknown, @Res() response: unknown) {
        await this.responder.send(request, response, bytesFile(), { maxRanges: 0 });
      }
    }

    @Injectable()
    class ClassMiddleware implements NestMiddleware {
      constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

      async use(request: unknown, response: unknown) {
        await this.responder.send(request, response, new RangedFile(probe), { cacheControl: 'max-age=5' });
      }
    }

    @Module({ imports: [RangeModule], controllers: [Files] })
    class AppModule implements NestModule {
      constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

      configure(consumer: MiddlewareConsumer) {
        consumer.apply(ClassMiddleware).forRoutes('class-middleware');
        consumer
          .apply((request: unknown, response: unknown, next: (error?: unknown) => void) => {
            this.responder.send(request, response, new RangedFile(probe), { cacheControl: 'max-age=5' }).catch(next);
          })
          .forRoutes('function-middleware');
      }
    }

    const shared = {
      'accept-ranges': 'bytes',
      'cache-control': 'max-age=5, no-transform',
      'content-type': 'video/mp4',
      etag: '"v1"',
      'last-modified': MODIFIED_HEADER,
      'x-content-type-options': 'nosniff',
    };

    it.each(['handler', 'class-middleware', 'function-middleware'])(
      'sends the same response from a %s',
      async (path) => {
        await start({ imports: [AppModule] });
        const whole = await get(`/${path}`, []);
        expectWhole(whole);
        expect(headersOf(whole)).toEqual({ ...shared, 'content-length': '1000' });

        const partial = await get(`/${path}`);
        expectPartial(partial);
        expect(headersOf(partial)).toEqual({ ...shared, 'content-length': '10', 'content-range': 'bytes 0-9/1000' });

        const notModified = await get(`/${path}`, [['If-None-Match', '"v1"']]);
        expect(notModified.status).toBe(304);
        expect(headersOf(notModified)).toEqual({ etag: '"v1"', 'cache-control': 'max-age=5, no-transform' });

        const head = await get(`/${path}`, [], 'HEAD');
        expect(head.status).toBe(200);
        if (path === 'handler') expect(headersOf(head)).toEqual({ ...shared, 'content-length': '1000' });

        const unsatisfiable = await get(`/${path}`, range('bytes=1000-'));
        expect(unsatisfiable.status).toBe(416);
        expect(header(unsatisfiable, 'Content-Range')).toBe('bytes */1000');
        expectNothingOfTheFile(unsatisfiable, ['accept-ranges', 'content-range', 'etag']);
        expect(header(unsatisfiable, 'ETag')).toBe('"v1"');

        const failed = await get(`/${path}`, [['If-Match', '"v2"']]);
        expect(failed.status).toBe(412);
        expectNothingOfTheFile(failed, ['etag']);
        await until(() => probe.isReleased, 'the release');
      },
    );

    it('resolves when the response has been sent', async () => {
      await start({ imports: [AppModule] });
      resolved.length = 0;
      await get('/handler');
      await until(() => resolved.length === 1, 'send() to resolve');
    });

    it('passes errors of a source to the exception filters, without naming the object to the client', async () => {
      await start({ imports: [AppModule] });
      const response = await get('/missing');
      expect(response.status).toBe(404);
      expect(response.body.toString()).not.toContain('secret');
      expectNothingOfTheFile(response);
    });

    it('rejects invalid options', async () => {
      await start({ imports: [AppModule] });
      expect((await get('/bad-option')).status).toBe(500);
      expect(running!.log.complaints.join()).toContain('"maxRanges"');
    });
  });

  describe('together with other parts of Nest', () => {
    it('a guard that refuses opens no file', async () => {
      const probe = new ProbeSource(BYTES);

      @Injectable()
      class Nobody implements CanActivate {
        canActivate(context: ExecutionContext): boolean {
          return context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-key'] === 'open';
        }
      }

      @Controller()
      class Files {
        @Get()
        @UseGuards(Nobody)
        @Ranged()
        file() {
          return new RangedFile(probe);
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      const refused = await get('/');
      expect(refused.status).toBe(403);
      expectNothingOfTheFile(refused);
      expect(probe.resolved).toBe(0);
      expectPartial(await get('/', [...range('bytes=0-9'), ['X-Key', 'open']]));
    });

    it('pipes run before it, and an exception of the handler stays what it is', async () => {
      @Controller()
      @Ranged()
      class Files {
        @Get(':size')
        file(@Param('size', ParseIntPipe) size: number) {
          if (size > 1000) throw new BadRequestException('too large');
          return new StreamableFile(BYTES);
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      expectPartial(await get('/1000'));
      const invalid = await get('/many');
      expect(invalid.status).toBe(400);
      expectNothingOfTheFile(invalid);
      const refused = await get('/1001');
      expect(refused.status).toBe(400);
      expect(refused.body.toString()).toContain('too large');
    });

    it('an exception filter sees RangeNotSatisfiableException and has the last word', async () => {
      const seen: unknown[] = [];

      @Catch(RangeNotSatisfiableException)
      class Emptying implements ExceptionFilter {
        constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

        catch(exception: RangeNotSatisfiableException, host: ArgumentsHost) {
          seen.push(exception);
          this.host.httpAdapter.reply(host.switchToHttp().getResponse(), undefined, exception.getStatus());
        }
      }

      @Catch(RangeNotSatisfiableException)
      class Teapot implements ExceptionFilter {
        constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

        catch(_: RangeNotSatisfiableException, host: ArgumentsHost) {
          this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { short: 'and stout' }, 418);
        }
      }

      @Controller()
      @Ranged()
      class Files {
        @Get('empty')
        @UseFilters(Emptying)
        empty() {
          return new StreamableFile(BYTES);
        }

        @Get('teapot')
        @UseFilters(Teapot)
        teapot() {
          return new StreamableFile(BYTES);
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      const empty = await get('/empty', range('bytes=1000-'));
      expect(empty.status).toBe(416);
      expect(empty.body).toHaveLength(0);
      expect(header(empty, 'Content-Range')).toBe('bytes */1000');
      expect(header(empty, 'Cache-Control')).toBe('no-store');
      expect(seen).toEqual([expect.any(RangeNotSatisfiableException)]);
      const teapot = await get('/teapot', range('bytes=1000-'));
      expect(teapot.status).toBe(418);
      expect(JSON.parse(teapot.body.toString())).toEqual({ short: 'and stout' });
    });

    it.each([201, 404, 203])('a handler with the status %d turns ranges and conditions off', async (status) => {
      @Controller()
      class Files {
        @Get()
        @HttpCode(status)
        @Ranged({ etag: '"v1"', lastModified: MODIFIED })
        file() {
          return new StreamableFile(BYTES, { type: 'text/html' });
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      for (const headers of [[], range('bytes=0-9'), range('bytes=5000-')]) {
        const response = await get('/', [...headers, ['If-None-Match', '"v1"'], ['If-Match', '"v2"']]);
        expectWhole(response, status);
        expect(headersOf(response)).toEqual({
          'content-length': '1000',
          'content-type': 'text/html',
          'x-content-type-options': 'nosniff',
        });
      }
    });

    it('a handler that responds 206 itself keeps its response', async () => {
      @Controller()
      class Files {
        @Get()
        @HttpCode(206)
        @Header('Content-Range', 'bytes 5-9/1000')
        @Ranged()
        file() {
          return new StreamableFile(BYTES.subarray(5, 10), { type: 'video/mp4' });
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      const response = await get('/', range('bytes=5-9'));
      expectPartial(response, 5, 9);
      expect(header(response, 'Content-Type')).toBe('video/mp4');
    });

    describe('headers that the handler sets', () => {
      @Controller()
      @Ranged({ etag: '"option"', lastModified: new Date(0), cacheControl: 'max-age=1', type: 'text/plain' })
      class Files {
        @Get('decorated')
        @Header('ETag', '"handler"')
        @Header('Last-Modified', MODIFIED_HEADER)
        @Header('Content-Type', 'video/webm')
        @Header('Cache-Control', 'private, max-age=9')
        @Header('Content-Disposition', 'inline; filename="x.webm"')
        @Header('Content-Language', 'de')
        @Header('Vary', 'Cookie')
        @Header('X-Other', 'kept')
        decorated() {
          return new RangedFile(bytesSource(BYTES, { headers: { vary: 'Accept-Language' } }));
        }

        @Get('passthrough')
        passthrough(@Res({ passthrough: true }) response: HeaderSink) {
          setHeader(response, 'ETag', '"handler"');
          setHeader(response, 'Last-Modified', MODIFIED_HEADER);
          setHeader(response, 'Content-Type', 'video/webm');
          setHeader(response, 'Cache-Control', 'private, max-age=9');
          setHeader(response, 'Content-Disposition', 'inline; filename="x.webm"');
          setHeader(response, 'Content-Language', 'de');
          setHeader(response, 'Vary', 'Cookie, Accept-Language');
          setHeader(response, 'X-Other', 'kept');
          return new StreamableFile(BYTES, { type: 'audio/ogg', disposition: 'attachment' });
        }

        @Get('wrong-length')
        @Header('Content-Length', '99')
        wrongLength() {
          return new StreamableFile(BYTES);
        }

        @Get('wrong-length-lazy')
        @Header('Content-Length', '99')
        wrongLengthLazy() {
          return bytesFile();
        }
      }

      const headers = {
        'accept-ranges': 'bytes',
        'cache-control': 'private, max-age=9, no-transform',
        'content-disposition': 'inline; filename="x.webm"',
        'content-language': 'de',
        'content-type': 'video/webm',
        etag: '"handler"',
        'last-modified': MODIFIED_HEADER,
        'x-content-type-options': 'nosniff',
        'x-other': 'kept',
      };
      const members = (list: string | undefined): string[] => (list ?? '').split(/,\s*/).sort();

      it.each(['decorated', 'passthrough'])('belong to the representation: %s', async (path) => {
        await start({ imports: [RangeModule], controllers: [Files] });
        const { vary, ...whole } = headersOf(await get(`/${path}`, []));
        expect(whole).toEqual({ ...headers, 'content-length': '1000' });
        expect(members(vary)).toEqual(['Accept-Language', 'Cookie']);

        const { vary: _, ...partial } = headersOf(await get(`/${path}`));
        expect(partial).toEqual({ ...headers, 'content-length': '10', 'content-range': 'bytes 0-9/1000' });
      });

      it.each(['decorated', 'passthrough'])('are evaluated: %s', async (path) => {
        await start({ imports: [RangeModule], controllers: [Files] });
        const status = async (...asked: [string, string][]) => (await get(`/${path}`, asked)).status;
        expect(await status(['If-None-Match', '"handler"'])).toBe(304);
        expect(await status(['If-None-Match', '"option"'])).toBe(200);
        expect(await status(['If-Match', '"handler"'])).toBe(200);
        expect(await status(['If-Match', '"option"'])).toBe(412);
        expect(await status(['If-Modified-Since', MODIFIED_HEADER])).toBe(304);
        expect(await status(['If-Modified-Since', 'Thu, 01 Jan 1970 00:00:00 GMT'])).toBe(200);
        expect(await status(['Range', 'bytes=0-9'], ['If-Range', '"handler"'])).toBe(206);
        expect(await status(['Range', 'bytes=0-9'], ['If-Range', '"option"'])).toBe(200);
        expect(await status(['Range', 'bytes=0-9'], ['If-Range', MODIFIED_HEADER])).toBe(206);
      });

      it.each(['decorated', 'passthrough'])('stay off the 304 if they describe content: %s', async (path) => {
        await start({ imports: [RangeModule], controllers: [Files] });
        for (const method of ['GET', 'HEAD']) {
          const response = await get(`/${path}`, [['If-None-Match', '"handler"']], method);
          const { vary, ...others } = headersOf(response);
          expect({ status: response.status, ...others }).toEqual({
            status: 304,
            'cache-control': 'private, max-age=9, no-transform',
            etag: '"handler"',
            'x-other': 'kept',
          });
          expect(members(vary)).toEqual(['Accept-Language', 'Cookie']);
        }
      });

      it.each(['decorated', 'passthrough'])('stay off the 412 and the 416: %s', async (path) => {
        await start({ imports: [RangeModule], controllers: [Files] });
        const failed = await get(`/${path}`, [['If-Match', '"other"']]);
        expect(failed.status).toBe(412);
        const unsatisfiable = await get(`/${path}`, range('bytes=1000-'));
        expect(unsatisfiable.status).toBe(416);
        for (const response of [failed, unsatisfiable]) {
          expectNothingOfTheFile(response, ['accept-ranges', 'content-range', 'etag']);
          expect(header(response, 'ETag')).toBe('"handler"');
          expect(header(response, 'Content-Type')).toBe('application/json; charset=utf-8');
          expect(header(response, 'Content-Language')).toBeUndefined();
          expect(header(response, 'Cache-Control')).toBe('no-store');
          expect(header(response, 'X-Other')).toBe('kept');
          expect(header(response, 'Content-Length')).toBe(String(response.body.length));
        }
      });

      it.each(['wrong-length', 'wrong-length-lazy'])('a wrong Content-Length is corrected: %s', async (path) => {
        await start({ imports: [RangeModule], controllers: [Files] });
        expectWhole(await get(`/${path}`, []));
        expectPartial(await get(`/${path}`));
        const head = await get(`/${path}`, [], 'HEAD');
        expect(header(head, 'Content-Length')).toBe('1000');
        expect(header(await get(`/${path}`, [['If-None-Match', '"option"']]), 'Content-Length')).toBeUndefined();
      });
    });

    it('StreamableFile’s own type and disposition override the options', async () => {
      @Controller()
      class Files {
        @Get()
        @Ranged({ type: 'text/plain', disposition: 'inline' })
        file() {
          return new StreamableFile(BYTES, { type: 'audio/ogg', disposition: 'attachment; filename="b.ogg"' });
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      const response = await get('/');
      expectPartial(response);
      expect(header(response, 'Content-Type')).toBe('audio/ogg');
      expect(header(response, 'Content-Disposition')).toBe('attachment; filename="b.ogg"');
    });

    it('a subclass of StreamableFile describes itself by getHeaders()', async () => {
      class Song extends StreamableFile {
        override getHeaders() {
          return { type: 'audio/ogg', disposition: 'attachment; filename="b.ogg"', length: BYTES.length };
        }
      }

      @Controller()
      class Files {
        @Get('held')
        @Ranged()
        held() {
          return new Song(BYTES);
        }

        @Get('stream')
        @Ranged()
        stream() {
          return new Song(Readable.from([BYTES.subarray(0, 300), BYTES.subarray(300)]));
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      for (const path of ['/held', '/stream']) {
        const response = await get(path);
        expectPartial(response);
        expect(header(response, 'Content-Type')).toBe('audio/ogg');
        expect(header(response, 'Content-Disposition')).toBe('attachment; filename="b.ogg"');
      }
    });

    it('headers of a source are sent with its responses', async () => {
      @Controller()
      class Files {
        @Get()
        @Ranged()
        file() {
          return new RangedFile(
            bytesSource(BYTES, {
              etag: '"v1"',
              headers: {
                'Content-Encoding': 'br',
                'CACHE-CONTROL': 'max-age=7',
                Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
                'Content-Location': '/v1',
                Vary: 'Accept-Encoding',
              },
            }),
          );
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      const updating = {
        'cache-control': 'max-age=7, no-transform',
        'content-location': '/v1',
        etag: '"v1"',
        expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
        vary: 'Accept-Encoding',
      };
      expect(headersOf(await get('/'))).toEqual({
        ...updating,
        'accept-ranges': 'bytes',
        'content-encoding': 'br',
        'content-length': '10',
        'content-range': 'bytes 0-9/1000',
        'content-type': 'application/octet-stream',
        'x-content-type-options': 'nosniff',
      });
      expect(headersOf(await get('/', [['If-None-Match', '"v1"']]))).toEqual(updating);
      const unsatisfiable = headersOf(await get('/', range('bytes=1000-')));
      for (const name of ['content-encoding', 'expires', 'content-location'])
        expect(unsatisfiable[name]).toBeUndefined();
      expect(unsatisfiable['cache-control']).toBe('no-store');
    });

    it('a multipart response has the coding on each part, not on top', async () => {
      @Controller()
      class Files {
        @Get()
        @Ranged()
        file() {
          return new RangedFile(bytesSource(BYTES, { type: 'text/css', headers: { 'content-encoding': 'gzip' } }));
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      const response = await get('/', range('bytes=0-9,500-509'));
      expect(response.status).toBe(206);
      expect(header(response, 'Content-Encoding')).toBeUndefined();
      expect(response.body.toString('latin1').match(/\r\nContent-Encoding: gzip\r\n/g)).toHaveLength(2);
    });

    it('ClassSerializerInterceptor serialises other routes and leaves files alone', async () => {
      class Dto {
        @Expose()
        get double() {
          return this.single * 2;
        }

        constructor(readonly single: number) {}
      }

      @Controller()
      class Files {
        @Get('file')
        @Ranged()
        file() {
          return new StreamableFile(BYTES);
        }

        @Get('lazy')
        @Ranged()
        lazy() {
          return bytesFile();
        }

        @Get('dto')
        dto() {
          return new Dto(2);
        }
      }

      await start(
        { imports: [RangeModule.forRoot({ appInterceptor: true })], controllers: [Files] },
        { configure: (app) => app.useGlobalInterceptors(new ClassSerializerInterceptor(app.get(Reflector))) },
      );
      expectPartial(await get('/file'));
      expectPartial(await get('/lazy'));
      expect(JSON.parse((await get('/dto')).body.toString())).toEqual({ single: 2, double: 4 });
    });

    it.each(['inside', 'outside'])('an interceptor %s of it may look at results', async (where) => {
      const kept: unknown[] = [];

      @Injectable()
      class Keeping implements NestInterceptor {
        intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
          return next.handle().pipe(
            tap((value) => {
              if (!(value instanceof StreamableFile)) kept.push(value);
            }),
          );
        }
      }

      @Controller()
      class Files {
        @Get()
        @UseInterceptors(...(where === 'inside' ? [RangeInterceptor, Keeping] : [Keeping, RangeInterceptor]))
        file() {
          return new StreamableFile(BYTES);
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      expectPartial(await get('/'));
      expect((await get('/', range('bytes=1000-'))).status).toBe(416);
      expect(kept).toEqual([]);
    });

    it('a throttler counts each range, and its 429 has nothing of the file', async () => {
      @Injectable()
      class TwoPerRun implements CanActivate {
        private count = 0;

        canActivate(context: ExecutionContext): boolean {
          const response = context.switchToHttp().getResponse<HeaderSink>();
          setHeader(response, 'X-RateLimit-Remaining', String(1 - this.count));
          if (++this.count > 2) throw new HttpException('Too Many Requests', 429);
          return true;
        }
      }

      @Controller()
      class Files {
        @Get()
        @UseGuards(TwoPerRun)
        @Ranged({ etag: '"v1"' })
        file() {
          return new StreamableFile(BYTES);
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      const first = await get('/');
      expectPartial(first);
      expect(header(first, 'X-RateLimit-Remaining')).toBe('1');
      expectPartial(await get('/'));
      const refused = await get('/');
      expect(refused.status).toBe(429);
      expectNothingOfTheFile(refused);
    });

    it('versions and a global prefix lead to the same response', async () => {
      @Controller('files')
      class Files {
        @Get()
        @Version('1')
        @Ranged({ etag: '"one"' })
        one() {
          return new StreamableFile(BYTES);
        }

        @Get()
        @Version('2')
        @Ranged({ etag: '"two"' })
        two() {
          return new StreamableFile(BYTES);
        }
      }

      await start(
        { imports: [RangeModule], controllers: [Files] },
        {
          configure: (app) => {
            app.setGlobalPrefix('api');
            app.enableVersioning({ type: VersioningType.URI });
          },
        },
      );
      const [one, two] = [await get('/api/v1/files'), await get('/api/v2/files')];
      expectPartial(one);
      expectPartial(two);
      expect([header(one, 'ETag'), header(two, 'ETag')]).toEqual(['"one"', '"two"']);
    });

    it('controllers and providers of request scope work', async () => {
      let instances = 0;

      @Injectable({ scope: Scope.REQUEST })
      class Media {
        constructor() {
          instances++;
        }

        file() {
          return new StreamableFile(BYTES);
        }
      }

      @Controller({ scope: Scope.REQUEST })
      @Ranged()
      class Files {
        constructor(@Inject(Media) private readonly media: Media) {}

        @Get()
        file() {
          return this.media.file();
        }
      }

      await start({ imports: [RangeModule], controllers: [Files], providers: [Media] });
      expectPartial(await get('/'));
      expectPartial(await get('/'));
      expect(instances).toBe(2);
    });

    it.each([
      ['a value', () => new StreamableFile(BYTES)],
      ['a promise', () => Promise.resolve(new StreamableFile(BYTES))],
      ['an observable', () => of(new StreamableFile(BYTES))],
      ['an observable that emits later', () => from(Promise.resolve(bytesFile()))],
    ])('a handler may return %s', async (_, make) => {
      @Controller()
      class Files {
        @Get()
        @Ranged()
        file(): unknown {
          return make();
        }
      }

      await start({ imports: [RangeModule], controllers: [Files] });
      expectPartial(await get('/'));
    });

    it('server-sent events and other results pass through the global interceptor', async () => {
      @Controller()
      class Others {
        @Sse('events')
        events(): Observable<{ data: string }> {
          return from(['one', 'two']).pipe(map((data) => ({ data })));
        }

        @Get('text')
        text() {
          return 'text';
        }

        @Get('nothing')
        nothing() {}

        @Get('redirected')
        @HttpCode(204)
        noContent() {}

        @Get('failing')
        failing() {
          throw new BadRequestException();
        }
      }

      await start({ imports: [RangeModule.forRoot({ appInterceptor: true })], controllers: [Others] });
      const connection = await RawConnection.open(running!.port);
      connection.send(requestText('/events', range('bytes=0-9')));
      await until(() => connection.unread.includes('data: two\n'), 'the second event');
      expect(await connection.head()).toMatch(/^HTTP\/1.1 200 [^]*\r\ncontent-type: text\/event-stream\r\n/i);
      expect(connection.unread.includes('data: one\n')).toBe(true);
      connection.finish();
      for (const [path, status, body] of [
        ['text', 200, 'text'],
        ['nothing', 200, ''],
        ['redirected', 204, ''],
      ] as const) {
        const response = await get(`/${path}`);
        expect({ status: response.status, body: response.body.toString() }).toEqual({ status, body });
        expectNothingOfTheFile(response);
      }
      expect((await get('/failing')).status).toBe(400);
    });

    it.each([
      ['resolve', { onResolve: true }],
      ['open', { onOpen: true }],
      ['the first byte', { onChunk: true }],
    ])(
      'an outer interceptor that gives up while %s is pending sends its own response, and the source is released',
      async (_, at) => {
        const reached = new Gate();
        const store = new Gate();
        const timeOver = new Gate();
        const wait = async (): Promise<void> => {
          reached.open();
          await store.passed;
        };
        const probe = new ProbeSource(BYTES, {
          etag: '"v1"',
          ...('onResolve' in at ? { onResolve: wait } : 'onOpen' in at ? { onOpen: wait } : { onChunk: wait }),
        });

        @Injectable()
        class GivingUp implements NestInterceptor {
          intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
            const tooLate = from(timeOver.passed).pipe(
              map(() => {
                throw new RequestTimeoutException();
              }),
            );
            return race(next.handle(), tooLate);
          }
        }

        @Controller()
        @UseInterceptors(GivingUp) // those of a class are outside those of its methods
        class Files {
          @Get()
          @Ranged()
          file() {
            return new RangedFile(probe);
          }
        }

        await start({ imports: [RangeModule], controllers: [Files] });
        const answer = get('/');
        await reached.passed;
        timeOver.open();
        const response = await answer;
        expect(response.status).toBe(408);
        expectNothingOfTheFile(response);
        expect(probe.signals[0]?.aborted).toBe(true);
        store.open();
        await until(() => probe.resolved === 1 && probe.isReleased, 'the source to be released');
        expect(running!.log.complaints).toEqual([]);
      },
    );

    it('a microservice passes through untouched', async () => {
      @Controller()
      @Ranged()
      class Messages {
        @MessagePattern('sum')
        @UseInterceptors(RangeInterceptor)
        sum(numbers: number[]) {
          return numbers.reduce((a, b) => a + b, 0);
        }

        @Get('file')
        file() {
          return new StreamableFile(BYTES);
        }
      }

      const options = { host: '127.0.0.1', port: await freePort() };
      await start(
        { imports: [RangeModule.forRoot({ appInterceptor: true })], controllers: [Messages] },
        {
          configure: async (app) => {
            app.connectMicroservice({ transport: Transport.TCP, options }, { inheritAppConfig: true });
            await app.startAllMicroservices();
          },
        },
      );
      const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
      try {
        expect(await firstValueFrom(client.send('sum', [1, 2, 3]))).toBe(6);
      } finally {
        await client.close();
      }
      expectPartial(await get('/file'));
    });

    it('cross-origin players may send and read the headers they need', async () => {
      @Controller()
      class Files {
        @Get()
        @Ranged({ etag: '"v1"' })
        file() {
          return new StreamableFile(BYTES);
        }
      }

      await start(
        { imports: [RangeModule], controllers: [Files] },
        {
          configure: (app) =>
            app.enableCors({
              origin: ['https://player.example', 'https://other.example'],
              allowedHeaders: RANGE_ALLOWED_HEADERS,
              exposedHeaders: RANGE_EXPOSED_HEADERS,
            }),
        },
      );
      const origin = ['Origin', 'https://player.example'] as const;
      const preflight = await get(
        '/',
        [origin, ['Access-Control-Request-Method', 'GET'], ['Access-Control-Request-Headers', 'range, if-range']],
        'OPTIONS',
      );
      expect(preflight.status).toBe(204);
      const names = (value: string | undefined): string[] => (value ?? '').toLowerCase().split(/\s*,\s*/);
      expect(names(header(preflight, 'Access-Control-Allow-Headers'))).toEqual(
        expect.arrayContaining(['range', 'if-range', 'if-none-match', 'if-modified-since']),
      );
      const answers = [
        await get('/', [origin, ...range('bytes=0-9')]),
        await get('/', [origin, ['If-None-Match', '"v1"']]),
      ];
      expect(answers.map(({ status }) => status)).toEqual([206, 304]);
      for (const answer of answers) {
        expect(header(answer, 'Access-Control-Allow-Origin')).toBe('https://player.example');
        expect(header(answer, 'Vary')).toMatch(/\bOrigin\b/);
        expect(names(header(answer, 'Access-Control-Expose-Headers'))).toEqual(
          expect.arrayContaining(['accept-ranges', 'content-range', 'content-length', 'etag']),
        );
      }
    });
  });
});

async function createAndInit(adapter: AdapterName, metadata: ModuleMetadata): Promise<void> {
  const { app } = await createApp(adapter, metadata);
  try {
    await app.init();
  } finally {
    await app.close();
  }
}
