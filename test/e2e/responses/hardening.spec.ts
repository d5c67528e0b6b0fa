import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Header,
  type INestApplication,
  type NestInterceptor,
  Req,
  Res,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  type Bytes,
  bytesSource,
  fileSource,
  Ranged,
  RangedFile,
  RangeInterceptor,
  RangeModule,
  type RangeSource,
  type Representation,
  streamSource,
} from 'nestjs-range';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { OutgoingMessage } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { map } from 'rxjs';
import { RANGED_RESPONSE } from '../../../src/files/file-symbols.js';
import type { RangedResponse } from '../../../src/files/ranged-response.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import {
  fetchRaw,
  header,
  headersOf,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { Gate, settle, until } from '../../support/until.js';
import { type HeaderLines, range } from './rows/outcome.js';

const MiB = 1024 * 1024;
const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

/** Many chunks long, and different in every byte's neighbourhood, so that bytes of one in the other show. */
const LARGE = pseudoRandomBytes(12 * MiB + 17, 1);
const OTHER = pseudoRandomBytes(12 * MiB + 17, 2);
const SMALL = LARGE.subarray(0, 1000);
const largePath = fixtures.write('large.bin', LARGE);
const otherPath = fixtures.write('other.bin', OTHER);
const TEXT = 'A byte is no character: é, € and 𝄞 take two, three and four.\n'.repeat(40);
const textPath = fixtures.write('text.txt', TEXT);
const missingPath = fixtures.at('missing.bin');

/** What the routes do next. */
let nextFile: (response: ServerResponse) => StreamableFile | Promise<StreamableFile>;
let outerChange: (answer: StreamableFile, response: ResponseOfApp) => unknown;

/** The response object of either framework, as far as the tests use it. */
interface ResponseOfApp {
  setHeader?(name: string, value: string): unknown;
  header(name: string, value: string): unknown;
}

/** Lies around the package's own interceptor, and sees its answer. */
const outer: NestInterceptor = {
  intercept: (context, next) =>
    next
      .handle()
      .pipe(map((answer: StreamableFile) => outerChange(answer, context.switchToHttp().getResponse<ResponseOfApp>()))),
};

@Controller()
class Files {
  @Get(['file', 'again'])
  @Ranged()
  file(@Res({ passthrough: true }) response: ServerResponse) {
    return nextFile(response);
  }

  @Get('large')
  @Ranged()
  large() {
    return new RangedFile(fileSource(largePath));
  }

  @Get('other')
  @Ranged()
  other() {
    return new RangedFile(fileSource(otherPath));
  }

  @Get('chunked')
  @Header('Transfer-Encoding', 'chunked')
  @Ranged()
  chunked(@Req() _request: unknown, @Res({ passthrough: true }) response: ServerResponse) {
    return nextFile(response);
  }
}

@Controller('outer')
@UseInterceptors(outer)
class Outer {
  @Get()
  @Ranged()
  file(@Res({ passthrough: true }) response: ServerResponse) {
    return nextFile(response);
  }
}

const metadata = { imports: [RangeModule], controllers: [Files, Outer] };

/** A source of the app's own around another: what it changes is what `open` gives. */
function wrapped(inner: RangeSource, change: (bytes: Bytes) => Bytes): RangeSource {
  return {
    resolve: async (signal) => {
      const representation = await inner.resolve(signal);
      const open: Representation['open'] = async (asked, openSignal) =>
        change(await representation.open(asked, openSignal));
      return { ...representation, open };
    },
  };
}

/** As a throttle or a progress bar cuts them. */
async function* inSlices(bytes: Bytes): Bytes {
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.byteLength; at += 50_000) yield chunk.subarray(at, at + 50_000);
  }
}

/** As a cache keeps them. */
const keptIn = (kept: Uint8Array[]) =>
  async function* keep(bytes: Bytes): Bytes {
    for await (const chunk of bytes) {
      kept.push(chunk);
      yield chunk;
    }
  };

/** A source of the app's own whose bytes are whatever `open` gives. */
const sourceOf = (open: () => unknown, metadata: object = { size: 1000 }): RangedFile =>
  new RangedFile({ resolve: () => ({ ...metadata, open: open as Representation['open'] }) });

/** What a 200 or a 206 of ours carries, and no other answer may. */
const OURS = [
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-range',
  'last-modified',
  'x-content-type-options',
];

function expectNothingOfTheFile(response: RawResponse): void {
  const headers = headersOf(response);
  expect(OURS.filter((name) => name in headers)).toEqual([]);
  expect(headers['etag'] ?? 'W/').toMatch(/^W\//); // Express tags the bodies that it writes
  expect(headers['content-length']).toBe(String(response.body.length));
}

describe.each(ADAPTERS)('earlier defects, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, metadata);
  });
  afterAll(() => running.close());
  beforeEach(() => running.log.clear());

  const get = (path: string, headers: HeaderLines = [], method?: string) =>
    fetchRaw(running.port, path, headers, method);
  const serve = (make: typeof nextFile): void => {
    nextFile = make;
  };

  async function connectionsClosed(): Promise<void> {
    const server = running.app.getHttpServer() as Server;
    let count = -1;
    await until(() => {
      server.getConnections((_, current) => {
        count = current;
      });
      return count === 0;
    }, 'the server to have no connection left');
  }

  const nothingOpen = (): Promise<void> => untilClosed(fixtures);

  describe('reused memory', () => {
    it('never carries bytes of another response if a source cuts the chunks of a file', async () => {
      serve(() => new RangedFile(wrapped(fileSource(largePath), inSlices)));
      for (let round = 0; round < 3; round++) {
        const bodies = await Promise.all(['/file', '/other', '/again', '/other', '/large'].map((path) => get(path)));
        expect(bodies.map(({ body }) => body.equals(LARGE))).toEqual([true, false, true, false, true]);
        expect(bodies.map(({ body }) => body.equals(OTHER))).toEqual([false, true, false, true, false]);
      }
    });

    it('is not the memory of chunks that a source keeps', async () => {
      const kept: Uint8Array[] = [];
      serve(() => new RangedFile(wrapped(fileSource(largePath), keptIn(kept))));
      expect((await get('/file')).body.equals(LARGE)).toBe(true);
      await Promise.all([get('/other'), get('/other')]);
      expect(Buffer.concat(kept).equals(LARGE)).toBe(true);
    });
  });

  describe('text from a source', () => {
    const text = (): Readable => createReadStream(textPath, { encoding: 'utf8', highWaterMark: 100 });
    const size = Buffer.byteLength(TEXT);

    it('is sent as its bytes, completely', async () => {
      serve(() => sourceOf(text, { size }));
      const response = await get('/file');
      expect(response.status).toBe(200);
      expect(header(response, 'Content-Length')).toBe(String(size));
      expect(response.body.toString()).toBe(TEXT);
    });

    it('is sent completely also if its length is unknown', async () => {
      serve(() => sourceOf(text, {}));
      const response = await get('/file');
      expect(response.status).toBe(200);
      expect(response.isComplete).toBe(true);
      expect(response.body.toString()).toBe(TEXT);
    });

    it('is a fault if the source yields something other than bytes', async () => {
      serve(() => sourceOf(() => Readable.from([{ no: 'bytes' }])));
      const response = await get('/file', range('bytes=0-9'));
      expect(response.status).toBe(500);
      expect(header(response, 'Cache-Control')).toBe('no-store');
      expect(header(response, 'Content-Range')).toBeUndefined();
    });
  });

  describe('a client that left early', () => {
    it('its file was returned leaves nothing of an open stream behind', async () => {
      const [reached, released] = [new Gate(), new Gate()];
      const streams: Readable[] = [];
      serve(async () => {
        reached.open();
        await released.passed;
        const stream = createReadStream(largePath);
        streams.push(stream);
        return new RangedFile(streamSource(stream, { size: LARGE.length }));
      });
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/file'));
      await reached.passed;
      connection.reset();
      await connectionsClosed();
      released.open();
      await until(() => streams[0]?.destroyed === true, 'the stream to be destroyed');
      await nothingOpen();
      expect(running.log.complaints).toEqual([]);
    });

    it('its turn came leaves nothing of an open stream behind', async () => {
      const [reached, first] = [new Gate(), new Gate()];
      const streams: Readable[] = [];
      const waiting = new ProbeSource(SMALL, {
        onChunk: async () => {
          reached.open();
          await first.passed;
        },
      });
      let count = 0;
      serve(() => {
        if (count++ === 0) return new RangedFile(waiting);
        const stream = createReadStream(largePath);
        streams.push(stream);
        return new RangedFile(streamSource(stream, { size: LARGE.length }));
      });
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/file').repeat(3));
      await reached.passed;
      await until(() => streams.length === 2, 'the other requests to reach their handler');
      connection.reset();
      await connectionsClosed();
      first.open();
      await until(() => streams.every(({ destroyed }) => destroyed), 'the streams to be destroyed');
      await nothingOpen();
    });

    it('its source was resolved has it closed, not discarded', async () => {
      const [reached, pending] = [new Gate(), new Gate()];
      const calls: string[] = [];
      serve(
        () =>
          new RangedFile({
            discard: () => calls.push('discard'),
            resolve: async () => {
              calls.push('resolve');
              reached.open();
              await pending.passed;
              return {
                size: 5,
                open: () => Readable.from([Buffer.from('abcde')]),
                close: () => void calls.push('close'),
              };
            },
          }),
      );
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/file'));
      await reached.passed;
      connection.reset();
      await connectionsClosed();
      pending.open();
      await until(() => calls.includes('close'), 'the representation to be closed');
      expect(calls).toEqual(['resolve', 'close']);
    });

    // An error that nobody listens to would end the process; the runner, which stands before that, fails the run.
    it.each<[what: string, open: () => Readable]>([
      ['cannot be opened', () => createReadStream(missingPath)],
      [
        'reports its own end',
        () =>
          new Readable({
            read() {},
            destroy(error, callback) {
              callback(error ?? new Error('the request was aborted'));
            },
          }),
      ],
    ])('open gave a stream that %s does not end the process', async (_, open) => {
      const [reached, pending] = [new Gate(), new Gate()];
      const streams: Readable[] = [];
      let aborted: AbortSignal | undefined;
      serve(
        () =>
          new RangedFile({
            resolve: () => ({
              size: 1000,
              open: async (_range, signal) => {
                aborted = signal;
                reached.open();
                await pending.passed;
                streams.push(open());
                return streams[0] as Readable;
              },
            }),
          }),
      );
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/file'));
      await reached.passed;
      connection.reset();
      await until(() => aborted?.aborted === true, 'the signal to abort');
      pending.open();
      await until(() => streams[0]?.closed === true, 'the stream to be closed');
      await settle();
      expect(streams[0]?.errored?.message).toMatch(/ENOENT|aborted/);
      expect(running.log.complaints).toEqual([]);
    });

    it.each(['in the middle of its bytes', 'while it is opened'])('has a web stream cancelled: %s', async (when) => {
      const [reached, pending] = [new Gate(), new Gate()];
      const seen = { cancelled: 0, closed: 0 };
      let aborted: AbortSignal | undefined;
      const stalling = (): ReadableStream<Uint8Array> =>
        new ReadableStream({
          start: (controller) => controller.enqueue(SMALL.subarray(0, 3)),
          pull: () => new Promise(() => {}),
          cancel: () => {
            seen.cancelled++;
          },
        });
      serve(
        () =>
          new RangedFile({
            resolve: () => ({
              size: 1000,
              open: async (_range, signal) => {
                aborted = signal;
                reached.open();
                if (when === 'while it is opened') await pending.passed;
                return stalling();
              },
              close: () => {
                seen.closed++;
              },
            }),
          }),
      );
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/file'));
      await reached.passed;
      if (when !== 'while it is opened') await connection.head();
      connection.reset();
      await until(() => aborted?.aborted === true, 'the signal to abort');
      pending.open();
      await until(() => seen.cancelled === 1 && seen.closed === 1, 'the stream to be cancelled, its source closed');
      expect(running.log.complaints).toEqual([]);
    });

    it('is no error, however much of the file it received', async () => {
      for (const [path, bytes] of [
        ['/large', 0],
        ['/large', 1],
        ['/large', MiB],
        ['/file', MiB],
      ] as const) {
        serve(() => new StreamableFile(createReadStream(largePath)));
        for (const end of ['reset', 'finish'] as const) {
          const connection = await RawConnection.open(running.port);
          connection.send(requestText(path));
          await connection.untilReceived(bytes);
          connection[end]();
          await connectionsClosed();
        }
      }
      await nothingOpen();
      await settle();
      expect(running.log.complaints).toEqual([]);
    });
  });

  it.each([{ autoClose: false }, { emitClose: false }])('a missing file is a 404 with %j too', async (options) => {
    serve(() => new StreamableFile(createReadStream(missingPath, options)));
    for (const headers of [[], range('bytes=0-9')]) {
      const response = await get('/file', headers);
      expect(response.status).toBe(404);
      expect(response.body.toString()).not.toContain(fixtures.path);
    }
    expect(running.log.complaints).toEqual([]);
  });

  describe('a descriptor that is kept for the next request', () => {
    /** Asks over and over, so that the descriptor stays in use, until the answer has this status. */
    async function untilStatus(path: string, status: number): Promise<RawResponse> {
      let wanted: RawResponse | undefined;
      const ask = async (): Promise<void> => {
        const response = await get(path);
        if (response.status === status) wanted = response;
        else await ask();
      };
      const asked = ask();
      await until(() => wanted !== undefined, `a ${status}`);
      await asked;
      return wanted as RawResponse;
    }

    it('is closed when a link above its file leads out of the root', async () => {
      const root = fixtures.at(`${adapter}-root`);
      mkdirSync(`${root}/season`, { recursive: true });
      fixtures.write(`${adapter}-root/season/one.mp4`, SMALL);
      serve(() => new RangedFile(fileSource('season/one.mp4', { root })));
      expect((await get('/file')).status).toBe(200);
      renameSync(`${root}/season`, fixtures.at(`${adapter}-elsewhere`));
      symlinkSync(fixtures.at(`${adapter}-elsewhere`), `${root}/season`);
      const response = await untilStatus('/file', 404);
      expect(response.body.toString()).not.toContain('one.mp4');
    });

    it('is closed at once when its file was renamed and another took the name', async () => {
      const path = fixtures.write(`${adapter}-current.bin`, SMALL);
      const replacement = fixtures.write(`${adapter}-next.bin`, OTHER.subarray(0, 1000));
      serve(() => new RangedFile(fileSource(path)));
      expect((await get('/file')).body.equals(SMALL)).toBe(true);
      renameSync(path, fixtures.at(`${adapter}-former.bin`));
      renameSync(replacement, path);
      expect((await get('/file')).body.equals(OTHER.subarray(0, 1000))).toBe(true);
    });

    it('is closed at once when its file was renamed and nothing took the name', async () => {
      const path = fixtures.write(`${adapter}-gone.bin`, SMALL);
      serve(() => new RangedFile(fileSource(path)));
      expect((await get('/file')).status).toBe(200);
      renameSync(path, fixtures.at(`${adapter}-moved.bin`));
      expect((await get('/file')).status).toBe(404);
    });
  });

  describe('metadata of a file', () => {
    const evil = 'text/plain\r\nX-Evil: 1';

    it.each<[what: string, make: () => StreamableFile]>([
      ['the type of a StreamableFile', () => new StreamableFile(SMALL, { type: evil })],
      ['the disposition of a StreamableFile', () => new StreamableFile(SMALL, { disposition: evil })],
      ['the type of a source', () => sourceOf(() => [SMALL], { size: 1000, type: evil })],
      ['a field of a source', () => sourceOf(() => [SMALL], { size: 1000, headers: { 'X-Good': evil } })],
      ['the name of a field', () => sourceOf(() => [SMALL], { size: 1000, headers: { 'bad name': 'x' } })],
      ['the name of a field, with a line in it', () => sourceOf(() => [SMALL], { headers: { 'a\r\nX-Evil': '1' } })],
      ['a size that is no number', () => sourceOf(() => [SMALL], { size: NaN })],
      ['a size that is text', () => sourceOf(() => [SMALL], { size: '1000' })],
      ['a size below 0', () => sourceOf(() => [SMALL], { size: -1 })],
      ['a size with a fraction', () => sourceOf(() => [SMALL], { size: 999.5 })],
    ])('is a fault, and nothing is sent, if it cannot be sent: %s', async (_, make) => {
      for (const headers of [[], range('bytes=0-4'), range('bytes=0-4,500-504')]) {
        running.log.clear();
        serve(make);
        const response = await get('/file', headers);
        expect(response.status).toBe(500);
        expect(JSON.parse(response.body.toString())).toEqual({ statusCode: 500, message: 'Internal server error' });
        expect(response.lines.map(([name]) => name.toLowerCase())).not.toContain('x-evil');
        const { 'cache-control': cacheControl, ...others } = headersOf(response);
        expect(cacheControl).toBe('no-store');
        expect(Object.keys(others).filter((name) => name !== 'etag')).toEqual(['content-type', 'content-length']);
        expect(running.log.complaints).toHaveLength(1);
      }
    });

    it('has no Last-Modified if its date is invalid', async () => {
      serve(() => new RangedFile(new ProbeSource(SMALL, { lastModified: new Date(Number.NaN) })));
      const response = await get('/file', range('bytes=0-4'));
      expect(response.status).toBe(206);
      expect(header(response, 'Last-Modified')).toBeUndefined();
    });

    it('an empty name is refused at once', () => {
      expect(() => new RangedFile(bytesSource(SMALL), { filename: '' })).toThrow(/filename/);
      expect(() => Ranged({ filename: '' })).toThrow(/filename/);
    });

    it.each([[{}], [{ etag: '"v1"' }]])('serves memory that is shared between threads, with %j', async (options) => {
      const shared = new Uint8Array(new SharedArrayBuffer(1000));
      shared.set(SMALL);
      for (const [headers, status, expected] of [
        [[], 200, SMALL],
        [range('bytes=5-9'), 206, SMALL.subarray(5, 10)],
      ] as const) {
        serve(() => new RangedFile(bytesSource(shared, options)));
        const response = await get('/file', headers);
        expect(response.status).toBe(status);
        expect(response.body.equals(expected)).toBe(true);
      }
    });
  });

  describe('an interceptor around ours', () => {
    const CACHED = 'public, max-age=31536000, immutable';
    const cached = (): RangedFile =>
      new RangedFile(fileSource(largePath), { etag: '"v1"', cacheControl: CACHED, filename: 'a.bin' });
    const REQUESTS: readonly (readonly [asked: string, headers: HeaderLines])[] = [
      ['all of it', []],
      ['a part', range('bytes=0-4')],
      ['two parts', range('bytes=0-4,500-504')],
      ['a newer version', [['If-None-Match', '"v1"']]],
    ];

    it.each(REQUESTS)('that fails leaves nothing of the file on the error, with %s requested', async (_, headers) => {
      serve(cached);
      outerChange = () => {
        throw new Error('outside');
      };
      const response = await get('/outer', headers);
      expect(response.status).toBe(500);
      expectNothingOfTheFile(response);
      await nothingOpen();
    });

    it.each(REQUESTS)('that responds in our place sends nothing of the file, with %s requested', async (_, headers) => {
      serve(cached);
      outerChange = () => ({ replaced: true });
      const response = await get('/outer', headers);
      expect(response.status).toBe(200);
      expect(JSON.parse(response.body.toString())).toEqual({ replaced: true });
      expectNothingOfTheFile(response);
      await nothingOpen();
    });

    it('has the last word on Cache-Control', async () => {
      serve(cached);
      outerChange = (answer, response) => {
        if (response.setHeader === undefined) response.header('Cache-Control', 'private');
        else response.setHeader('Cache-Control', 'private');
        return answer;
      };
      const response = await get('/outer', range('bytes=0-4'));
      expect(response.status).toBe(206);
      expect(header(response, 'Content-Range')).toBe(`bytes 0-4/${LARGE.length}`);
      expect(header(response, 'Cache-Control')).toBe('private, no-transform');
    });

    it('that listens to the bytes sees all of them, as the client does', async () => {
      const heard: Uint8Array[] = [];
      serve(cached);
      outerChange = (answer) => {
        answer.getStream().on('data', (chunk: Uint8Array) => heard.push(Buffer.from(chunk)));
        return answer;
      };
      const response = await get('/outer', range('bytes=5-'));
      expect(response.status).toBe(206);
      expect(response.body.equals(LARGE.subarray(5))).toBe(true);
      expect(Buffer.concat(heard).equals(LARGE.subarray(5))).toBe(true);
    });
  });

  describe('a Transfer-Encoding of the handler', () => {
    it.each<[method: string, headers: HeaderLines, status: number, length: number]>([
      ['GET', [], 200, 1000],
      ['HEAD', [], 200, 1000],
      ['GET', range('bytes=0-4'), 206, 5],
    ])('is not sent with our Content-Length: %s %j', async (method, headers, status, length) => {
      serve(() => new RangedFile(bytesSource(SMALL)));
      const response = await get('/chunked', headers, method);
      expect(response.status).toBe(status);
      expect(header(response, 'Transfer-Encoding')).toBeUndefined();
      expect(header(response, 'Content-Length')).toBe(String(length));
      expect(response.body.equals(SMALL.subarray(0, method === 'HEAD' ? 0 : length))).toBe(true);
    });

    it.each(['/file', '/chunked'])('leaves a stream of unknown length chunked, as without it: %s', async (path) => {
      serve(() => new RangedFile(streamSource(Readable.from([SMALL.subarray(0, 400), SMALL.subarray(400)]))));
      const response = await get(path);
      expect(response).toMatchObject({ status: 200, framing: 'chunked', isComplete: true });
      expect(response.body.equals(SMALL)).toBe(true);
    });

    it('is not sent with the length of a refusal', async () => {
      serve(() => new RangedFile(bytesSource(SMALL)));
      const response = await get('/chunked', range('bytes=1000-'));
      expect(response.status).toBe(416);
      expect(header(response, 'Transfer-Encoding')).toBeUndefined();
      expect(header(response, 'Content-Length')).toBe(String(response.body.length));
    });
  });
});

describe.each(ADAPTERS)('two copies of the package in one process, on %s', (adapter) => {
  let running: TestApp | undefined;
  afterEach(() => running?.close());

  /** Loads a module of the package once more. */
  const again = <T>(name: string): Promise<T> => import(`../../../src/files/${name}.js?again`) as Promise<T>;

  it('a file of the other copy is served like one of ours', async () => {
    const copy = await again<{ RangedFile: typeof RangedFile }>('ranged-file');
    expect(copy.RangedFile).not.toBe(RangedFile);
    serveNext(() => new copy.RangedFile(fileSource(largePath), { type: 'video/mp4', etag: '"v1"' }));
    running = await startApp(adapter, metadata);
    const response = await fetchRaw(running.port, '/file', range('bytes=0-4'));
    expect(response.status).toBe(206);
    expect(headersOf(response)).toMatchObject({
      'content-range': `bytes 0-4/${LARGE.length}`,
      'content-length': '5',
      'content-type': 'video/mp4',
      etag: '"v1"',
    });
    expect(response.body.equals(LARGE.subarray(0, 5))).toBe(true);
  });

  it('a response of the other copy is not negotiated again', async () => {
    type Responses = typeof import('../../../src/files/ranged-response.js');
    const copy = await again<Responses>('ranged-response');
    const asOther: NestInterceptor = {
      intercept: (_context, next) =>
        next.handle().pipe(
          map((answer: StreamableFile) => {
            const { [RANGED_RESPONSE]: ours } = answer as RangedResponse;
            return new copy.RangedResponse(ours, answer, undefined);
          }),
        ),
    };

    @Controller()
    @UseInterceptors(RangeInterceptor, asOther)
    class Both {
      @Get()
      @Ranged({ etag: '"v1"' })
      file() {
        return new StreamableFile(SMALL);
      }
    }

    running = await startApp(adapter, { imports: [RangeModule], controllers: [Both] });
    for (const [headers, status, expected] of [
      [[], 200, SMALL],
      [range('bytes=0-4'), 206, SMALL.subarray(0, 5)],
    ] as const) {
      const response = await fetchRaw(running.port, '/', headers);
      expect(response.status).toBe(status);
      expect(header(response, 'Accept-Ranges')).toBe('bytes');
      expect(header(response, 'Content-Length')).toBe(String(expected.length));
      expect(response.body.equals(expected)).toBe(true);
    }
  });
});

function serveNext(make: typeof nextFile): void {
  nextFile = make;
}

describe('an empty root', () => {
  it.each<[what: string, options: object, named: RegExp]>([
    ['undefined', { root: undefined }, /"root"/],
    ['empty', { root: '' }, /"root"/],
    ['no text', { root: ['media'] }, /"root"/],
    ['misspelt', { Root: '/srv/media' }, /"Root"/],
  ])('is an error that names the option, and never means no root: %s', (_, options, named) => {
    expect(() => fileSource('/etc/hostname', options)).toThrow(TypeError);
    expect(() => fileSource('/etc/hostname', options)).toThrow(named);
  });
});

describe('a hook of Fastify that makes entity tags of payloads', () => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp('fastify', metadata, { configure: addTagHook });
  });
  afterAll(() => running.close());

  function addTagHook(app: INestApplication): void {
    const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
    fastify.addHook('onSend', async (_request, reply, payload) => {
      const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
      if (isWhole && !reply.hasHeader('etag')) {
        reply.header('etag', `"${createHash('sha1').update(payload).digest('base64url')}"`);
      }
      return payload;
    });
  }

  it.each<[what: string, make: () => StreamableFile]>([
    ['a StreamableFile over a Buffer', () => new StreamableFile(SMALL)],
    ['a RangedFile without a tag', () => new RangedFile(bytesSource(SMALL))],
    ['a file whose tag is switched off', () => new RangedFile(fileSource(largePath), { etag: false })],
    ['a file with its tag', () => new RangedFile(fileSource(largePath))],
  ])('gives parts of a representation no tags of their own: %s', async (_, make) => {
    serveNext(make);
    const tags: (string | undefined)[] = [];
    for (const headers of [range('bytes=0-4'), range('bytes=5-9'), range('bytes=0-4,500-504'), []]) {
      tags.push(header(await fetchRaw(running.port, '/file', headers), 'ETag'));
    }
    const [ofFirst, ...others] = tags;
    expect(others).toEqual([ofFirst, ofFirst, ofFirst]);
  });
});

describe("a middleware that has replaced Express' response prototype", () => {
  let running: TestApp;
  const kept: Buffer[] = [];
  beforeAll(async () => {
    running = await startApp('express', metadata, { configure: keepChunks });
  });
  afterAll(() => running.close());

  /** As the documentation of Express extends its responses. */
  function keepChunks(app: INestApplication): void {
    const { response } = app.getHttpAdapter().getInstance() as { response: ServerResponse };
    const { write } = response;
    response.write = function keep(this: ServerResponse, chunk: Buffer, ...rest: never[]) {
      if (this.req.url === '/large') kept.push(chunk);
      return Reflect.apply(write, this, [chunk, ...rest]);
    };
  }

  it('may keep the chunks it sees', async () => {
    expect((await fetchRaw(running.port, '/large')).body.equals(LARGE)).toBe(true);
    await Promise.all([fetchRaw(running.port, '/other'), fetchRaw(running.port, '/other')]);
    expect(kept.length).toBeGreaterThan(1);
    expect(Buffer.concat(kept).equals(LARGE.subarray(0, Buffer.concat(kept).length))).toBe(true);
  });
});

describe('a tool that has patched the responses of Node.js', () => {
  const { write } = OutgoingMessage.prototype;
  const kept: Buffer[] = [];
  let running: TestApp;
  beforeAll(async () => {
    OutgoingMessage.prototype.write = function keep(this: OutgoingMessage, chunk: Buffer, ...rest: never[]) {
      if ((this as ServerResponse).req.url === '/large') kept.push(chunk);
      return Reflect.apply(write, this, [chunk, ...rest]) as boolean;
    };
    running = await startApp('fastify', metadata);
  });
  afterAll(async () => {
    OutgoingMessage.prototype.write = write;
    await running.close();
  });

  it('may keep the chunks it sees', async () => {
    expect((await fetchRaw(running.port, '/large')).body.equals(LARGE)).toBe(true);
    await Promise.all([fetchRaw(running.port, '/other'), fetchRaw(running.port, '/other')]);
    expect(kept.length).toBeGreaterThan(1);
    expect(Buffer.concat(kept).equals(LARGE.subarray(0, Buffer.concat(kept).length))).toBe(true);
  });
});
