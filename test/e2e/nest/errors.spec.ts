import { afterAll, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestModule,
  Req,
  Res,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  bytesSource,
  fileSource,
  type FileSourceOptions,
  generatedSource,
  httpSource,
  Ranged,
  RangedFile,
  RangedFolderModule,
  type RangedFolderOptions,
  type RangedOptions,
  RangeModule,
  type RangeModuleOptions,
  RangeParser,
  RangeResponder,
  type RangeSource,
  type Representation,
  streamSource,
} from 'nestjs-range';
import { ApiRanged, type ApiRangedOptions } from 'nestjs-range/swagger';
import { createReadStream, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { map, tap } from 'rxjs';
import { fetchRaw } from '../../support/connections/raw-client.js';
import { type AdapterName, ADAPTERS, createApp, startApp } from '../../support/apps/test-app.js';
import { FixtureDirectory } from '../../support/sources/fixtures.js';
import { until } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const documentation = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'errors.md'), 'utf8');

/** The messages in the first column of the tables, in their order. */
const documented = [...documentation.matchAll(/^\| `([^|]*?)` \|/gm)].map(([, message = '']) => message);

/** Of the other Nest that is installed here. */
const FOREIGN = join(
  ...(process.env['NEST_MAJOR'] === '11' ? [] : ['test', 'nest-11']),
  'node_modules',
  '@nestjs',
  'common',
);
const { StreamableFile: ForeignFile } = (await import(
  join(import.meta.dirname, '..', '..', '..', FOREIGN, 'index.js')
)) as typeof import('@nestjs/common');

/** A message with `…` for what differs, as an expression for all of it. */
function matching(message: string): RegExp {
  const parts = message.split('…').map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** What is used of the responses of both frameworks. */
interface FrameworkResponse {
  readonly raw?: ServerResponse;
  send(content: string): unknown;
  header(name: string, value: string): unknown;
}

/** What an app says that cannot start, or a decorator that cannot be applied. */
async function thrownBy(make: () => unknown): Promise<string> {
  const error: unknown = await Promise.resolve()
    .then(make)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  return (error as Error | undefined)?.message ?? 'nothing was thrown';
}

type Produce = (adapter: AdapterName) => Promise<string>;

/** What is logged when a handler of MediaController answers one request. */
function loggedBy(name: string, handler: () => unknown, options: RangedOptions = {}, isHeld = false): Produce {
  return async (adapter) => {
    const running = await startApp(adapter, {
      imports: [RangeModule],
      controllers: [controller(name, handler, options, isHeld)],
    });
    try {
      // Twice, for what may be done once. A connection that is cut may leave nothing.
      for (let request = 0; request < 2 && running.log.complaints.length === 0; request++) {
        await fetchRaw(running.port, '/file').catch(() => {});
      }
      await until(() => running.log.complaints.length > 0, 'something to be logged');
      expect(running.log.complaints).toHaveLength(1);
      return running.log.complaints[0]!.replace(/^(?:\w*Error: )?(?:GET \/file(?: was cut off)?: )?/, '');
    } finally {
      await running.close();
    }
  };
}

/** A class with one route, as an app would write it. */
function controller(name: string, handler: () => unknown, options: RangedOptions, isHeld = false): new () => object {
  class MediaController {}
  const method = Object.defineProperty(() => handler(), 'name', { value: name });
  const descriptor = { value: method, writable: true, configurable: true };
  Object.defineProperty(MediaController.prototype, name, descriptor);
  Get('file')(MediaController.prototype, name, descriptor);
  Ranged(options)(MediaController.prototype, name, descriptor);
  if (isHeld) Res()(MediaController.prototype, name, 0);
  Controller()(MediaController);
  return MediaController;
}

/** A source of 1,000 bytes that is as it should be but for what is given. */
const sourceWith = (faults: Partial<Representation>): RangeSource => ({
  resolve: () => ({ size: 1000, open: () => Readable.from([Buffer.alloc(1000)]), ...faults }),
});
const fileWith =
  (faults: object): (() => RangedFile) =>
  () =>
    new RangedFile(sourceWith(faults));

@Controller()
class ForgetfulController {
  constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

  @Get('file')
  file(@Req() request: unknown, @Res() response: unknown): void {
    void this.responder.send(request, response, new RangedFile(fileSource('/no/such/file')));
  }
}

/** Replies with the file that is also returned, while it is still being read. */
class ReplyingInterceptor implements NestInterceptor {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  intercept(context: ExecutionContext, next: CallHandler) {
    const response: unknown = context.switchToHttp().getResponse();
    return next.handle().pipe(tap((file) => void this.host.httpAdapter.reply(response, file)));
  }
}

const slowFile = (): RangedFile =>
  new RangedFile(streamSource(Readable.from(inPieces(200), { highWaterMark: 1 }), { size: 200 * 1024 }));

async function* inPieces(count: number): AsyncGenerator<Buffer> {
  for (let piece = 0; piece < count; piece++) {
    yield Buffer.alloc(1024);
    await pause(1);
  }
}

@Controller()
class RepeatingController {
  @Get('file')
  @Ranged()
  @UseInterceptors(ReplyingInterceptor) // outside
  file() {
    return slowFile();
  }
}

@Controller()
class SecondController {
  @Get('file')
  @Ranged()
  file(@Res({ passthrough: true }) response: FrameworkResponse) {
    (response.raw ?? (response as unknown as ServerResponse)).write('mine');
    return fileWith({})();
  }
}

@Controller()
class UnrangedController {
  @Get('file')
  file() {
    return fileWith({})();
  }
}

/** Sends the stream of the file in a response of its own. */
class CopyingInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((file: StreamableFile) => new StreamableFile(file.getStream())));
  }
}

@Controller()
class OutsideController {
  @Get('file')
  @Ranged()
  @UseInterceptors(CopyingInterceptor) // outside
  file() {
    return new RangedFile(bytesSource(Buffer.alloc(1000)));
  }
}

@Controller()
class InsideController {
  @Get('file')
  @UseInterceptors(CopyingInterceptor) // inside
  @Ranged()
  file() {
    return fileWith({})();
  }
}

/** Compresses against no-transform. */
function compress(_: unknown, response: ServerResponse, next: () => void): void {
  const { write, end } = response;
  const gzip = createGzip();
  gzip.on('data', (chunk: Buffer) => void Reflect.apply(write, response, [chunk]));
  gzip.on('end', () => void Reflect.apply(end, response, []));
  response.write = (chunk: Uint8Array) => {
    response.removeHeader('Content-Length');
    response.setHeader('Content-Encoding', 'gzip');
    return gzip.write(Buffer.from(chunk));
  };
  const endCompressed = (chunk?: Uint8Array): ServerResponse => {
    if (chunk !== undefined) response.write(chunk);
    gzip.end();
    return response;
  };
  Object.assign(response, { end: endCompressed });
  next();
}

class CompressingModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(compress).forRoutes(InnerController);
  }
}

@Controller()
class InnerController {
  @Get('file')
  @Ranged()
  file() {
    return fileWith({ etag: '"v1"' })();
  }
}
Module({ controllers: [InnerController] })(CompressingModule);

const RANGE = ['Range', 'bytes=0-9'] as const;

async function loggedByController(
  adapter: AdapterName,
  route: new (...parameters: never[]) => object,
  headers: readonly (readonly [string, string])[] = [],
): Promise<string> {
  const isModule = route === CompressingModule;
  const parts = isModule ? { imports: [RangeModule, route] } : { imports: [RangeModule], controllers: [route] };
  const running = await startApp(adapter, parts);
  try {
    await fetchRaw(running.port, '/file', headers).catch(() => {}); // it may be cut off
    await until(() => running.log.complaints.length > 0, 'something to be logged');
    expect(running.log.complaints).toHaveLength(1);
    return running.log.complaints[0]!.replace(/^GET \/file(?: was cut off)?: /, '');
  } finally {
    await running.close();
  }
}

async function loggedByChosenStatus(adapter: AdapterName): Promise<string> {
  @Controller()
  class MediaController {
    @Get('file')
    @HttpCode(206)
    @Ranged()
    file(): RangedFile {
      return fileWith({})();
    }
  }

  const running = await startApp(adapter, { imports: [RangeModule], controllers: [MediaController] });
  try {
    expect((await fetchRaw(running.port, '/file')).status).toBe(200);
    expect(running.log.complaints).toHaveLength(1);
    return running.log.complaints[0]!;
  } finally {
    await running.close();
  }
}

/** How each message of the tables comes about, in their order. */
const PRODUCED: readonly (readonly [mistake: string, produce: Produce])[] = [
  [
    '@Ranged() without RangeModule',
    (adapter) =>
      thrownBy(async () => (await createApp(adapter, { controllers: [controller('file', () => {}, {})] })).app.init()),
  ],
  ['an unknown option', () => thrownBy(() => Ranged({ dispositon: 'inline' } as RangedOptions))],
  // @ts-expect-error -- quotes are part of the type, too
  ['an entity tag without quotes', () => thrownBy(() => Ranged({ etag: 'v1' }))],
  [
    'a rate that is no number',
    () => thrownBy(() => Ranged({ rateLimit: { bytesPerSecond: '500k' as unknown as number } })),
  ],
  [
    'an option of one file for all of them',
    (adapter) =>
      thrownBy(async () =>
        (
          await createApp(adapter, { imports: [RangeModule.forRoot({ filename: 'a.mp4' } as RangeModuleOptions)] })
        ).app.init(),
      ),
  ],
  ['null for options', () => thrownBy(() => RangeModule.forRoot(null as never))],
  ['a folder without options', () => thrownBy(() => RangedFolderModule.forRoot(undefined as never))],
  ['options that nothing makes', () => thrownBy(() => RangeModule.forRootAsync(undefined as never))],
  ['an unknown option of a source', () => thrownBy(() => fileSource('a.mp4', { dir: '/' } as FileSourceOptions))],
  [
    'an unknown option of a folder',
    () => thrownBy(() => RangedFolderModule.forRoot({ root: '.', serveRoot: '/a' } as RangedFolderOptions)),
  ],
  [
    'the path of a folder from a factory',
    async (adapter) => {
      const useFactory = () => ({ root: '.', path: '/a' });
      return thrownBy(() =>
        createApp(adapter, { imports: [RangeModule, RangedFolderModule.forRootAsync({ useFactory })] }),
      );
    },
  ],
  [
    'a folder without forRoot',
    (adapter) => thrownBy(() => createApp(adapter, { imports: [RangeModule, RangedFolderModule] })),
  ],
  [
    'two folders, one of them behind the prefix',
    async (adapter) => {
      const folders = [false, true].map((useGlobalPrefix) =>
        RangedFolderModule.forRoot({ root: '.', useGlobalPrefix }),
      );
      const { app } = await createApp(adapter, { imports: [RangeModule, ...folders] });
      return thrownBy(() => app.setGlobalPrefix('api').init());
    },
  ],
  ['an unknown option of the documentation', () => thrownBy(() => ApiRanged({ types: 'a/b' } as ApiRangedOptions))],

  ['a handler that returns JSON', loggedBy('list', () => [1, 2, 3])],
  ['a handler that returns text', loggedBy('text', () => 'a.mp4')],
  ['a handler that returns a Buffer', loggedBy('bytes', () => Buffer.alloc(10))],
  ['a handler that returns a source of its own', loggedBy('source', () => sourceWith({}))],
  ['a handler that returns a source', loggedBy('source', () => bytesSource(Buffer.alloc(10)))],
  ['a stream that an interceptor wraps', loggedBy('file', () => ({ data: new StreamableFile(Buffer.alloc(10)) }))],
  ['a file in JSON', () => thrownBy(() => JSON.stringify({ data: fileWith({})() }))],
  ['a file as JSON', () => thrownBy(() => JSON.stringify(fileWith({})()))],
  ['a file of another copy of Nest', loggedBy('file', () => new ForeignFile(Buffer.alloc(10)))],
  ['a file over a path', () => thrownBy(() => new RangedFile('a.mp4' as unknown as RangeSource))],
  ['the segments of a wildcard', () => thrownBy(() => fileSource(['sub', 'clip.mp4'] as unknown as string))],
  ['a handler that holds the response', loggedBy('held', fileWith({}), {}, true)],
  ['a file without ranges', (adapter) => loggedByController(adapter, UnrangedController)],
  ['a response that is not awaited', (adapter) => loggedByController(adapter, ForgetfulController)],
  ['a status that only the request can decide', loggedByChosenStatus],
  ['an interceptor outside', (adapter) => loggedByController(adapter, OutsideController, [RANGE])],
  ['an interceptor inside', (adapter) => loggedByController(adapter, InsideController, [RANGE])],
  ['middleware that compresses', (adapter) => loggedByController(adapter, CompressingModule)],
  ['a root that does not exist', loggedBy('file', () => new RangedFile(fileSource('a.mp4', { root: '/app/media' })))],
  ['a file beside another response', (adapter) => loggedByController(adapter, SecondController)],
  ['a file that is sent twice', (adapter) => loggedByController(adapter, RepeatingController)],
  ['a stream that is over', loggedBy('file', () => new StreamableFile(Readable.from(['a']).destroy()))],
  [
    'a stream source that is kept',
    (adapter) => {
      const kept = streamSource(Readable.from([Buffer.alloc(10)]));
      return loggedBy('file', () => new RangedFile(kept))(adapter);
    },
  ],
  [
    'a file stream that is over',
    loggedBy('file', () => new StreamableFile(createReadStream(import.meta.filename).destroy())),
  ],
  [
    'a key that is a number',
    loggedBy('file', fileWith({}), { rateLimit: { bytesPerSecond: 1000, key: () => 42 as unknown as string } }),
  ],
  [
    'a key that throws',
    loggedBy('file', fileWith({}), { rateLimit: { bytesPerSecond: 1000, key: () => decodeURIComponent('%') } }),
  ],

  ['an unquoted entity tag', loggedBy('file', fileWith({ etag: 'v1' }))],
  ['half a byte', loggedBy('file', fileWith({ size: 1.5 }))],
  ['a field name with a blank', loggedBy('file', fileWith({ headers: { 'Cache Control': 'no-store' } }))],
  ['a source that resolves to nothing', loggedBy('file', () => new RangedFile({ resolve: () => undefined as never }))],
  ['a Buffer in place of a stream', loggedBy('file', fileWith({ open: () => Buffer.alloc(1000) }))],
  [
    'a generation that makes a Buffer',
    loggedBy('file', () => {
      const generate = () => Buffer.alloc(10) as unknown as Readable;
      return new RangedFile(generatedSource({ key: 'a', generate, dir: fixtures.at('speech') }));
    }),
  ],
  ['a stream of numbers', loggedBy('file', fileWith({ open: () => Readable.from([1, 2, 3]) }))],
  [
    'a fetch that gives no Response',
    loggedBy('file', () => {
      const fetch = async () => ({ status: 200, headers: {}, body: null }) as unknown as Response;
      return new RangedFile(httpSource('http://127.0.0.1/', { fetch }));
    }),
  ],
  [
    'a silent source',
    loggedBy('file', () => new RangedFile({ resolve: () => new Promise(() => {}) }, { sourceTimeoutMs: 50 })),
  ],
  ['too few bytes', loggedBy('file', fileWith({ open: () => Readable.from([Buffer.alloc(600)]) }))],
  ['too many bytes', loggedBy('file', fileWith({ open: () => Readable.from([Buffer.alloc(999), Buffer.alloc(2)]) }))],
];

describe.each(ADAPTERS)('docs/errors.md quotes the messages on %s to', (adapter) => {
  it('every mistake made here, and no other', () => {
    expect(documented).toHaveLength(PRODUCED.length);
  });

  it.each(PRODUCED.map(([mistake, produce], i) => [mistake, documented[i] ?? '', produce] as const))(
    '%s: %s',
    async (_, message, produce) => {
      expect(await produce(adapter)).toMatch(matching(message));
    },
  );
});

describe.each(ADAPTERS)('the warning about results without ranges, on %s,', (adapter) => {
  @Controller()
  class QuietController {
    @Get('undefined')
    @Ranged()
    nothing(): void {}

    @Get('null')
    @Ranged()
    none(): null {
      return null;
    }

    @Get('held')
    @Ranged()
    held(@Res() response: FrameworkResponse): unknown {
      return response.send('mine');
    }

    @Get('piped')
    @Ranged()
    piped(@Res() response: FrameworkResponse): unknown {
      return Readable.from(['mine']).pipe(response.raw ?? (response as unknown as ServerResponse));
    }

    @Get('later')
    later(@Res() response: FrameworkResponse): StreamableFile {
      setImmediate(() => response.send('mine'));
      return new StreamableFile(Buffer.from('of no use'));
    }

    @Get('passthrough')
    @Ranged()
    passthrough(@Res({ passthrough: true }) response: FrameworkResponse): RangedFile {
      response.header('x-mine', '1');
      return new RangedFile(bytesSource(Buffer.from('mine')));
    }
  }

  @Controller('class')
  @Ranged()
  class MarkedController {
    @Get('list')
    list(): number[] {
      return [1];
    }
  }

  @Controller('noisy')
  class NoisyController {
    @Get('list')
    @Ranged()
    list(): number[] {
      return [1];
    }

    @Get('object')
    @Ranged()
    object(): object {
      return { a: 1 };
    }
  }

  const complaintsOf = async (...paths: string[]): Promise<string[]> => {
    const running = await startApp(adapter, {
      imports: [RangeModule.forRoot({ appInterceptor: true })],
      controllers: [QuietController, MarkedController, NoisyController, Unmarked],
    });
    try {
      for (const path of paths) expect((await fetchRaw(running.port, path)).status).toBe(200);
      return running.log.complaints;
    } finally {
      await running.close();
    }
  };

  @Controller('unmarked')
  class Unmarked {
    @Get()
    list(): number[] {
      return [1];
    }
  }

  it.each(['/undefined', '/null', '/held', '/piped', '/later', '/passthrough'])(
    'is not logged for %s',
    async (path) => {
      expect(await complaintsOf(path)).toEqual([]);
    },
  );

  it.each(['/class/list', '/unmarked'])('is not logged if @Ranged() is not on the route itself: %s', async (path) => {
    expect(await complaintsOf(path)).toEqual([]);
  });

  it.each(['a range', 'no range'])('of an unknown length is logged once, for a request with %s', async (what) => {
    const isRange = what === 'a range';
    const running = await startApp(adapter, { imports: [RangeModule], controllers: [LengthController] });
    try {
      for (const path of ['/stream', '/stream', '/source', '/refused', '/sized']) {
        await fetchRaw(running.port, path, isRange ? [RANGE] : []);
      }
      const expected = [expect.stringMatching(/^LengthController\.stream\(\) returned a stream without its length/)];
      expect(running.log.complaints).toEqual(isRange ? expected : []);
    } finally {
      await running.close();
    }
  });

  @Controller()
  class LengthController {
    @Get('stream')
    @Ranged()
    stream(): StreamableFile {
      return new StreamableFile(Readable.from([Buffer.alloc(10)]));
    }

    @Get('source')
    @Ranged()
    source(): RangedFile {
      return new RangedFile(streamSource(Readable.from([Buffer.alloc(10)])));
    }

    @Get('refused')
    @Ranged({ acceptRanges: false })
    refused(): StreamableFile {
      return this.stream();
    }

    @Get('sized')
    @Ranged()
    sized(): StreamableFile {
      return new StreamableFile(Readable.from([Buffer.alloc(10)]), { length: 10 });
    }
  }

  it('is logged once for each handler', async () => {
    const complaints = await complaintsOf('/noisy/list', '/noisy/object', '/noisy/list', '/noisy/object');
    expect(complaints.map((complaint) => /Controller\.(\w+)/.exec(complaint)?.[1])).toEqual(['list', 'object']);
  });
});

describe('a responder that cannot be created', () => {
  @Injectable()
  class FaultyParser extends RangeParser {
    constructor() {
      super();
      throw new Error('the parser is broken');
    }
  }

  it.each([
    ['by its parser', { parser: FaultyParser }, 'the parser is broken'],
    ['by an option', { maxRanges: 0 }, 'RangeModule: option "maxRanges" must be a whole number from 1, not 0'],
  ])('%s is not mistaken for a missing module', async (_, options, message) => {
    const metadata = { imports: [RangeModule.forRoot(options)], controllers: [controller('file', () => {}, {})] };
    expect(await thrownBy(async () => (await createApp('express', metadata)).app.init())).toBe(message);
  });
});
