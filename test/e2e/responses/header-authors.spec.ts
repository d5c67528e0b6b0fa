import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  type NestInterceptor,
  Res,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import { bytesSource, Ranged, RangedFile, RangeModule, streamSource, type RangedOptions } from 'nestjs-range';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { map, type Observable } from 'rxjs';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import { MODIFIED, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, header, headersOf, type RawResponse } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { range } from './rows/outcome.js';

const BYTES = pseudoRandomBytes(1000);

type HeaderLines = readonly (readonly [name: string, value: string])[];

interface Sink {
  setHeader?(name: string, value: string | string[]): unknown;
  header(name: string, value: string | string[]): unknown;
  removeHeader(name: string): unknown;
}

function set(response: Sink, headers: Readonly<Record<string, string | string[] | undefined>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) response.removeHeader(name);
    else if (response.setHeader === undefined) response.header(name, value);
    else response.setHeader(name, value);
  }
}

type Set = Readonly<Record<string, string | string[] | undefined>>;

/** What each author sets, in the order in which they come. */
let byMiddleware: Set = {};
let byOuterBefore: Set = {};
let byHandler: Set = {};
let bySource: Readonly<Record<string, string>> = {};
let byOuterAfter: Set = {};
let etag: NonNullable<RangedOptions['etag']> = '"v1"';

@Injectable()
class Outer implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response = context.switchToHttp().getResponse<Sink>();
    set(response, byOuterBefore);
    return next.handle().pipe(
      map((answer: unknown) => {
        set(response, byOuterAfter);
        return answer;
      }),
    );
  }
}

@Controller()
@UseInterceptors(Outer)
class Files {
  @Get('file')
  @Ranged()
  file(@Res({ passthrough: true }) response: Sink): RangedFile {
    set(response, byHandler);
    return new RangedFile(bytesSource(BYTES, { lastModified: MODIFIED, type: 'video/mp4', headers: bySource }), {
      etag,
    });
  }

  @Get('plain')
  @Ranged()
  plain(@Res({ passthrough: true }) response: Sink): StreamableFile {
    set(response, byHandler);
    return new StreamableFile(BYTES, { type: 'video/mp4' });
  }

  @Get('unsized')
  @Ranged()
  unsized(@Res({ passthrough: true }) response: Sink): RangedFile {
    set(response, byHandler);
    return new RangedFile(streamSource(Readable.from([BYTES]), { type: 'video/mp4' }));
  }
}

const ASKED: readonly (readonly [what: string, asked: HeaderLines, method: string, status: number])[] = [
  ['200', [], 'GET', 200],
  ['HEAD', [], 'HEAD', 200],
  ['206', range('bytes=0-9'), 'GET', 206],
  ['multipart', range('bytes=0-9,500-509'), 'GET', 206],
  ['304', [['If-None-Match', '"v1"']], 'GET', 304],
  ['304 to HEAD', [['If-None-Match', '"v1"']], 'HEAD', 304],
];
const REFUSED: readonly (readonly [what: string, asked: HeaderLines, method: string, status: number])[] = [
  ['416', range('bytes=1000-'), 'GET', 416],
  ['412', [['If-Match', '"v2"']], 'GET', 412],
];

describe.each(ADAPTERS)('on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(
      adapter,
      { imports: [RangeModule], controllers: [Files] },
      {
        configure: (app: INestApplication) =>
          app.use((_: unknown, response: ServerResponse, next: () => void) => {
            set(response as unknown as Sink, byMiddleware);
            next();
          }),
      },
    );
  });
  afterAll(() => running.close());
  beforeEach(() => {
    byMiddleware = {};
    byOuterBefore = {};
    byHandler = {};
    bySource = {};
    byOuterAfter = {};
    etag = '"v1"';
  });
  const get = (asked: HeaderLines, method: string, path = '/file'): Promise<RawResponse> =>
    fetchRaw(running.port, path, asked, method);
  const membersOf = (value: string | undefined): string[] => (value ?? '').toLowerCase().split(/,\s*/).sort();

  describe.each(ASKED)('%s', (what, asked, method, status) => {
    const answer = async (): Promise<Record<string, string>> => {
      const response = await get(asked, method);
      expect(response.status).toBe(status);
      if (status === 200 && method === 'GET') expect(response.body.equals(BYTES)).toBe(true);
      if (what === 'multipart') {
        const parts = readByteranges(header(response, 'Content-Type') ?? '', response.body);
        expect(parts.map(({ firstPos }) => firstPos)).toEqual([0, 500]);
      }
      return headersOf(response);
    };

    describe('lists of all authors are merged, each member once', () => {
      it.each<[who: string, arrange: () => void]>([
        ['a middleware and the source', () => (byMiddleware = { Vary: 'Origin' })],
        ['the handler and the source', () => (byHandler = { Vary: 'origin, Accept-Encoding' })],
        ['an interceptor before', () => (byOuterBefore = { Vary: 'Origin' })],
        ['an interceptor after', () => (byOuterAfter = { Vary: 'Origin' })],
        ['an interceptor that sets lines', () => (byOuterAfter = { Vary: ['Origin', 'accept-encoding'] })],
        ['all of them', () => (byMiddleware = byHandler = byOuterBefore = byOuterAfter = { Vary: 'Origin' })],
        [
          'an interceptor that replaces what a middleware has set',
          () => {
            byMiddleware = { Vary: 'Origin' };
            byOuterAfter = { Vary: 'Accept-Encoding' };
          },
        ],
        [
          'an interceptor that removes it',
          () => {
            byMiddleware = { Vary: 'Origin' };
            byOuterAfter = { Vary: undefined };
          },
        ],
      ])('Vary: %s', async (_, arrange) => {
        bySource = { Vary: 'Accept-Encoding', 'Content-Encoding': 'br' };
        arrange();
        const { vary } = await answer();
        expect(membersOf(vary)).toEqual(['accept-encoding', 'origin']);
      });

      it('an asterisk replaces the list', async () => {
        bySource = { Vary: 'Accept-Encoding' };
        byOuterAfter = { Vary: '*' };
        expect((await answer())['vary']).toBe('*');
      });

      if (status !== 304) {
        it('Link of the handler, the source and an interceptor', async () => {
          bySource = { Link: '</source>; rel="a,b"' };
          byHandler = { Link: '</handler>; rel=next' };
          byOuterAfter = { Link: '</outer>; rel=prev' };
          const { link } = await answer();
          for (const one of ['</source>; rel="a,b"', '</handler>; rel=next', '</outer>; rel=prev']) {
            expect(link).toContain(one);
          }
        });
      }

      it.each<[who: string, arrange: () => void, expected: string]>([
        ['the source alone', () => {}, 'max-age=60'],
        ['the handler over the source', () => (byHandler = { 'Cache-Control': 'private' }), 'private'],
        ['an interceptor before', () => (byOuterBefore = { 'Cache-Control': 'private' }), 'private'],
        ['an interceptor after', () => (byOuterAfter = { 'Cache-Control': 'private' }), 'private'],
        [
          'an interceptor over the handler',
          () => {
            byHandler = { 'Cache-Control': 'max-age=5' };
            byOuterAfter = { 'Cache-Control': 'private' };
          },
          'private',
        ],
      ])('Cache-Control keeps its no-transform: %s', async (_, arrange, expected) => {
        bySource = { 'Cache-Control': 'max-age=60' };
        arrange();
        expect((await answer())['cache-control']).toBe(`${expected}, no-transform`);
      });

      it('Cache-Control keeps its no-transform if an interceptor removes it', async () => {
        byHandler = { 'Cache-Control': 'private' };
        byOuterAfter = { 'Cache-Control': undefined };
        expect((await answer())['cache-control']).toBe('no-transform');
      });
    });

    describe('headers set before the negotiation belong to the representation', () => {
      it.each(['middleware', 'outer', 'handler'])('of the %s, overriding the source', async (who) => {
        const headers = {
          'Content-Language': 'de',
          'Content-Location': '/own',
          Expires: 'Fri, 01 Jan 2100 00:00:00 GMT',
          'X-Own': 'app',
        };
        bySource = { 'Content-Language': 'en', 'X-Own': 'source', 'X-Other': 'source', 'Content-Location': '/source' };
        if (who === 'middleware') byMiddleware = headers;
        else if (who === 'outer') byOuterBefore = headers;
        else byHandler = headers;
        const sent = await answer();
        expect(sent['x-own']).toBe('app');
        expect(sent['content-location']).toBe('/own');
        expect(sent['expires']).toBe(headers.Expires);
        if (status === 304) return expect(sent['content-language']).toBeUndefined();
        expect(sent['content-language']).toBe('de');
        expect(sent['x-other']).toBe('source');
      });
    });

    describe('headers set after the negotiation have the last word on what describes the file', () => {
      it.each<[name: string, value: string]>([
        ['Content-Disposition', 'attachment; filename="last.mp4"'],
        ['Content-Language', 'fr'],
        ['Content-Location', '/last'],
        ['Expires', 'Fri, 01 Jan 2100 00:00:00 GMT'],
        ['Content-Type', 'video/webm'],
        ['Cross-Origin-Resource-Policy', 'same-site'],
        ['X-Custom', 'last'],
        ['Link', '</last>; rel=next'],
      ])('%s: %s', async (name, value) => {
        bySource = {
          'Content-Disposition': 'inline',
          'Content-Language': 'en',
          'Content-Location': '/source',
          Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
          'Cross-Origin-Resource-Policy': 'cross-origin',
          'X-Custom': 'source',
        };
        byOuterAfter = { [name]: value };
        const sent = await answer();
        const isOfContent = /^content-(?!location)/i.test(name);
        if (status === 304 && isOfContent) return expect(sent[name.toLowerCase()]).toBeUndefined();
        if (what === 'multipart' && name === 'Content-Type') {
          return expect(sent['content-type']).toMatch(/^multipart\/byteranges; /);
        }
        expect(sent[name.toLowerCase()]).toBe(value);
      });

      it.each(['Content-Disposition', 'Content-Language', 'X-Custom'])('and removes %s', async (name) => {
        bySource = { 'Content-Disposition': 'inline', 'Content-Language': 'en', 'X-Custom': 'source' };
        byHandler = { [name]: 'handler' };
        byOuterAfter = { [name]: undefined };
        expect((await answer())[name.toLowerCase()]).toBeUndefined();
      });
    });

    describe('but cannot change what frames and identifies the content', () => {
      it.each<[name: string, value: string]>([
        ['ETag', '"last"'],
        ['Last-Modified', 'Thu, 01 Jan 2004 00:00:00 GMT'],
        ['Content-Length', '7'],
        ['Content-Range', 'bytes 1-2/3'],
        ['Accept-Ranges', 'none'],
        ['Content-Encoding', 'gzip'],
        ['Transfer-Encoding', 'chunked'],
        ['Content-Digest', 'sha-256=:AA==:'],
        ['Content-MD5', 'AA=='],
      ])('%s: %s', async (name, value) => {
        const undisturbed = await answer();
        byOuterAfter = { [name]: value };
        const sent = await answer();
        if (what === 'multipart') sent['content-type'] = undisturbed['content-type'] ?? '';
        expect(sent).toEqual(undisturbed);
      });

      it.each(['ETag', 'Last-Modified'])('%s of a file that has none', async (name) => {
        etag = false;
        byOuterAfter = { [name]: name === 'ETag' ? '"last"' : 'Thu, 01 Jan 2004 00:00:00 GMT' };
        const response = await get(asked, method);
        expect(header(response, 'ETag')).toBeUndefined();
        expect(header(response, 'Last-Modified')).toBe('Thu, 29 Feb 2024 12:34:56 GMT');
      });
    });
  });

  describe('digests of the whole content (RFC 9530) are sent with the whole only', () => {
    const DIGESTS = {
      'Content-Digest': 'sha-256=:AA==:, sha-512=:BB==:',
      'content-md5': 'Q2hlY2sgSW50ZWdyaXR5IQ==',
      'Repr-Digest': 'sha-256=:AA==:',
      Digest: 'sha-256=AA==',
    };

    it.each<[who: string, arrange: () => void]>([
      ['a middleware', () => (byMiddleware = DIGESTS)],
      ['the handler', () => (byHandler = DIGESTS)],
      [
        'the handler, in lines',
        () => (byHandler = { ...DIGESTS, 'CONTENT-DIGEST': ['sha-256=:AA==:', 'sha-512=:BB==:'] }),
      ],
      ['an interceptor before', () => (byOuterBefore = DIGESTS)],
      ['the source', () => (bySource = DIGESTS)],
    ])('of %s', async (_, arrange) => {
      arrange();
      for (const path of ['/file', ...(bySource['Digest'] === undefined ? ['/plain'] : [])]) {
        const whole = headersOf(await get([], 'GET', path));
        expect(whole['content-digest']?.replaceAll(', ', ',')).toBe('sha-256=:AA==:,sha-512=:BB==:');
        expect(whole['content-md5']).toBe(DIGESTS['content-md5']);
        const others = [...ASKED.slice(1), ...REFUSED].filter(([what]) => path === '/file' || !/304|412/.test(what));
        for (const [what, asked, method] of others) {
          const sent = headersOf(await get(asked, method, path));
          expect([what, sent['content-digest'], sent['content-md5']]).toEqual([what, undefined, undefined]);
          const isOfFile = what === '206' || what === 'multipart' || what === 'HEAD';
          expect([what, sent['repr-digest'] ?? sent['digest']]).toEqual([
            what,
            isOfFile ? DIGESTS['Repr-Digest'] : undefined,
          ]);
        }
      }
    });

    it('also with content of unknown size, which is always sent whole', async () => {
      byHandler = DIGESTS;
      const sent = headersOf(await get(range('bytes=0-9'), 'GET', '/unsized'));
      expect(sent['content-digest']).toBe(DIGESTS['Content-Digest']);
    });
  });

  it.each(REFUSED)('a %s has nothing of the file but its tag, whoever has set it', async (_, asked, method, status) => {
    const headers = {
      'Content-Type': 'video/webm',
      'Content-Language': 'de',
      'Content-Encoding': 'br',
      'Content-Location': '/own',
      'Content-Disposition': 'inline',
      Expires: 'Fri, 01 Jan 2100 00:00:00 GMT',
      'Cache-Control': 'public',
      'Last-Modified': 'Thu, 29 Feb 2024 12:34:56 GMT',
    };
    for (const who of ['middleware', 'outer', 'handler', 'source']) {
      byMiddleware = who === 'middleware' ? headers : {};
      byOuterBefore = who === 'outer' ? headers : {};
      byHandler = who === 'handler' ? headers : {};
      bySource = who === 'source' ? headers : {};
      const response = await get(asked, method);
      expect(response.status).toBe(status);
      expect(headersOf(response)).toEqual({
        'cache-control': 'no-store',
        'content-length': String(response.body.length),
        'content-type': 'application/json; charset=utf-8',
        etag: '"v1"',
        ...(status === 416 ? { 'accept-ranges': 'bytes', 'content-range': 'bytes */1000' } : {}),
      });
    }
  });
});
