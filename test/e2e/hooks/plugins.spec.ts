import fastifyCaching from '@fastify/caching';
import fastifyCompress from '@fastify/compress';
import fastifyCookie from '@fastify/cookie';
import fastifyEtag from '@fastify/etag';
import fastifySession from '@fastify/session';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Param, StreamableFile } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import compression from 'compression';
import session from 'express-session';
import { bytesSource, fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import onHeaders from 'on-headers';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import {
  header,
  headersOf,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import { type AdapterName, startApp, type TestApp } from '../../support/apps/test-app.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import type { HeaderLines } from '../responses/rows/outcome.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

/** Text, which every plugin compresses gladly. */
const BYTES = Buffer.from(pseudoRandomBytes(300_000).map((byte) => 97 + (byte % 6)));
const SIZE = BYTES.length;
const path = fixtures.write('film.txt', BYTES);
const OLD = new Date('2020-01-01T00:00:00Z');

const FILES: Record<string, () => StreamableFile> = {
  'a source': () => new RangedFile(new ProbeSource(BYTES, { etag: '"v1"', lastModified: OLD, type: 'text/plain' })),
  'a file': () => new RangedFile(fileSource(path), { type: 'text/plain', etag: '"v1"' }),
  'bytes without a tag': () =>
    new RangedFile(bytesSource(BYTES, { type: 'text/plain', lastModified: OLD }), { etag: false }),
  'a StreamableFile': () => new StreamableFile(createReadStream(path), { type: 'text/plain' }),
  'a StreamableFile of unknown length': () => new StreamableFile(createReadStream(path).pipe(new PassThrough())),
};
const NAMES = Object.keys(FILES);

@Controller()
class Files {
  @Get('ranged/:name')
  @Ranged()
  ranged(@Param('name') name: string) {
    return make(name);
  }

  @Get('plain/:name')
  plain(@Param('name') name: string) {
    return make(name);
  }

  @Get('second/:number')
  second(@Param('number') number: string) {
    return `second ${number}`;
  }
}

const make = (name: string): StreamableFile => (FILES[name] as () => StreamableFile)();

interface Plugin {
  readonly name: string;
  readonly adapter: AdapterName;
  readonly install: (app: INestApplication) => unknown;
  /** Headers that the plugin sets itself. */
  readonly sets?: readonly string[];
  /** Whether it sends what it has read: whether content of unknown length is the file's, nobody can tell before its end. */
  readonly copies?: boolean;
}

/** The types of plugins are those of the Fastify beside them, which may be a copy other than Nest's. */
const register =
  (plugin: unknown, options: object = {}) =>
  (app: INestApplication): unknown =>
    (app as NestFastifyApplication).register(plugin as never, options as never);

const all =
  (...installs: Plugin['install'][]) =>
  async (app: INestApplication): Promise<void> => {
    for (const install of installs) await install(app);
  };

const ANY_TYPE = { threshold: 0, customTypes: /./ };
const SECRET = 'a secret that is at least 32 characters long';
const withSession = all(
  register(fastifyCookie),
  register(fastifySession, { secret: SECRET, saveUninitialized: true, cookie: { secure: false } }),
);
const expressSession = (app: INestApplication): unknown =>
  app.use(session({ secret: SECRET, resave: true, saveUninitialized: true }));

const PLUGINS: readonly Plugin[] = [
  { name: '@fastify/etag', adapter: 'fastify', install: register(fastifyEtag) },
  { name: '@fastify/etag with weak tags', adapter: 'fastify', install: register(fastifyEtag, { weak: true }) },
  { name: '@fastify/compress', adapter: 'fastify', install: register(fastifyCompress) },
  { name: '@fastify/compress of any type', adapter: 'fastify', install: register(fastifyCompress, ANY_TYPE) },
  {
    name: '@fastify/compress that inflates',
    adapter: 'fastify',
    install: register(fastifyCompress, { ...ANY_TYPE, inflateIfDeflated: true }),
    copies: true,
  },
  {
    name: '@fastify/etag and @fastify/compress',
    adapter: 'fastify',
    install: all(register(fastifyEtag), register(fastifyCompress, ANY_TYPE)),
  },
  {
    name: '@fastify/compress and @fastify/etag',
    adapter: 'fastify',
    install: all(register(fastifyCompress, ANY_TYPE), register(fastifyEtag)),
  },
  {
    name: '@fastify/caching',
    adapter: 'fastify',
    install: register(fastifyCaching, { privacy: 'public', expiresIn: 300 }),
    sets: ['cache-control'],
  },
  { name: '@fastify/session', adapter: 'fastify', install: withSession, sets: ['set-cookie'] },
  {
    name: 'all of them',
    adapter: 'fastify',
    install: all(
      withSession,
      register(fastifyCaching, { privacy: 'public', expiresIn: 300 }),
      register(fastifyEtag),
      register(fastifyCompress, ANY_TYPE),
    ),
    sets: ['cache-control', 'set-cookie'],
  },
  { name: 'compression', adapter: 'express', install: (app) => app.use(compression()) },
  {
    name: 'compression of any type',
    adapter: 'express',
    install: (app) => app.use(compression({ threshold: 0, filter: () => true })),
  },
  {
    name: 'compression of what names no coding',
    adapter: 'express',
    install: (app) => app.use(compression({ threshold: 0, filter: () => true, enforceEncoding: 'gzip' })),
  },
  { name: 'express-session', adapter: 'express', install: expressSession, sets: ['set-cookie'] },
  {
    name: 'express-session in front of compression',
    adapter: 'express',
    install: all(expressSession, (app) => app.use(compression({ threshold: 0, filter: () => true }))),
    sets: ['set-cookie'],
  },
  {
    name: 'express-session behind compression',
    adapter: 'express',
    install: all((app) => app.use(compression({ threshold: 0, filter: () => true })), expressSession),
    sets: ['set-cookie'],
  },
  ...(['express', 'fastify'] as const).map((adapter): Plugin => ({
    name: `on-headers on ${adapter}`,
    adapter,
    install: (app) =>
      app.use((_: IncomingMessage, response: ServerResponse, next: () => void) => {
        onHeaders(response, () => response.setHeader('X-Seen', response.statusCode));
        next();
      }),
    sets: ['x-seen'],
  })),
];

interface Request {
  readonly what: string;
  readonly method?: string;
  readonly headers: HeaderLines;
}

const REQUESTS: readonly Request[] = [
  { what: 'the whole', headers: [] },
  { what: 'a small part', headers: [['Range', 'bytes=5-9']] },
  { what: 'a large part', headers: [['Range', 'bytes=100-200099']] },
  { what: 'the last bytes', headers: [['Range', 'bytes=-3']] },
  { what: 'small parts', headers: [['Range', 'bytes=5-9,500-509']] },
  { what: 'large parts', headers: [['Range', 'bytes=0-99999,150000-249999']] },
  { what: 'a part of the same version', headers: [['Range', 'bytes=5-9'], ['If-Range', '"v1"']] }, // prettier-ignore
  { what: 'a part of another version', headers: [['Range', 'bytes=5-9'], ['If-Range', '"v2"']] }, // prettier-ignore
  { what: 'another version than a known one', headers: [['If-None-Match', '"v1"']] },
  { what: 'another version than any', headers: [['If-None-Match', '*']] },
  { what: 'a later version', headers: [['If-Modified-Since', new Date(Date.now() + 1000).toUTCString()]] },
  { what: 'another version', headers: [['If-Match', '"v2"']] },
  { what: 'what is beyond the end', headers: [['Range', 'bytes=900000-']] },
  { what: 'the head', method: 'HEAD', headers: [] },
  { what: 'the head of a known version', method: 'HEAD', headers: [['If-None-Match', '"v1"']] },
];

let number = 0;

/** Sends a request, and another on the same connection, which must get its own answer, and nothing else must come. */
async function ask({ port }: TestApp, target: string, { method = 'GET', headers }: Request): Promise<RawResponse> {
  const connection = await RawConnection.open(port);
  try {
    connection.send(requestText(target, [['Accept-Encoding', 'gzip, deflate, br'], ...headers], method));
    const response = await connection.next(method);
    expect(response.isComplete).toBe(true);
    const second = String(number++);
    connection.send(requestText(`/second/${second}`));
    const next = await connection.next();
    expect([next.status, decoded(next).toString()]).toEqual([200, `second ${second}`]);
    expect(connection.unread.length).toBe(0);
    return response;
  } finally {
    connection.finish();
  }
}

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  deflate: inflateSync,
};

function decoded(response: RawResponse): Buffer {
  const decode = DECODERS[header(response, 'Content-Encoding') ?? ''];
  return decode?.(response.body) ?? response.body;
}

/** Headers that change with the form of content: of errors and of files without ranges, which a plugin may compress. */
const OF_FORM = ['content-encoding', 'content-length', 'transfer-encoding', 'vary'];

function without(headers: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

/** The content, or its parts: each multipart has a boundary of its own. */
function contentOf(response: RawResponse): unknown {
  const type = header(response, 'Content-Type') ?? '';
  if (!type.startsWith('multipart/')) return decoded(response).toString('latin1');
  return readByteranges(type, response.body).map(({ headers, content }) => [headers, content.toString('latin1')]);
}

describe.each(['express', 'fastify'] as const)(
  'on %s, a plugin that may change payloads changes no file',
  (adapter) => {
    let bare: TestApp;
    beforeAll(async () => {
      bare = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
    });
    afterAll(() => bare.close());

    const plugins = PLUGINS.filter((plugin) => plugin.adapter === adapter);
    describe.each(plugins)('$name', ({ install, sets = [], copies = false }) => {
      let running: TestApp;
      beforeAll(async () => {
        running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] }, { configure: install });
      });
      afterAll(() => running.close());
      beforeEach(() => running.log.clear());

      describe.each(NAMES)('%s', (name) => {
        it.each(REQUESTS)('$what', async (request) => {
          const target = `/ranged/${encodeURIComponent(name)}`;
          const expected = await ask(bare, target, request);
          const response = await ask(running, target, request);
          const isMultipart = header(expected, 'Content-Type')?.startsWith('multipart/') === true;
          const free = [...sets, ...(expected.status >= 400 ? OF_FORM : []), ...(isMultipart ? ['content-type'] : [])];
          if (copies && header(expected, 'Transfer-Encoding') !== undefined) free.push('accept-ranges');
          expect(response.status).toBe(expected.status);
          expect(without(headersOf(response), free)).toEqual(without(headersOf(expected), free));
          expect(contentOf(response) === contentOf(expected) || isMultipart).toBe(true);
          if (isMultipart) expect(contentOf(response)).toEqual(contentOf(expected));
          const complaints = running.log.complaints.filter((complaint) => !complaint.includes('without its length'));
          expect(complaints).toEqual([]);
        });

        it('the whole without the interceptor', async () => {
          const response = await ask(running, `/plain/${encodeURIComponent(name)}`, { what: '', headers: [] });
          expect([response.status, decoded(response).equals(BYTES)]).toEqual([200, true]);
          const coding = header(response, 'Content-Encoding');
          const length = header(response, 'Content-Length');
          if (coding === undefined) expect([String(SIZE), undefined]).toContain(length);
          else expect([header(response, 'ETag'), header(response, 'Accept-Ranges')]).toEqual([undefined, undefined]);
        });
      });
    });
  },
);
