import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  type NestInterceptor,
  Param,
  Post,
  StreamableFile,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { type Observable, tap } from 'rxjs';
import { fileHandles } from '../../../src/sources/descriptors/descriptor-cache.js';
import { limitChunks } from '../../../src/sources/file/file-reader.js';
import { createMedium, FILE_KINDS, type FileKind, type Medium } from '../../support/sources/file-kinds.js';
import { FixtureDirectory, MODIFIED, MODIFIED_HEADER } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { fetchRaw, headersOf, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { until } from '../../support/until.js';
import { CONDITIONAL_ROWS, STRONG_TAG } from './rows/conditional-rows.js';
import { expectOutcome, type Served } from './rows/expect-outcome.js';
import { type Row, range } from './rows/outcome.js';
import { SIZE } from './rows/range-rows.js';
import { ROW_SIZES, ROW_TABLES, ROW_TYPE, ROW_VALIDATORS, rowController } from './rows/row-tables.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const media = new Map<number, Medium>(ROW_SIZES.map((size) => [size, createMedium(fixtures, size)]));

function make(kind: string, size: string): StreamableFile | Promise<StreamableFile> {
  return FILE_KINDS[Number(kind)]!.make(media.get(Number(size))!);
}

const probes: ProbeSource[] = [];

@Controller()
class MediaController {
  @Get('own/:kind/:size')
  @Ranged()
  own(@Param('kind') kind: string, @Param('size') size: string) {
    return make(kind, size);
  }

  @Get('dated/:kind/:size')
  @Ranged({ type: ROW_TYPE, etag: false, lastModified: MODIFIED })
  dated(@Param('kind') kind: string, @Param('size') size: string) {
    return make(kind, size);
  }

  @Post('strong/:kind/:size')
  @Ranged({ type: ROW_TYPE, etag: STRONG_TAG, lastModified: MODIFIED })
  post(@Param('kind') kind: string, @Param('size') size: string) {
    return make(kind, size);
  }

  @Post('ok/:kind/:size')
  @HttpCode(200)
  @Ranged({ type: ROW_TYPE, etag: STRONG_TAG, lastModified: MODIFIED })
  postOk(@Param('kind') kind: string, @Param('size') size: string) {
    return make(kind, size);
  }

  @Get('probe')
  @Ranged({ type: ROW_TYPE, etag: STRONG_TAG, lastModified: MODIFIED })
  probe() {
    const probe = new ProbeSource(media.get(SIZE)!.bytes);
    probes.push(probe);
    return new RangedFile(probe);
  }
}

/** Listens to what is sent, so that it goes through an ordinary stream. */
class ListenIn implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(tap((file: StreamableFile) => file.getStream().on('data', () => {})));
  }
}

const CONTROLLERS = [rowController((kind, size) => make(String(kind), String(size))), MediaController];
const FAST = { imports: [RangeModule], controllers: CONTROLLERS };
/** No descriptor is kept, chunks are small, and nothing steps aside. */
const PLAIN = {
  imports: [RangeModule.forRoot({ openFiles: 0, chunkSize: 4096 })],
  controllers: CONTROLLERS,
  providers: [{ provide: APP_INTERCEPTOR, useClass: ListenIn }],
};
const FILES = FILE_KINDS.filter(({ name }) => /\((createReadStream|fileSource)\)$/.test(name));

/**
 * These kinds answer every row, each GET in a test and on a connection of its own: one that seeks, and one that does not.
 * Decisions know no other difference between kinds. The other kinds answer every row whose bytes they have to read, over one
 * connection; of the conditions, and by HEAD, one row for each outcome shows that they answer and let go.
 */
const IN_FULL = new Set(['StreamableFile(createReadStream)', 'RangedFile(streamSource with a size)']);

/** The first row of each outcome. */
function oneOfEach(rows: readonly Row[]): readonly Row[] {
  return rows.filter(([, , { kind }], at) => rows.findIndex(([, , outcome]) => outcome.kind === kind) === at);
}

/** Checks all rows over one connection. A failure names each row that has failed. */
async function expectRows(port: number, path: string, rows: readonly Row[], served: Served, method: string) {
  const connection = await RawConnection.open(port);
  const failures: string[] = [];
  for (const [sentence, headers, outcome] of rows) {
    connection.send(requestText(path, headers, method));
    try {
      expectOutcome(await connection.next(method), outcome, served, method);
    } catch (error) {
      failures.push(`${sentence}: ${(error as Error).message}`);
    }
  }
  connection.finish();
  expect(failures).toEqual([]);
}

describe.each([
  ...ADAPTERS.map((adapter) => [adapter, 'as it is', FAST, FILE_KINDS] as const),
  ...ADAPTERS.map((adapter) => [adapter, 'without the fast path', PLAIN, FILES] as const),
])('the response on %s, %s', (adapter, _setup, metadata, kinds) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, metadata);
  });
  afterAll(async () => {
    await running.close();
    fileHandles.resize(64);
    limitChunks(1024 * 1024);
  });

  const served = (kind: FileKind, size: number, validators: Pick<Served, 'etag' | 'lastModified'>): Served => ({
    bytes: media.get(size)!.bytes,
    type: ROW_TYPE,
    isSeekable: kind.isSeekable,
    ...validators,
  });

  describe.each(kinds.map((kind) => [kind.name, kind, FILE_KINDS.indexOf(kind)] as const))(
    'for %s',
    (_, kind, index) => {
      describe.each(ROW_TABLES)('$what', ({ route, size, rows }) => {
        const path = `/${route}/${index}/${size}`;
        const expected = served(kind, size, ROW_VALIDATORS[route]);
        const isInFull = metadata === FAST && IN_FULL.has(kind.name);
        const few = oneOfEach(rows);
        if (isInFull) {
          it.each(rows)('GET: %s', async (_sentence, headers, outcome) => {
            expectOutcome(await fetchRaw(running.port, path, headers), outcome, expected);
          });
        } else {
          const some = rows === CONDITIONAL_ROWS ? few : rows;
          it('GET', () => expectRows(running.port, path, some, expected, 'GET'));
        }

        it('HEAD: the headers of a GET without Range', () =>
          expectRows(running.port, path, isInFull ? rows : few, expected, 'HEAD'));
      });

      it('sends Last-Modified with a 304 where there is no entity tag', async () => {
        const response = await fetchRaw(running.port, `/dated/${index}/${SIZE}`, [
          ['If-Modified-Since', MODIFIED_HEADER],
        ]);
        expectOutcome(response, { kind: 'not-modified' }, served(kind, SIZE, { lastModified: MODIFIED_HEADER }));
      });

      it.each([
        ['a 201 of its own', 'strong', 201],
        ['a 200', 'ok', 200],
      ])('responds to POST with %s and all of it, whatever is requested', async (_, route, status) => {
        const response = await fetchRaw(
          running.port,
          `/${route}/${index}/${SIZE}`,
          [...range('bytes=0-9'), ['If-None-Match', STRONG_TAG], ['If-Match', '"other"'], ['Content-Length', '0']],
          'POST',
        );
        expect(response.status).toBe(status);
        expect(headersOf(response)).toEqual({
          'content-type': ROW_TYPE,
          'content-length': String(SIZE),
          'x-content-type-options': 'nosniff',
        });
        expect(response.body.equals(media.get(SIZE)!.bytes)).toBe(true);
      });
    },
  );

  it('writes the names of headers as the RFCs do', async () => {
    const { lines } = await fetchRaw(running.port, `/strong/0/${SIZE}`, range('bytes=0-9'));
    const names = lines.map(([name]) => name);
    if (adapter === 'fastify') return expect(names.map((name) => name.toLowerCase())).toContain('content-range');
    expect(names).toEqual(
      expect.arrayContaining(['Accept-Ranges', 'Content-Range', 'Content-Length', 'ETag', 'Last-Modified']),
    );
  });

  it('leaves no descriptor open', async () => {
    await untilClosed(fixtures);
  });

  it('logs no complaint', () => {
    expect(running.log.complaints).toEqual([]);
  });
});

describe.each(ADAPTERS)('what a request opens, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [MediaController] });
  });
  afterAll(() => running.close());

  const ask = async (headers: Row[1], method?: string): Promise<ProbeSource> => {
    probes.length = 0;
    await fetchRaw(running.port, '/probe', headers, method);
    expect(probes).toHaveLength(1);
    const [probe] = probes;
    await until(() => probe!.isReleased, 'the representation to be released');
    return probe!;
  };

  it.each<[string, Row[1], string]>([
    ['a 304', [['If-None-Match', STRONG_TAG]], 'GET'],
    ['a 412', [['If-Match', '"other"']], 'GET'],
    ['a 416', range('bytes=20000-'), 'GET'],
    ['a HEAD', [], 'HEAD'],
    ['a HEAD with Range', range('bytes=0-9'), 'HEAD'],
    ['a HEAD that ends in 304', [['If-None-Match', '*']], 'HEAD'],
  ])('%s resolves once, opens nothing and closes once', async (_, headers, method) => {
    const { resolved, opened, bytesRead, closed } = await ask(headers, method);
    expect({ resolved, opened, bytesRead, closed }).toEqual({ resolved: 1, opened: 0, bytesRead: 0, closed: 1 });
  });

  it('a 200 opens once, all of it', async () => {
    const { resolved, ranges, bytesRead, closed } = await ask([]);
    expect({ resolved, ranges, bytesRead, closed }).toEqual({
      resolved: 1,
      ranges: [undefined],
      bytesRead: SIZE,
      closed: 1,
    });
  });

  it('a 206 opens that range alone', async () => {
    const { ranges, bytesRead } = await ask(range('bytes=100-199'));
    expect({ ranges, bytesRead }).toEqual({ ranges: [{ firstPos: 100, lastPos: 199 }], bytesRead: 100 });
  });

  it('a multipart opens each range once, one after the other', async () => {
    const { ranges, bytesRead, opened, ended } = await ask(range('bytes=5000-5009,0-9,-10'));
    expect({ ranges, bytesRead, opened, ended }).toEqual({
      ranges: [
        { firstPos: 5000, lastPos: 5009 },
        { firstPos: 0, lastPos: 9 },
        { firstPos: 9990, lastPos: 9999 },
      ],
      bytesRead: 30,
      opened: 3,
      ended: 3,
    });
  });
});

describe.each(ADAPTERS)('metadata of a file, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [MediaController] });
  });
  afterAll(() => running.close());

  /** By the kind's name: what its 200 carries. */
  const own = (kindName: string) => {
    const index = FILE_KINDS.findIndex(({ name }) => name === kindName);
    expect(index).not.toBe(-1);
    return fetchRaw(running.port, `/own/${index}/${SIZE}`);
  };

  it.each([
    'StreamableFile(createReadStream)',
    'StreamableFile(createReadStream behind the end of the file)',
    'RangedFile(fileSource)',
    'RangedFile(fileSource below a root)',
  ])('%s has a strong tag and its date', async (name) => {
    const response = headersOf(await own(name));
    expect(response['etag']).toMatch(/^"[\x21\x23-\x7e]{16,}"$/);
    expect(response['last-modified']).toBe(MODIFIED_HEADER);
  });

  it('every way to the same file yields the same tag', async () => {
    const tags = await Promise.all(
      ['StreamableFile(createReadStream)', 'RangedFile(fileSource)', 'RangedFile(fileSource below a root)'].map(
        async (name) => headersOf(await own(name))['etag'],
      ),
    );
    expect(new Set(tags).size).toBe(1);
  });

  it.each([
    'StreamableFile(createReadStream with start and end)',
    'StreamableFile(Readable with a length)',
    'RangedFile(streamSource with a size)',
    'RangedFile(a source of the app)',
  ])('%s has neither tag nor date, but offers ranges', async (name) => {
    const response = headersOf(await own(name));
    expect(response).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'no-transform',
      'content-length': String(SIZE),
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    });
  });

  it('bytes in memory have a tag of their content, however they are passed, and no date', async () => {
    const ofBytes = ['StreamableFile(Buffer)', 'RangedFile(bytesSource of a Buffer)'];
    const tags = await Promise.all(
      ofBytes.map(async (name) => {
        const { etag, 'last-modified': date } = headersOf(await own(name));
        expect(etag).toMatch(/^"[\w-]{22}"$/);
        expect(date).toBeUndefined();
        return etag;
      }),
    );
    expect(new Set(tags).size).toBe(1);
  });

  it('fileSource derives the media type from the name', async () => {
    expect(headersOf(await own('RangedFile(fileSource)'))['content-type']).toBe('video/mp4');
  });
});
