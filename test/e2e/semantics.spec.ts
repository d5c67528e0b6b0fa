import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
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
import { PassThrough, Readable } from 'node:stream';
import { map, type Observable } from 'rxjs';
import { fileHandles } from '../../src/sources/file-handles.js';
import { limitChunks } from '../../src/sources/file-reader.js';
import { createMedium, FILE_KINDS, type FileKind, type Medium } from '../support/file-kinds.js';
import { FixtureDirectory, MODIFIED, MODIFIED_FIELD } from '../support/fixtures.js';
import { ProbeSource } from '../support/probe-source.js';
import { fetchRaw, fieldsOf, RawConnection, requestText } from '../support/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { BARE_ROWS, CONDITIONAL_ROWS, STRONG_TAG, WEAK_ROWS, WEAK_TAG } from './rows/conditional-rows.js';
import { expectOutcome, type Served } from './rows/expect-outcome.js';
import { type Row, range } from './rows/outcome.js';
import { EMPTY_ROWS, LARGE_ROWS, LARGE_SIZE, ONE_OCTET_ROWS, RANGE_ROWS, SIZE } from './rows/range-rows.js';

jest.setTimeout(60_000); // for a loaded machine: nothing waits this long by itself

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const media = new Map<number, Medium>([0, 1, SIZE, LARGE_SIZE].map((size) => [size, createMedium(fixtures, size)]));
const TYPE = 'video/mp4';

function make(kind: string, size: string): StreamableFile | Promise<StreamableFile> {
  return FILE_KINDS[Number(kind)]!.make(media.get(Number(size))!);
}

/** Runs a check whose failure says which row it was. */
function named(sentence: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Error(`${sentence}: ${(error as Error).message}`, { cause: error });
  }
}

const probes: ProbeSource[] = [];

@Controller()
class MediaController {
  @Get('strong/:kind/:size')
  @Ranged({ type: TYPE, etag: STRONG_TAG, lastModified: MODIFIED })
  strong(@Param('kind') kind: string, @Param('size') size: string) {
    return make(kind, size);
  }

  @Get('weak/:kind/:size')
  @Ranged({ type: TYPE, etag: WEAK_TAG, lastModified: MODIFIED })
  weak(@Param('kind') kind: string, @Param('size') size: string) {
    return make(kind, size);
  }

  @Get('bare/:kind/:size')
  @Ranged({ type: TYPE, etag: false, lastModified: false })
  bare(@Param('kind') kind: string, @Param('size') size: string) {
    return make(kind, size);
  }

  @Get('own/:kind/:size')
  @Ranged()
  own(@Param('kind') kind: string, @Param('size') size: string) {
    return make(kind, size);
  }

  @Get('dated/:kind/:size')
  @Ranged({ type: TYPE, etag: false, lastModified: MODIFIED })
  dated(@Param('kind') kind: string, @Param('size') size: string) {
    return make(kind, size);
  }

  @Post('strong/:kind/:size')
  @Ranged({ type: TYPE, etag: STRONG_TAG, lastModified: MODIFIED })
  post(@Param('kind') kind: string, @Param('size') size: string) {
    return make(kind, size);
  }

  @Post('ok/:kind/:size')
  @HttpCode(200)
  @Ranged({ type: TYPE, etag: STRONG_TAG, lastModified: MODIFIED })
  postOk(@Param('kind') kind: string, @Param('size') size: string) {
    return make(kind, size);
  }

  @Get('probe')
  @Ranged({ type: TYPE, etag: STRONG_TAG, lastModified: MODIFIED })
  probe() {
    const probe = new ProbeSource(media.get(SIZE)!.bytes);
    probes.push(probe);
    return new RangedFile(probe);
  }
}

/** Reads what ours would send, so that it goes through an ordinary stream to the adapter. */
class ReadThrough implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((file: StreamableFile) => new Through(file)));
  }
}

class Through extends StreamableFile {
  constructor(private readonly file: StreamableFile) {
    super(toStream(file.getStream()));
  }

  override getHeaders(): ReturnType<StreamableFile['getHeaders']> {
    return this.file.getHeaders();
  }
}

/** Adapters are handed more than streams. */
function toStream(content: Readable | Buffer | undefined): Readable {
  if (content instanceof Readable) return content.pipe(new PassThrough());
  return Readable.from(content === undefined ? [] : [content], { objectMode: false });
}

const FAST = { imports: [RangeModule], controllers: [MediaController] };
/** No descriptor is kept, chunks are small, and nothing steps aside. */
const PLAIN = {
  imports: [RangeModule.forRoot({ openFiles: 0, chunkSize: 4096 })],
  controllers: [MediaController],
  providers: [{ provide: APP_INTERCEPTOR, useClass: ReadThrough }],
};
const FILES = FILE_KINDS.filter(({ name }) => /\(createReadStream\)|fileSource\(path\)/.test(name));

describe.each([
  ...ADAPTERS.map((adapter) => [adapter, 'as it is', FAST, FILE_KINDS] as const),
  ...ADAPTERS.map((adapter) => [adapter, 'with the fast path switched off', PLAIN, FILES] as const),
])('the answer on %s, %s', (adapter, _setup, metadata, kinds) => {
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
    type: TYPE,
    isSeekable: kind.isSeekable,
    ...validators,
  });

  describe.each(kinds.map((kind) => [kind.name, kind, FILE_KINDS.indexOf(kind)] as const))(
    'for %s',
    (_, kind, index) => {
      const tables: readonly (readonly [
        string,
        string,
        number,
        readonly Row[],
        Pick<Served, 'etag' | 'lastModified'>,
      ])[] = [
        ['of 10,000 octets', 'strong', SIZE, RANGE_ROWS, { etag: STRONG_TAG, lastModified: MODIFIED_FIELD }],
        ['of no octets', 'strong', 0, EMPTY_ROWS, { etag: STRONG_TAG, lastModified: MODIFIED_FIELD }],
        ['of one octet', 'strong', 1, ONE_OCTET_ROWS, { etag: STRONG_TAG, lastModified: MODIFIED_FIELD }],
        ['of many chunks', 'strong', LARGE_SIZE, LARGE_ROWS, { etag: STRONG_TAG, lastModified: MODIFIED_FIELD }],
        ['under conditions', 'strong', SIZE, CONDITIONAL_ROWS, { etag: STRONG_TAG, lastModified: MODIFIED_FIELD }],
        ['with a weak tag', 'weak', SIZE, WEAK_ROWS, { etag: WEAK_TAG, lastModified: MODIFIED_FIELD }],
        ['without validators', 'bare', SIZE, BARE_ROWS, {}],
      ];

      describe.each(tables)('%s', (_, route, size, rows, validators) => {
        it.each(rows)('GET: %s', async (_sentence, fields, outcome) => {
          const response = await fetchRaw(running.port, `/${route}/${index}/${size}`, fields);
          expectOutcome(response, outcome, served(kind, size, validators));
        });

        it("HEAD: the GET's fields without Range, row by row over one connection", async () => {
          const connection = await RawConnection.open(running.port);
          try {
            for (const [sentence, fields, outcome] of rows) {
              connection.send(requestText(`/${route}/${index}/${size}`, fields, 'HEAD'));
              const response = await connection.next('HEAD');
              named(sentence, () => expectOutcome(response, outcome, served(kind, size, validators), 'HEAD'));
            }
          } finally {
            connection.finish();
          }
        });
      });

      it('sends Last-Modified with a 304 where there is no entity tag', async () => {
        const response = await fetchRaw(running.port, `/dated/${index}/${SIZE}`, [
          ['If-Modified-Since', MODIFIED_FIELD],
        ]);
        expectOutcome(response, { kind: 'not-modified' }, served(kind, SIZE, { lastModified: MODIFIED_FIELD }));
      });

      it.each([
        ['a 201 of its own', 'strong', 201],
        ['a 200', 'ok', 200],
      ])('answers POST with %s and all of it, whatever is asked', async (_, route, status) => {
        const response = await fetchRaw(
          running.port,
          `/${route}/${index}/${SIZE}`,
          [...range('bytes=0-9'), ['If-None-Match', STRONG_TAG], ['If-Match', '"other"'], ['Content-Length', '0']],
          'POST',
        );
        expect(response.status).toBe(status);
        expect(fieldsOf(response)).toEqual({
          'content-type': TYPE,
          'content-length': String(SIZE),
          'x-content-type-options': 'nosniff',
        });
        expect(response.body.equals(media.get(SIZE)!.bytes)).toBe(true);
      });

      it('has no descriptor open afterwards', async () => {
        await until(() => fixtures.openDescriptors().length === 0, 'every descriptor to be closed');
      });
    },
  );

  it('writes the names of our fields as the RFCs do', async () => {
    const { lines } = await fetchRaw(running.port, `/strong/0/${SIZE}`, range('bytes=0-9'));
    const names = lines.map(([name]) => name);
    if (adapter === 'fastify') return expect(names.map((name) => name.toLowerCase())).toContain('content-range');
    expect(names).toEqual(
      expect.arrayContaining(['Accept-Ranges', 'Content-Range', 'Content-Length', 'ETag', 'Last-Modified']),
    );
  });

  it('complains about nothing in all of this', () => {
    expect(running.log.complaints).toEqual([]);
  });
});

describe.each(ADAPTERS)('what is opened on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [MediaController] });
  });
  afterAll(() => running.close());

  const ask = async (fields: Row[1], method?: string): Promise<ProbeSource> => {
    probes.length = 0;
    await fetchRaw(running.port, '/probe', fields, method);
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
  ])('%s resolves once, opens nothing and closes once', async (_, fields, method) => {
    const { resolved, opened, octetsRead, closed } = await ask(fields, method);
    expect({ resolved, opened, octetsRead, closed }).toEqual({ resolved: 1, opened: 0, octetsRead: 0, closed: 1 });
  });

  it('a 200 opens once, all of it', async () => {
    const { resolved, ranges, octetsRead, closed } = await ask([]);
    expect({ resolved, ranges, octetsRead, closed }).toEqual({
      resolved: 1,
      ranges: [undefined],
      octetsRead: SIZE,
      closed: 1,
    });
  });

  it('a 206 opens that range alone', async () => {
    const { ranges, octetsRead } = await ask(range('bytes=100-199'));
    expect({ ranges, octetsRead }).toEqual({ ranges: [{ firstPos: 100, lastPos: 199 }], octetsRead: 100 });
  });

  it('a multipart opens each range once, one after the other', async () => {
    const { ranges, octetsRead, opened, ended } = await ask(range('bytes=5000-5009,0-9,-10'));
    expect({ ranges, octetsRead, opened, ended }).toEqual({
      ranges: [
        { firstPos: 5000, lastPos: 5009 },
        { firstPos: 0, lastPos: 9 },
        { firstPos: 9990, lastPos: 9999 },
      ],
      octetsRead: 30,
      opened: 3,
      ended: 3,
    });
  });
});

describe.each(ADAPTERS)('what a file says of itself on %s', (adapter) => {
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
    const response = fieldsOf(await own(name));
    expect(response['etag']).toMatch(/^"[\x21\x23-\x7e]{16,}"$/);
    expect(response['last-modified']).toBe(MODIFIED_FIELD);
  });

  it('every way to the same file gives the same tag', async () => {
    const tags = await Promise.all(
      ['StreamableFile(createReadStream)', 'RangedFile(fileSource)', 'RangedFile(fileSource below a root)'].map(
        async (name) => fieldsOf(await own(name))['etag'],
      ),
    );
    expect(new Set(tags).size).toBe(1);
  });

  it.each([
    'StreamableFile(createReadStream with start and end)',
    'StreamableFile(Buffer)',
    'StreamableFile(Readable with a length)',
    'RangedFile(bytesSource of a Buffer)',
    'RangedFile(streamSource with a size)',
    'RangedFile(a source of the app)',
  ])('%s has neither tag nor date, and offers ranges all the same', async (name) => {
    const response = fieldsOf(await own(name));
    expect(response).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'no-transform',
      'content-length': String(SIZE),
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    });
  });

  it('fileSource knows the media type by the name', async () => {
    expect(fieldsOf(await own('RangedFile(fileSource)'))['content-type']).toBe('video/mp4');
  });
});
