import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, StreamableFile } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { bytesSource, fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { type AdapterName, startApp, type TestApp } from '../../support/apps/test-app.js';
import { header, RawConnection, type RawResponse, requestText } from '../../support/connections/raw-client.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { type HeaderLines, range } from './rows/outcome.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const BYTES = pseudoRandomBytes(300_000);
const PATH = fixtures.write('clip.mp4', BYTES);
const SMALL = BYTES.subarray(0, 1000);

@Controller()
class Files {
  @Get('file')
  @Ranged({ etag: '"v1"' })
  file() {
    return new RangedFile(fileSource(PATH));
  }

  @Get('small')
  @Ranged({ etag: '"v1"' })
  small() {
    return new RangedFile(bytesSource(SMALL));
  }

  @Get('unsized')
  @Ranged()
  unsized() {
    return new StreamableFile(Readable.from([SMALL]));
  }

  @Get('whole')
  whole() {
    return new RangedFile(fileSource(PATH));
  }
}

type Way = readonly [name: string, adapter: AdapterName, configure: (app: INestApplication) => unknown];

/** The ways in which an app sends trailers. */
const WAYS: readonly Way[] = [
  ['reply.trailer() of Fastify', 'fastify', onReply((reply) => reply.trailer('X-Sum', async () => 'sum'))],
  ['the header Trailer on Fastify', 'fastify', onReply((reply) => announce(reply.raw))],
  [
    'the header Trailer on Express',
    'express',
    (app) =>
      app.use((_request: unknown, response: ServerResponse, next: () => void) => {
        announce(response);
        next();
      }),
  ],
  [
    'a middleware of Express that adds them beforehand',
    'express',
    (app) =>
      app.use((_request: unknown, response: ServerResponse, next: () => void) => {
        response.setHeader('Trailer', 'X-Sum');
        response.addTrailers({ 'X-Sum': 'sum' });
        next();
      }),
  ],
  [
    'chunks that a middleware asks for on Express',
    'express',
    (app) =>
      app.use((_request: unknown, response: ServerResponse, next: () => void) => {
        response.setHeader('Transfer-Encoding', 'chunked');
        announce(response);
        next();
      }),
  ],
];

interface Reply {
  readonly raw: ServerResponse;
  trailer(name: string, value: () => Promise<string>): unknown;
}

function onReply(act: (reply: Reply) => unknown): Way[2] {
  return (app) =>
    (app as NestFastifyApplication)
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', async (_request, reply) => void act(reply));
}

function announce(response: ServerResponse): void {
  response.setHeader('Trailer', 'X-Sum');
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  response.end = (...args: unknown[]) => {
    response.addTrailers({ 'X-Sum': 'sum' });
    return end(...args);
  };
}

/** Fastify before 5.12, which Nest 11 comes with, ends a stream before it adds the trailers. */
const IS_LOSING_TRAILERS = process.env['NEST_MAJOR'] === '11';
const STREAMED = new Set([
  'a large file',
  'a part of a large file',
  'content of unknown length',
  'a file that is not negotiated',
]);

type Row = readonly [what: string, path: string, headers: HeaderLines, status: number, body: Buffer | undefined];

const WITH_CONTENT: readonly Row[] = [
  ['a small file', '/small', [], 200, SMALL],
  ['a part of a small file', '/small', range('bytes=10-19'), 206, SMALL.subarray(10, 20)],
  ['several parts', '/small', range('bytes=0-9,500-509'), 206, undefined],
  ['a large file', '/file', [], 200, BYTES],
  ['a part of a large file', '/file', range('bytes=1000-'), 206, BYTES.subarray(1000)],
  ['content of unknown length', '/unsized', [], 200, SMALL],
  ['a file that is not negotiated', '/whole', [], 200, BYTES],
  ['a 412', '/file', [['If-Match', '"other"']], 412, undefined],
  ['a 416', '/file', range('bytes=300000-'), 416, undefined],
];

const WITHOUT_CONTENT: readonly (readonly [what: string, path: string, headers: HeaderLines, status: number])[] = [
  ['a 304', '/file', [['If-None-Match', '"v1"']], 304],
  ['the 304 of a small file', '/small', [['If-None-Match', '*']], 304],
];

describe.each(WAYS)('trailers by %s', (way, adapter, configure) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] }, { configure });
  });
  afterAll(() => running.close());

  /** What the next response on the connection is, too: its framing must hold. */
  async function ask(path: string, headers: HeaderLines, method = 'GET', version = '1.1'): Promise<RawResponse> {
    const connection = await RawConnection.open(running.port);
    try {
      connection.send(requestText(path, headers, method, version));
      const response = await connection.next(method);
      expect(lengthsOf(response)).toBeLessThanOrEqual(1);
      if (version === '1.0') return response;
      connection.send(requestText('/small', range('bytes=1-2')));
      expect((await connection.next()).body).toEqual(SMALL.subarray(1, 3));
      return response;
    } finally {
      connection.finish();
    }
  }

  it.each(WITH_CONTENT)('follow %s, which has no Content-Length', async (what, path, headers, status, body) => {
    const response = await ask(path, headers);
    expect(response).toMatchObject({ status, isComplete: true, framing: 'chunked' });
    expect(header(response, 'Content-Length')).toBeUndefined();
    const isLost = IS_LOSING_TRAILERS && way === 'reply.trailer() of Fastify' && STREAMED.has(what);
    const trailers = response.trailers.map(([name, value]) => [name.toLowerCase(), value]);
    expect(trailers).toEqual(isLost ? [] : [['x-sum', 'sum']]);
    if (body !== undefined) expect(response.body.equals(body)).toBe(true);
    if (status === 206 && body !== undefined) expect(header(response, 'Content-Range')).toMatch(/^bytes \d+-\d+\/\d+$/);
  });

  it.each(WITHOUT_CONTENT)('are not announced by %s', async (_what, path, headers, status) => {
    const response = await ask(path, headers);
    expect(response.status).toBe(status);
    expectNoTrailers(response);
  });

  it.each(['/small', '/file'])('are not announced by the answer to HEAD, which has the length: %s', async (path) => {
    const response = await ask(path, [], 'HEAD');
    expect(response.status).toBe(200);
    expect(header(response, 'Content-Length')).toBe(String(path === '/small' ? SMALL.length : BYTES.length));
    expectNoTrailers(response);
  });

  it.each<Row>([
    ['a small file', '/small', [], 200, SMALL],
    ['a part', '/file', range('bytes=1000-200000'), 206, BYTES.subarray(1000, 200_001)],
    ['a file that is not negotiated', '/whole', [], 200, BYTES],
  ])('are left out for a client of HTTP/1.0: %s', async (_what, path, headers, status, body) => {
    const response = await ask(path, headers, 'GET', '1.0');
    expect(response).toMatchObject({ status, isComplete: true });
    expect(response.body.equals(body!)).toBe(true);
    expectNoTrailers(response);
  });
});

/** How many headers frame the content. */
function lengthsOf(response: RawResponse): number {
  return response.lines.filter(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name)).length;
}

function expectNoTrailers(response: RawResponse): void {
  expect(header(response, 'Trailer')).toBeUndefined();
  expect(header(response, 'Transfer-Encoding')).toBeUndefined();
}
