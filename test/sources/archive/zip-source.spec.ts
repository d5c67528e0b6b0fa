import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type CrcStore, type ZipEntry, zipSource, type ZipSourceOptions } from 'nestjs-range/zip';
import { bytesSource } from '../../../src/sources/memory/bytes-source.js';
import { fileSource } from '../../../src/sources/file/file-source.js';
import type { RangeSource, Representation } from '../../../src/sources/source.js';
import { registerResponse } from '../../../src/sources/stream/waiting-response.js';
import { streamSource } from '../../../src/sources/stream/stream-source.js';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { type ProbeBehaviour, ProbeSource } from '../../support/sources/probe-source.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { Gate, until } from '../../support/until.js';
import { readZip } from '../../support/sources/zip-reader.js';

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

async function read({ open }: Representation, firstPos = 0, lastPos?: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const range = lastPos === undefined ? undefined : { firstPos, lastPos };
  for await (const chunk of await open(range, undisturbed())) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const readAll = (source: RangeSource): Promise<Buffer> => using(source, (representation) => read(representation));

/** Part of the last record in the central directory, whose CRC must be known, and the end. */
const readCentral = (source: RangeSource): Promise<Buffer> =>
  using(source, (representation) =>
    read(representation, (representation.size ?? 0) - 60, (representation.size ?? 0) - 1),
  );

/** Keeps what it is told, for a test of its own. */
class Crcs implements CrcStore {
  readonly known = new Map<string, number>();
  get(key: string): number | undefined {
    return this.known.get(key);
  }
  set(key: string, crc: number): void {
    this.known.set(key, crc);
  }
}
const zip = (entries: readonly ZipEntry[], options: ZipSourceOptions = { crcs: new Crcs() }): RangeSource =>
  zipSource(entries, options);

let tags = 0;
/** A probe with a tag that no other test has. */
const probe = (bytes: Uint8Array, behaviour: ProbeBehaviour = {}): ProbeSource =>
  new ProbeSource(bytes, { etag: `"${tags++}"`, ...behaviour });

const A = pseudoRandomBytes(1000, 1);
const B = pseudoRandomBytes(70_000, 2);

describe('the archive', () => {
  it('contains its entries', async () => {
    const entries = [
      { name: 'trip/', lastModified: MODIFIED },
      { name: 'trip/ä.jpg', source: bytesSource(A), lastModified: MODIFIED, mode: 0o600 },
      { name: 'empty.txt', source: bytesSource(Buffer.alloc(0)) },
      { name: 'file.bin', source: fileSource(fixtures.write('file.bin', B)) },
    ];
    await using(zip(entries), async (representation) => {
      const archive = await read(representation);
      expect(representation.size).toBe(archive.length);
      expect(representation.type).toBe('application/zip');
      const seconds = Math.floor(MODIFIED.getTime() / 1000);
      const dated = { dosDate: (44 << 9) | (2 << 5) | 29, dosTime: (12 << 11) | (34 << 5) | 28, modifiedAt: seconds };
      const undated = { dosDate: (1 << 5) | 1, dosTime: 0, modifiedAt: undefined };
      const unix = { madeBy: 0x031e, versionNeeded: 10, isMsDosDirectory: false };
      const nothing = Buffer.alloc(0);
      expect(readZip(archive)).toEqual([
        {
          ...unix,
          ...dated,
          name: 'trip/',
          bytes: nothing,
          flags: 0x800,
          versionNeeded: 20,
          mode: 0o40755,
          isMsDosDirectory: true,
        },
        { ...unix, ...dated, name: 'trip/ä.jpg', bytes: A, flags: 0x808, mode: 0o100600 },
        { ...unix, ...undated, name: 'empty.txt', bytes: nothing, flags: 0x800, mode: 0o100644 },
        { ...unix, ...dated, name: 'file.bin', bytes: B, flags: 0x808, mode: 0o100644 },
      ]);
    });
  });

  it('takes entries from entities, whose properties are getters of their class', async () => {
    class Entity {
      get name(): string {
        return 'a.bin';
      }
      get size(): number {
        return A.length;
      }
      get source(): RangeSource {
        return bytesSource(A);
      }
    }
    expect(
      (await readAll(zip([new Entity()]))).equals(await readAll(zip([{ name: 'a.bin', source: bytesSource(A) }]))),
    ).toBe(true);
    const wrong = Object.create({ name: 'a.bin', source: bytesSource(A), size: '1000' }) as ZipEntry;
    expect(() => zip([wrong])).toThrow('option "size" must be a whole number of bytes, not "1000"');
  });

  it('may be empty', async () => {
    expect(readZip(await readAll(zip([])))).toEqual([]);
  });

  it('each byte, and each range over a boundary, equals that of the whole', async () => {
    const entries = [
      { name: 'a/' },
      { name: 'a/b', source: probe(A.subarray(0, 20)), lastModified: MODIFIED },
      { name: 'empty', source: probe(Buffer.alloc(0)) },
      { name: 'ö', source: probe(A.subarray(0, 3)) },
    ];
    const whole = await readAll(zip(entries));
    await using(zip(entries), async (representation) => {
      for (let i = 0; i < whole.length; i++) {
        for (const length of [1, 2, 17, 60, 200]) {
          const end = Math.min(i + length, whole.length);
          expect((await read(representation, i, end - 1)).equals(whole.subarray(i, end))).toBe(true);
        }
      }
      expect((await read(representation)).equals(whole)).toBe(true);
    });
  });

  it('is the same, byte for byte, whichever CRCs are known', async () => {
    const crcs = new Crcs();
    const source = probe(A);
    const whole = await readAll(zip([{ name: 'a', source }]));
    await readCentral(zip([{ name: 'a', source }], { crcs }));
    for (const other of [
      zip([{ name: 'a', source }], { crcs }),
      zip([{ name: 'a', source, crc32: crc32(A) }]),
      zip([{ name: 'a', source, size: A.length, etag: source.behaviour.etag }]),
    ]) {
      expect((await readAll(other)).equals(whole)).toBe(true);
    }
  });

  it.each(['5', NaN, -1])('an entry whose source has the size %p is an error that names it', async (size) => {
    const source: RangeSource = { resolve: () => ({ size: size as number, open: () => Readable.from([]) }) };
    await expect(readAll(zip([{ name: 'a.bin', source }]))).rejects.toThrow(
      /^the entry "a\.bin" has the size (?:"5"|NaN|-1), not a whole number/,
    );
  });

  it('entries of unknown size are an error that names them', async () => {
    const source = streamSource(Readable.from([A]));
    await expect(readAll(zip([{ name: 'a.bin', source }]))).rejects.toThrow(
      'the size of the entry "a.bin" is unknown: set its size',
    );
  });

  it('streams may be entries, once', async () => {
    const entries = ['a', 'b'].map((name) => ({ name, size: A.length, source: streamSource(Readable.from([A])) }));
    expect(readZip(await readAll(zip(entries))).map(({ bytes }) => bytes.equals(A))).toEqual([true, true]);
  });

  it('unread streams are discarded', async () => {
    const stream = Readable.from([A]);
    await using(zip([{ name: 'a', size: A.length, source: streamSource(stream) }]), () => {});
    expect(stream.destroyed).toBe(true);
    const other = Readable.from([A]);
    zip([{ name: 'a', source: streamSource(other) }]).discard?.();
    expect(other.destroyed).toBe(true);
  });
});

describe('the entity tag', () => {
  const tagOf = (entries: readonly ZipEntry[]): Promise<string | undefined> => using(zip(entries), ({ etag }) => etag);
  const entry = { name: 'a', source: bytesSource(A), lastModified: MODIFIED, mode: 0o644 };

  it('is strong, and the same each time', async () => {
    expect(await tagOf([entry])).toMatch(/^"[\w-]{22}"$/);
    expect(await tagOf([entry])).toBe(await tagOf([{ ...entry, source: bytesSource(A), crc32: crc32(A) }]));
  });

  it.each<[what: string, entries: ZipEntry[]]>([
    ['name', [{ ...entry, name: 'b' }]],
    ['date', [{ ...entry, lastModified: new Date(0) }]],
    ['mode', [{ ...entry, mode: 0o600 }]],
    ['content', [{ ...entry, source: bytesSource(Buffer.from(A).fill(0, 5, 6)) }]],
    ['number of entries', [entry, { name: 'b/' }]],
  ])('changes with another %s', async (_, entries) => {
    expect(await tagOf(entries)).not.toBe(await tagOf([entry]));
  });

  it.each([
    ['no tag', undefined],
    ['a weak tag', 'W/"a"'],
  ])('is absent if an entry has %s', async (_, etag) => {
    expect(await tagOf([entry, { name: 'b', source: probe(A, { etag }) }])).toBeUndefined();
  });

  it('empty entries and directories need none', async () => {
    expect(
      await tagOf([entry, { name: 'b/' }, { name: 'c', source: probe(Buffer.alloc(0), { etag: undefined }) }]),
    ).toBeDefined();
  });
});

describe('what is opened', () => {
  it('is each entry that a range touches, by its own range', async () => {
    const probes = [1, 2, 3].map((seed) => probe(pseudoRandomBytes(100, seed)));
    const source = zip(probes.map((source, i) => ({ name: `${i}`, source, crc32: crc32(source.bytes) })));
    const entryLength = 31 + 100 + 16;
    await using(source, (representation) => read(representation, entryLength + 31 + 50, 2 * entryLength + 31 + 9));
    expect(probes.map(({ ranges }) => ranges)).toEqual([
      [],
      [{ firstPos: 50, lastPos: 99 }],
      [{ firstPos: 0, lastPos: 9 }],
    ]);
    expect(probes.every(({ isReleased }) => isReleased)).toBe(true);
  });

  it('is nothing for the metadata, and with sizes from the app no source is resolved', async () => {
    const probes = [1, 2, 3].map((seed) => probe(pseudoRandomBytes(100, seed)));
    const entries = probes.map((source, i) => ({
      name: `${i}`,
      source,
      size: 100,
      etag: source.behaviour.etag,
      lastModified: MODIFIED,
    }));
    await using(zip(entries), ({ etag, size }) => {
      expect(etag).toBeDefined();
      expect(size).toBeGreaterThan(300);
    });
    expect(probes.map(({ resolved }) => resolved)).toEqual([0, 0, 0]);
    expect(readZip(await readAll(zip(entries))).map(({ bytes }) => bytes)).toEqual(probes.map(({ bytes }) => bytes));
    expect(probes.map(({ resolved, opened, isReleased }) => [resolved, opened, isReleased])).toEqual(
      probes.map(() => [1, 1, true]),
    );
  });

  it('is one entry at a time', async () => {
    let open = 0;
    let most = 0;
    const counting = (source: RangeSource): RangeSource => ({
      resolve: async (signal) => {
        const representation = await source.resolve(signal);
        most = Math.max(most, ++open);
        return { ...representation, close: () => (open--, representation.close?.()) };
      },
    });
    const entries = Array.from({ length: 300 }, (_, i) => ({
      name: `${i}`,
      size: 100,
      source: counting(probe(A.subarray(0, 100))),
    }));
    expect(readZip(await readAll(zip(entries)))).toHaveLength(300);
    expect([open, most]).toEqual([0, 1]);
  });
});

describe('the CRC of an entry', () => {
  it('is computed along with its content, if that is read from beginning to end', async () => {
    const source = probe(B);
    await readAll(zip([{ name: 'b', source }]));
    expect(source.opened).toBe(1);
  });

  it('requires a reading if a range needs it', async () => {
    const source = probe(B);
    const whole = await readAll(zip([{ name: 'b', source }]));
    await using(zip([{ name: 'b', source }]), async (representation) => {
      expect((await read(representation, 50_000, whole.length - 1)).equals(whole.subarray(50_000))).toBe(true);
    });
    expect(source.ranges).toEqual([undefined, { firstPos: 50_000 - 31, lastPos: B.length - 1 }, undefined]);
    expect(source.isReleased).toBe(true);
  });

  it('is not needed for ranges of contents and headers', async () => {
    const source = probe(B);
    await using(zip([{ name: 'b', source }]), (representation) => read(representation, 0, 50_000));
    expect(source.opened).toBe(1);
  });

  it('requires no reading if it is given', async () => {
    const source = probe(B);
    const given = { name: 'b', source, crc32: crc32(B) };
    const tail = await readCentral(zip([given]));
    expect(source.opened).toBe(0);
    expect(tail.equals((await readAll(zip([given]))).subarray(-60))).toBe(true);
  });

  it.each<[what: string, first: (source: RangeSource) => Promise<Buffer>]>([
    ['a download of everything', readAll],
    ['a range that needed it', readCentral],
  ])('is remembered by %s', async (_, first) => {
    const source = probe(B);
    const crcs = new Crcs();
    await first(zip([{ name: 'b', source }], { crcs }));
    await readCentral(zip([{ name: 'b', source }], { crcs }));
    expect(source.opened).toBe(1);
    expect([...crcs.known.values()]).toEqual([crc32(B)]);
    expect([...crcs.known.keys()][0]).toMatch(/^[\w-]{32}$/);
  });

  it('is remembered in memory by default', async () => {
    const source = probe(B);
    await readAll(zipSource([{ name: 'b', source }]));
    await readCentral(zipSource([{ name: 'b', source }]));
    expect(source.opened).toBe(1);
  });

  it.each<[what: string, behaviour: ProbeBehaviour]>([
    ['no strong tag', { etag: 'W/"b"' }],
    ['no tag', { etag: undefined }],
  ])('is not remembered if the entry has %s', async (_, behaviour) => {
    const source = probe(B, behaviour);
    const crcs = new Crcs();
    await readAll(zip([{ name: 'b', source }], { crcs }));
    await readCentral(zip([{ name: 'b', source }], { crcs }));
    expect([source.opened, crcs.known.size]).toEqual([2, 0]);
  });

  it.each<[what: string, entry: (source: ProbeSource) => ZipEntry]>([
    ['name', (source) => ({ name: 'other', source })],
    ['tag', () => ({ name: 'b', source: probe(B) })],
    ['size', ({ behaviour }) => ({ name: 'b', source: probe(B.subarray(1), behaviour) })],
    ['date', ({ bytes, behaviour }) => ({ name: 'b', source: probe(bytes, { ...behaviour, lastModified: MODIFIED }) })],
  ])('is not used for an entry with another %s', async (_, entry) => {
    const source = probe(B);
    const crcs = new Crcs();
    await readAll(zip([{ name: 'b', source }], { crcs }));
    await readCentral(zip([entry(source)], { crcs }));
    expect(crcs.known.size).toBe(2);
  });

  it('is computed once for simultaneous requests', async () => {
    const gate = new Gate();
    const source = probe(B, { onChunk: () => gate.passed });
    const crcs = new Crcs();
    const reading = Promise.all([1, 2, 3].map(() => readCentral(zip([{ name: 'b', source }], { crcs }))));
    await until(() => source.opened === 1, 'the entry to be opened');
    gate.open();
    const [first, ...others] = await reading;
    expect(others).toEqual([first, first]);
    expect(source.opened).toBe(1);
    expect(source.isReleased).toBe(true);
  });

  it('reports progress to all requests that wait for it', async () => {
    const source = probe(B, { chunkSize: 10_000 });
    const crcs = new Crcs();
    const steps = [0, 0];
    const ask = async (step: number): Promise<void> => {
      const { signal } = new AbortController();
      registerResponse({ noteProgress: () => steps[step]!++, onFinished: () => {} }, signal);
      const representation = await zip([{ name: 'b', source }], { crcs }).resolve(signal);
      const size = representation.size ?? 0;
      steps[step] = 0;
      for await (const _ of await representation.open({ firstPos: size - 50, lastPos: size - 1 }, signal)) continue;
      await representation.close?.();
    };
    await Promise.all([ask(0), ask(1)]);
    expect(source.opened).toBe(1);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(2); // chunks of 64 KiB, and what is left
  });

  it('is computed until the last request that waits for it leaves', async () => {
    const gate = new Gate();
    const onChunk = (_: number, signal: AbortSignal): Promise<void> =>
      Promise.race([
        gate.passed,
        new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      ]);
    const source = probe(B, { onChunk });
    const crcs = new Crcs();
    const ask = (): { controller: AbortController; result: Promise<unknown> } => {
      const controller = new AbortController();
      const result = (async () => {
        const representation = await zip([{ name: 'b', source }], { crcs }).resolve(controller.signal);
        try {
          const size = representation.size ?? 0;
          for await (const _ of await representation.open({ firstPos: size - 1, lastPos: size - 1 }, controller.signal))
            continue;
          for await (const _ of await representation.open(
            { firstPos: size - 50, lastPos: size - 1 },
            controller.signal,
          ))
            continue;
        } finally {
          await representation.close?.();
        }
      })();
      result.catch(() => {});
      return { controller, result };
    };
    const [first, second, third] = [ask(), ask(), ask()];
    await until(() => source.opened === 1, 'the entry to be opened');
    first.controller.abort();
    await expect(first.result).rejects.toMatchObject({ name: 'AbortError' });
    expect(source.ended).toBe(0);
    second.controller.abort();
    third.controller.abort();
    await expect(second.result).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => source.isReleased, 'the reading to end');
    const fourth = ask();
    await until(() => source.opened === 2, 'the entry to be opened again');
    gate.open();
    await expect(fourth.result).resolves.toBeUndefined();
  });

  it('a reading that fails for one request does not fail for another', async () => {
    const gate = new Gate();
    const failing = probe(B, { onChunk: () => gate.passed });
    const working = probe(B, failing.behaviour.etag === undefined ? {} : { etag: failing.behaviour.etag });
    const crcs = new Crcs();
    const first = readCentral(zip([{ name: 'b', source: failing }], { crcs }));
    first.catch(() => {});
    await until(() => failing.opened === 1, 'the entry to be opened');
    const second = readCentral(zip([{ name: 'b', source: working }], { crcs }));
    gate.fail(new Error('the link has expired'));
    await expect(first).rejects.toThrow('the link has expired');
    await expect(second).resolves.toHaveLength(60);
    expect([working.opened, working.isReleased, failing.isReleased]).toEqual([1, true, true]);
  });

  describe('in a store of the app', () => {
    const withStore = (store: Partial<Record<keyof CrcStore, unknown>>): RangeSource =>
      zip([{ name: 'b', source: probe(B) }], { crcs: { get: () => undefined, set: () => {}, ...store } as CrcStore });

    it.each<[what: string, get: unknown]>([
      ['a promise', async () => crc32(B)],
      ['a number', () => crc32(B)],
      ['null', async () => null],
    ])('may be returned as %s', async (_, get) => {
      expect(await readCentral(withStore({ get }))).toEqual(await readCentral(withStore({})));
    });

    it.each<[what: string, get: unknown]>([
      [
        'throws',
        () => {
          throw new Error('no connection');
        },
      ],
      ['rejects', () => Promise.reject(new Error('no connection'))],
    ])('that %s is a SourceUnavailableError', async (_, get) => {
      await expect(readCentral(withStore({ get }))).rejects.toMatchObject({
        code: 'SOURCE_UNAVAILABLE',
        cause: { message: 'no connection' },
      });
    });

    it.each([
      ['text', '123'],
      ['too large', 2 ** 32],
      ['negative', -1],
      ['no number', NaN],
    ])('that returns a value that is %s is a fault of the app', async (_, crc) => {
      await expect(readCentral(withStore({ get: () => crc }))).rejects.toMatchObject({ code: 'SOURCE_FAULT' });
    });

    it.each<[what: string, set: unknown]>([
      [
        'throws',
        () => {
          throw new Error('no connection');
        },
      ],
      ['rejects', () => Promise.reject(new Error('no connection'))],
      ['never answers', () => new Promise(() => {})],
    ])('that %s on a write delays no request', async (_, set) => {
      await expect(readCentral(withStore({ set }))).resolves.toHaveLength(60);
    });

    it('is asked for many entries at the same time', async () => {
      const answer = new Gate();
      const known = new Crcs();
      const sources = Array.from({ length: 100 }, () => probe(A));
      const entries = sources.map((source, i) => ({ name: `${i}`, source }));
      const whole = await readAll(zip(entries, { crcs: known }));
      let waiting = 0;
      const get = async (key: string): Promise<number | undefined> => {
        waiting++;
        await answer.passed;
        return known.get(key);
      };
      const central = using(zip(entries, { crcs: { get, set: () => {} } }), (representation) =>
        read(representation, whole.length - 4000, whole.length - 1),
      );
      await until(() => waiting >= 20, 'many questions to be asked before the first is answered');
      answer.open();
      expect((await central).equals(whole.subarray(-4000))).toBe(true);
      expect(waiting).toBeLessThanOrEqual(100); // none of them twice
    });

    it('that never answers is given up on abort', async () => {
      const controller = new AbortController();
      const get = (): Promise<never> => {
        setImmediate(() => controller.abort());
        return new Promise(() => {});
      };
      const representation = await withStore({ get }).resolve(controller.signal);
      const range = { firstPos: (representation.size ?? 0) - 50, lastPos: (representation.size ?? 0) - 1 };
      const reading = (async () => {
        for await (const _ of await representation.open(range, controller.signal)) continue;
      })();
      await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
      await representation.close?.();
    });

    it('with a wrong CRC is corrected by a complete download, which computes it', async () => {
      const source = probe(B);
      const wrong = new Crcs();
      await readAll(zip([{ name: 'b', source }], { crcs: wrong }));
      const replica = new Crcs(); // it has computed nothing yet
      for (const key of wrong.known.keys()) replica.set(key, 1);
      expect(readZip(await readAll(zip([{ name: 'b', source }], { crcs: replica })))).toHaveLength(1);
      expect([...replica.known.values()]).toEqual([crc32(B)]);
    });

    it('is not asked for CRCs computed in this process', async () => {
      const source = probe(B);
      let asked = 0;
      const crcs: CrcStore = { get: () => void asked++, set: () => {} };
      const whole = await readAll(zip([{ name: 'b', source }], { crcs }));
      expect((await readAll(zip([{ name: 'b', source }], { crcs }))).equals(whole)).toBe(true);
      expect((await readCentral(zip([{ name: 'b', source }], { crcs }))).equals(whole.subarray(-60))).toBe(true);
      expect(asked).toBe(0);
    });
  });

  it('that is given and differs from the computed one ends the archive', async () => {
    const source = probe(B);
    const crcs = new Crcs();
    await readAll(zip([{ name: 'b', source }], { crcs }));
    await expect(readAll(zip([{ name: 'b', source, crc32: 1 }], { crcs }))).rejects.toThrow('but 1 was given');
    expect(readZip(await readAll(zip([{ name: 'b', source, crc32: crc32(B) }], { crcs })))).toHaveLength(1);
  });

  it('that was given and is wrong ends the archive before it is complete', async () => {
    await expect(readAll(zip([{ name: 'b', source: probe(B), crc32: 1 }]))).rejects.toThrow(
      `the entry "b" has the CRC ${crc32(B)}, but 1 was given`,
    );
  });
});

describe('an entry that changes', () => {
  const changed = { code: 'SOURCE_CHANGED', message: expect.stringContaining('the entry "b"') };

  it.each<[what: string, known: Partial<ZipEntry>, behaviour: ProbeBehaviour, bytes: Uint8Array]>([
    ['another size than the app has given', { size: 5 }, {}, B],
    ['another tag', { size: B.length, etag: '"old"' }, { etag: '"new"' }, B],
    ['another tag, of which only that is given', { etag: '"old"' }, { etag: '"new"' }, B],
  ])('has %s', async (_, known, behaviour, bytes) => {
    const source = probe(bytes, behaviour);
    await expect(readAll(zip([{ name: 'b', source, ...known }]))).rejects.toMatchObject(changed);
    expect(source.isReleased).toBe(true);
  });

  it('a tag that the app knows and the source does not is trusted', async () => {
    const source = probe(B, { etag: undefined });
    expect(readZip(await readAll(zip([{ name: 'b', source, size: B.length, etag: '"of-the-app"' }])))).toHaveLength(1);
  });

  it('may have changed when it is read for its CRC', async () => {
    const states = [probe(B, { etag: '"1"' }), probe(B, { etag: '"2"' })];
    let resolved = 0;
    const source: RangeSource = { resolve: (signal) => states[Math.min(resolved++, 1)]!.resolve(signal) };
    await expect(readCentral(zip([{ name: 'b', source }]))).rejects.toMatchObject(changed);
    expect(states.every(({ isReleased }) => isReleased)).toBe(true);
  });

  it('may have gone', async () => {
    const path = fixtures.write('gone.bin', B);
    const source = zip([{ name: 'b', source: fileSource(path), size: B.length }]);
    rmSync(path);
    await expect(readAll(source)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it.each([-1, 1])('yields %d bytes too many', async (surplus) => {
    await expect(readAll(zip([{ name: 'b', source: probe(B, { surplus }) }]))).rejects.toMatchObject({
      code: 'SOURCE_LENGTH',
      message: expect.stringContaining('the entry "b"'),
    });
  });
});

describe('mistakes throw at once', () => {
  const source = bytesSource(A);
  it.each<[what: string, entries: unknown, message: RegExp]>([
    ['no array', new Map(), /the entries must be an array, not an instance of Map/],
    ['no entry', [undefined], /entry 0 must have a name, a string, not undefined/],
    ['no name', [{ source }], /entry 0 must have a name, a string, not undefined/],
    ['no source', [{ name: 'a' }], /the entry "a" needs a source; the name of a directory ends with '\/'/],
    ['a path for a source', [{ name: 'a', source: 'a.txt' }], /the entry "a": option "source" must be a source/],
    ['a directory with a source', [{ name: 'a/', source }], /the entry "a\/" is a directory.* and has no content/],
    ['a directory with a size', [{ name: 'a/', size: 1 }], /the entry "a\/" is a directory/],
    [
      'a size that is text',
      [{ name: 'a', source, size: '5' }],
      /the entry "a": option "size" must be .*write Number\(size\)/,
    ],
    ['a tag without quotes', [{ name: 'a', source, etag: 'v1' }], /the entry "a": option "etag" must be/],
    [
      'a date that is none',
      [{ name: 'a', source, lastModified: new Date(NaN) }],
      /the entry "a": option "lastModified"/,
    ],
    [
      'a CRC that is signed',
      [{ name: 'a', source, crc32: -1 }],
      /the entry "a": option "crc32" must be a whole number from 0/,
    ],
    ['a mode that is none', [{ name: 'a', source, mode: 0o100644 }], /the entry "a": option "mode" must be/],
    ['an unknown option', [{ name: 'a', source, path: 'x' }], /the entry "a": unknown option "path"/],
    [
      'a name that leads out',
      [{ name: '../a', source }],
      /the entry "\.\.\/a" cannot be extracted: its name has a segment '\.\.'/,
    ],
    [
      'a name twice',
      [
        { name: 'a', source },
        { name: 'a', source },
      ],
      /the entry "a" is there twice/,
    ],
    [
      'a name that is too long',
      [{ name: 'x'.repeat(70_000), source }],
      /^zipSource: the entry "x{900,1000} cannot be extracted: its name has 70000/,
    ],
  ])('%s', (_, entries, message) => {
    expect(() => zipSource(entries as ZipEntry[])).toThrow(message);
  });

  it('an invalid store', () => {
    expect(() => zipSource([], { crcs: new Map().get as never })).toThrow(/option "crcs" must be an object with get/);
  });

  it('entries are copied, so that later changes have no effect', async () => {
    const entry = { name: 'a', source };
    const entries = [entry];
    const made = zip(entries);
    entry.name = '../a';
    entries.push(entry);
    expect(readZip(await readAll(made)).map(({ name }) => name)).toEqual(['a']);
  });
});
