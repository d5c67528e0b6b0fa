import fastifyCompress from '@fastify/compress';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, type INestApplication, StreamableFile } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import compression from 'compression';
import { bytesSource, fileSource, Ranged, RangedFile, RangeModule, streamSource } from 'nestjs-range';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import { FixtureDirectory, MODIFIED, MODIFIED_HEADER } from '../../support/sources/fixtures.js';
import { fetchRaw, header, headersOf, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, type AdapterName, startApp, type TestApp } from '../../support/apps/test-app.js';
import { Gate, settle, until } from '../../support/until.js';
import { type HeaderLines, range } from '../responses/rows/outcome.js';

const FIRST = 'the first chunk, small enough for any buffer to hold it back\n';
const REST = 'and the rest\n'.repeat(50);

/** A stream that gives its first chunk, then waits for the test. */
class GatedStream {
  readonly gate = new Gate();
  readonly ended = new Gate();
  isStarted = false;

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    this.isStarted = true;
    try {
      yield Buffer.from(FIRST);
      await this.gate.passed;
      yield Buffer.from(REST);
    } finally {
      this.ended.open();
    }
  }
}

let gated = new GatedStream();
const readables: Readable[] = [];

@Controller()
class Streams {
  @Get('readable')
  @Ranged({ type: 'text/plain' })
  readable() {
    const readable = Readable.from(gated.chunks(), { objectMode: false });
    readables.push(readable);
    return new StreamableFile(readable);
  }

  @Get('stream-source')
  @Ranged({ type: 'text/plain' })
  streamSource() {
    return new RangedFile(streamSource(gated.chunks()));
  }

  @Get('source')
  @Ranged({ type: 'text/plain' })
  source() {
    return new RangedFile({ resolve: () => ({ open: () => gated.chunks() }) });
  }
}

const withoutPlugin = (): void => {};
const withCompression = async (app: INestApplication, adapter: AdapterName): Promise<void> => {
  if (adapter === 'express') app.use(compression({ threshold: 0 }));
  // The plugin's types are those of the Fastify beside it, which may be a copy other than Nest's.
  else await (app as NestFastifyApplication).register(fastifyCompress as never, { threshold: 0 } as never);
};

const SETUPS = ADAPTERS.flatMap((adapter) => [
  [adapter, 'alone', withoutPlugin] as const,
  [adapter, 'behind its compression plugin', withCompression] as const,
]);

describe.each(SETUPS)('a stream of unknown length on %s, %s', (adapter, _, configure) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(
      adapter,
      { imports: [RangeModule], controllers: [Streams] },
      { configure: (app) => configure(app, adapter) },
    );
  });
  afterAll(() => running.close());

  describe.each(['readable', 'stream-source', 'source'])('as a %s', (route) => {
    it('is sent at once, chunk by chunk', async () => {
      gated = new GatedStream();
      const connection = await RawConnection.open(running.port);
      connection.send(requestText(`/${route}`, [['Accept-Encoding', 'gzip, br']]));
      await until(() => connection.unread.includes(FIRST), 'the first chunk while the second is held back');
      expect(connection.unread.includes('and the rest')).toBe(false);
      gated.gate.open();
      const response = await connection.next();
      connection.finish();
      expect(response.status).toBe(200);
      expect(response.isComplete).toBe(true);
      expect(response.body.toString()).toBe(FIRST + REST);
      const { vary: _vary, ...headers } = headersOf(response);
      expect(headers).toEqual({
        'accept-ranges': 'none',
        'cache-control': 'no-transform',
        'content-type': 'text/plain',
        'transfer-encoding': 'chunked',
        'x-content-type-options': 'nosniff',
      });
    });

    it.each(['bytes=0-9', 'bytes=-1', 'bytes=99999-'])('responds to %s with all of it', async (value) => {
      gated = new GatedStream();
      gated.gate.open();
      const response = await fetchRaw(running.port, `/${route}`, range(value));
      expect(response.status).toBe(200);
      expect(response.body.toString()).toBe(FIRST + REST);
    });

    it('ends with its client', async () => {
      running.log.clear();
      gated = new GatedStream();
      const connection = await RawConnection.open(running.port);
      connection.send(requestText(`/${route}`));
      await until(() => connection.unread.includes(FIRST), 'the first chunk');
      connection.reset();
      gated.gate.open();
      await gated.ended.passed;
      expect(running.log.complaints).toEqual([]);
    });

    it('is not read to answer a HEAD', async () => {
      gated = new GatedStream();
      readables.length = 0;
      const response = await fetchRaw(running.port, `/${route}`, [], 'HEAD');
      expect(response.status).toBe(200);
      expect(header(response, 'Content-Length')).toBeUndefined();
      expect(header(response, 'Accept-Ranges')).toBe('none');
      await settle();
      expect(gated.isStarted).toBe(false);
      expect(readables.every(({ destroyed }) => destroyed)).toBe(true);
    });
  });

  it('ends with the connection for an HTTP/1.0 client', async () => {
    gated = new GatedStream();
    gated.gate.open();
    const connection = await RawConnection.open(running.port);
    connection.send(requestText('/source', [], 'GET', '1.0'));
    const response = await connection.next();
    expect(response.framing).toBe('close');
    expect(response.isComplete).toBe(true);
    expect(response.body.toString()).toBe(FIRST + REST);
  });
});

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const TEXT = Buffer.from(
  Array.from({ length: 9000 }, (_, i) => `${i}: a line of text that compresses well\n`).join(''),
);
const path = fixtures.write('page.html', TEXT);

@Controller()
class Texts {
  @Get('plain')
  @Ranged({ type: 'text/html' })
  plain() {
    return new StreamableFile(createReadStream(path));
  }

  @Get('file')
  @Ranged()
  file() {
    return new RangedFile(fileSource(path));
  }

  @Get('bytes')
  @Ranged({ type: 'text/html', etag: '"v1"', lastModified: MODIFIED })
  bytes() {
    return new RangedFile(bytesSource(TEXT));
  }

  @Get('buffer')
  @Ranged({ etag: '"v1"', lastModified: MODIFIED })
  @Header('Cache-Control', 'public, max-age=60')
  buffer() {
    return new StreamableFile(TEXT, { type: 'text/html' });
  }

  @Get('default-type')
  @Ranged({ etag: '"v1"', lastModified: MODIFIED })
  defaultType() {
    return new StreamableFile(TEXT);
  }

  @Get('readable')
  @Ranged({ etag: '"v1"', lastModified: MODIFIED })
  readable() {
    return new StreamableFile(Readable.from([TEXT], { objectMode: false }), {
      type: 'text/html',
      length: TEXT.length,
    });
  }

  @Get('out')
  @Ranged(false)
  out() {
    return new StreamableFile(TEXT, { type: 'text/html' });
  }

  @Get('json')
  json() {
    return { text: TEXT.toString() };
  }
}

const ROUTES = ['plain', 'file', 'bytes', 'buffer', 'default-type', 'readable'];

describe.each(ADAPTERS)('behind the compression plugin of %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(
      adapter,
      { imports: [RangeModule], controllers: [Texts] },
      { configure: (app) => withCompression(app, adapter) },
    );
  });
  afterAll(() => running.close());

  const accepting = (coding: string): HeaderLines => [['Accept-Encoding', coding]];
  const get = (route: string, coding: string, headers: HeaderLines = [], method = 'GET') =>
    fetchRaw(running.port, `/${route}`, [...accepting(coding), ...headers], method);

  describe.each(['gzip', 'br', 'gzip, deflate, br', '*'])('with Accept-Encoding: %s', (coding) => {
    it.each(ROUTES)('the 200 of %s, which offers ranges, is sent as it is', async (route) => {
      const response = await get(route, coding);
      expect(response.status).toBe(200);
      expect(header(response, 'Content-Encoding')).toBeUndefined();
      expect(header(response, 'Content-Length')).toBe(String(TEXT.length));
      expect(header(response, 'Accept-Ranges')).toBe('bytes');
      expect(header(response, 'ETag')).toMatch(/^"[^"]+"$/);
      expect(header(response, 'Last-Modified')).toBe(MODIFIED_HEADER);
      expect(header(response, 'Cache-Control')).toMatch(/(^|, )no-transform$/);
      expect(response.body.equals(TEXT)).toBe(true);
    });

    it.each(ROUTES)('the 206 of %s is sent as it is', async (route) => {
      const response = await get(route, coding, range('bytes=1000-99999'));
      expect(response.status).toBe(206);
      expect(header(response, 'Content-Encoding')).toBeUndefined();
      expect(header(response, 'Content-Length')).toBe('99000');
      expect(header(response, 'Content-Range')).toBe(`bytes 1000-99999/${TEXT.length}`);
      expect(header(response, 'ETag')).toMatch(/^"[^"]+"$/);
      expect(response.body.equals(TEXT.subarray(1000, 100_000))).toBe(true);
    });

    it.each(ROUTES)('the parts of %s are sent as they are', async (route) => {
      const response = await get(route, coding, range('bytes=0-9999,50000-59999'));
      expect(response.status).toBe(206);
      expect(header(response, 'Content-Encoding')).toBeUndefined();
      const parts = readByteranges(header(response, 'Content-Type') ?? '', response.body);
      expect(Buffer.concat(parts.map(({ content }) => content))).toEqual(
        Buffer.concat([TEXT.subarray(0, 10_000), TEXT.subarray(50_000, 60_000)]),
      );
    });

    it.each(ROUTES)('pieces of %s make up the whole, under one tag', async (route) => {
      const first = await get(route, coding, range('bytes=0-199999'));
      const tag = header(first, 'ETag') ?? '';
      const rest = await get(route, coding, [...range('bytes=200000-'), ['If-Range', tag]]);
      expect(rest.status).toBe(206);
      expect(Buffer.concat([first.body, rest.body]).equals(TEXT)).toBe(true);
    });
  });

  it('HEAD has the headers of GET', async () => {
    const [head, whole] = [await get('bytes', 'gzip', [], 'HEAD'), await get('bytes', 'gzip')];
    const { vary: _, ...ofHead } = headersOf(head);
    const { vary: _vary, ...ofWhole } = headersOf(whole);
    expect(ofHead).toEqual(ofWhole);
  });

  it('a 304 stays a 304', async () => {
    const response = await get('bytes', 'gzip', [['If-None-Match', '"v1"']]);
    expect(response.status).toBe(304);
    expect(header(response, 'Content-Encoding')).toBeUndefined();
    expect(header(response, 'ETag')).toBe('"v1"');
  });

  it('a 416 is readable', async () => {
    const response = await get('bytes', 'gzip', range('bytes=9999999-'));
    expect(response.status).toBe(416);
    expect(header(response, 'Content-Range')).toBe(`bytes */${TEXT.length}`);
    const isCoded = header(response, 'Content-Encoding') === 'gzip';
    const body = (isCoded ? gunzipSync(response.body) : response.body).toString();
    expect(JSON.parse(body)).toMatchObject({ statusCode: 416 });
  });

  it.each(['out', 'json'])('a route without ranges, %s, is still compressed', async (route) => {
    const response = await get(route, 'gzip', range('bytes=0-9'));
    expect(response.status).toBe(200);
    expect(header(response, 'Content-Encoding')).toBe('gzip');
    const body = gunzipSync(response.body).toString();
    expect(body === TEXT.toString() || (JSON.parse(body) as { text: string }).text === TEXT.toString()).toBe(true);
  });
});
