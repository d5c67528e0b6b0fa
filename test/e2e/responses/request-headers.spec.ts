import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { bytesSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MODIFIED, MODIFIED_HEADER, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw } from '../../support/connections/raw-client.js';
import { ADAPTERS, type AdapterName, startApp, type TestApp } from '../../support/apps/test-app.js';

const BYTES = pseudoRandomBytes(1000);
const EARLIER = 'Wed, 28 Feb 2024 12:34:56 GMT';
const LATER = 'Fri, 01 Mar 2024 12:34:56 GMT';

@Controller()
@Ranged({ etag: '"v1"' })
class Files {
  @Get()
  file() {
    return new RangedFile(bytesSource(BYTES, { lastModified: MODIFIED }));
  }
}

type HeaderLines = readonly (readonly [name: string, value: string])[];

/** Each condition and range, what it leads to, and how the client wrote it. */
const ROWS: readonly [name: string, value: string, status: number][] = [
  ['If-Modified-Since', MODIFIED_HEADER, 304],
  ['If-Modified-Since', LATER, 304],
  ['If-Modified-Since', EARLIER, 200],
  ['If-Unmodified-Since', EARLIER, 412],
  ['If-Unmodified-Since', MODIFIED_HEADER, 200],
  ['If-None-Match', '"v1"', 304],
  ['If-None-Match', '"v2", "v1"', 304],
  ['If-None-Match', '"v2"', 200],
  ['If-Match', '"v2"', 412],
  ['If-Match', '"v2", "v1"', 200],
  ['Range', 'bytes=0-9', 206],
  ['Range', 'bytes=1000-', 416],
];

/** How the fields of a request came to stand in `headers` without a word of them in `rawHeaders`, or with others. */
const WAYS: readonly [way: string, change: (request: IncomingMessage, name: string, value: string) => void][] = [
  [
    'an adapter that makes requests without rawHeaders',
    (request, name, value) => {
      request.rawHeaders = [];
      request.headers[name] = value;
    },
  ],
  [
    'a middleware that sets it',
    (request, name, value) => {
      request.headers[name] = value;
    },
  ],
  [
    'a middleware that sets it in both',
    (request, name, value) => {
      request.headers[name] = value;
      request.rawHeaders.push(name, value);
    },
  ],
];

describe.each(ADAPTERS)('conditions and ranges of a request, on %s', (adapter) => {
  describe.each(WAYS)('received by %s', (_, change) => {
    let running: TestApp;
    beforeAll(async () => {
      running = await startWith(adapter, (request) => {
        const [name, value] = JSON.parse(String(request.headers['x-set'])) as [string, string];
        change(request, name.toLowerCase(), value);
      });
    });
    afterAll(() => running.close());

    it.each(ROWS)('%s: %s', async (name, value, status) => {
      const response = await fetchRaw(running.port, '/', [['X-Set', JSON.stringify([name, value])]]);
      expect(response.status).toBe(status);
    });
  });

  describe('if an adapter passes the lines of a header as an array', () => {
    let running: TestApp;
    beforeAll(async () => {
      running = await startWith(adapter, (request) => {
        const [name, lines] = JSON.parse(String(request.headers['x-set'])) as [string, string[]];
        request.rawHeaders = [];
        Object.assign(request.headers, { [name.toLowerCase()]: lines });
      });
    });
    afterAll(() => running.close());

    it.each<[name: string, lines: readonly string[], status: number]>([
      ['If-None-Match', ['"v2"', '"v1"'], 304],
      ['If-Match', ['"v2"', '"v1"'], 200],
      ['If-Modified-Since', [MODIFIED_HEADER], 304],
      ['If-Modified-Since', [MODIFIED_HEADER, MODIFIED_HEADER], 200],
      ['If-Unmodified-Since', [EARLIER, EARLIER], 200],
      ['Range', ['bytes=0-9'], 206],
      ['Range', ['bytes=0-9', 'bytes=20-29'], 200],
    ])('%s: %j', async (name, lines, status) => {
      const response = await fetchRaw(running.port, '/', [['X-Set', JSON.stringify([name, lines])]]);
      expect(response.status).toBe(status);
    });
  });

  describe('received over the wire', () => {
    let running: TestApp;
    beforeAll(async () => {
      running = await startWith(adapter, () => {});
    });
    afterAll(() => running.close());

    it.each<[what: string, headers: HeaderLines, status: number]>([
      ['a date sent once', [['If-Modified-Since', MODIFIED_HEADER]], 304],
      [
        'a date sent twice',
        [
          ['If-Modified-Since', MODIFIED_HEADER],
          ['if-modified-since', MODIFIED_HEADER],
        ],
        200,
      ],
      [
        'an If-Unmodified-Since sent twice',
        [
          ['If-Unmodified-Since', EARLIER],
          ['If-Unmodified-Since', LATER],
        ],
        200,
      ],
    ])('%s', async (_, headers, status) => {
      expect((await fetchRaw(running.port, '/', headers)).status).toBe(status);
    });
  });
});

describe('a Fastify hook that changes the headers of a request', () => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp('fastify', metadata, {
      configure: (app) => {
        const instance = app.getHttpAdapter().getInstance() as {
          addHook(name: 'onRequest', hook: (request: { headers: object }) => Promise<void>): void;
        };
        instance.addHook('onRequest', async (request) => {
          const { 'x-set': set } = request.headers as Record<string, string>;
          const [name, value] = JSON.parse(set ?? '') as [string, string];
          request.headers = { [name.toLowerCase()]: value };
        });
      },
    });
  });
  afterAll(() => running.close());

  it.each(ROWS)('%s: %s', async (name, value, status) => {
    expect((await fetchRaw(running.port, '/', [['X-Set', JSON.stringify([name, value])]])).status).toBe(status);
  });
});

/** Names that another framework's requests and responses have. */
const FOREIGN_NAMES = [
  'raw',
  'req',
  'request',
  'reply',
  'res',
  'response',
  'server',
  'context',
  'stream',
  'node',
  'header',
];

describe.each(ADAPTERS)('a property that a middleware sets on request and response, on %s', (adapter) => {
  it.each(FOREIGN_NAMES)('%s', async (name) => {
    const running = await startWith(adapter, (request, response) => {
      for (const object of [request, response]) if (!(name in object)) Object.assign(object, { [name]: object });
    });
    try {
      const { status, body } = await fetchRaw(running.port, '/', [['Range', 'bytes=5-9']]);
      expect([status, body]).toEqual([206, BYTES.subarray(5, 10)]);
      expect((await fetchRaw(running.port, '/', [['If-None-Match', '"v1"']])).status).toBe(304);
    } finally {
      await running.close();
    }
  });
});

const metadata = { imports: [RangeModule], controllers: [Files] };

function startWith(
  adapter: AdapterName,
  change: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestApp> {
  const configure = (app: INestApplication): void => {
    app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      change(request, response);
      next();
    });
  };
  return startApp(adapter, metadata, { configure });
}
