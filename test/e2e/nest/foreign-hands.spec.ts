import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  Module,
  type NestInterceptor,
  Param,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import { array, assert, asyncProperty, nat, record } from 'fast-check';
import { bytesSource, fileSource, RangedFile, RangeInterceptor, RangeModule, SourceNotFoundError } from 'nestjs-range';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable, Transform } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { concatMap, firstValueFrom, from, map, mergeMap, type Observable, of, race } from 'rxjs';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import { createMedium, FILE_KINDS } from '../../support/sources/file-kinds.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import {
  fetchRaw,
  header,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { Gate, settle, until } from '../../support/until.js';
import { type HeaderLines, range } from '../responses/rows/outcome.js';

jest.setTimeout(120_000); // for a loaded machine: nothing waits this long by itself

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const MEDIUM = createMedium(fixtures, 300_000);
const { bytes: BYTES, path: PATH } = MEDIUM;
const SIZE = BYTES.length;
const FOREIGN = pseudoRandomBytes(300_000, 9);

/** What the outer interceptor does with what passes through it. */
let hands: (file: StreamableFile, context: ExecutionContext, next: CallHandler) => unknown;
/** What the handler returns. */
let make: () => unknown;

class Hands implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(concatMap(async (file: StreamableFile) => hands(file, context, next)));
  }
}

/** Like the above, without a turn of the event loop in between. */
class QuickHands implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((file: StreamableFile) => hands(file, context, next)));
  }
}

@Controller()
class Files {
  @Get('quick')
  @UseInterceptors(QuickHands, RangeInterceptor)
  quick() {
    return make();
  }

  @Get('slow')
  @UseInterceptors(Hands, RangeInterceptor)
  slow() {
    return make();
  }

  @Get('plain')
  plain() {
    return make();
  }

  @Get('typed')
  @Header('Content-Type', 'text/x-own')
  @Header('Cache-Control', 'private')
  typed() {
    return make();
  }

  @Get('watched')
  @UseInterceptors(QuickHands)
  watched() {
    return make();
  }

  @Get('kind/:kind')
  @UseInterceptors(Hands, RangeInterceptor)
  kind(@Param('kind') kind: string) {
    return FILE_KINDS[Number(kind)]!.make(MEDIUM);
  }
}

/** No descriptor is kept, so that none is left is seen at once. */
const metadata = { imports: [RangeModule.forRoot({ openFiles: 0 })], controllers: [Files] };

function expectPart(response: RawResponse, firstPos: number, lastPos: number): void {
  expect(response.status).toBe(206);
  expect(header(response, 'Content-Range')).toBe(`bytes ${firstPos}-${lastPos}/${SIZE}`);
  expect(header(response, 'Content-Length')).toBe(String(lastPos - firstPos + 1));
  expect(response.isComplete).toBe(true);
  expect(response.body.equals(BYTES.subarray(firstPos, lastPos + 1))).toBe(true);
}

function expectWhole(response: RawResponse): void {
  expect(response.status).toBe(200);
  expect(header(response, 'Content-Range')).toBeUndefined();
  expect(response.isComplete).toBe(true);
  expect(response.body.equals(BYTES)).toBe(true);
}

describe.each(ADAPTERS)('a response in other interceptors, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, metadata);
  });
  afterAll(() => running.close());
  beforeEach(() => {
    running.log.clear();
    make = () => new RangedFile(fileSource(PATH), { type: 'video/mp4', filename: 'clip.mp4' });
    hands = (file) => file;
  });
  afterEach(() => untilClosed(fixtures));

  const get = (path: string, headers: HeaderLines = range('bytes=0-4'), method?: string): Promise<RawResponse> =>
    fetchRaw(running.port, path, headers, method);

  describe.each(['/quick', '/slow'])('%s', (path) => {
    it.each<[what: string, look: (file: StreamableFile) => unknown]>([
      ['getHeaders()', (file) => file.getHeaders()],
      ['getStream()', (file) => file.getStream()],
      ['options', (file) => ({ ...file.options })],
      ['errorHandler and errorLogger', (file) => [file.errorHandler, file.errorLogger]],
      ['all of it, several times', (file) => [1, 2, 3].map(() => [file.getStream(), file.getHeaders(), file.options])],
      ['the state of the stream', (file) => [file.getStream().readable, file.getStream().destroyed]],
    ])('that look at %s change nothing', async (_, look) => {
      hands = (file) => {
        look(file);
        return file;
      };
      expectPart(await get(path), 0, 4);
      expectPart(await get(path, range('bytes=100-250000')), 100, 250_000);
      expectWhole(await get(path, []));
    });

    it('read the type, the disposition and the length of the whole file', async () => {
      let headers: unknown;
      hands = (file) => {
        headers = file.getHeaders();
        return file;
      };
      await get(path);
      expect(headers).toEqual({ type: 'video/mp4', disposition: 'attachment; filename=clip.mp4', length: SIZE });
    });

    it('get the same stream at each call', async () => {
      let isSame: boolean | undefined;
      hands = (file) => {
        isSame = file.getStream() === file.getStream();
        return file;
      };
      await get(path);
      expect(isSame).toBe(true);
    });

    it.each<[what: string, wrap: (file: StreamableFile) => StreamableFile]>([
      ['a throttle', (file) => new StreamableFile(file.getStream().pipe(new PassThrough()), file.options)],
      [
        'the headers too',
        (file) => {
          const { type, disposition } = file.getHeaders();
          return new StreamableFile(file.getStream().pipe(new PassThrough()), { type, disposition: disposition! });
        },
      ],
      ['nothing but the stream', (file) => new StreamableFile(file.getStream())],
    ])('that send the stream in another StreamableFile, with %s, send the whole file', async (_, wrap) => {
      hands = wrap;
      for (const headers of [range('bytes=0-4'), range('bytes=5-9,100-200'), range('bytes=-1'), []]) {
        const response = await get(path, headers);
        expectWhole(response);
      }
      expect(running.log.complaints.filter((text) => !/@UseInterceptors\(\) above @Ranged\(\)/.test(text))).toEqual([]);
    });

    it('that make the content longer need not correct its length', async () => {
      const suffix = Buffer.from('watermark');
      hands = (file) =>
        new StreamableFile(
          file.getStream().pipe(
            new Transform({
              transform: (chunk, _encoding, done) => done(null, chunk),
              flush: (done) => done(null, suffix),
            }),
          ),
          file.options,
        );
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.isComplete).toBe(true);
      expect(response.body.equals(Buffer.concat([BYTES, suffix]))).toBe(true);
      expect(header(response, 'Content-Type')).toBe('video/mp4');
    });

    it('that copy the response send it', async () => {
      hands = (file) => Object.assign(Object.create(Object.getPrototypeOf(file) as object) as StreamableFile, file);
      expectPart(await get(path), 0, 4);
    });

    it.each<[what: string, placeholder: unknown]>([
      ['JSON', { placeholder: true }],
      ['text', 'placeholder'],
      ['a Buffer file', new StreamableFile(Buffer.from('placeholder'))],
    ])('that read everything and respond with %s send nothing of the file', async (_, placeholder) => {
      hands = (file) => {
        file.getHeaders();
        file.getStream();
        file.getHeaders();
        return placeholder;
      };
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.body.toString()).toContain('placeholder');
      for (const name of ['Content-Range', 'Accept-Ranges', 'Last-Modified']) {
        expect(header(response, name)).toBeUndefined();
      }
      expect(header(response, 'Content-Length')).toBe(String(response.body.length));
    });
  });

  it('that read all of it first may still send the response', async () => {
    const whole = new Gate<Buffer>();
    hands = async (file) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of file.getStream()) chunks.push(chunk as Uint8Array);
      whole.open(Buffer.concat(chunks));
      return file;
    };
    expectPart(await get('/slow'), 0, 4);
    expect((await whole.passed).equals(BYTES)).toBe(true);
  });

  it('that listen to the bytes hear what is sent', async () => {
    const heard: Buffer[] = [];
    hands = (file) => {
      file.getStream().on('data', (chunk: Uint8Array) => heard.push(Buffer.from(chunk)));
      return file;
    };
    expectPart(await get('/quick', range('bytes=1000-200000')), 1000, 200_000);
    expect(Buffer.concat(heard).equals(BYTES.subarray(1000, 200_001))).toBe(true);
  });

  it('that also pipe the bytes elsewhere get what is sent', async () => {
    const heard: Buffer[] = [];
    hands = (file) => {
      file
        .getStream()
        .pipe(new PassThrough())
        .on('data', (chunk: Buffer) => heard.push(chunk));
      return file;
    };
    expectPart(await get('/quick', range('bytes=1000-200000')), 1000, 200_000);
    expect(Buffer.concat(heard).equals(BYTES.subarray(1000, 200_001))).toBe(true);
  });

  it.each([
    ['a part', range('bytes=0-199999'), 206],
    ['all of it', [] as HeaderLines, 200],
    ['nothing, for a 304', [['If-None-Match', '*']] as HeaderLines, 304],
  ])('see the end of the stream when the content has ended, not before: %s', async (_, headers, status) => {
    const events: string[] = [];
    const gate = new Gate();
    make = () =>
      new RangedFile(
        new ProbeSource(BYTES, { etag: '"v1"', onChunk: (index) => (index === 0 ? undefined : gate.passed) }),
      );
    hands = (file) => {
      file
        .getStream()
        .on('end', () => events.push('end'))
        .on('close', () => events.push('close'));
      return file;
    };
    const connection = await RawConnection.open(running.port);
    connection.send(requestText('/quick', headers));
    await connection.head(); // the transfer has begun
    await settle();
    if (status !== 304) expect(events).toEqual([]);
    gate.open();
    expect(await connection.next()).toMatchObject({ status, isComplete: true });
    await until(() => events.length === 2, 'the end of the stream');
    expect(events).toEqual(['end', 'close']);
    connection.finish();
  });

  it('see no end if the client leaves', async () => {
    const events: string[] = [];
    const gate = new Gate();
    make = () =>
      new RangedFile(new ProbeSource(BYTES, { onChunk: (index) => (index === 0 ? undefined : gate.passed) }));
    hands = (file) => {
      file
        .getStream()
        .on('end', () => events.push('end'))
        .on('close', () => events.push('close'));
      return file;
    };
    const connection = await RawConnection.open(running.port);
    connection.send(requestText('/quick'));
    await connection.head();
    connection.reset();
    await until(() => events.length > 0, 'the close of the stream');
    gate.open();
    await settle();
    expect(events).toEqual(['close']);
    expect(running.log.complaints).toEqual([]);
  });

  it('that drop the response have its stream closed', async () => {
    let isClosed = false;
    hands = (file) => {
      file.getStream().on('close', () => (isClosed = true));
      return 'instead';
    };
    expect((await get('/quick')).body.toString()).toBe('instead');
    await until(() => isClosed, 'the close of the stream');
  });

  it('that send the response of an earlier request send the file instead', async () => {
    let kept: StreamableFile | undefined;
    hands = (file) => {
      const before = kept ?? file;
      kept = file;
      return before;
    };
    expectPart(await get('/quick'), 0, 4);
    for (const headers of [range('bytes=7-9'), [], range('bytes=-3')]) expectWhole(await get('/quick', headers));
  });

  it('that share a response among overlapping requests give the others the file', async () => {
    const first = new Gate<StreamableFile>();
    hands = async (file) => {
      first.open(file);
      await pause(5);
      return first.passed;
    };
    const responses = await Promise.all(
      Array.from({ length: 8 }, (_, i) => get('/slow', range(`bytes=${i * 1000}-${i * 1000 + 99}`))),
    );
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(7);
    for (const response of responses.filter(({ status }) => status === 200)) expectWhole(response);
    const part = responses.find(({ status }) => status === 206);
    const [, firstPos] = /^bytes (\d+)-/.exec(header(part!, 'Content-Range')!)!;
    expectPart(part!, Number(firstPos), Number(firstPos) + 99);
  });

  it.each<[what: string, file: (opened: Promise<void>) => StreamableFile, status: readonly number[]]>([
    [
      'a source',
      (opened) =>
        new RangedFile(new ProbeSource(BYTES, { onResolve: (_, count) => (count === 0 ? opened : undefined) })),
      [200],
    ],
    ['a stream', (opened) => new StreamableFile(Readable.from(afterwards(opened)), { length: SIZE }), [400, 500]],
  ])(
    'that share a response whose client leaves before it is negotiated send no empty file: %s',
    async (_, file, status) => {
      const opened = new Gate();
      const shared = new Gate<StreamableFile>();
      make = () => file(opened.passed);
      hands = (own: unknown) => {
        if (!(own instanceof StreamableFile)) return shared.passed;
        shared.open(own);
        return own;
      };
      const leaving = await RawConnection.open(running.port);
      leaving.send(requestText('/slow'));
      await settle();
      make = () => 'instead';
      const staying = await RawConnection.open(running.port);
      staying.send(requestText('/slow'));
      leaving.reset();
      await settle();
      opened.open();
      const response = await staying.next();
      expect(status).toContain(response.status);
      if (response.status === 200) expectWhole(response);
      staying.finish();
    },
  );

  it('that call the handler again may send either response', async () => {
    for (const pick of [0, 1]) {
      hands = async (file, _context, next) => [file, await firstValueFrom(next.handle())][pick];
      expectPart(await get('/slow'), 0, 4);
    }
  });

  it('that set another status send the file', async () => {
    hands = (file, context) => {
      context.switchToHttp().getResponse<{ status(code: number): unknown }>().status(202);
      return new StreamableFile(file.getStream(), file.options);
    };
    const response = await get('/quick');
    expect(response.status).toBe(202);
    expect(response.body.equals(BYTES)).toBe(true);
  });

  describe.each<[what: string, reply: (file: StreamableFile, other: StreamableFile) => StreamableFile]>([
    ['the answer', (file) => file],
    ['another file', (_file, other) => other],
  ])('that reply with %s, and return the answer too,', (what, choose) => {
    it.each([
      ['a part', range('bytes=1000-250000'), BYTES.subarray(1000, 250_001)],
      ['all of it', [] as HeaderLines, BYTES],
    ])('mix nothing: %s', async (_, headers, ofAnswer) => {
      const received = new Gate();
      async function* others(): AsyncGenerator<Buffer> {
        yield FOREIGN.subarray(0, 100_000);
        await received.passed;
        yield FOREIGN.subarray(100_000);
      }
      make = () =>
        new RangedFile(new ProbeSource(BYTES, { onChunk: (index) => (index < 3 ? undefined : received.passed) }));
      hands = async (file, context) => {
        const replied = choose(file, new StreamableFile(Readable.from(others())));
        running.app.getHttpAdapter().reply(context.switchToHttp().getResponse(), replied);
        await received.passed;
        return file;
      };
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/slow', headers));
      await connection.untilReceived(1000);
      received.open();
      const { isComplete, body } = await connection.next();
      const expected = what === 'the answer' ? ofAnswer : FOREIGN;
      expect(expected.subarray(0, body.length).equals(body)).toBe(true);
      expect(isComplete).toBe(body.length === expected.length);
      if (what === 'the answer') expect(isComplete).toBe(false);
      if (what === 'the answer') expect(running.log.complaints.join()).toContain('this answer was sent already');
      hands = (file) => file;
      expect((await get('/slow', [])).status).toBe(200);
    });
  });

  it.each([
    ['of known length', { length: SIZE }],
    ['of unknown length', {}],
  ])('that have read from a stream that cannot be read again send no other part of it: %s', async (_, options) => {
    make = () => new StreamableFile(Readable.from(chunksOf(BYTES)), options);
    hands = async (file) => {
      const stream = file.getStream();
      await once(stream, 'readable');
      stream.read(1000);
      return file;
    };
    for (const headers of [range('bytes=2000-200000'), []]) {
      const response = await get('/slow', headers);
      expect(response.status).toBe(500);
      expect(header(response, 'Content-Range')).toBeUndefined();
      expect(response.body.length).toBeLessThan(1000);
    }
  });

  it('cause one warning if their use of the stream costs the range', async () => {
    hands = (file) => new StreamableFile(file.getStream().pipe(new PassThrough()), file.options);
    const warnings: string[] = [];
    for (let i = 0; i < 3; i++) {
      await get('/slow');
      await settle();
      warnings.push(...running.log.at('warn'));
      running.log.clear();
    }
    expect(warnings.length).toBeLessThanOrEqual(1);
  });
});

describe.each(ADAPTERS)('a file that requests share, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, metadata);
  });
  afterAll(() => running.close());

  it('through a promise, gives each its own response', async () => {
    for (let round = 0; round < 5; round++) {
      const shared = pause(2).then(() => new RangedFile(fileSource(PATH)));
      make = () => shared;
      hands = (file) => file;
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const lastPos = i % 2 === 0 ? i * 100 + 5 : i * 100 + 200_000;
          const path = i % 3 === 0 ? '/slow' : '/quick';
          expectPart(await fetchRaw(running.port, path, range(`bytes=${i * 100}-${lastPos}`)), i * 100, lastPos);
        }),
      );
    }
  });

  it.each(['plain', 'typed', 'watched'])('without an interceptor, gives each its own stream: %s', async (path) => {
    const kept = new RangedFile(fileSource(PATH));
    make = () => kept;
    hands = (file) => {
      file.getStream();
      return file;
    };
    for (let round = 0; round < 3; round++) {
      const responses = await Promise.all(Array.from({ length: 10 }, () => fetchRaw(running.port, `/${path}`)));
      for (const response of responses) expectWhole(response);
    }
  });

  it('by routes with and without the interceptor serves both', async () => {
    const kept = new RangedFile(fileSource(PATH));
    make = () => kept;
    hands = (file) => file;
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        if (i % 2 === 0) expectWhole(await fetchRaw(running.port, '/plain', range('bytes=0-4')));
        else expectPart(await fetchRaw(running.port, '/quick', range(`bytes=${i}-${i + 9}`)), i, i + 9);
      }),
    );
  });
});

describe.each(ADAPTERS)('a RangedFile without an interceptor, on %s', (adapter) => {
  describe.each([
    ['with the module', { imports: [RangeModule], controllers: [Files] }],
    ['without it', { controllers: [Bare()] }],
  ])('%s', (name, app) => {
    let running: TestApp;
    beforeAll(async () => {
      running = await startApp(adapter, app);
    });
    afterAll(() => running.close());

    it('has the headers of its source and its options', async () => {
      make = () =>
        new RangedFile(fileSource(PATH), { filename: 'clip.mp4', disposition: 'inline', cacheControl: 'max-age=60' });
      const response = await fetchRaw(running.port, '/plain', range('bytes=0-4'));
      expectWhole(response);
      expect(header(response, 'Content-Type')).toBe('video/mp4');
      expect(header(response, 'Content-Disposition')).toBe('inline; filename=clip.mp4');
      expect(header(response, 'Cache-Control')).toBe('max-age=60');
      expect(header(response, 'Content-Length')).toBe(String(SIZE));
    });

    it("keeps what the handler has set, and has the source's coding", async () => {
      make = () =>
        new RangedFile(
          bytesSource(BYTES, { type: 'text/css', headers: { 'Content-Encoding': 'br', Vary: 'Accept-Encoding' } }),
          {
            cacheControl: 'max-age=60',
          },
        );
      const response = await fetchRaw(running.port, '/typed');
      expect(header(response, 'Content-Type')).toMatch(/^text\/x-own\b/); // Express adds a charset
      expect(header(response, 'Cache-Control')).toBe('private');
      expect(header(response, 'Content-Encoding')).toBe('br');
      expect(header(response, 'Vary')).toBe('Accept-Encoding');
    });

    it.each([
      ['a missing file', () => fileSource(fixtures.at('missing.mp4'))],
      [
        'a source without it',
        () => ({
          resolve: () => {
            throw new SourceNotFoundError('none');
          },
        }),
      ],
    ])('is 404 for %s, with nothing of the file', async (_what, source) => {
      make = () => new RangedFile(source(), { filename: 'clip.mp4', cacheControl: 'max-age=60' });
      const response = await fetchRaw(running.port, '/plain');
      expect(response.status).toBe(404);
      expect(JSON.parse(response.body.toString())).toMatchObject({ statusCode: 404 });
      expect(header(response, 'Cache-Control')).not.toBe('max-age=60');
      // Without the module nothing of ours knows Fastify's reply.
      if (adapter === 'express' || name === 'with the module')
        expect(header(response, 'Content-Disposition')).toBeUndefined();
      expect(header(response, 'Content-Type')).toMatch(/^application\/json/);
    });

    it('is cut off if its source breaks off', async () => {
      make = () =>
        new RangedFile(
          new ProbeSource(BYTES, {
            onChunk: (index) => {
              if (index === 3) throw new Error('broken');
            },
          }),
        );
      const response = await fetchRaw(running.port, '/plain');
      expect(response.isComplete).toBe(false);
    });

    it('opens nothing twice, and leaves nothing open when its client leaves', async () => {
      const probe = new ProbeSource(BYTES, { onChunk: () => pause(1) });
      make = () => new RangedFile(probe);
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/plain'));
      await connection.untilReceived(1000);
      connection.reset();
      await until(() => probe.isReleased, 'the release of the source');
      expect(probe.opened).toBe(1);
    });
  });
});

describe("an adapter of the app's own", () => {
  class OwnExpress extends ExpressAdapter {
    override reply(response: { setHeader(name: string, value: string): void }, ...others: [unknown, number?]): unknown {
      response.setHeader('X-Own', 'yes');
      return super.reply(response, ...others);
    }
  }

  class OwnFastify extends FastifyAdapter {
    override reply(...args: Parameters<FastifyAdapter['reply']>): ReturnType<FastifyAdapter['reply']> {
      (args[0] as { header(name: string, value: string): void }).header('X-Own', 'yes');
      return super.reply(...args);
    }
  }

  it.each([
    ['Express', () => new OwnExpress()],
    ['Fastify', () => new OwnFastify()],
  ])('replies by its own method, with responses as with any other result: %s', async (_, own) => {
    make = () => new RangedFile(fileSource(PATH));
    hands = (file) => file;
    class App {}
    Module(metadata)(App);
    const app = await NestFactory.create(App, own(), { logger: false });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    for (const path of ['/quick', '/plain']) {
      const response = await fetchRaw(port, path, range('bytes=5-9'));
      if (path === '/quick') expectPart(response, 5, 9);
      else expectWhole(response);
      expect(header(response, 'X-Own')).toBe('yes');
    }
    await app.close();
  });
});

describe('a Fastify hook that watches the payload', () => {
  it.each([
    ['all of a client that stays', true, ['end', 'close']],
    ['what a client that leaves has had', false, ['close']],
  ])('sees the end of the stream when the transfer has ended, not before: %s', async (_, stays, expected) => {
    const events: string[] = [];
    const gate = new Gate();
    make = () => new RangedFile(new ProbeSource(BYTES, { onChunk: (index) => (index < 8 ? undefined : gate.passed) }));
    hands = (file) => file;
    const running = await startApp('fastify', metadata, {
      configure: (app) =>
        (app as NestFastifyApplication)
          .getHttpAdapter()
          .getInstance()
          .addHook('onSend', async (_request, _reply, payload) => {
            const stream = payload as Readable;
            stream.on('end', () => events.push('end')).on('close', () => events.push('close'));
            return payload;
          }),
    });
    const connection = await RawConnection.open(running.port);
    connection.send(requestText('/slow'));
    await connection.untilReceived(1000);
    await settle();
    expect(events).toEqual([]);
    if (!stays) connection.reset();
    gate.open();
    if (stays) expectWhole(await connection.next());
    await until(() => events.length === expected.length, 'the end of the stream');
    await settle();
    expect(events).toEqual(expected);
    connection.finish();
    await running.close();
  });
});

/** The same routes without the module, where no interceptor of ours can be made. */
function Bare() {
  @Controller()
  class BareFiles {
    @Get('plain')
    plain() {
      return make();
    }

    @Get('typed')
    @Header('Content-Type', 'text/x-own')
    @Header('Cache-Control', 'private')
    typed() {
      return make();
    }
  }
  return BareFiles;
}

type Touch = (file: StreamableFile) => unknown;

async function* afterwards(opened: Promise<void>): AsyncGenerator<Buffer> {
  await opened;
  yield BYTES;
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 20_000) yield bytes.subarray(at, at + 20_000);
}

/** What hostile hands may do before they return something: they look, */
const LOOKS: readonly Touch[] = [
  (file) => file.getHeaders(),
  (file) => file.getStream(),
  (file) => file.options,
  (file) => file.errorHandler,
  (file) => file.setErrorHandler(file.errorHandler),
  (file) => file.setErrorLogger(file.errorLogger),
  (file) => file.getStream().on('end', () => {}),
  (file) => file.getStream().once('close', () => {}),
  (file) => file.getStream().pause(),
  (file) => file.getStream().destroy(),
  () => pause(1),
];

/** or take bytes out of the stream. What they would send of it after that is their own affair. */
const GRABS: readonly Touch[] = [
  (file) => file.getStream().on('data', () => {}),
  (file) => file.getStream().on('readable', () => {}),
  (file) => file.getStream().resume(),
  (file) => file.getStream().read(0),
  (file) => file.getStream().read(),
  (file) => file.getStream().pipe(new PassThrough()).resume(),
];
const TOUCHES = [...LOOKS, ...GRABS];

type End = (file: StreamableFile, next: CallHandler, kept: Kept) => unknown;

/** What they return: the stream in a file of their own, */
const WRAPS: readonly End[] = [
  (file) => new StreamableFile(file.getStream().pipe(new PassThrough()), file.options),
  (file) => new StreamableFile(file.getStream(), file.options),
];

/** or the file, or something in its place. */
const OTHERS: readonly End[] = [
  (file) => file,
  (file) => file,
  (file) => Object.assign(Object.create(Object.getPrototypeOf(file) as object) as object, file),
  (file) => pause(1).then(() => file),
  (_file, next) => firstValueFrom(next.handle()),
  (file, next) => firstValueFrom(race(from(pause(1)).pipe(mergeMap(() => next.handle())), next.handle(), of(file))),
  () => 'placeholder',
  () => new StreamableFile(Buffer.from('placeholder')),
  () => {
    throw new Error('hostile');
  },
  (file, _next, kept) => {
    const before = kept.file ?? file;
    kept.file = file;
    return before;
  },
];

const ENDS = [...WRAPS, ...OTHERS];

interface Kept {
  file?: StreamableFile | undefined;
}

const REQUESTS: readonly {
  method: string;
  headers: HeaderLines;
  expected: Buffer | undefined;
  contentRange?: string;
}[] = [
  { method: 'GET', headers: range('bytes=0-4'), expected: BYTES.subarray(0, 5), contentRange: `bytes 0-4/${SIZE}` },
  {
    method: 'GET',
    headers: range('bytes=70000-270000'),
    expected: BYTES.subarray(70_000, 270_001),
    contentRange: `bytes 70000-270000/${SIZE}`,
  },
  {
    method: 'GET',
    headers: range('bytes=-3'),
    expected: BYTES.subarray(-3),
    contentRange: `bytes ${SIZE - 3}-${SIZE - 1}/${SIZE}`,
  },
  { method: 'GET', headers: range('bytes=0-9,500-509'), expected: undefined },
  { method: 'GET', headers: [], expected: BYTES },
  { method: 'HEAD', headers: [], expected: Buffer.alloc(0) },
  { method: 'GET', headers: [['If-None-Match', '*']], expected: Buffer.alloc(0) },
];

/** Whether head and body of what came belong together, and to this request; or it is an error. */
function isHonest(response: RawResponse, request: (typeof REQUESTS)[number]): boolean {
  const { status, body, isComplete } = response;
  const contentRange = header(response, 'Content-Range');
  if (!isComplete || status >= 400) return true;
  if (request.method === 'HEAD') {
    const length = header(response, 'Content-Length');
    return contentRange === undefined && (length === undefined || length === String(SIZE) || length === '11');
  }
  if (status === 304) return request.headers.some(([name]) => name === 'If-None-Match');
  if (status === 206) {
    if (request.expected !== undefined) return contentRange === request.contentRange && body.equals(request.expected);
    const parts = readByteranges(header(response, 'Content-Type') ?? '', body);
    return parts.every(({ firstPos, lastPos, content }) => content.equals(BYTES.subarray(firstPos, lastPos + 1)));
  }
  if (contentRange !== undefined) return false;
  return body.toString() === 'placeholder' || body.equals(BYTES);
}

describe.each(ADAPTERS)('any chain of interceptors, on %s', (adapter) => {
  let running: TestApp;
  const failures: unknown[] = [];
  const onFailure = (error: unknown): void => void failures.push(error);
  beforeAll(async () => {
    running = await startApp(adapter, metadata);
    process.on('unhandledRejection', onFailure).on('uncaughtException', onFailure);
  });
  afterAll(async () => {
    await running.close();
    process.off('unhandledRejection', onFailure).off('uncaughtException', onFailure);
  });

  it('sends a head and a body that belong together and to the request, or an error', async () => {
    const step = record({
      kind: nat(FILE_KINDS.length - 1),
      touches: array(nat(TOUCHES.length - 1), { maxLength: 4 }),
      end: nat(ENDS.length - 1),
      request: nat(REQUESTS.length - 1),
    });
    await assert(
      asyncProperty(array(step, { minLength: 1, maxLength: 3 }), async (steps) => {
        const kept: Kept = {};
        for (const { kind, touches, end: asked, request: index } of steps) {
          const end = touches.some((touch) => touch >= LOOKS.length) ? Math.max(asked, WRAPS.length) : asked;
          hands = async (file, _context, next) => {
            for (const touch of touches) await TOUCHES[touch]!(file);
            return ENDS[end]!(file, next, kept);
          };
          const request = REQUESTS[index]!;
          const connection = await RawConnection.open(running.port);
          try {
            connection.send(requestText(`/kind/${kind}`, request.headers, request.method));
            let response: RawResponse;
            try {
              response = await connection.next(request.method);
            } catch (error) {
              expect(String(error)).toMatch(/the connection ended before a head/); // cut off: an error
              continue;
            }
            expect([
              FILE_KINDS[kind]!.name,
              response.status,
              header(response, 'Content-Range'),
              response.body.length,
              isHonest(response, request),
            ]).toEqual(expect.arrayContaining([true]));
            // Nothing follows on the connection but the answer to the next request.
            if (response.isComplete && header(response, 'Connection') !== 'close') {
              hands = (file) => file;
              connection.send(requestText('/quick', range('bytes=1-2')));
              make = () => new RangedFile(bytesSource(BYTES));
              const second = await connection.next();
              expectPart(second, 1, 2);
            }
          } finally {
            connection.finish();
          }
        }
      }),
      { numRuns: 100, endOnFailure: true },
    );
    expect(failures).toEqual([]);
    await untilClosed(fixtures);
  });
});
