import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { httpSource, type HttpSourceOptions } from '../../../../src/sources/stores/http/http-source.js';
import type { Representation } from '../../../../src/sources/source.js';
import { FakeStore } from '../../../support/stores/fake-store.js';
import { pseudoRandomBytes } from '../../../support/sources/fixtures.js';
import { until } from '../../../support/until.js';

const BYTES = pseudoRandomBytes(200_000);
const PATH = '/http/files/clip';
const { signal } = new AbortController();

/** Two servers, which are two origins. */
let upstream: FakeStore;
let other: FakeStore;
beforeAll(async () => {
  [upstream, other] = [await FakeStore.start(), await FakeStore.start()];
});
afterAll(() => Promise.all([upstream.stop(), other.stop()]));
beforeEach(() => {
  for (const server of [upstream, other]) {
    server.put('clip', BYTES);
    server.requests.length = 0;
    server.interferences.length = 0;
  }
});

const resolve = async (url: string, options: HttpSourceOptions = {}): Promise<Representation> =>
  httpSource(url, { metadataTtlMs: 0, ...options }).resolve(signal);

async function readRange(representation: Representation, firstPos: number, lastPos: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of await representation.open({ firstPos, lastPos }, signal)) chunks.push(Buffer.from(chunk));
  } finally {
    await representation.close?.();
  }
  return Buffer.concat(chunks);
}

/** Looks, and reads a range. */
async function read(url: string, options?: HttpSourceOptions): Promise<void> {
  const bytes = await readRange(await resolve(url, options), 5, 9);
  expect(bytes.equals(BYTES.subarray(5, 10))).toBe(true);
}

function answer(server: FakeStore, ...listeners: RequestListener[]): void {
  for (const listen of listeners) {
    server.interferences.push((request, response) => {
      listen(request, response);
      return true;
    });
  }
}

const redirectTo =
  (location: string, status = 302): RequestListener =>
  (_, response) =>
    response.writeHead(status, { location }).end('moved');

const sent = (server: FakeStore, name: string): (string | undefined)[] =>
  server.requests.map(({ headers }) => headers[name]);
const basic = (text: string, encoding: BufferEncoding = 'utf8'): string =>
  `Basic ${Buffer.from(text, encoding).toString('base64')}`;

describe('user info in the URL', () => {
  const withUser = (userInfo: string): string => `${upstream.url.replace('//', `//${userInfo}@`)}${PATH}`;

  it.each<[userInfo: string, credentials: string]>([
    ['anna:secret', basic('anna:secret')],
    ['anna:se%3Acr%2Fet%40', basic('anna:se:cr/et@')],
    ['anna:a:b', basic('anna:a:b')],
    ['anna', basic('anna:')],
    [':secret', basic(':secret')],
    ['j%C3%BCrgen:gr%C3%BC%C3%9Fe', basic('jürgen:grüße')],
    ['jürgen:grüße', basic('jürgen:grüße')],
    ['anna:%FC', basic('anna:\u00fc', 'latin1')],
    ['anna:100%', basic('anna:100%')],
    ['%61nna:%zz', basic('anna:%zz')],
  ])('%s is sent as Basic credentials', async (userInfo, credentials) => {
    await read(withUser(userInfo));
    expect(sent(upstream, 'authorization')).toEqual([credentials, credentials]);
  });

  it('is overridden by an Authorization of the app', async () => {
    await read(withUser('anna:secret'), { headers: { Authorization: 'Bearer t' } });
    expect(sent(upstream, 'authorization')).toEqual(['Bearer t', 'Bearer t']);
  });

  it('is part of the cache key', async () => {
    for (const userInfo of ['anna:secret', 'bert:secret', 'anna:secret'])
      await resolve(withUser(userInfo), { metadataTtlMs: 5000 });
    expect(sent(upstream, 'authorization')).toEqual([basic('anna:secret'), basic('bert:secret')]);
  });

  it.each<[when: string, listener: RequestListener]>([
    ['is refused', (_, response) => response.writeHead(401).end()],
    ['breaks off', (request) => request.socket.destroy()],
    ['speaks no HTTP', ({ socket }) => socket.end('nonsense')],
    ['redirects without a Location', (_, response) => response.writeHead(302).end()],
    ['sends another range', (_, response) => response.writeHead(206, { 'content-range': 'bytes 5-5/9' }).end('x')],
    ['sends a coding', (_, response) => response.writeHead(200, { 'content-encoding': 'x' }).end('x')],
  ])('stands in no error, nor its causes, where the upstream %s', async (_, listener) => {
    answer(upstream, listener);
    const url = `${withUser('anna:pass%77ord')}?signature=sig#hash`;
    const failure: unknown = await resolve(url).catch((error: unknown) => error);
    for (let cause = failure; cause !== undefined; cause = (cause as Error).cause) {
      for (const secret of ['anna', 'pass', 'sig', basic('anna:password')]) expect(textOf(cause)).not.toContain(secret);
    }
  });

  it.each([
    'http://anna:password@',
    'anna:password@host/a',
    'ftp://anna:password@host/?sig=password',
    'http://anna:pass/word@host:x/',
  ])('appears in no message about an invalid URL: %s', (url) => {
    try {
      httpSource(url);
      throw new Error('it was taken');
    } catch (error) {
      expect(textOf(error)).toContain('httpSource: the URL is not');
      expect(textOf(error)).not.toMatch(/anna|pass|word/);
    }
  });
});

/** All that a logger may show of an error, without the path of this repository, which may contain any word. */
const textOf = (error: unknown): string =>
  `${(error as Error).stack}\n${JSON.stringify(error, Object.getOwnPropertyNames(error as Error))}`.replaceAll(
    process.cwd(),
    '',
  );

describe('headers of the app', () => {
  const SECRETS = { Authorization: 'Bearer t', Cookie: 'a=b', 'X-Api-Key': 'k', 'Proxy-Authorization': 'p' };
  const ours = (server: FakeStore): string[] =>
    server.requests
      .flatMap(({ headers }) => Object.keys(headers))
      .filter((name) => /^(?:authorization|cookie|x-)/.test(name));

  it.each([301, 302, 303, 307, 308])(
    'follow a %d to the same origin, with the range and the version',
    async (status) => {
      const redirect = redirectTo(`${PATH}?moved`, status);
      answer(upstream, redirect);
      const representation = await resolve(`${upstream.url}/old`, { headers: SECRETS });
      answer(upstream, redirect);
      expect((await readRange(representation, 5, 9)).equals(BYTES.subarray(5, 10))).toBe(true);
      expect(sent(upstream, 'x-api-key')).toEqual(['k', 'k', 'k', 'k']);
      expect(sent(upstream, 'authorization')).toEqual(Array.from({ length: 4 }, () => 'Bearer t'));
      expect(sent(upstream, 'range')).toEqual(['bytes=0-0', 'bytes=0-0', 'bytes=5-9', 'bytes=5-9']);
      expect(sent(upstream, 'if-match').slice(2)).toEqual([expect.stringMatching(/^"v/), expect.stringMatching(/^"v/)]);
    },
  );

  it('are not sent to another origin, nor back after it', async () => {
    const there = redirectTo(`${other.url}${PATH}`);
    answer(upstream, there);
    const representation = await resolve(`${upstream.url}/old`, { headers: SECRETS });
    answer(upstream, there);
    expect((await readRange(representation, 5, 9)).equals(BYTES.subarray(5, 10))).toBe(true);
    expect(ours(other)).toEqual([]);
    expect(sent(other, 'range')).toEqual(['bytes=0-0', 'bytes=5-9']);
    expect(sent(other, 'if-match')).toEqual([undefined, expect.stringMatching(/^"v/)]);
    upstream.requests.length = 0;
    answer(upstream, there);
    answer(other, redirectTo(`${upstream.url}${PATH}`));
    await resolve(`${upstream.url}/old`, { headers: SECRETS });
    expect(sent(upstream, 'x-api-key')).toEqual(['k', undefined]);
  });

  it.each<[what: string, userInfo: string, expected: string | undefined]>([
    ['none of the URL before', '', undefined],
    ['those of its own URL', 'bert:word@', basic('bert:word')],
  ])('another origin gets credentials: %s', async (_, userInfo, expected) => {
    answer(upstream, redirectTo(`${other.url.replace('//', `//${userInfo}`)}${PATH}`));
    await resolve(`${upstream.url.replace('//', '//anna:secret@')}/old`);
    expect(sent(other, 'authorization')).toEqual([expected]);
  });

  it.each<[what: string, location: () => string]>([
    ['to itself', () => '/old'],
    ['in a circle', () => `${other.url}/old`],
  ])('a redirection without an end is a fault of the upstream: %s', async (_, location) => {
    for (let i = 0; i < 20; i++) {
      answer(upstream, redirectTo(location()));
      answer(other, redirectTo(`${upstream.url}/old`));
    }
    await expect(resolve(`${upstream.url}/old?sig=secret`)).rejects.toMatchObject({
      code: 'SOURCE_PROTOCOL',
      message: `${upstream.url}/old redirects more than 10 times`,
    });
    await until(() => upstream.underWay === 0 && other.underWay === 0, 'the answers to be let go');
  });

  it('may be those of a request: only headers for the upstream are sent', async () => {
    const headers: IncomingHttpHeaders & Record<string, string | string[] | undefined> = {
      ':method': 'GET',
      ':path': '/a',
      host: 'app.example',
      connection: 'keep-alive, X-Hop, close',
      'x-hop': '1',
      'keep-alive': 'timeout=5',
      te: 'trailers',
      trailer: 'X-Sum',
      'transfer-encoding': 'chunked',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQAAP__',
      'proxy-connection': 'keep-alive',
      'proxy-authorization': 'Basic cDpw',
      'proxy-authenticate': 'Basic',
      expect: '100-continue',
      'content-length': '5',
      'content-type': 'text/plain',
      'accept-encoding': 'gzip, br',
      range: 'bytes=7-8',
      'if-range': '"x"',
      'if-match': '"x"',
      'if-none-match': '*',
      'if-modified-since': new Date().toUTCString(),
      'if-unmodified-since': new Date(0).toUTCString(),
      'set-cookie': ['a=b', 'c=d'],
      accept: undefined,
      'x-forwarded-for': '192.0.2.1',
      'x-empty': '',
      'user-agent': 'player',
      cookie: 'a=b',
    };
    await read(`${upstream.url}${PATH}`, { headers });
    for (const { headers } of upstream.requests) {
      expect(headers).toMatchObject({
        'user-agent': 'player',
        cookie: 'a=b',
        'x-forwarded-for': '192.0.2.1',
        'x-empty': '',
      });
      expect(headers['host']).toBe(new URL(upstream.url).host);
      expect(headers['accept-encoding']).toMatch(/^identity(?:, identity)?$/);
      expect(headers['connection']).toBe('keep-alive'); // of fetch
      for (const name of ['x-hop', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings']) {
        expect(headers[name]).toBeUndefined();
      }
      const forbidden = Object.keys(headers).filter((name) => /^(?:proxy-|content-|expect|if-(?!match))/.test(name));
      expect(forbidden).toEqual([]);
    }
    expect(sent(upstream, 'range')).toEqual(['bytes=0-0', 'bytes=5-9']);
    expect(sent(upstream, 'if-match')).toEqual([undefined, expect.stringMatching(/^"v/)]);
  });
});

describe('a content coding', () => {
  it.each(['', 'identity', 'Identity'])('of %j is none', async (coding) => {
    answer(upstream, ({ headers }, response) => {
      const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
      response.writeHead(206, { 'content-encoding': coding, 'content-range': `bytes ${first}-${last}/200000` });
      response.end(BYTES.subarray(Number(first), Number(last) + 1));
    });
    expect((await resolve(`${upstream.url}${PATH}`)).size).toBe(200_000);
  });
});

describe('an upstream whose versions cannot be distinguished', () => {
  const ranged = (tag: string, size = '200000'): RequestListener => {
    return ({ headers }, response) => {
      const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
      const head = { etag: tag, 'last-modified': new Date(tag.length * 1e9).toUTCString() };
      response.writeHead(206, { ...head, 'content-range': `bytes ${first}-${last}/${size}` });
      response.end(BYTES.subarray(Number(first), Number(last) + 1));
    };
  };
  const refusing =
    (status: number): RequestListener =>
    (_, response) =>
      response.writeHead(status).end('no');
  const url = (): string => `${upstream.url}${PATH}`;

  it.each([400, 412, 417, 501])(
    'refuses If-Match with its own tag by a %d: its answer shows the version',
    async (status) => {
      answer(upstream, ranged('"a"'), refusing(status), ranged('"a"'));
      await read(url());
      expect(sent(upstream, 'if-match')).toEqual([undefined, '"a"', undefined]);
      await until(() => upstream.underWay === 0, 'the answers to be let go');
    },
  );

  it('that refuses If-Match is logged once, with the option that omits it', async () => {
    const fresh = await FakeStore.start();
    const warn = jest.spyOn(process, 'emitWarning'); // Jest's process tells of no warnings
    try {
      for (let i = 0; i < 3; i++) {
        answer(fresh, ranged('"a"'), refusing(501), ranged('"a"'));
        await read(`${fresh.url}${PATH}?sig=secret`);
      }
      expect(warn.mock.calls.map(([message]) => message)).toEqual([
        expect.stringMatching(`^httpSource: ${fresh.url} responds with 501 to If-Match .* pinVersion: false`),
      ]);
    } finally {
      warn.mockRestore();
      await fresh.stop();
    }
  });

  it.each<[what: string, listener: RequestListener, seen: string]>([
    ['another tag', ranged('"other"'), '"other"'],
    [
      'no tag',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 5-9/200000' }).end('xxxxx'),
      'no entity tag',
    ],
  ])('and then sends %s: nothing is mixed, and the error names the option', async (_, listener, seen) => {
    answer(upstream, ranged('"a"'), refusing(412), listener);
    const reading = readRange(await resolve(url()), 5, 9);
    await expect(reading).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      message: expect.stringMatching(`responded with 412 to If-Match: "a", and then sent ${seen}: .*pinVersion: false`),
    });
    await until(() => upstream.underWay === 0, 'the answers to be let go');
  });

  it('is treated as one file with pinVersion: false: no condition, and no validators', async () => {
    answer(upstream, ranged('"a"'), ranged('"bb"'));
    const representation = await resolve(url(), { pinVersion: false });
    expect(representation).toMatchObject({ size: 200_000, etag: undefined, lastModified: undefined });
    expect((await readRange(representation, 5, 9)).equals(BYTES.subarray(5, 10))).toBe(true);
    expect(sent(upstream, 'if-match')).toEqual([undefined, undefined]);
  });

  it('has a cache entry of its own', async () => {
    answer(upstream, ranged('"a"'), ranged('"a"'));
    expect((await resolve(url(), { metadataTtlMs: 5000 })).etag).toBe('"a"');
    expect((await resolve(url(), { metadataTtlMs: 5000, pinVersion: false })).etag).toBeUndefined();
  });

  it('has changed if its length has, even with pinVersion: false', async () => {
    answer(upstream, ranged('"a"'), ranged('"a"', '200001'));
    const reading = readRange(await resolve(url(), { pinVersion: false }), 5, 9);
    await expect(reading).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it('is still checked for the range', async () => {
    answer(upstream, ranged('"a"'), (_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 6-10/200000' }).end('xxxxx');
    });
    const reading = readRange(await resolve(url(), { pinVersion: false }), 5, 9);
    await expect(reading).rejects.toMatchObject({ code: 'SOURCE_PROTOCOL' });
  });
});

describe('an upstream that does not know the complete length', () => {
  it.each<[what: string, length: object, size: number | undefined]>([
    ['all of it, without a size', {}, undefined],
    ['all of it, with the size that comes with it', { 'content-length': 5 }, 5],
  ])('is read from the beginning to the end: %s', async (_, length, size) => {
    answer(
      upstream,
      (_, response) =>
        response.writeHead(206, { 'content-range': 'bytes 0-0/*', 'content-type': 'audio/aac' }).end('a'),
      (_, response) => {
        response.writeHead(200, { 'content-type': 'audio/aac', etag: '"live"', ...length }).flushHeaders();
        response.write('ab');
        response.end('cde');
      },
    );
    const representation = await resolve(`${upstream.url}${PATH}`);
    expect(representation).toMatchObject({ forwardOnly: true, type: 'audio/aac', etag: '"live"' });
    expect(representation.size).toBe(size);
    expect(sent(upstream, 'range')).toEqual(['bytes=0-0', undefined]);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await representation.open(undefined, signal)) chunks.push(Buffer.from(chunk));
    expect(Buffer.concat(chunks).toString()).toBe('abcde');
    await representation.close?.();
  });
});
