import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, HttpCode, Inject, Req, Res, StreamableFile } from '@nestjs/common';
import { bytesSource, Ranged, RangedFile, RangeModule, RangeResponder } from 'nestjs-range';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, header, headersOf, type RawResponse } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { range } from './rows/outcome.js';

const BYTES = pseudoRandomBytes(1000);
const file = (): RangedFile => new RangedFile(bytesSource(BYTES), { etag: '"v1"', type: 'video/mp4' });

interface Passthrough {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

@Controller()
@Ranged({ etag: '"v1"' })
class Files {
  constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

  @Get('control')
  control(): RangedFile {
    return file();
  }

  @Get('decorated-206')
  @HttpCode(206)
  decorated206(): RangedFile {
    return file();
  }

  @Get('decorated-304')
  @HttpCode(304)
  decorated304(): RangedFile {
    return file();
  }

  @Get('decorated-412')
  @HttpCode(412)
  decorated412(): RangedFile {
    return file();
  }

  @Get('decorated-416')
  @HttpCode(416)
  decorated416(): RangedFile {
    return file();
  }

  @Get('plain-206')
  @HttpCode(206)
  plain206(): StreamableFile {
    return new StreamableFile(BYTES, { type: 'video/mp4' });
  }

  @Get('passthrough-206')
  passthrough206(@Res({ passthrough: true }) response: Passthrough): RangedFile {
    response.status(206);
    return file();
  }

  @Get('passthrough-304')
  passthrough304(@Res({ passthrough: true }) response: Passthrough): RangedFile {
    response.status(304);
    return file();
  }

  @Get('passthrough-416')
  passthrough416(@Res({ passthrough: true }) response: Passthrough): RangedFile {
    response.status(416);
    return file();
  }

  @Get('held-206')
  async held206(@Req() request: unknown, @Res() response: Passthrough): Promise<void> {
    response.status(206);
    await this.responder.send(request, response, file());
  }

  @Get('own-206')
  @HttpCode(206)
  @Header('Content-Range', 'bytes 5-9/1000')
  own206(): StreamableFile {
    return new StreamableFile(BYTES.subarray(5, 10), { type: 'video/mp4' });
  }

  @Get('own-passthrough-206')
  ownPassthrough206(@Res({ passthrough: true }) response: Passthrough): StreamableFile {
    response.status(206);
    response.header('content-range', 'bytes 5-9/1000');
    return new StreamableFile(BYTES.subarray(5, 10), { type: 'video/mp4' });
  }

  @Get('own-416')
  @HttpCode(416)
  @Header('Content-Range', 'bytes */1000')
  own416(): StreamableFile {
    return new StreamableFile(Buffer.from('no'), { type: 'text/plain' });
  }

  @Get('203')
  @HttpCode(203)
  transformed(): StreamableFile {
    return new StreamableFile(BYTES, { type: 'video/mp4' });
  }

  @Get('204')
  @HttpCode(204)
  empty(): StreamableFile {
    return new StreamableFile(BYTES, { type: 'video/mp4' });
  }
}

type HeaderLines = readonly (readonly [name: string, value: string])[];

/** Requests without a precondition beside those with one. */
const UNCONDITIONAL: readonly (readonly [what: string, asked: HeaderLines, method: string])[] = [
  ['all of it', [], 'GET'],
  ['HEAD', [], 'HEAD'],
  ['all of it by a range', range('bytes=0-'), 'GET'],
  ['a part', range('bytes=10-19'), 'GET'],
  ['parts', range('bytes=0-9,500-509'), 'GET'],
  ['what is behind the end', range('bytes=1000-'), 'GET'],
  ['a part of this version', [...range('bytes=10-19'), ['If-Range', '"v1"']], 'GET'],
  ['a part of another version', [...range('bytes=10-19'), ['If-Range', '"v2"']], 'GET'],
];
const CONDITIONAL: typeof UNCONDITIONAL = [
  ['a newer version', [['If-None-Match', '"v1"']], 'GET'],
  ['a newer version than another', [['If-None-Match', '"v2"']], 'GET'],
  ['a version that is not there', [['If-Match', '"v2"']], 'GET'],
];

describe.each(ADAPTERS)('a status that a handler chose, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());
  beforeEach(() => running.log.clear());

  const get = (path: string, asked: HeaderLines = [], method = 'GET'): Promise<RawResponse> =>
    fetchRaw(running.port, path, asked, method);
  const summaryOf = (response: RawResponse): unknown => {
    const { 'content-type': type = '', ...headers } = headersOf(response);
    const boundary = /boundary=(.*)$/.exec(type)?.[1] ?? '\0';
    const body = response.body.toString('latin1').replaceAll(boundary, '');
    return { status: response.status, type: type.replace(boundary, ''), headers, body };
  };

  const LEFT_OVER = [
    'decorated-206',
    'decorated-304',
    'decorated-416',
    'passthrough-206',
    'passthrough-304',
    'passthrough-416',
    'plain-206',
    'held-206',
  ];

  describe.each(LEFT_OVER)('%s is ignored', (path) => {
    it.each([...UNCONDITIONAL, ...CONDITIONAL])('%s', async (_, asked, method) => {
      expect(summaryOf(await get(`/${path}`, asked, method))).toEqual(summaryOf(await get('/control', asked, method)));
    });
  });

  it.each(UNCONDITIONAL)('decorated-412 is ignored without a precondition: %s', async (_, asked, method) => {
    expect(summaryOf(await get('/decorated-412', asked, method))).toEqual(
      summaryOf(await get('/control', asked, method)),
    );
  });

  it('a 412 to a precondition is the handler’s decision', async () => {
    for (const asked of [[['If-Match', '"v1"']], [['If-Unmodified-Since', 'Thu, 01 Jan 2004 00:00:00 GMT']]] as const) {
      expect((await get('/decorated-412', asked)).status).toBe(412);
    }
  });

  it.each(['/own-206', '/own-passthrough-206'])('is kept with a Content-Range of its own: %s', async (path) => {
    for (const asked of [[], range('bytes=0-1'), range('bytes=5-9'), [['If-None-Match', '"v1"']]] as HeaderLines[]) {
      const response = await get(path, asked);
      expect(response.status).toBe(206);
      expect(header(response, 'Content-Range')).toBe('bytes 5-9/1000');
      expect(response.body.equals(BYTES.subarray(5, 10))).toBe(true);
    }
    expect(running.log.complaints).toEqual([]);
  });

  it('a 416 with a Content-Range of its own is kept', async () => {
    const response = await get('/own-416', range('bytes=1000-'));
    expect(response.status).toBe(416);
    expect(header(response, 'Content-Range')).toBe('bytes */1000');
    expect(response.body.toString()).toBe('no');
  });

  it('203 and 204 are kept, and do not mention ranges', async () => {
    const transformed = await get('/203', range('bytes=0-9'));
    expect(transformed.status).toBe(203);
    expect(transformed.body.equals(BYTES)).toBe(true);
    expect(header(transformed, 'Accept-Ranges')).toBeUndefined();
    const empty = await get('/204', range('bytes=0-9'));
    expect(empty.status).toBe(204);
    expect(header(empty, 'Content-Length')).toBeUndefined();
    expect(running.log.complaints).toEqual([]);
  });
});

it.each(ADAPTERS)('the log names the handler, once, on %s', async (adapter) => {
  const running = await startApp(adapter, {
    imports: [RangeModule.forRoot({ appInterceptor: true })],
    controllers: [Files],
  });
  try {
    for (const path of [
      '/decorated-206',
      '/plain-206',
      '/decorated-206',
      '/plain-206',
      '/passthrough-304',
      '/held-206',
    ]) {
      await fetchRaw(running.port, path);
    }
    const named = running.log.complaints.map((line) =>
      /^(?:Files\.(\w+)\(\)|a handler) set status (\d+)/.exec(line)?.slice(1),
    );
    expect(named).toEqual([
      ['decorated206', '206'],
      ['plain206', '206'],
      ['passthrough304', '304'],
      [undefined, '206'],
    ]);
  } finally {
    await running.close();
  }
});
