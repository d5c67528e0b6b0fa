import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, StreamableFile } from '@nestjs/common';
import { generatedSource, Ranged, RangedFile, RangeModule, type RangeSource, streamSource } from 'nestjs-range';
import { Readable, Transform } from 'node:stream';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, header, type RawResponse } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const CHUNK = 500;
const BYTES = pseudoRandomBytes(24 * CHUNK);
/** Much longer than the wait for one chunk, also on a loaded machine, and shorter than that for all. */
const TIMEOUT_MS = 1800;
const PAUSE_MS = 120;

/** One chunk after another, each in time. */
async function* steady(): AsyncGenerator<Buffer> {
  for (let at = 0; at < BYTES.length; at += CHUNK) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    yield BYTES.subarray(at, at + CHUNK);
  }
}

const size = BYTES.length;
const stream = (): Readable => Readable.from(steady(), { objectMode: false });

/** A source of one's own that skips by itself: it gives an empty chunk for each that it skips. */
const skipping: RangeSource = {
  resolve: () => ({
    size,
    async *open(range) {
      let at = 0;
      const { firstPos, lastPos } = range ?? { firstPos: 0, lastPos: size - 1 };
      for await (const chunk of steady()) {
        yield chunk.subarray(Math.max(0, firstPos - at), Math.max(0, lastPos + 1 - at));
        at += chunk.length;
        if (at > lastPos) return;
      }
    },
  }),
};

/** Passes the bytes of another source through a stream that knows nothing of it, and no signal on. */
function passing(source: RangeSource): RangeSource {
  return {
    async resolve(signal) {
      const inner = await source.resolve(signal);
      return {
        ...inner,
        open: async (range, given) => {
          const pass = new Transform({ transform: (chunk, _, done) => done(null, chunk) });
          return Readable.from(await inner.open(range, given)).pipe(pass);
        },
      };
    },
  };
}

/** Made for this request. Its size is known beforehand: a wait for that would be one for all of it. */
function generated(): RangeSource {
  const source = generatedSource({
    key: String(generations++),
    dir: fixtures.at('spool'),
    generate: () => stream(),
  });
  return {
    async resolve(signal) {
      const { whenSized: _, ...representation } = await source.resolve(signal);
      return { ...representation, size };
    },
  };
}

let generations = 0;

const FILES: Record<string, () => StreamableFile> = {
  'a StreamableFile over a Readable': () => new StreamableFile(stream(), { length: size }),
  'streamSource over a Readable': () => new RangedFile(streamSource(stream(), { size })),
  'streamSource over a generator': () => new RangedFile(streamSource(steady(), { size })),
  'generatedSource while it is made': () => new RangedFile(generated()),
  'a source that wraps streamSource': () => new RangedFile(passing(streamSource(stream(), { size }))),
  'a source of one’s own that skips by itself': () => new RangedFile(skipping),
};

@Controller()
class Files {
  @Get(':name')
  @Ranged()
  file(@Param('name') name: string) {
    return FILES[name]!();
  }
}

const SHAPES = {
  'a range at the end': 'bytes=11990-',
  'small parts far from each other': 'bytes=10-19,11900-11999',
  'large parts that are sent as they come': 'bytes=5000-5999,7500-11999',
};

describe.each(ADAPTERS)('a steady source that takes longer in all than sourceTimeoutMs, on %s', (adapter) => {
  let running: TestApp;
  const responses = new Map<string, RawResponse>();
  beforeAll(async () => {
    const imports = [RangeModule.forRoot({ sourceTimeoutMs: TIMEOUT_MS })];
    running = await startApp(adapter, { imports, controllers: [Files] });
    const asked = Object.keys(FILES).flatMap((name) => Object.values(SHAPES).map((range) => ({ name, range })));
    await Promise.all(
      asked.map(async ({ name, range }) => {
        const response = await fetchRaw(running.port, `/${encodeURIComponent(name)}`, [['Range', range]]);
        responses.set(`${name} ${range}`, response);
      }),
    );
  });
  afterAll(() => running.close());

  describe.each(Object.keys(FILES))('%s', (name) => {
    it.each(Object.entries(SHAPES))('%s (%s)', (_, range) => {
      const response = responses.get(`${name} ${range}`)!;
      expect([response.status, response.isComplete]).toEqual([206, true]);
      for (const { firstPos, content } of partsOf(response)) {
        expect(content.equals(BYTES.subarray(firstPos, firstPos + content.length))).toBe(true);
      }
    });
  });

  it('nothing was logged', () => {
    expect(running.log.complaints).toEqual([]);
  });
});

function partsOf(response: RawResponse): readonly { readonly firstPos: number; readonly content: Buffer }[] {
  const type = header(response, 'Content-Type') ?? '';
  if (!type.startsWith('multipart/')) return [{ firstPos: size - response.body.length, content: response.body }];
  return readByteranges(type, response.body);
}
