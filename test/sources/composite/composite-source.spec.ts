import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { bytesSource } from '../../../src/sources/memory/bytes-source.js';
import { fileSource } from '../../../src/sources/file/file-source.js';
import { compositeSource, type CompositePart } from '../../../src/sources/composite/composite-source.js';
import type { RangeSource, Representation } from '../../../src/sources/source.js';
import { streamSource } from '../../../src/sources/stream/stream-source.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { until } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
afterEach(() => untilClosed(fixtures));

const undisturbed = (): AbortSignal => new AbortController().signal;

async function using<T>(source: RangeSource, use: (representation: Representation) => T | Promise<T>): Promise<T> {
  const representation = await source.resolve(undisturbed());
  try {
    return await use(representation);
  } finally {
    await representation.close?.();
  }
}

async function chunksOf({ open }: Representation, firstPos?: number, lastPos = Infinity): Promise<Uint8Array[]> {
  const range = firstPos === undefined ? undefined : { firstPos, lastPos };
  const chunks: Uint8Array[] = [];
  for await (const chunk of await open(range, undisturbed())) chunks.push(Buffer.from(chunk));
  return chunks;
}

const read = async (...args: Parameters<typeof chunksOf>): Promise<Buffer> => Buffer.concat(await chunksOf(...args));

const HEADER = Buffer.from('RIFF-header');
const SAMPLES = pseudoRandomBytes(100_000);
const TRAILER = pseudoRandomBytes(20_000, 2);

describe('the bytes of a composite', () => {
  it('are those of its parts, one after the other', async () => {
    const source = compositeSource([HEADER, bytesSource(SAMPLES), new Uint8Array(0), TRAILER]);
    const whole = Buffer.concat([HEADER, SAMPLES, TRAILER]);
    await using(source, async (representation) => {
      expect(representation.size).toBe(whole.length);
      expect((await read(representation)).equals(whole)).toBe(true);
    });
  });

  it('are empty without parts', async () => {
    await using(compositeSource([]), async (representation) => {
      expect(representation.size).toBe(0);
      expect(await read(representation)).toHaveLength(0);
    });
  });

  it('every range is the slice of the whole', async () => {
    const part = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.boolean());
    const positions = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), positions, async (given, pairs) => {
        const parts = given.map(([bytes, isLiteral]): CompositePart =>
          isLiteral ? bytes : new ProbeSource(bytes, { chunkSize: 7 }),
        );
        const whole = Buffer.concat(given.map(([bytes]) => bytes));
        await using(compositeSource(parts), async (representation) => {
          expect(representation.size).toBe(whole.length);
          if (whole.length === 0) return;
          for (const [a, b] of pairs) {
            const [first = 0, last = 0] = [a % whole.length, b % whole.length].sort((x, y) => x - y);
            expect(await read(representation, first, last)).toEqual(whole.subarray(first, last + 1));
          }
        });
        for (const probe of parts) if (probe instanceof ProbeSource) expect(probe.isReleased).toBe(true);
      }),
    );
  });

  it('a range opens only the sources that it touches', async () => {
    const probes = [1, 2, 3].map((seed) => new ProbeSource(pseudoRandomBytes(100, seed)));
    await using(compositeSource(probes), (representation) => read(representation, 150, 250));
    expect(probes.map(({ ranges }) => ranges)).toEqual([
      [],
      [{ firstPos: 50, lastPos: 99 }],
      [{ firstPos: 0, lastPos: 50 }],
    ]);
  });

  it('small ones are sent together, and large ones as they arrive', async () => {
    const large = pseudoRandomBytes(50_000);
    const parts = [HEADER, new ProbeSource(large, { chunkSize: 25_000 }), HEADER, new ProbeSource(HEADER), HEADER];
    const chunks = await using(compositeSource(parts), (representation) => chunksOf(representation));
    expect(chunks.map(({ length }) => length)).toEqual([HEADER.length, 25_000, 25_000, 3 * HEADER.length]);
  });

  it.each([
    ['a source that yields fewer bytes', -1, /part 1 of a composite ended 1 bytes before its end/],
    ['a source that yields more', 1, /part 1 of a composite has more than the 1000 bytes expected/],
  ])('%s than its size is an error', async (_, surplus, message) => {
    const probe = new ProbeSource(pseudoRandomBytes(1000), { surplus });
    const source = compositeSource([HEADER, probe, HEADER]);
    await expect(using(source, (representation) => read(representation))).rejects.toThrow(message);
    expect(probe.isReleased).toBe(true);
  });
});

describe('metadata of a composite', () => {
  const tagged = (bytes: Uint8Array, etag?: string): RangeSource => new ProbeSource(bytes, { etag });
  const tagOf = (parts: readonly CompositePart[], options = {}): Promise<string | undefined> =>
    using(compositeSource(parts, options), ({ etag }) => etag);

  it('comes from the app, not from the parts', async () => {
    const lastModified = new Date('2024-02-29');
    const file = fileSource(fixtures.write('samples.pcm', SAMPLES));
    const source = compositeSource([HEADER, file], { type: 'audio/wav', lastModified });
    await using(source, (representation) => expect(representation).toMatchObject({ type: 'audio/wav', lastModified }));
    await using(compositeSource([file]), ({ type, lastModified }) => expect({ type, lastModified }).toEqual({}));
  });

  it('the entity tag is strong, and the same each time', async () => {
    const parts = (): CompositePart[] => [HEADER, tagged(SAMPLES, '"1"')];
    expect(await tagOf(parts())).toMatch(/^"[\w-]{22}"$/);
    expect(await tagOf(parts())).toBe(await tagOf(parts()));
  });

  it.each<[what: string, parts: CompositePart[]]>([
    ['other bytes', [Buffer.from('riff-header'), tagged(SAMPLES, '"1"')]],
    ['another tag of a source', [HEADER, tagged(SAMPLES, '"2"')]],
    ['another order', [tagged(SAMPLES, '"1"'), HEADER]],
    ['bytes that are cut elsewhere', [HEADER.subarray(0, 4), HEADER.subarray(4), tagged(SAMPLES, '"1"')]],
    ['one part more', [HEADER, tagged(SAMPLES, '"1"'), tagged(SAMPLES, '"1"')]],
  ])('%s make another entity tag', async (_, parts) => {
    expect(await tagOf(parts)).not.toBe(await tagOf([HEADER, tagged(SAMPLES, '"1"')]));
  });

  it.each([
    ['has none', undefined],
    ['has a weak one', 'W/"1"'],
  ])('there is no entity tag if a source %s', async (_, etag) => {
    expect(await tagOf([HEADER, tagged(SAMPLES, '"1"'), tagged(HEADER, etag)])).toBeUndefined();
  });

  it('an entity tag from the app is used', async () => {
    expect(await tagOf([HEADER, tagged(SAMPLES)], { etag: '"mine"' })).toBe('"mine"');
  });

  it('a source without a size makes the composite one without: it is read whole', async () => {
    const source = compositeSource([HEADER, streamSource(Readable.from([SAMPLES])), TRAILER]);
    await using(source, async (representation) => {
      expect(representation).toMatchObject({ size: undefined, isExact: false });
      expect((await read(representation)).equals(Buffer.concat([HEADER, SAMPLES, TRAILER]))).toBe(true);
    });
  });

  it('a forward-only source makes the composite forward-only', async () => {
    const parts = [HEADER, streamSource(Readable.from([SAMPLES]), { size: SAMPLES.length })];
    await using(compositeSource(parts), async (representation) => {
      expect(representation.forwardOnly).toBe(true);
      expect(
        (await read(representation, 20, 29)).equals(SAMPLES.subarray(20 - HEADER.length, 30 - HEADER.length)),
      ).toBe(true);
    });
  });

  it('a size that comes later is waited for', async () => {
    const unsized = new ProbeSource(SAMPLES, { size: undefined });
    const sized = new ProbeSource(SAMPLES);
    const late: RangeSource = {
      resolve: async (signal) => ({
        ...(await unsized.resolve(signal)),
        whenSized: async (signal) => sized.resolve(signal),
      }),
    };
    await using(compositeSource([HEADER, late]), ({ size }) => expect(size).toBe(HEADER.length + SAMPLES.length));
    expect([unsized.isReleased, sized.isReleased]).toEqual([true, true]);
  });
});

describe('many parts', () => {
  const COUNT = 500;
  const bytesAt = (i: number): Buffer => Buffer.from(`part ${i}\n`);

  it('have few descriptors open', async () => {
    const paths = Array.from({ length: COUNT }, (_, i) => fixtures.write(`part-${i}`, bytesAt(i)));
    let most = 0;
    const counting = (source: RangeSource): RangeSource => ({
      resolve: async (signal) => {
        const representation = await source.resolve(signal);
        most = Math.max(most, fixtures.openDescriptors().length);
        return representation;
      },
    });
    const source = compositeSource(paths.map((path) => counting(fileSource(path))));
    const got = await using(source, (representation) => read(representation));
    expect(got.equals(Buffer.concat(paths.map((_, i) => bytesAt(i))))).toBe(true);
    expect(most).toBeLessThanOrEqual(64 + 8); // what all files share, and those that are being opened
  });

  it('are each closed once per resolve(), whatever range is read', async () => {
    const probes = Array.from({ length: COUNT }, (_, i) => new ProbeSource(bytesAt(i)));
    await using(compositeSource(probes), (representation) => read(representation, 1000, 1100));
    expect(probes.every(({ isReleased }) => isReleased)).toBe(true);
    expect(probes.reduce((sum, { opened }) => sum + opened, 0)).toBeLessThan(20);
  });

  it.each([
    ['its size', { size: 3 }],
    ['its entity tag', { etag: '"2"' }],
    ['its entity tag, to none', { etag: undefined }],
  ])('one that has changed %s before it is read is a SourceChangedError', async (_, behaviour) => {
    const probes = Array.from({ length: 10 }, (_, i) => new ProbeSource(bytesAt(i), { etag: '"1"' }));
    const changed = new ProbeSource(bytesAt(5), { etag: '"1"', ...behaviour });
    const states = [probes[5]!, changed];
    const changing: RangeSource = { resolve: (signal) => (states.shift() ?? changed).resolve(signal) };
    const source = compositeSource(probes.with(5, changing as ProbeSource));
    await expect(using(source, (representation) => read(representation))).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    });
    expect([...probes, changed].every(({ isReleased }) => isReleased)).toBe(true);
  });
});

describe('failures', () => {
  it('a missing source is a SourceNotFoundError, and the others are released', async () => {
    const stream = Readable.from([SAMPLES]);
    const probe = new ProbeSource(SAMPLES);
    const others = Array.from({ length: 20 }, () => HEADER);
    const parts = [
      probe,
      fileSource(fixtures.at('missing')),
      ...others,
      ...Array.from({ length: 20 }, () => probe),
      streamSource(stream),
    ];
    await expect(using(compositeSource(parts), () => {})).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    await until(() => probe.isReleased && stream.destroyed, 'all to be let go');
  });

  it('one that disappears before it is read is a SourceNotFoundError', async () => {
    const paths = Array.from({ length: 10 }, (_, i) => fixtures.write(`gone-${i}`, HEADER));
    const source = compositeSource(paths.map((path) => fileSource(path)));
    const reading = using(source, (representation) => {
      for (const path of paths.slice(8)) rmSync(path);
      return read(representation, 0, 100);
    });
    await expect(reading).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it.each([
    ['5', /"5".*: write Number\(size\)/],
    [NaN, /NaN/],
    [-1, /-1/],
    [1.5, /1\.5/],
  ])('a source with the size %p is named, and closed', async (size, message) => {
    let closes = 0;
    const wrong: RangeSource = {
      resolve: () => ({ size: size as number, open: () => Readable.from([]), close: () => void closes++ }),
    };
    const composite = compositeSource([HEADER, wrong]).resolve(undisturbed());
    await expect(composite).rejects.toMatchObject({ code: 'SOURCE_FAULT', message: expect.stringMatching(message) });
    await expect(composite).rejects.toThrow('part 1 of a composite has the size');
    expect(closes).toBe(1);
  });

  it('one whose close() fails does not keep the others open', async () => {
    const probe = new ProbeSource(SAMPLES);
    const failing: RangeSource = {
      resolve: async (signal) => ({
        ...(await probe.resolve(signal)),
        close: () => Promise.reject(new Error('close')),
      }),
    };
    const other = new ProbeSource(SAMPLES);
    await expect(using(compositeSource([failing, other]), () => {})).rejects.toThrow('close');
    expect(other.isReleased).toBe(true);
  });

  it('a pending source is released by an abort', async () => {
    const controller = new AbortController();
    const probe = new ProbeSource(SAMPLES, {
      onChunk: (index, signal) =>
        index === 0 ||
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
          controller.abort();
        }),
    });
    const representation = await compositeSource([HEADER, probe]).resolve(controller.signal);
    const reading = (async () => {
      for await (const _ of await representation.open(undefined, controller.signal)) continue;
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    await representation.close?.();
    expect(probe.isReleased).toBe(true);
  });

  it('a composite that is not read discards what it holds', () => {
    const stream = Readable.from([SAMPLES]);
    compositeSource([HEADER, streamSource(stream)]).discard?.();
    expect(stream.destroyed).toBe(true);
  });
});

describe('mistakes throw at once', () => {
  it.each<[what: string, parts: unknown, message: RegExp]>([
    ['no array', HEADER, /the parts must be an array, not a Buffer/],
    [
      'text',
      [HEADER, 'samples.pcm'],
      /part 1 must be bytes or a source, not a string: write Buffer\.from\(text\), or fileSource\(name, \{ root \}\)/,
    ],
    ['a stream', [Readable.from([])], /part 0 must be bytes or a source, not a stream: write streamSource\(stream\)/],
    ['a promise', [Promise.resolve(HEADER)], /part 0 must be bytes or a source, not a promise: write await promise/],
  ])('%s', (_, parts, message) => {
    expect(() => compositeSource(parts as CompositePart[])).toThrow(message);
  });

  it('an unknown option', () => {
    expect(() => compositeSource([], { mime: 'audio/wav' } as object)).toThrow(
      /compositeSource: unknown option "mime"/,
    );
  });
});
