import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param } from '@nestjs/common';
import {
  bytesSource,
  compositeSource,
  generatedSource,
  httpSource,
  Ranged,
  RangedFile,
  RangeModule,
  type RangeSource,
  streamSource,
} from 'nestjs-range';
import { Readable } from 'node:stream';
import { s3Source } from '../../../src/sources/stores/s3/s3-source.js';
import { fetchRaw, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { foreignBlob, ForeignWebStream } from '../../support/sources/foreign-values.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { until } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const BYTES = pseudoRandomBytes(200_000);
const size = BYTES.length;
const halves = [BYTES.subarray(0, 99_999), BYTES.subarray(99_999)];
let source: RangeSource;
/** Longer than a chunk takes, shorter than all of them. */
const IMPATIENT_MS = 1500;
const impatient = new Map<string, RangeSource>();

@Controller()
class Files {
  @Get()
  @Ranged()
  file() {
    return new RangedFile(source);
  }

  @Get('impatient/:what')
  @Ranged({ sourceTimeoutMs: IMPATIENT_MS })
  impatient(@Param('what') what: string) {
    return new RangedFile(impatient.get(what)!);
  }
}

function webStreamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

/** A store that sends the requested range in a body of some kind. */
type MakeBody = (bytes: Uint8Array) => unknown;
type Range = readonly [firstPos: number, lastPos: number];

function rangeOf(text: string | undefined): Range {
  const [firstPos = 0, lastPos = size - 1] = (text ?? '').replace('bytes=', '').split('-').filter(Boolean).map(Number);
  return [firstPos, lastPos];
}

const describeRange = ([firstPos, lastPos]: Range): string => `bytes ${firstPos}-${lastPos}/${size}`;

function upstream(makeBody: MakeBody): RangeSource {
  return httpSource('http://upstream.test/clip', {
    metadataTtlMs: 0,
    fetch: async (_, { headers }) => {
      const range = rangeOf(headers['range']);
      const sent = new Map([['content-range', describeRange(range)]]);
      return {
        status: 206,
        headers: { get: (name) => sent.get(name) ?? null },
        body: makeBody(BYTES.subarray(range[0], range[1] + 1)),
      };
    },
  });
}

function bucket(makeBody: MakeBody): RangeSource {
  const send = async ({ kind, input }: { kind: string; input: { Range?: string } }): Promise<object> => {
    if (kind === 'head') return { ContentLength: size, ETag: '"v1"' };
    const range = rangeOf(input.Range);
    return { ETag: '"v1"', ContentRange: describeRange(range), Body: makeBody(BYTES.subarray(range[0], range[1] + 1)) };
  };
  return s3Source({ send } as never, { Bucket: 'bucket', Key: 'clip' }, { metadataTtlMs: 0 });
}

const foreign = (bytes: Uint8Array): ForeignWebStream => new ForeignWebStream([bytes]);
const native = (bytes: Uint8Array): ReadableStream => new Blob([bytes]).stream();
const own = (make: MakeBody): RangeSource => ({
  resolve: () => ({
    size,
    open: (range) => make(BYTES.subarray(range?.firstPos ?? 0, (range?.lastPos ?? size) + 1)) as never,
  }),
});

let keys = 0;
const generated = (make: MakeBody): RangeSource =>
  generatedSource({ key: `${keys++}`, dir: fixtures.at('spool'), generate: () => make(BYTES) as never });

const SERVED: readonly (readonly [what: string, make: () => RangeSource])[] = [
  ['open() with a web stream of another library', () => own(foreign)],
  ['open() with a web stream', () => own(native)],
  [
    'streamSource of a web stream of another library',
    () => streamSource(new ForeignWebStream(halves) as never, { size }),
  ],
  ['streamSource of a web stream', () => streamSource(native(BYTES) as never, { size })],
  ['generatedSource with a web stream of another library', () => generated(foreign)],
  ['compositeSource of web streams of another library', () => compositeSource([halves[0]!, tail(own(foreign))])],
  ['httpSource with a web stream of another library', () => upstream(foreign)],
  ['httpSource with a web stream', () => upstream(native)],
  ['httpSource with a stream, as node-fetch returns', () => upstream((bytes) => Readable.from([bytes]))],
  ['s3Source with a web stream, as from its fetch handler', () => bucket(native)],
  ['s3Source with a web stream of another library', () => bucket(foreign)],
  ['s3Source with a stream', () => bucket((bytes) => Readable.from([bytes]))],
  ['bytesSource of a Blob of another library', () => bytesSource(foreignBlob(BYTES, 'video/mp4'))],
];

/** The second half of a source. */
function tail({ resolve }: RangeSource): RangeSource {
  return {
    async resolve(signal) {
      const whole = await resolve(signal);
      const from = 99_999;
      return {
        ...whole,
        size: size - from,
        open: (range, openSignal) =>
          whole.open(
            { firstPos: from + (range?.firstPos ?? 0), lastPos: range === undefined ? size - 1 : from + range.lastPos },
            openSignal,
          ),
      };
    },
  };
}

describe.each(ADAPTERS)('values of another library, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());

  describe.each(SERVED)('%s', (_, make) => {
    it('is sent whole, and in part', async () => {
      source = make();
      const whole = await fetchRaw(running.port, '/');
      expect([whole.status, whole.isComplete, whole.body.equals(BYTES)]).toEqual([200, true, true]);
      source = make();
      const part = await fetchRaw(running.port, '/', [['Range', 'bytes=99990-100009']]);
      expect([part.status, part.body.equals(BYTES.subarray(99_990, 100_010))]).toEqual([206, true]);
    });
  });

  it.each<[what: string, make: (silent: never) => RangeSource]>([
    ['open()', (silent) => ({ resolve: () => ({ open: () => silent }) })],
    ['streamSource', (silent) => streamSource(silent)],
    ['streamSource of a known length', (silent) => streamSource(silent, { size })],
    ['httpSource', (silent) => upstream((bytes) => (bytes.length === 1 ? foreign(bytes) : silent))],
    ['s3Source', (silent) => bucket(() => silent)],
    [
      'generatedSource',
      (silent) =>
        generatedSource({ key: `${keys++}`, dir: fixtures.at('spool'), abandonAfterMs: 0, generate: () => silent }),
    ],
  ])('a silent web stream is cancelled when the client of %s leaves', async (_, make) => {
    const theirs = new ForeignWebStream(halves.slice(0, 1), true);
    let isCancelled = false;
    const ours = new ReadableStream({
      start: (controller) => controller.enqueue(halves[0]),
      pull: () => new Promise(() => {}),
      cancel: () => void (isCancelled = true),
    });
    for (const silent of [theirs, ours]) {
      source = make(silent as never);
      const client = await RawConnection.open(running.port);
      client.send(requestText('/'));
      await client.untilReceived(50_000);
      client.finish();
    }
    await until(() => theirs.isCancelled && isCancelled, 'both streams to be cancelled');
  });

  const SKIPPING: readonly [what: string, make: (skipping: () => AsyncGenerator<Uint8Array>) => RangeSource][] = [
    ['open()', (skipping) => ({ resolve: () => ({ open: skipping }) })],
    ['open() with a web stream', (skipping) => ({ resolve: () => ({ open: () => webStreamOf(skipping()) as never }) })],
    ['streamSource', (skipping) => streamSource(skipping())],
    ['streamSource of a known length', (skipping) => streamSource(skipping(), { size })],
    ['streamSource of a web stream', (skipping) => streamSource(webStreamOf(skipping()) as never)],
    [
      'generatedSource',
      (skipping) => generatedSource({ key: `${keys++}`, dir: fixtures.at('spool'), generate: skipping }),
    ],
    ['httpSource', (skipping) => upstream((bytes) => (bytes.length === 1 ? foreign(bytes) : skipping()))],
    ['s3Source', (skipping) => bucket(skipping)],
  ];

  /** Side by side, since each takes two seconds. */
  it('an empty chunk begins the time of its source anew', async () => {
    running.log.clear();
    const skipping = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, IMPATIENT_MS / 3));
        yield new Uint8Array(0);
      }
      yield BYTES;
    };
    for (const [what, make] of SKIPPING) impatient.set(what, make(skipping));
    const received = await Promise.all(
      SKIPPING.map(async ([what]) => {
        const { status, body } = await fetchRaw(running.port, `/impatient/${encodeURIComponent(what)}`);
        return [what, status, body.equals(BYTES)];
      }),
    );
    expect(received).toEqual(SKIPPING.map(([what]) => [what, 200, true]));
    expect(running.log.complaints).toEqual([]);
  });

  it('a chunk that is not bytes fails, also where it means the end to streams', async () => {
    source = streamSource(new ForeignWebStream([BYTES, null]) as never);
    expect((await fetchRaw(running.port, '/')).isComplete).toBe(false);
  });

  it.each([
    ['Headers', new Headers({ 'cache-control': 'private' })],
    ['a Map', new Map([['cache-control', 'private']])],
  ])(
    'a source with %s for its headers is a 500 that says what to write, not a file without them',
    async (_, headers) => {
      running.log.clear();
      source = {
        resolve: async (signal) => ({ ...(await bytesSource(BYTES).resolve(signal)), headers: headers as never }),
      };
      expect((await fetchRaw(running.port, '/')).status).toBe(500);
      expect(running.log.complaints.join('\n')).toContain('write Object.fromEntries(headers)');
      expect(() => bytesSource(BYTES, { headers: headers as never })).toThrow('write Object.fromEntries(headers)');
    },
  );
});
