import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Req } from '@nestjs/common';
import { httpSource, type HttpSourceOptions, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { FakeStore } from '../../support/stores/fake-store.js';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, header, headersOf, type RawResponse } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { type HeaderLines, range } from '../responses/rows/outcome.js';

const BYTES = pseudoRandomBytes(100_000);

let upstream: FakeStore;
let url: string;
let options: HttpSourceOptions;
beforeAll(async () => {
  upstream = await FakeStore.start();
});
afterAll(() => upstream.stop());
beforeEach(() => {
  upstream.put('clip', BYTES);
  upstream.requests.length = 0;
  url = `${upstream.url}/http/files/clip`;
  options = { metadataTtlMs: 0 };
});
afterEach(() => {
  upstream.interferences.length = 0;
});

@Controller()
class Relay {
  @Get('relay')
  @Ranged()
  relay() {
    return new RangedFile(httpSource(url, options));
  }

  @Get('handing-on')
  @Ranged()
  handingOn(@Req() request: { headers: IncomingHttpHeaders }) {
    return new RangedFile(httpSource(url, { ...options, headers: request.headers }));
  }
}

/** For every request, not only the next. */
function answerAll(listen: RequestListener): void {
  upstream.interferences.push((request, response) => {
    answerAll(listen);
    listen(request, response);
    return true;
  });
}

const ranged =
  (tag: () => string, total = '100000'): RequestListener =>
  ({ headers }, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    if (first === undefined) return void response.writeHead(200, { etag: tag() }).end(BYTES);
    const own = tag();
    const asked = headers['if-match'];
    if (asked !== undefined && asked !== own) return void response.writeHead(412).end();
    response.writeHead(206, { etag: own, 'content-range': `bytes ${first}-${last}/${total}` });
    response.end(BYTES.subarray(Number(first), Number(last) + 1));
  };

describe.each(ADAPTERS)('a file of an upstream, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Relay] });
  });
  afterAll(() => running.close());
  beforeEach(() => running.log.clear());

  const get = (headers: HeaderLines = range('bytes=5-9'), path = '/relay'): Promise<RawResponse> =>
    fetchRaw(running.port, path, headers);
  const logged = (): string => JSON.stringify(running.log.entries);

  it('with credentials in its URL is served, and no log line has them', async () => {
    url = `${url.replace('//', '//anna:pass%20word@')}?signature=sig`;
    expect((await get()).body.equals(BYTES.subarray(5, 10))).toBe(true);
    for (const { headers } of upstream.requests) {
      expect(headers['authorization']).toBe(`Basic ${Buffer.from('anna:pass word').toString('base64')}`);
    }
    answerAll(({ socket }) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    expect((await get()).status).toBe(502);
    expect(running.log.complaints).toEqual([expect.stringContaining('/http/files/clip')]);
    expect(logged()).not.toMatch(/anna|pass|word|sig/);
  });

  it("is served if the app passes on the client's headers, whatever they are", async () => {
    const response = await get(
      [
        ...range('bytes=5-9'),
        ['Connection', 'keep-alive, X-Hop'],
        ['X-Hop', '1'],
        ['Keep-Alive', 'timeout=5'],
        ['TE', 'trailers'],
        ['Proxy-Authorization', 'Basic cDpw'],
        ['Accept-Encoding', 'gzip'],
        ['If-Match', '*'],
        ['If-Unmodified-Since', 'Fri, 01 Mar 2030 00:00:00 GMT'],
        ['Cookie', 'a=b'],
        ['Cookie', 'c=d'],
        ['X-Name', 'J\u00fcrgen'],
      ],
      '/handing-on',
    );
    expect(response.status).toBe(206);
    expect(response.body.equals(BYTES.subarray(5, 10))).toBe(true);
    for (const { headers } of upstream.requests) {
      expect(headers).toMatchObject({ cookie: 'a=b; c=d', 'x-name': expect.any(String) as unknown });
      for (const name of ['x-hop', 'keep-alive', 'te', 'proxy-authorization', 'if-unmodified-since']) {
        expect(headers[name]).toBeUndefined();
      }
    }
  });

  it.each<[what: string, listener: RequestListener]>([
    ['speaks no HTTP', ({ socket }) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    ['redirects for ever', (_, response) => response.writeHead(302, { location: '/http/files/clip' }).end()],
    ['redirects nowhere', (_, response) => response.writeHead(302).end()],
    ['has a total beyond any number', ranged(() => '"a"', '99999999999999999')],
    ['has a total above 2^53 - 1', ranged(() => '"a"', '9007199254740992')],
    ['has a negative total', ranged(() => '"a"', '-1')],
    ['has no total', ranged(() => '"a"', '')],
    [
      'has a length beyond any number',
      ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999\r\n\r\na'),
    ],
  ])('that %s is a 502, and one line in the log', async (_, listener) => {
    answerAll(listener);
    const response = await get();
    expect(response.status).toBe(502);
    expect(header(response, 'Content-Range')).toBeUndefined();
    expect(running.log.complaints).toEqual([expect.stringContaining(`GET /relay: ${upstream.url}/http/files/clip`)]);
  });

  it('over TLS is a 502 if the upstream speaks no TLS', async () => {
    url = url.replace('http:', 'https:');
    expect((await get()).status).toBe(502);
  });

  describe('on replicas with different tags', () => {
    const alternating = (): RequestListener => {
      let answers = 0;
      return ranged(() => `"${answers++}"`);
    };

    it('is a 503, and the line in the log names the option', async () => {
      answerAll(alternating());
      expect((await get()).status).toBe(503);
      expect(running.log.complaints).toEqual([expect.stringContaining('pinVersion: false')]);
    });

    it('is served if the option says that they have the same file', async () => {
      options = { ...options, pinVersion: false };
      answerAll(alternating());
      const response = await get();
      expect(response.status).toBe(206);
      expect(response.body.equals(BYTES.subarray(5, 10))).toBe(true);
      expect(headersOf(response)).toMatchObject({ 'content-range': 'bytes 5-9/100000' });
      expect(header(response, 'ETag')).toBeUndefined();
      expect(header(response, 'Last-Modified')).toBeUndefined();
    });
  });

  it('whose upstream refuses If-Match keeps its tag and its ranges', async () => {
    const answer = ranged(() => '"a"');
    answerAll((request, response) => {
      if (request.headers['if-match'] === undefined) answer(request, response);
      else response.writeHead(501).end();
    });
    const response = await get();
    expect(response.status).toBe(206);
    expect(response.body.equals(BYTES.subarray(5, 10))).toBe(true);
    expect(header(response, 'ETag')).toBe('"a"');
  });

  it('is sent whole if the upstream does not know its length', async () => {
    answerAll(ranged(() => '"a"', '*'));
    const response = await get();
    expect(response.status).toBe(200);
    expect(response.body.equals(BYTES)).toBe(true);
    expect(headersOf(response)).toMatchObject({ 'accept-ranges': 'none', etag: '"a"', 'transfer-encoding': 'chunked' });
  });
});
