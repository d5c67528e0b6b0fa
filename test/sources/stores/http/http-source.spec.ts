import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestListener } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { httpSource, type HttpSourceOptions } from '../../../../src/sources/stores/http/http-source.js';
import { SourceFaultError } from '../../../../src/sources/source-errors.js';
import type { Representation } from '../../../../src/sources/source.js';
import type { Fetch } from '../../../../src/sources/stores/http/upstream-requests.js';
import { FakeStore, type Interference } from '../../../support/stores/fake-store.js';
import { pseudoRandomBytes } from '../../../support/sources/fixtures.js';
import { until } from '../../../support/until.js';

const BYTES = pseudoRandomBytes(200_000);
const { signal } = new AbortController();

let upstream: FakeStore;
beforeAll(async () => {
  upstream = await FakeStore.start();
});
afterAll(() => upstream.stop());
beforeEach(() => {
  upstream.put('clip', BYTES);
  upstream.requests.length = 0;
  upstream.interferences.length = 0;
});

const FRESH = { metadataTtlMs: 0 };
const resolve = async (options: HttpSourceOptions = FRESH, query = ''): Promise<Representation> =>
  httpSource(`${upstream.url}/http/files/clip${query}`, options).resolve(signal);

async function readAll(representation: Representation, range?: [number, number]): Promise<Buffer> {
  const asked = range === undefined ? undefined : { firstPos: range[0], lastPos: range[1] };
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of await representation.open(asked, signal)) chunks.push(Buffer.from(chunk));
  } finally {
    await representation.close?.();
  }
  return Buffer.concat(chunks);
}

/** Answers the next requests, one after the other. */
function answerWith(...listeners: RequestListener[]): void {
  for (const listen of listeners) {
    upstream.interferences.push((request, response) => {
      listen(request, response);
      return true;
    });
  }
}

const firstByte: RequestListener = (_, response) => {
  response.writeHead(206, { 'content-range': 'bytes 0-0/200000', 'content-length': 1 }).end('x');
};

/** The fetch of Node.js adds one to ours where a range is asked for. */
const IDENTITY = expect.stringMatching(/^identity(?:, identity)?$/);

describe('a request of httpSource', () => {
  it('is a GET for a range of the known version, without a coding', async () => {
    const headers = { Authorization: 'Bearer t', 'X-Tenant': '7' };
    expect((await readAll(await resolve({ ...FRESH, headers }), [5, 9])).equals(BYTES.subarray(5, 10))).toBe(true);
    const shared = { authorization: 'Bearer t', 'x-tenant': '7', 'accept-encoding': IDENTITY };
    const tag = expect.stringMatching(/^"v\d+"$/);
    expect(upstream.requests).toMatchObject([
      { method: 'GET', headers: { ...shared, range: 'bytes=0-0' } },
      { method: 'GET', headers: { ...shared, range: 'bytes=5-9', 'if-match': tag } },
    ]);
  });

  it('has none of the conditions, ranges and codings that the app passes', async () => {
    const headers = {
      Range: 'bytes=7-8',
      'If-None-Match': '*',
      'If-Range': '"x"',
      'If-Modified-Since': new Date().toUTCString(),
      'Accept-Encoding': 'gzip, br',
      Host: 'another.example',
      'Content-Length': '5',
      Cookie: 'a=b',
    };
    expect((await readAll(await resolve({ ...FRESH, headers }))).equals(BYTES)).toBe(true);
    for (const { headers } of upstream.requests) {
      expect(headers).toMatchObject({ cookie: 'a=b', 'accept-encoding': IDENTITY, host: new URL(upstream.url).host });
      expect(Object.keys(headers).filter((name) => /^(?:if-(?!match)|content-)/.test(name))).toEqual([]);
      expect(headers['range']).toMatch(/^bytes=0-/);
    }
  });

  it('uses the fetch and the dispatcher of the app', async () => {
    const inits: unknown[] = [];
    const dispatcher = {};
    const ofApp: NonNullable<HttpSourceOptions['fetch']> = (url, init) => {
      inits.push(init);
      return fetch(url, { headers: init.headers, signal: init.signal });
    };
    await readAll(await resolve({ fetch: ofApp, dispatcher }), [0, 9]);
    expect(inits).toHaveLength(2);
    for (const init of inits) expect((init as { dispatcher: unknown }).dispatcher).toBe(dispatcher);
  });

  it.each<[what: string, given: unknown, named: string]>([
    ['nothing', undefined, 'undefined'],
    ['a string', 'text', '"text"'],
    ['a Buffer', Buffer.from('text'), 'an object without a status'],
    ['the response of got', { statusCode: 200, headers: {}, body: '' }, 'an object without a status'],
    ['headers in an object', { status: 200, headers: {}, body: null }, 'an object without headers.get()'],
    ['the response of axios', { status: 200, headers: new Map(), data: '' }, 'an object without a body'],
  ])('fails with the name of the option if the fetch of the app gives %s', async (_, given, named) => {
    const asked = resolve({ ...FRESH, fetch: (async () => given) as unknown as Fetch });
    await expect(asked).rejects.toThrow(SourceFaultError);
    await expect(asked).rejects.toThrow(
      `httpSource: the option "fetch" must return a Response, as fetch of Node.js does, not ${named}`,
    );
  });

  it('does not share cached metadata between users or queries', async () => {
    for (const headers of [{ authorization: 'a' }, { authorization: 'b' }, {}]) await resolve({ headers }, '?of=users');
    for (const query of ['?a', '?b']) await resolve({}, query);
    expect(upstream.requests).toHaveLength(5);
    await resolve({ headers: { Authorization: 'a' } }, '?of=users');
    expect(upstream.requests).toHaveLength(5);
  });

  describe('if tenants share an upstream', () => {
    const fetchAs =
      (tenant: string): Fetch =>
      (url, { headers, signal }) =>
        fetch(url, { headers: { ...headers, 'x-tenant': tenant }, signal });
    /** Each tenant has a file of another length under the same URL. */
    const ofTenant: Interference = ({ headers }, response) => {
      const size = headers['x-tenant'] === 'a' ? 10 : 20;
      response.writeHead(206, { 'content-range': `bytes 0-0/${size}`, 'content-length': 1 }).end('x');
      return true;
    };
    const sizeFor = async (options: HttpSourceOptions): Promise<number | undefined> => {
      upstream.interferences.push(ofTenant);
      return (await resolve(options, '?tenants')).size;
    };
    const shared = fetchAs('a');
    const dispatcher = {};
    const tenant = new AsyncLocalStorage<string>();
    const byDispatcher: Fetch = (url, init) =>
      fetchAs((init as unknown as { dispatcher: { tenant: string } }).dispatcher.tenant)(url, init);

    it.each<[by: string, a: HttpSourceOptions, b: HttpSourceOptions]>([
      ['a fetch of its own', { fetch: fetchAs('a') }, { fetch: fetchAs('b') }],
      [
        'a fetch of its own, and one dispatcher',
        { fetch: fetchAs('a'), dispatcher },
        { fetch: fetchAs('b'), dispatcher },
      ],
      [
        'a dispatcher of its own, and one fetch',
        { fetch: byDispatcher, dispatcher: { tenant: 'a' } },
        { fetch: byDispatcher, dispatcher: { tenant: 'b' } },
      ],
      ['a header', { headers: { 'x-tenant': 'a' } }, { headers: { 'x-tenant': 'b' } }],
      ['a header beside one fetch', { fetch, headers: { 'x-tenant': 'a' } }, { fetch, headers: { 'x-tenant': 'b' } }],
    ])('nothing of one is shown to another that has %s', async (_, a, b) => {
      expect(await sizeFor(a)).toBe(10);
      expect(await sizeFor(b)).toBe(20);
      upstream.interferences.length = 0;
      expect((await resolve(a, '?tenants')).size).toBe(10);
      expect((await resolve(b, '?tenants')).size).toBe(20);
    });

    it('a source with metadataTtlMs: 0 uses no cache, even if another one filled it', async () => {
      const byContext: Fetch = (url, init) => fetchAs(tenant.getStore() ?? '')(url, init);
      expect(await tenant.run('a', () => sizeFor({ fetch: byContext }))).toBe(10);
      expect(await tenant.run('b', () => sizeFor({ fetch: byContext, metadataTtlMs: 0 }))).toBe(20);
      expect(await tenant.run('a', () => resolve({ fetch: byContext }, '?tenants'))).toMatchObject({ size: 10 });
    });

    it('cached metadata is never older than the source allows, even if another one cached it', async () => {
      expect(await sizeFor({ fetch: shared, metadataTtlMs: 3_600_000 })).toBe(10);
      const before = upstream.requests.length;
      const remembered = performance.now();
      await until(() => performance.now() - remembered > 2, 'two milliseconds');
      await sizeFor({ fetch: shared, metadataTtlMs: 1 });
      expect(upstream.requests).toHaveLength(before + 1);
    });
  });

  it.each<[url: string, options: object, message: string]>([
    ['file:///etc/passwd', {}, 'httpSource: the URL is not an absolute http: or https: URL'],
    ['not a URL', {}, 'httpSource: the URL is not an absolute http: or https: URL'],
    ['http://a%3Ab:c@a.example', {}, 'httpSource: the URL'],
    ['http://a.example', { headers: { 'X-Key': 'a\nb' } }, 'option "headers" has "x-key", whose name or value cannot'],
    ['http://a.example', { headers: { 'X Key': 'a' } }, 'option "headers" has "x key"'],
    ['http://a.example', { headers: { 'X-Key': 5 } }, 'option "headers" must be an object of headers'],
    ['http://a.example', { headers: new Headers({ a: 'b' }) }, 'option "headers" must be an object of headers'],
    ['http://a.example', { pinVersion: 'no' }, 'option "pinVersion" must be true or false, not "no"'],
    ['http://a.example', { header: {} }, 'httpSource: unknown option "header"'],
  ])('is refused at once: %s', (url, options, message) => {
    expect(() => httpSource(url, options)).toThrow(message);
  });
});

describe('what httpSource accepts from an upstream', () => {
  it.each<[what: string, etag: string | undefined, expected: string | undefined, ifMatch: string | undefined]>([
    ['a strong tag', '"s"', '"s"', '"s"'],
    ['a weak tag, which stays weak', 'W/"w"', 'W/"w"', undefined],
    ['a tag without quotes, which is none', 's', undefined, undefined],
    ['no tag', undefined, undefined, undefined],
  ])('%s', async (_, etag, expected, ifMatch) => {
    const head = { 'content-length': 1, ...(etag === undefined ? {} : { etag }) };
    answerWith(
      (_, response) => response.writeHead(206, { ...head, 'content-range': 'bytes 0-0/10' }).end('a'),
      (_, response) => response.writeHead(206, { ...head, 'content-range': 'bytes 4-4/10' }).end('e'),
    );
    const representation = await resolve();
    expect(representation.etag).toBe(expected);
    expect((await readAll(representation, [4, 4])).toString()).toBe('e');
    expect(upstream.requests.at(-1)?.headers['if-match']).toBe(ifMatch);
  });

  it('is a new version if a weak tag changes, or without tags the date', async () => {
    const [before, after] = ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:38 GMT'];
    for (const [first, second] of [
      [{ etag: 'W/"1"' }, { etag: 'W/"2"' }],
      [{ 'last-modified': before }, { 'last-modified': after }],
    ]) {
      answerWith(
        (_, response) => response.writeHead(206, { ...first, 'content-range': 'bytes 0-0/10' }).end('a'),
        (_, response) => response.writeHead(206, { ...second, 'content-range': 'bytes 4-4/10' }).end('e'),
      );
      await expect(readAll(await resolve(), [4, 4])).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    }
  });

  it('is read forwards without ranges, by one request', async () => {
    const whole: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-type': 'audio/ogg', 'content-length': BYTES.length, etag: '"w"' }).end(BYTES);
    };
    answerWith(whole, whole);
    const representation = await resolve({});
    expect(representation).toMatchObject({ size: BYTES.length, forwardOnly: true, type: 'audio/ogg', etag: '"w"' });
    expect((await readAll(representation, [100_000, 100_009])).equals(BYTES.subarray(100_000, 100_010))).toBe(true);
    expect((await readAll(await resolve({}))).equals(BYTES)).toBe(true);
    expect(upstream.requests).toHaveLength(2);
  });

  it('may have no length without ranges', async () => {
    answerWith((_, response) => {
      response.write('ab');
      response.end('cd');
    });
    const representation = await resolve();
    expect(representation.size).toBeUndefined();
    expect((await readAll(representation)).toString()).toBe('abcd');
  });

  it('is released if nobody reads it', async () => {
    answerWith((_, response) => {
      response.writeHead(200, { 'content-length': 50_000_000 }).write(BYTES);
    });
    const representation = await resolve();
    await representation.close?.();
    await until(() => upstream.underWay === 0, 'the connection to be let go');
  });

  it('may be empty', async () => {
    upstream.put('clip', Buffer.alloc(0), { 'content-type': 'text/plain' });
    const representation = await resolve();
    expect(representation).toMatchObject({ size: 0, type: 'text/plain' });
    expect(await readAll(representation)).toHaveLength(0);
  });

  it('may be redirected', async () => {
    const to = `${upstream.url}/http/files/clip`;
    const elsewhere: RequestListener = (_, response) => response.writeHead(302, { location: to }).end();
    answerWith(elsewhere);
    const representation = await resolve();
    expect((await readAll(representation, [1, 3])).equals(BYTES.subarray(1, 4))).toBe(true);
  });
});

describe('an upstream that ignores ranges', () => {
  /** Long enough for what answers, also on a loaded machine. */
  const TIMEOUT_MS = 400;

  const silentAfter =
    (length: number): RequestListener =>
    (_, response) => {
      response.writeHead(200, { 'content-length': BYTES.length }).flushHeaders();
      if (length > 0) response.write(BYTES.subarray(0, length));
    };

  it.each<[when: string, length: number, range: [number, number] | undefined]>([
    ['behind its head', 0, undefined],
    ['in the middle', 100_000, undefined],
    ['before the range that is asked for', 100_000, [150_000, 150_009]],
    ['within that range', 100_000, [50_000, 150_000]],
  ])('and falls silent %s, is given up', async (_, length, range) => {
    answerWith(silentAfter(length));
    const representation = await resolve({ timeoutMs: TIMEOUT_MS });
    await expect(readAll(representation, range)).rejects.toMatchObject({
      code: 'SOURCE_TIMEOUT',
      message: `${upstream.url}/http/files/clip: no bytes arrived for 400 ms`,
    });
    await until(() => upstream.underWay === 0, 'the connection to be let go');
  });

  it('and falls silent, is released at once if nobody waits any more', async () => {
    answerWith(silentAfter(100_000));
    const controller = new AbortController();
    const representation = await httpSource(`${upstream.url}/http/files/clip`).resolve(controller.signal);
    const reading = readAll(representation);
    controller.abort();
    await expect(reading).rejects.toBeDefined();
    await until(() => upstream.underWay === 0, 'the connection to be let go');
  });

  it('may take longer in total', async () => {
    answerWith((_, response) => {
      response.writeHead(200, { 'content-length': BYTES.length });
      let position = 0;
      const timer = setInterval(() => {
        response.write(BYTES.subarray(position, position + 20_000));
        position += 20_000;
        if (position < BYTES.length) return;
        clearInterval(timer);
        response.end();
      }, TIMEOUT_MS / 5);
    });
    expect((await readAll(await resolve({ timeoutMs: TIMEOUT_MS }))).equals(BYTES)).toBe(true);
  });

  it('is not timed while its reader is slow', async () => {
    answerWith((_, response) => response.writeHead(200, { 'content-length': BYTES.length }).end(BYTES));
    const representation = await resolve({ timeoutMs: TIMEOUT_MS });
    const chunks: Uint8Array[] = [];
    for await (const chunk of await representation.open(undefined, signal)) {
      if (chunks.push(Buffer.from(chunk)) === 1) await pause(2 * TIMEOUT_MS);
    }
    await representation.close?.();
    expect(Buffer.concat(chunks).equals(BYTES)).toBe(true);
  });

  it('and breaks off, is a SourceUnavailableError', async () => {
    answerWith((_, response) => {
      response.writeHead(200, { 'content-length': BYTES.length });
      response.write(BYTES.subarray(0, 100_000), () => response.destroy());
    });
    await expect(readAll(await resolve())).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });
});

describe('what httpSource refuses', () => {
  it.each<[what: string, listener: RequestListener]>([
    [
      'another range of no known size',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 5-5/*' }).end('x'),
    ],
    ...['9007199254740992', '99999999999999999999', '-5', '0', '1e3', '0x10', 'x', ''].map(
      (total): [string, RequestListener] => [
        `the total ${JSON.stringify(total)}`,
        (_, response) => response.writeHead(206, { 'content-range': `bytes 0-0/${total}` }).end('x'),
      ],
    ),
    ...['9007199254740992', '99999999999999999', '99999999999999999999999', '-5', '5, 5', 'x'].map(
      (length): [string, RequestListener] => [
        `the length ${JSON.stringify(length)}`,
        ({ socket }) => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\nabcde`),
      ],
    ),
    ...[300, 304, 306, 600, 999].map((status): [string, RequestListener] => [
      `a ${status}`,
      ({ socket }) => socket.end(`HTTP/1.1 ${status} Odd\r\nContent-Length: 0\r\n\r\n`),
    ]),
    ...[undefined, 'file:///etc/passwd', 'ftp://a.example/', 'http://', 'data:text/plain,a'].map(
      (location): [string, RequestListener] => [
        `a redirection to ${location}`,
        (_, response) => response.writeHead(302, location === undefined ? {} : { location }).end(),
      ],
    ),
    ...[
      'SSH-2.0-OpenSSH_9.2\r\n',
      '220 mail.example ESMTP\r\n',
      '\0\0\x12\x04\0\0\0\0\0',
      '<html></html>',
      '-ERR\r\n',
    ].map((text): [string, RequestListener] => [
      `what is no HTTP: ${JSON.stringify(text)}`,
      ({ socket }) => socket.end(text),
    ]),
    [
      'another range than 0-0',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-5/9' }).end('xxxxxx'),
    ],
    [
      'more bytes than the one',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-0/9' }).end(BYTES),
    ],
    ['no byte at all', (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-0/9' }).end()],
    ['a 206 that does not say of what', (_, response) => response.writeHead(206).end('x')],
    ['a 204', (_, response) => response.writeHead(204).end()],
    [
      'a part that is a 200',
      (_, response) => response.writeHead(200, { 'content-range': 'bytes 0-0/200000', 'content-length': 1 }).end('x'),
    ],
    [
      'a part that is a 200 without a length',
      (_, response) => response.writeHead(200, { 'content-range': 'bytes 0-0/200000' }).end('x'),
    ],
    [
      'a 200 whose Content-Range is none',
      (_, response) => response.writeHead(200, { 'content-range': 'bytes */200000' }).end('x'),
    ],
    [
      'content that is compressed though it was not to be',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(BYTES)),
    ],
  ])('%s, when it looks', async (_, listener) => {
    answerWith(listener);
    await expect(resolve()).rejects.toMatchObject({ code: 'SOURCE_PROTOCOL' });
    await until(() => upstream.underWay === 0, 'the answer to be let go');
  });

  it.each<[what: string, code: string, listener: RequestListener]>([
    ['a 200', 'SOURCE_PROTOCOL', (_, response) => response.writeHead(200).end(BYTES)],
    ['a 204', 'SOURCE_PROTOCOL', (_, response) => response.writeHead(204).end()],
    [
      'a 206 without Content-Range',
      'SOURCE_PROTOCOL',
      (_, response) => response.writeHead(206).end(BYTES.subarray(0, 10)),
    ],
    [
      'a multipart',
      'SOURCE_PROTOCOL',
      (_, response) => response.writeHead(206, { 'content-type': 'multipart/byteranges; boundary=x' }).end('--x--'),
    ],
    [
      'a coding',
      'SOURCE_PROTOCOL',
      (_, response) =>
        response
          .writeHead(206, { 'content-range': 'bytes 0-9/200000', 'content-encoding': 'gzip' })
          .end(gzipSync('abc')),
    ],
    [
      'another size',
      'SOURCE_CHANGED',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-9/300000' }).end(BYTES.subarray(0, 10)),
    ],
    ['an answer that breaks off in its head', 'SOURCE_UNAVAILABLE', (request) => request.socket.destroy()],
    [
      'an answer that is none',
      'SOURCE_UNAVAILABLE',
      (request) => request.socket.end('HTTP/1.1 206 Partial Content\r\nContent-Len'),
    ],
  ])('%s, when it reads', async (_, code, listener) => {
    answerWith(firstByte, listener, listener); // a request whose connection ends is sent once more
    await expect(readAll(await resolve(), [0, 9])).rejects.toMatchObject({ code });
    await until(() => upstream.underWay === 0, 'the answer to be let go');
  });

  it.each<[when: string, listener: RequestListener]>([
    ['before its head', (request) => request.socket.destroy()],
    ['in its head', (request) => request.socket.end('HTTP/1.1 206 Partial Content\r\nContent-Len')],
    ['by a reset', (request) => request.socket.resetAndDestroy()],
  ])(
    'no answer whose connection ends %s once, as that of one kept open may: it requests again',
    async (_, listener) => {
      answerWith(listener);
      const representation = await resolve();
      answerWith(listener);
      expect((await readAll(representation, [0, 9])).equals(BYTES.subarray(0, 10))).toBe(true);
      expect(upstream.requests.map(({ headers }) => headers['range'])).toEqual([
        'bytes=0-0',
        'bytes=0-0',
        'bytes=0-9',
        'bytes=0-9',
      ]);
    },
  );

  it('an unreachable upstream', async () => {
    const other = await FakeStore.start();
    const gone = httpSource(`${other.url}/clip`, FRESH);
    await other.stop();
    await expect(gone.resolve(signal)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  it.each([400, 401, 405])('a %d, as a fault that is logged', async (status) => {
    answerWith((_, response) => response.writeHead(status).end());
    await expect(resolve()).rejects.toMatchObject({
      message: expect.stringContaining(`responded with ${status}`),
      status,
    });
  });

  it('without revealing the query, which may be a signature', async () => {
    answerWith((_, response) => response.writeHead(404).end());
    const failure = await resolve(FRESH, '?signature=secret').catch((error: unknown) => error);
    expect(String(failure)).toContain('/http/files/clip');
    expect(String(failure)).not.toContain('secret');
  });
});
