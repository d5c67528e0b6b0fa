import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, StreamableFile } from '@nestjs/common';
import { generatedSource, Ranged, RangedFile, RangeModule, streamSource } from 'nestjs-range';
import { Readable } from 'node:stream';
import { BROKEN, CONTENT, SENT } from '../../support/sources/app-streams.js';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import { FixtureDirectory } from '../../support/sources/fixtures.js';
import { fetchRaw, header, type RawResponse } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { Gate } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

let port: number;
/** By name: of what Nest sends, or not. */
const make = async (name: string): Promise<Readable> => (await { ...SENT, ...BROKEN }[name]!(port)) as Readable;
let generations = 0;
let shared: StreamableFile;

@Controller()
class Files {
  @Get('upstream')
  upstream() {
    return new StreamableFile(CONTENT);
  }

  @Get('plain/:name')
  @Ranged(false)
  async plain(@Param('name') name: string) {
    return new StreamableFile(await make(name));
  }

  @Get('ranged/:name')
  @Ranged()
  async ranged(@Param('name') name: string) {
    return new StreamableFile(await make(name));
  }

  /** Not marked: the interceptor of the whole app sees it. */
  @Get('unmarked/:name')
  async unmarked(@Param('name') name: string) {
    return new StreamableFile(await make(name));
  }

  @Get('sized/:name/:length')
  @Ranged()
  async sized(@Param('name') name: string, @Param('length') length: string) {
    return new StreamableFile(await make(name), { length: Number(length) });
  }

  @Get('source/:name/:length')
  @Ranged()
  async source(@Param('name') name: string, @Param('length') length: string) {
    return new RangedFile(streamSource(await make(name), { size: Number(length) }));
  }

  @Get('opened/:name')
  @Ranged()
  opened(@Param('name') name: string) {
    return new RangedFile({ resolve: () => ({ open: () => make(name) }) });
  }

  @Get('generated/:name')
  @Ranged()
  generated(@Param('name') name: string) {
    const key = String(generations++);
    return new RangedFile(generatedSource({ key, dir: fixtures.at('spool'), generate: () => make(name) }));
  }

  @Get('shared')
  @Ranged()
  shared() {
    return shared;
  }
}

describe.each(ADAPTERS)('streams of apps on %s', (adapter) => {
  let running: TestApp;
  const sentByNest = new Map<string, RawResponse>();
  const get = (route: string, name: string, ...headers: (readonly [string, string])[]): Promise<RawResponse> =>
    fetchRaw(running.port, `/${route.replace('*', encodeURIComponent(name))}`, headers);

  beforeAll(async () => {
    running = await startApp(adapter, {
      imports: [RangeModule.forRoot({ appInterceptor: true })],
      controllers: [Files],
    });
    port = running.port;
    for (const name of Object.keys(SENT)) sentByNest.set(name, await get('plain/*', name));
  });
  afterAll(() => running.close());

  describe.each(Object.keys(SENT))('%s', (name) => {
    const plain = (): RawResponse => sentByNest.get(name)!;

    it.each(['ranged/*', 'unmarked/*'])('is sent as plain Nest sends it: %s', async (route) => {
      const response = await get(route, name);
      expect([response.status, response.isComplete]).toEqual([200, true]);
      expect([plain().status, plain().isComplete]).toEqual([200, true]);
      expect(response.body.equals(plain().body)).toBe(true);
    });

    it('has ranges if its length is declared', async () => {
      const { body } = plain();
      const route = `sized/*/${body.length}`;
      const whole = await get(route, name);
      expect([whole.status, header(whole, 'Content-Length')]).toEqual([200, String(body.length)]);
      expect(whole.body.equals(body)).toBe(true);
      if (body.length === 0) return;
      const last = await get(route, name, ['Range', 'bytes=-2']);
      expect([last.status, last.body]).toEqual([206, body.subarray(-2)]);
      const middle = await get(route, name, ['Range', `bytes=1-${body.length - 2}`]);
      expect([middle.status, middle.body.equals(body.subarray(1, -1))]).toEqual([206, true]);
      if (body.length < 10_000) return;
      const several = await get(route, name, ['Range', `bytes=0-9,5000-5009,${body.length - 10}-`]);
      const parts = readByteranges(header(several, 'Content-Type') ?? '', several.body);
      expect(parts.map(({ firstPos }) => firstPos)).toEqual([0, 5000, body.length - 10]);
      for (const { firstPos, content } of parts) expect(content).toEqual(body.subarray(firstPos, firstPos + 10));
    });
  });

  it.each(Object.keys(SENT).filter((name) => !name.includes('was read')))(
    'is sent by sources too: %s',
    async (name) => {
      const { body } = sentByNest.get(name)!;
      const opened = await get('opened/*', name);
      expect([opened.status, opened.body.equals(body)]).toEqual([200, true]);
      const whole = await get(`source/*/${body.length}`, name);
      expect([whole.status, whole.body.equals(body)]).toEqual([200, true]);
      if (name.includes('encoding') || name.includes('as hex')) return; // text stands for bytes there
      const generated = await get('generated/*', name);
      expect([generated.status, generated.body.equals(body)]).toEqual([200, true]);
    },
  );

  it.each(Object.keys(BROKEN))('%s is an error, or is cut off, and never looks complete', async (name) => {
    for (const route of [
      'ranged/*',
      'unmarked/*',
      `sized/*/${CONTENT.length}`,
      `source/*/${CONTENT.length}`,
      'opened/*',
    ]) {
      const response = await get(route, name);
      expect(response.status >= 400 || !response.isComplete).toBe(true);
    }
  });

  it('a stream that two requests share is an error for the second, and no part of it looks whole', async () => {
    const [begun, released] = [new Gate(), new Gate()];
    shared = new StreamableFile(
      Readable.from(
        (async function* () {
          begun.open();
          yield CONTENT.subarray(0, 1000);
          await released.passed;
          yield CONTENT.subarray(1000);
        })(),
      ),
    );
    const first = get('shared', '');
    await begun.passed;
    const second = await get('shared', '');
    expect(second.status).toBe(500);
    released.open();
    const { isComplete, body } = await first; // Nest 12 destroys what the second had in hand
    expect(body.equals(isComplete ? CONTENT : CONTENT.subarray(0, body.length))).toBe(true);
  });
});
