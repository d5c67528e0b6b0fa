import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fastifyCompress from '@fastify/compress';
import { Controller, Get, Headers, Param } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import compression from 'compression';
import { folderSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { mkdirSync, symlinkSync } from 'node:fs';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import { BR, type Coding, CODINGS, GZIP } from '../../support/connections/codings.js';
import { FixtureDirectory, MODIFIED_HEADER, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, header, headersOf, type RawResponse } from '../../support/connections/raw-client.js';
import { type AdapterName, ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const root = fixtures.at('public');
mkdirSync(fixtures.at('public/docs'), { recursive: true });

/** Text, but of bytes enough that parts of a compressed file are worth asking for. */
const SCRIPT = Buffer.from(pseudoRandomBytes(60_000).toString('hex'));
const PAGE = Buffer.from('<p>a page</p>'.repeat(1000));

function write(name: string, bytes: Buffer, codings: readonly Coding[]): void {
  fixtures.write(`public/${name}`, bytes);
  for (const { suffix, encode } of codings) fixtures.write(`public/${name}${suffix}`, encode(bytes));
}

write('app.js', SCRIPT, CODINGS);
write('app.0a1b2c3d.js', SCRIPT, [BR, GZIP]);
write('index.html', PAGE, [BR]);
write('docs/index.html', PAGE, []);
write('docs/a name, ümläut & 100%.txt', PAGE, []);
write('old.js', SCRIPT, []);
fixtures.write('public/old.js.br', BR.encode(PAGE), new Date('2020-01-01'));
fixtures.write('public/.env', 'secret');
fixtures.write('secret.txt', 'secret');
symlinkSync('../secret.txt', fixtures.at('public/link-out'));

const assets = folderSource(root, { immutable: /\.[0-9a-f]{8,}\./ });

/** The segments of a wildcard; none where nothing is behind the prefix. */
@Controller()
@Ranged()
class ExpressFolder {
  @Get('assets{/*path}')
  asset(@Param('path') path: string[] = [], @Headers('accept-encoding') acceptEncoding?: string) {
    return new RangedFile(assets(path.join('/'), acceptEncoding));
  }
}

@Controller()
@Ranged()
class FastifyFolder {
  @Get('assets/*')
  asset(@Param('*') path: string, @Headers('accept-encoding') acceptEncoding?: string) {
    return new RangedFile(assets(path, acceptEncoding));
  }
}

@Controller()
class OneAsset {
  @Get('said')
  @Ranged({ cacheControl: 'private, max-age=5' })
  said(@Headers('accept-encoding') acceptEncoding?: string) {
    return new RangedFile(assets('app.0a1b2c3d.js', acceptEncoding));
  }
}

async function compress(adapter: AdapterName, app: TestApp['app']): Promise<void> {
  if (adapter === 'express') app.use(compression({ threshold: 0 }));
  else await (app as NestFastifyApplication).register(fastifyCompress as never, { threshold: 0 } as never);
}

/** What is added where nothing was said. */
const ALWAYS = { 'accept-ranges': 'bytes', 'x-content-type-options': 'nosniff' };
const JAVASCRIPT = 'text/javascript; charset=utf-8';

describe.each(ADAPTERS)('a folder on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    const controllers = [adapter === 'express' ? ExpressFolder : FastifyFolder, OneAsset];
    running = await startApp(
      adapter,
      { imports: [RangeModule], controllers },
      {
        configure: async (app) => {
          app.enableCors({ origin: ['https://page.example'] }); // varies by Origin
          await compress(adapter, app); // which must not touch what is compressed already
        },
      },
    );
  });
  afterAll(() => running.close());
  afterEach(() => {
    if (running.log.complaints.length > 0) throw new Error(running.log.complaints.join('\n'));
  });

  type HeaderLines = readonly (readonly [string, string])[];
  const get = (
    path: string,
    acceptEncoding?: string,
    headers: HeaderLines = [],
    method = 'GET',
  ): Promise<RawResponse> =>
    fetchRaw(
      running.port,
      path,
      acceptEncoding === undefined ? headers : [['Accept-Encoding', acceptEncoding], ...headers],
      method,
    );
  const tagOf = async (acceptEncoding?: string): Promise<string> =>
    header(await get('/assets/app.js', acceptEncoding), 'ETag') ?? '';

  it.each(['br', 'gzip', 'gzip, deflate, br'])('fetch decodes the response in %s', async (acceptEncoding) => {
    const response = await fetch(`http://127.0.0.1:${running.port}/assets/app.js`, {
      headers: { 'accept-encoding': acceptEncoding },
    });
    expect(response.headers.get('content-encoding')).toBe(acceptEncoding === 'gzip' ? 'gzip' : 'br');
    expect(Buffer.from(await response.arrayBuffer()).equals(SCRIPT)).toBe(true);
  });

  it.each(CODINGS)('in $name: all headers, of GET and HEAD', async ({ name, encode, decode }) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await get('/assets/app.js', name, [], method);
      expect(response.status).toBe(200);
      expect(headersOf(response)).toEqual({
        ...ALWAYS,
        'cache-control': 'max-age=60, no-transform',
        'content-encoding': name,
        'content-length': String(encode(SCRIPT).length),
        'content-type': JAVASCRIPT,
        etag: expect.stringMatching(new RegExp(`^"[\\w-]+-${name}"$`)),
        vary: 'Origin, Accept-Encoding',
      });
      if (method === 'GET') expect(decode(response.body).equals(SCRIPT)).toBe(true);
    }
  });

  it('as it is: all headers', async () => {
    for (const acceptEncoding of [undefined, 'identity;q=1, *;q=0']) {
      const response = await get('/assets/app.js', acceptEncoding);
      expect(response.status).toBe(200);
      expect(headersOf(response)).toEqual({
        ...ALWAYS,
        'cache-control': 'max-age=60, no-transform',
        'content-length': String(SCRIPT.length),
        'content-type': JAVASCRIPT,
        etag: expect.stringMatching(/^"[\w-]+"$/),
        'last-modified': MODIFIED_HEADER,
        vary: 'Origin, Accept-Encoding',
      });
      expect(response.body.equals(SCRIPT)).toBe(true);
    }
  });

  it('a 304 has the Vary and the Cache-Control of the 200, and matches one coding only', async () => {
    for (const acceptEncoding of ['br', 'gzip', undefined]) {
      const etag = await tagOf(acceptEncoding);
      const response = await get('/assets/app.js', acceptEncoding, [['If-None-Match', etag]]);
      expect(response.status).toBe(304);
      expect(headersOf(response)).toEqual({
        'cache-control': 'max-age=60, no-transform',
        etag,
        vary: 'Origin, Accept-Encoding',
      });
    }
    const other = await get('/assets/app.js', 'br', [['If-None-Match', await tagOf('gzip')]]);
    expect(other.status).toBe(200);
    const date = await get('/assets/app.js', 'br', [['If-Modified-Since', MODIFIED_HEADER]]);
    expect(date.status).toBe(200); // it is the date of other bytes
  });

  it('ranges select encoded bytes, and together they decode', async () => {
    const whole = BR.encode(SCRIPT);
    const parts: Buffer[] = [];
    for (let firstPos = 0; firstPos < whole.length; firstPos += 20_000) {
      const lastPos = Math.min(firstPos + 19_999, whole.length - 1);
      const headers: HeaderLines = [
        ['Range', `bytes=${firstPos}-${firstPos + 19_999}`],
        ['If-Range', await tagOf('br')],
      ];
      const response = await get('/assets/app.js', 'br', headers);
      expect(response.status).toBe(206);
      expect(headersOf(response)).toMatchObject({
        'content-encoding': 'br',
        'content-range': `bytes ${firstPos}-${lastPos}/${whole.length}`,
        'content-type': JAVASCRIPT,
        vary: 'Origin, Accept-Encoding',
      });
      parts.push(response.body);
    }
    expect(parts.length).toBeGreaterThan(2);
    expect(BR.decode(Buffer.concat(parts)).equals(SCRIPT)).toBe(true);
  });

  it('several ranges: Content-Encoding is on the parts, not on the body', async () => {
    const whole = GZIP.encode(SCRIPT);
    const response = await get('/assets/app.js', 'gzip', [['Range', 'bytes=0-9, 500-599, -10']]);
    expect(response.status).toBe(206);
    expect(header(response, 'Content-Encoding')).toBeUndefined();
    const parts = readByteranges(header(response, 'Content-Type') ?? '', response.body);
    expect(parts.map(({ firstPos, lastPos, size }) => [firstPos, lastPos, size])).toEqual([
      [0, 9, whole.length],
      [500, 599, whole.length],
      [whole.length - 10, whole.length - 1, whole.length],
    ]);
    for (const { headers, firstPos, lastPos, content } of parts) {
      expect(headers).toMatchObject({ 'content-type': JAVASCRIPT, 'content-encoding': 'gzip' });
      expect(content.equals(whole.subarray(firstPos, lastPos + 1))).toBe(true);
    }
  });

  it.each<[string, string | undefined, string | undefined, number]>([
    ['the tag of the same coding', 'br', 'br', 206],
    ['the tag of another coding', 'br', 'gzip', 200],
    ['the tag of the original', 'br', undefined, 200],
    ['the tag of a coding, to one who takes none any more', undefined, 'br', 200],
    ['the tag of the original, to one who takes none', undefined, undefined, 206],
  ])('If-Range with %s', async (_, acceptEncoding, tagged, status) => {
    const tag = await tagOf(tagged);
    const headers: HeaderLines = [
      ['Range', 'bytes=100-199'],
      ['If-Range', tag],
    ];
    const response = await get('/assets/app.js', acceptEncoding, headers);
    const whole = acceptEncoding === undefined ? SCRIPT : BR.encode(SCRIPT);
    expect(response.status).toBe(status);
    expect(response.body.equals(status === 206 ? whole.subarray(100, 200) : whole)).toBe(true);
  });

  it('If-Range with the date of the original matches the original only', async () => {
    const headers: HeaderLines = [
      ['Range', 'bytes=100-199'],
      ['If-Range', MODIFIED_HEADER],
    ];
    expect((await get('/assets/app.js', undefined, headers)).status).toBe(206);
    expect((await get('/assets/app.js', 'br', headers)).status).toBe(200);
  });

  it('a range beyond the end of the encoded file is a 416 with its length', async () => {
    const { length } = BR.encode(SCRIPT);
    expect(length).toBeLessThan(SCRIPT.length);
    const response = await get('/assets/app.js', 'br', [['Range', `bytes=${length}-`]]);
    expect(response.status).toBe(416);
    expect(header(response, 'Content-Range')).toBe(`bytes */${length}`);
    expect(header(response, 'Content-Type')).toMatch(/^application\/json/);
    expect(header(response, 'ETag')).toBe(await tagOf('br'));
  });

  it('a name with a hash is cached for a year, unless the route says otherwise', async () => {
    for (const acceptEncoding of ['br', undefined]) {
      const hashed = await get('/assets/app.0a1b2c3d.js', acceptEncoding);
      expect(header(hashed, 'Cache-Control')).toBe('public, max-age=31536000, immutable, no-transform');
      const again = await get('/assets/app.0a1b2c3d.js', acceptEncoding, [['If-None-Match', '*']]);
      expect(again.status).toBe(304);
      expect(header(again, 'Cache-Control')).toBe('public, max-age=31536000, immutable, no-transform');
      expect(header(await get('/said', acceptEncoding), 'Cache-Control')).toBe('private, max-age=5, no-transform');
    }
  });

  it('a sibling that is older than its original is not sent', async () => {
    const response = await get('/assets/old.js', 'br');
    expect(header(response, 'Content-Encoding')).toBeUndefined();
    expect(response.body.equals(SCRIPT)).toBe(true);
  });

  it.each([
    ['/assets/', 'br'],
    ['/assets/index.html', 'br'],
    ['/assets/docs/', undefined],
    ['/assets/docs/index.html', undefined],
    ['/assets/docs/a%20name,%20%C3%BCml%C3%A4ut%20&%20100%25.txt', undefined],
    ['/assets/docs/a%20name,%20%C3%BCml%C3%A4ut%20&%20100%25.txt?query=../secret.txt', undefined],
  ])('%s is found', async (path, coding) => {
    const response = await get(path, 'br');
    expect(response.status).toBe(200);
    expect(header(response, 'Content-Encoding')).toBe(coding);
    expect((coding === undefined ? response.body : BR.decode(response.body)).equals(PAGE)).toBe(true);
  });

  it.each([
    '/assets/missing.js',
    '/assets/docs',
    '/assets//index.html',
    '/assets/docs//',
    '/assets/../secret.txt',
    '/assets/docs/../../../secret.txt',
    '/assets/%2e%2e/secret.txt',
    '/assets/..%2fsecret.txt',
    '/assets/..%5csecret.txt',
    '/assets/%2fetc/passwd',
    '/assets/docs/..%2f..%2f..%2fsecret.txt',
    '/assets/%252e%252e/secret.txt',
    '/assets/link-out',
    '/assets/.env',
    '/assets/docs/..%2f.env',
    '/assets/app.js%00',
    '/assets/app.js%00.css',
    '/assets/app.js/',
    '/assets/app.js.',
    '/assets/app.js%20',
    `/assets/${'x'.repeat(300)}`,
    `/assets/${'x/'.repeat(2000)}`,
  ])('%s is the usual 404', async (path) => {
    const expected = await get('/assets/no-such-thing');
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(headersOf(response)).toEqual(headersOf(expected));
    expect(response.body.toString()).toBe(expected.body.toString());
    expect((await get(path, 'br, gzip, zstd')).status).toBe(404);
  });
});
