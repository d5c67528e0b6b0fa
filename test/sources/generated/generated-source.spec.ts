import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { rangeSourceContract } from 'nestjs-range/testing';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { generatedSource, type GeneratedSourceOptions } from '../../../src/sources/generated/generated-source.js';
import { Generations } from '../../../src/sources/generated/generations.js';
import { contentName } from '../../../src/sources/generated/spool-names.js';
import { Spool, type SpooledFile } from '../../../src/sources/generated/spool.js';
import type { Bytes, RangeSource, Representation } from '../../../src/sources/source.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { gatedAt, Studio, type StudioBehaviour } from '../../support/studio.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { Gate, settle, until } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
afterEach(() => untilClosed(fixtures));

let spools = 0;
const newDir = (): string => fixtures.at(`spool-${spools++}`);
const filesIn = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir).sort() : []);
const noFilesIn = (dir: string): Promise<void> => until(() => filesIn(dir).length === 0, 'nothing to be left behind');

type Options = Partial<GeneratedSourceOptions> & Pick<GeneratedSourceOptions, 'dir' | 'generate'>;
const source = (options: Options): RangeSource => generatedSource({ key: 'speech', abandonAfterMs: 0, ...options });

/** What another process, or this one started anew, would make of the same directory. */
function elsewhere(dir: string, spool = new Spool(dir)): (options: Options) => RangeSource {
  const generations = new Generations(spool);
  return ({ key = 'speech', generate, type, maxBytes = 1e9, ttlMs = Infinity, abandonAfterMs = 0 }) => ({
    resolve: () => generations.resolve({ name: contentName(key), generate, type, maxBytes, ttlMs, abandonAfterMs }),
  });
}

const undisturbed = (): AbortSignal => new AbortController().signal;
const resolve = async (of: RangeSource): Promise<Representation> => of.resolve(undisturbed());

async function collect(bytes: Bytes | Promise<Bytes>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await bytes) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** As a response does it that needs the size. */
async function sized(of: RangeSource, signal = undisturbed()): Promise<Representation> {
  const representation = await of.resolve(signal);
  if (representation.whenSized === undefined) return representation;
  try {
    return await representation.whenSized(signal);
  } finally {
    await representation.close?.();
  }
}

/** Reads all there is, as a plain GET does. */
async function whole(of: RangeSource): Promise<Buffer> {
  const representation = await resolve(of);
  try {
    return await collect(representation.open(undefined, undisturbed()));
  } finally {
    await representation.close?.();
  }
}

async function inspect<T>(of: RangeSource, look: (representation: Representation) => T | Promise<T>): Promise<T> {
  const representation = await sized(of);
  try {
    return await look(representation);
  } finally {
    await representation.close?.();
  }
}

const tagOf = (of: RangeSource): Promise<string | undefined> => inspect(of, ({ etag }) => etag);

describe('generated content keeps the contract of sources', () => {
  const bytes = pseudoRandomBytes(600_001);
  const dirs = { full: newDir(), empty: newDir() };
  const of = (dir: string, bytes: Uint8Array): RangeSource =>
    source({ dir, type: 'audio/mpeg', generate: () => Readable.from([bytes]) });
  const primed = async (dir: string, bytes: Uint8Array): Promise<RangeSource> => {
    await inspect(of(dir, bytes), () => {});
    return of(dir, bytes);
  };
  const checks = rangeSourceContract(async () => ({ source: await primed(dirs.full, bytes), bytes }), {
    empty: () => primed(dirs.empty, Buffer.alloc(0)),
  });
  it.each(checks.map(({ name, run }) => [name, run] as const))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

describe('content that is being generated keeps the contract, as far as possible without a size', () => {
  const bytes = pseudoRandomBytes(600_001);
  const make = (): { source: RangeSource; bytes: Buffer } => ({
    source: source({
      dir: newDir(),
      generate: () => Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]),
    }),
    bytes,
  });
  const checks = rangeSourceContract(make).filter(({ name }) => !name.startsWith('the metadata is the same'));
  it.each(checks.map(({ name, run }) => [name, run] as const))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

describe('while it is made', () => {
  it('yields what was made so far, with a strong tag and no size', async () => {
    const { gate, onChunk } = gatedAt(1);
    const studio = new Studio(100_000, { onChunk });
    const dir = newDir();
    const representation = await resolve(source({ dir, generate: studio.generate, type: 'audio/mpeg' }));
    const { size, etag, type, lastModified } = representation;
    expect({ size, etag, type, lastModified }).toEqual({
      size: undefined,
      etag: expect.stringMatching(/^"[\da-f]{32}"$/),
      type: 'audio/mpeg',
      lastModified: undefined,
    });
    const chunks = (await representation.open(undefined, undisturbed()))[Symbol.asyncIterator]();
    const first = (await chunks.next()).value as Uint8Array;
    expect(studio.last.subarray(0, 16 * 1024).equals(first)).toBe(true);
    expect(studio.ended).toBe(0);
    gate.open();
    const rest = await collect({ [Symbol.asyncIterator]: () => chunks });
    expect(Buffer.concat([first, rest]).equals(studio.last)).toBe(true);
    await representation.close?.();
    expect(await tagOf(source({ dir, generate: studio.generate }))).toBe(etag);
  });

  it('is made once for all requests, whenever they arrive', async () => {
    const { gate, onChunk } = gatedAt(3);
    const studio = new Studio(1_000_000, { onChunk });
    const dir = newDir();
    const ask = (): Promise<Buffer> => whole(source({ dir, generate: studio.generate }));
    const early = Array.from({ length: 10 }, ask);
    await until(() => studio.bytesYielded > 40_000, 'the first bytes');
    const late = Array.from({ length: 10 }, ask);
    const waiting = Array.from({ length: 10 }, (_, i) =>
      inspect(source({ dir, generate: studio.generate }), ({ open }) =>
        collect(open({ firstPos: i, lastPos: 900_000 + i }, undisturbed())),
      ),
    );
    await settle();
    gate.open();
    for (const bytes of await Promise.all([...early, ...late])) expect(bytes.equals(studio.last)).toBe(true);
    for (const [i, bytes] of (await Promise.all(waiting)).entries()) {
      expect(bytes.equals(studio.last.subarray(i, 900_001 + i))).toBe(true);
    }
    expect(studio.takes).toHaveLength(1);
    expect(filesIn(dir)).toHaveLength(1);
  });

  it('does not wait for a reader that has stopped', async () => {
    const studio = new Studio(8_000_000);
    const dir = newDir();
    const stopped = await resolve(source({ dir, generate: studio.generate }));
    const chunks = (await stopped.open(undefined, undisturbed()))[Symbol.asyncIterator]();
    await chunks.next();
    expect((await whole(source({ dir, generate: studio.generate }))).equals(studio.last)).toBe(true);
    await chunks.return?.();
    await stopped.close?.();
  });

  it('goes on at its own pace behind the end, and after the file was removed', async () => {
    const studio = new Studio(3_000_000);
    const dir = newDir();
    const reading = await resolve(source({ dir, generate: studio.generate }));
    const chunks = (await reading.open(undefined, undisturbed()))[Symbol.asyncIterator]();
    const first = (await chunks.next()).value as Uint8Array;
    await until(() => studio.ended === 1 && filesIn(dir).every((name) => !name.endsWith('.part')), 'its end');
    await rm(dir, { recursive: true });
    const rest = await collect({ [Symbol.asyncIterator]: () => chunks });
    expect(Buffer.concat([first, rest]).equals(studio.last)).toBe(true);
    await reading.close?.();
  });

  it('is read by requests that waited for its size, even if its file was removed at once', async () => {
    class Emptied extends Spool {
      override add(file: SpooledFile): void {
        super.add(file);
        rmSync(file.path);
      }
    }
    const studio = new Studio(3_000_000);
    const dir = newDir();
    const representation = await sized(elsewhere(dir, new Emptied(dir))({ dir, generate: studio.generate }));
    expect(representation.size).toBe(3_000_000);
    const bytes = await collect(representation.open({ firstPos: 10, lastPos: 2_000_000 }, undisturbed()));
    expect(bytes.equals(studio.last.subarray(10, 2_000_001))).toBe(true);
    await representation.close?.();
    expect(studio.ended).toBe(1);
  });

  it('is not aborted by one of several requests', async () => {
    const { gate, onChunk } = gatedAt(1);
    const studio = new Studio(100_000, { onChunk });
    const dir = newDir();
    const leaving = new AbortController();
    const left = sized(source({ dir, generate: studio.generate }), leaving.signal);
    const staying = whole(source({ dir, generate: studio.generate }));
    await until(() => studio.bytesYielded > 0, 'the first bytes');
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    await settle();
    expect(studio.signals[0]?.aborted).toBe(false);
    gate.open();
    expect((await staying).equals(studio.last)).toBe(true);
  });

  it('ends a pending read when its signal aborts', async () => {
    const { onChunk } = gatedAt(1);
    const studio = new Studio(100_000, { onChunk });
    const dir = newDir();
    const controller = new AbortController();
    const representation = await resolve(source({ dir, generate: studio.generate }));
    const reading = collect(representation.open(undefined, controller.signal));
    await until(() => studio.bytesYielded > 0, 'the first bytes');
    controller.abort(new Error('gone'));
    await expect(reading).rejects.toThrow('gone');
    await representation.close?.();
    await noFilesIn(dir);
  });
});

describe('what generate() may return', () => {
  const bytes = pseudoRandomBytes(200_000);
  const inTwo = (): Buffer[] => [bytes.subarray(0, 70_000), Buffer.alloc(0), bytes.subarray(70_000)];
  async function* generator(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* inTwo();
  }

  it.each<[what: string, generate: GeneratedSourceOptions['generate'], expected?: Buffer]>([
    ['a generator', generator],
    ['a Readable', () => Readable.from(inTwo())],
    ['a web stream', () => new Blob([bytes]).stream() as unknown as Bytes],
    ['a promise of one', async () => Readable.from(inTwo())],
    ['a Readable with an encoding', () => Readable.from(inTwo(), { objectMode: false }).setEncoding('latin1')],
    ['no chunks', () => Readable.from([]), Buffer.alloc(0)],
    ['only empty chunks', () => Readable.from([Buffer.alloc(0)]), Buffer.alloc(0)],
  ])('%s', async (_, generate, expected = bytes) => {
    const dir = newDir();
    expect((await whole(source({ dir, generate }))).equals(expected)).toBe(true);
    await inspect(source({ dir, generate }), async ({ size, open }) => {
      expect(size).toBe(expected.length);
      expect((await collect(open(undefined, undisturbed()))).equals(expected)).toBe(true);
    });
  });

  it.each<[what: string, made: unknown, message: RegExp]>([
    ['nothing', undefined, /generate\(\) returned undefined: return a Readable, a web stream or an async generator$/],
    ['null', null, /returned null: return a Readable/],
    [
      'a Buffer',
      Buffer.from('a'),
      /generatedSource: generate\(\) returned a Buffer: return Readable\.from\(\[buffer\]\)$/,
    ],
    [
      'a string',
      'text',
      /a string: return Readable\.from\(\[text\]\) for text, or createReadStream\(path\) for a file$/,
    ],
    ['an array', [Buffer.from('a')], /an array: return Readable\.from\(array\)$/],
    ['objects', Readable.from([{}]), /a source yielded an object: yield Uint8Arrays or strings$/],
  ])('but not %s', async (_, made, message) => {
    const dir = newDir();
    await expect(whole(source({ dir, generate: () => made as Bytes }))).rejects.toThrow(message);
    await noFilesIn(dir);
  });
});

describe('a generation that fails', () => {
  it.each<[when: string, behaviour: StudioBehaviour]>([
    ['at the start', { onChunk: () => Promise.reject(new Error('out of paint')) }],
    [
      'in the middle',
      {
        onChunk: (index) => {
          if (index === 3) throw new Error('out of paint');
        },
      },
    ],
    [
      'at the end',
      {
        onChunk: (index) => {
          if (index === 7) throw new Error('out of paint');
        },
      },
    ],
  ])('%s fails for all waiting requests, leaves nothing, and is tried again', async (_, behaviour) => {
    const dir = newDir();
    const failing = new Studio(100_000, behaviour);
    const asking = [
      ...Array.from({ length: 5 }, () => whole(source({ dir, generate: failing.generate }))),
      ...Array.from({ length: 5 }, () => tagOf(source({ dir, generate: failing.generate }))),
    ];
    for (const settled of await Promise.allSettled(asking)) {
      expect(settled).toMatchObject({ status: 'rejected', reason: { message: 'out of paint' } });
    }
    expect(failing.takes).toHaveLength(1);
    await noFilesIn(dir);
    const studio = new Studio(100_000);
    expect((await whole(source({ dir, generate: studio.generate }))).equals(studio.last)).toBe(true);
  });

  it('before its first chunk fails with its own error', async () => {
    const dir = newDir();
    const thrown = Object.assign(new Error('no such voice'), { code: 'SOURCE_NOT_FOUND' });
    const generate = (): never => {
      throw thrown;
    };
    await expect(whole(source({ dir, generate }))).rejects.toBe(thrown);
    await expect(tagOf(source({ dir, generate: () => Promise.reject(thrown) }))).rejects.toBe(thrown);
    await noFilesIn(dir);
  });

  it('because its directory is unusable fails with a clear error', async () => {
    const dir = join(fixtures.write(`no-directory-${spools++}`, ''), 'spool');
    const { generate } = new Studio(10);
    for (let i = 0; i < 2; i++)
      await expect(whole(source({ dir, generate }))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('a generation that nobody waits for', () => {
  const leave = async (of: RangeSource): Promise<void> => {
    const representation = await resolve(of);
    const chunks = (await representation.open(undefined, undisturbed()))[Symbol.asyncIterator]();
    await chunks.next();
    await chunks.return?.();
    await representation.close?.();
  };

  it('is aborted, and leaves nothing', async () => {
    const { onChunk } = gatedAt(1);
    const studio = new Studio(100_000, { onChunk });
    const dir = newDir();
    await leave(source({ dir, generate: studio.generate }));
    await until(() => studio.ended === 1, 'the generator to end');
    expect(studio.signals[0]?.aborted).toBe(true);
    await noFilesIn(dir);
  });

  it.each<[what: string, generate: (given: (destroyed: () => boolean) => void) => Bytes | Promise<Bytes>]>([
    [
      'a stream that is silent',
      (given) => {
        const readable = new Readable({ read() {} });
        readable.push('first');
        given(() => readable.destroyed);
        return readable;
      },
    ],
    [
      'a web stream that is silent',
      (given) => {
        let isCancelled = false;
        given(() => isCancelled);
        return new ReadableStream({
          start: (controller) => controller.enqueue(Buffer.from('first')),
          cancel: () => {
            isCancelled = true;
          },
        }) as unknown as Bytes;
      },
    ],
  ])('is aborted: %s', async (_, generate) => {
    const dir = newDir();
    let isEnded = (): boolean => false;
    await leave(source({ dir, generate: () => generate((check) => (isEnded = check)) }));
    await until(isEnded, 'the stream to be destroyed');
    await noFilesIn(dir);
  });

  it('leaves nothing, even if it ignores its signal', async () => {
    const gate = new Gate();
    const studio = new Studio(100_000, { onChunk: (index) => (index === 1 ? gate.passed : undefined) });
    const dir = newDir();
    await leave(source({ dir, generate: studio.generate }));
    await noFilesIn(dir);
    expect(studio.ended).toBe(0);
    gate.open();
    await until(() => studio.ended === 1, 'the generator to be let go when it gives something');
    expect(studio.bytesYielded).toBeLessThan(40_000);
  });

  it('is not read further, even if it was abandoned during a write', async () => {
    let isEnded = false;
    let wasAskedAgain = false;
    async function* generate(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        yield Buffer.from('first');
        yield Buffer.alloc(64 * 1024 * 1024); // which takes longer than to leave
        wasAskedAgain = signal.aborted;
        await new Promise((_, reject) => signal.addEventListener('abort', reject));
      } finally {
        isEnded = true;
      }
    }
    const dir = newDir();
    await leave(source({ dir, generate }));
    await until(() => isEnded || wasAskedAgain, 'the generator to end');
    expect(wasAskedAgain).toBe(false);
    await noFilesIn(dir);
  });
  it('releases what a promise returns too late', async () => {
    const gate = new Gate<Bytes>();
    const dir = newDir();
    const representation = await resolve(source({ dir, generate: () => gate.passed }));
    await representation.close?.();
    await noFilesIn(dir);
    const readable = new Readable({ read() {} });
    gate.open(readable);
    await until(() => readable.destroyed, 'the stream to be destroyed');
  });

  it('continues for clients that return in time', async () => {
    const { gate, onChunk } = gatedAt(1);
    const studio = new Studio(100_000, { onChunk });
    const options = { dir: newDir(), generate: studio.generate, abandonAfterMs: 60_000 };
    await leave(source(options));
    await settle();
    const back = tagOf(source(options));
    await settle();
    gate.open();
    expect(await back).toBeDefined();
    expect(studio.takes).toHaveLength(1);
    expect(studio.signals[0]?.aborted).toBe(false);
  });

  it('continues to its end with abandonAfterMs: Infinity', async () => {
    const { gate, onChunk } = gatedAt(1);
    const studio = new Studio(100_000, { onChunk });
    const options = { dir: newDir(), generate: studio.generate, abandonAfterMs: Infinity };
    await leave(source(options));
    await settle();
    gate.open();
    await until(() => filesIn(options.dir).some((name) => name.endsWith('.100000')), 'the file');
  });
});

describe('a file in the directory', () => {
  const make = async (dir: string, options: Partial<Options> = {}, size = 1000): Promise<Studio> => {
    const studio = new Studio(size);
    await inspect(source({ dir, generate: studio.generate, ...options }), () => {});
    return studio;
  };
  const never = (): never => {
    throw new Error('it was made again');
  };
  const PAST = new Date('2024-01-01T00:00:00Z');

  it('is readable only by the user of the app', async () => {
    const dir = newDir();
    await make(dir);
    const [name = ''] = filesIn(dir);
    expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  it('is found again after a restart, with the same tag and date', async () => {
    const dir = newDir();
    const studio = await make(dir);
    const of = { dir, generate: never };
    const before = await inspect(source(of), ({ etag, lastModified }) => ({ etag, lastModified }));
    const again = elsewhere(dir)(of);
    const representation = await resolve(again);
    expect(representation.whenSized).toBeUndefined();
    expect({ etag: representation.etag, lastModified: representation.lastModified }).toEqual(before);
    expect((await collect(representation.open(undefined, undisturbed()))).equals(studio.last)).toBe(true);
    await representation.close?.();
  });

  it('is made again, with another tag, after its ttlMs', async () => {
    const dir = newDir();
    const studio = new Studio(1000);
    const of = (ttlMs: number): RangeSource => source({ dir, generate: studio.generate, ttlMs });
    const tag = await tagOf(of(3_600_000));
    expect(await tagOf(of(3_600_000))).toBe(tag);
    const [name = ''] = filesIn(dir);
    utimesSync(join(dir, name), PAST, PAST);
    const again = elsewhere(dir)({ dir, generate: studio.generate, ttlMs: 3_600_000 });
    expect(await tagOf(again)).not.toBe(tag);
    expect(studio.takes).toHaveLength(2);
    await until(() => filesIn(dir).length === 1 && !filesIn(dir).includes(name), 'the older file to be removed');
  });

  it('is limited by maxBytes: the least recently used is removed first', async () => {
    const dir = newDir();
    const studios = new Map<string, Studio>();
    const ask = async (key: string): Promise<Buffer> => {
      const studio = studios.get(key) ?? new Studio(1000);
      studios.set(key, studio);
      return whole(source({ dir, key, generate: studio.generate, maxBytes: 3000 }));
    };
    for (const key of ['a', 'b', 'c']) await ask(key);
    await ask('a');
    await ask('d');
    await until(() => filesIn(dir).length === 3, 'one to be removed');
    for (const key of ['a', 'c', 'd']) await ask(key);
    expect([...studios].map(([key, { takes }]) => [key, takes.length])).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 1],
      ['d', 1],
    ]);
    await ask('b');
    expect(studios.get('b')?.takes).toHaveLength(2);
    await until(() => filesIn(dir).length === 3, 'one to be removed');
  });

  it('is limited across restarts, by the times of the file system', async () => {
    const dir = newDir();
    for (const key of ['a', 'b', 'c']) await make(dir, { key });
    const at = (key: string): string => join(dir, filesIn(dir).find((name) => name.startsWith(contentName(key))) ?? '');
    const [oldest, middle] = [new Date('2020-01-01'), new Date('2022-01-01')];
    utimesSync(at('a'), new Date(), oldest); // read just now
    utimesSync(at('b'), oldest, oldest);
    utimesSync(at('c'), middle, middle);
    const again = elsewhere(dir);
    const ask = (key: string, generate: GeneratedSourceOptions['generate']): Promise<Buffer> =>
      whole(again({ dir, key, generate, maxBytes: 3000 }));
    await ask('d', new Studio(1000).generate);
    await until(() => filesIn(dir).length === 3, 'one to be removed');
    await ask('a', never);
    await ask('c', never);
  });

  it('can be read while it is removed', async () => {
    const dir = newDir();
    const studio = await make(dir, { maxBytes: 1_000_000 }, 900_000);
    const reading = await resolve(source({ dir, generate: never }));
    const chunks = (await reading.open(undefined, undisturbed()))[Symbol.asyncIterator]();
    const first = Buffer.from((await chunks.next()).value as Uint8Array);
    await make(dir, { key: 'other', maxBytes: 1_000_000 }, 900_000);
    await until(() => filesIn(dir).length === 1, 'the older one to be removed');
    const rest = await collect({ [Symbol.asyncIterator]: () => chunks });
    expect(Buffer.concat([first, rest]).equals(studio.last)).toBe(true);
    await reading.close?.();
  });

  it('is not kept if it is larger than maxBytes', async () => {
    const dir = newDir();
    const { generate } = new Studio(100_000);
    await expect(whole(source({ dir, generate, maxBytes: 50_000 }))).rejects.toMatchObject({
      code: 'SOURCE_LENGTH',
      message: expect.stringContaining('50000 bytes (maxBytes)') as unknown,
    });
    await noFilesIn(dir);
  });

  it('is refused if unfinished ones take all room, and complete ones stay', async () => {
    const dir = newDir();
    await make(dir, { key: 'complete' });
    const { gate, onChunk } = gatedAt(3);
    const large = new Studio(48 * 1024, { onChunk });
    const first = whole(source({ dir, key: 'large', generate: large.generate, maxBytes: 60_000 }));
    await until(() => large.bytesYielded === 48 * 1024, 'the first to have its room');
    const second = whole(source({ dir, key: 'second', generate: new Studio(16_000).generate, maxBytes: 60_000 }));
    await expect(second).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect(await tagOf(source({ dir, key: 'complete', generate: never }))).toBeDefined();
    gate.open();
    expect((await first).equals(large.last)).toBe(true);
  });

  it('is not touched if it is not ours', async () => {
    const dir = newDir();
    mkdirSync(dir);
    const hex = '0'.repeat(64);
    const others = ['notes.txt', `${hex}.part`, `${hex}.${'0'.repeat(32)}.txt`, `x${hex}.${'0'.repeat(32)}.5`];
    for (const name of others) fixtures.write(join(dir.slice(fixtures.path.length + 1), name), 'bytes', PAST);
    mkdirSync(join(dir, `${hex}.${'1'.repeat(32)}.part`));
    symlinkSync(join(dir, 'notes.txt'), join(dir, `${hex}.${'2'.repeat(32)}.6`));
    const before = filesIn(dir);
    await make(dir, { maxBytes: 1000 });
    await make(dir, { key: 'other', maxBytes: 1000 });
    await until(() => filesIn(dir).length === before.length + 1, 'one of ours to be removed');
    expect(filesIn(dir)).toEqual(expect.arrayContaining(before));
  });

  it('is removed if a crash left it unfinished, or if it lost bytes', async () => {
    const dir = newDir();
    await make(dir);
    const [name = ''] = filesIn(dir);
    const leftOver = `${contentName('x')}.${'a'.repeat(32)}.part`;
    fixtures.write(join(dir.slice(fixtures.path.length + 1), leftOver), 'half of it', PAST);
    truncateSync(join(dir, name), 10);
    const studio = new Studio(1000);
    const bytes = await whole(elsewhere(dir)({ dir, generate: studio.generate }));
    expect(bytes.equals(studio.last)).toBe(true);
    await until(() => filesIn(dir).length === 1 && !filesIn(dir).includes(name), 'both to be removed');
  });

  it('is kept and counted while another process makes it', async () => {
    const dir = newDir();
    mkdirSync(dir);
    const theirs = `${contentName('x')}.${'a'.repeat(32)}.part`;
    fixtures.write(join(dir.slice(fixtures.path.length + 1), theirs), pseudoRandomBytes(600), new Date());
    const { generate } = new Studio(500);
    await expect(whole(source({ dir, generate, maxBytes: 1000 }))).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
    });
    await until(() => filesIn(dir).length === 1, 'ours to be removed');
    expect(filesIn(dir)).toEqual([theirs]);
    expect(await whole(source({ dir, generate, maxBytes: 1100 }))).toHaveLength(500);
  });

  it('is touched while it is made', async () => {
    jest.useFakeTimers({
      doNotFake: [
        'Date',
        'hrtime',
        'nextTick',
        'performance',
        'queueMicrotask',
        'setImmediate',
        'clearImmediate',
        'setTimeout',
        'clearTimeout',
      ],
    });
    try {
      const { gate, onChunk } = gatedAt(1);
      const studio = new Studio(100_000, { onChunk });
      const dir = newDir();
      const making = whole(source({ dir, generate: studio.generate }));
      await until(() => studio.bytesYielded > 0 && filesIn(dir).length === 1, 'the file');
      const path = join(dir, filesIn(dir)[0] ?? '');
      utimesSync(path, PAST, PAST);
      jest.advanceTimersByTime(30_000);
      await until(() => Date.now() - lstatSync(path).mtimeMs < 60_000, 'the file to be touched');
      gate.open();
      await making;
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it.each<[what: string, spoil: (path: string) => unknown]>([
    ['has gone', (path) => rm(path)],
    ['has lost bytes', (path) => truncateSync(path, 10)],
  ])('is made anew where it %s', async (_, spoil) => {
    const dir = newDir();
    const before = await make(dir);
    const [name = ''] = filesIn(dir);
    await spoil(join(dir, name));
    const studio = new Studio(2000);
    const bytes = await whole(source({ dir, generate: studio.generate }));
    expect(bytes.equals(studio.last)).toBe(true);
    expect(bytes.equals(before.last)).toBe(false);
    await until(() => filesIn(dir).length === 1, 'only the new one to be there');
  });

  it('can be shared by processes: each may make it, and one file remains', async () => {
    const dir = newDir();
    const processes = Array.from({ length: 4 }, () => ({ ask: elsewhere(dir), studio: new Studio(500_000) }));
    const gates = processes.map(() => new Gate());
    const asking = processes.map(({ ask, studio }, i) =>
      whole(
        ask({
          dir,
          generate: async (signal) => {
            await gates[i]?.passed;
            return studio.generate(signal);
          },
        }),
      ),
    );
    await until(() => filesIn(dir).length === 4, 'each to have begun');
    for (const gate of gates) gate.open();
    for (const [i, bytes] of (await Promise.all(asking)).entries()) {
      expect(bytes.equals(processes[i]!.studio.last)).toBe(true);
    }
    const takes = processes.map(({ studio }) => studio.last);
    await until(() => filesIn(dir).length === 1, 'one file to stay, although nothing more is made');
    const found = await whole(elsewhere(dir)({ dir, generate: never }));
    expect(takes.some((take) => take.equals(found))).toBe(true);
    for (const { ask } of processes) {
      expect((await whole(ask({ dir, generate: never }))).equals(found)).toBe(true);
    }
  });
});

describe('a key', () => {
  const HOSTILE = [
    '../x',
    '../../../../etc/passwd',
    '/etc/passwd',
    '',
    ' ',
    '.',
    '..',
    'a\0b',
    'a',
    'A',
    'con',
    'a/b\\c:d*e?f"g<h>i|j',
    '\u{1f3a7} Grüße',
    'u\u0308',
    '\u00fc',
    '\ud800',
    '\udfff',
    '\ufffd',
    'x'.repeat(5_000_000),
    '__proto__',
    'constructor',
    '%2e%2e%2f',
    'line\r\nSet-Cookie: a=b',
  ];

  it('is any string, and never part of a path', async () => {
    const dir = newDir();
    const before = readdirSync(fixtures.path).length;
    const tags = new Set<string | undefined>();
    for (const [i, key] of HOSTILE.entries()) {
      const generate = (): Bytes => Readable.from([Buffer.from(`content ${i}`)]);
      tags.add(await tagOf(source({ dir, key, generate })));
    }
    expect(tags.size).toBe(HOSTILE.length);
    expect(filesIn(dir)).toHaveLength(HOSTILE.length);
    for (const name of filesIn(dir)) expect(name).toMatch(/^[\da-f]{64}\.[\da-f]{32}\.\d+$/);
    expect(readdirSync(fixtures.path)).toHaveLength(before + 1);
    for (const [i, key] of HOSTILE.entries()) {
      const generate = (): never => {
        throw new Error('it was made again');
      };
      expect((await whole(source({ dir, key, generate }))).toString()).toBe(`content ${i}`);
    }
  });
});

describe('options', () => {
  const GOOD = { key: 'k', dir: '/tmp/none', generate: () => Readable.from([]) };

  it.each<[message: RegExp, options: Record<string, unknown>]>([
    [
      /unknown option "ttl" \(did you mean "ttlMs"\?\); known options are key, generate, type, dir, maxBytes, ttlMs, abandonAfterMs/,
      { ttl: 5 },
    ],
    [/unknown option "toString"/, { toString: 5 }],
    [/option "key" must be a string, not undefined/, { key: undefined }],
    [/option "key" must be a string, not 7/, { key: 7 }],
    [/option "key" must be a string, not Symbol\(a\)/, { key: Symbol('a') }],
    [/option "generate" must be a function, not "a"/, { generate: 'a' }],
    [/option "type" must be a string that is valid as a header value, not "a\\r\\nb"/, { type: 'a\r\nb' }],
    [/option "dir" must be the path of a directory, not ""/, { dir: '' }],
    [/option "dir" must be the path of a directory, not "a\\u0000b"/, { dir: 'a\0b' }],
    [/option "dir" must be the path of a directory, not \[Object: null prototype\] \{\}/, { dir: Object.create(null) }],
    [/option "maxBytes" must be a whole number from 1, not 0/, { maxBytes: 0 }],
    [/option "maxBytes" must be a whole number from 1, not Infinity/, { maxBytes: Infinity }],
    [/option "maxBytes" must be a whole number from 1, not 5n/, { maxBytes: 5n }],
    [/option "ttlMs" must be a time in ms from 1, or Infinity, not 0/, { ttlMs: 0 }],
    [/option "ttlMs" must be a time in ms from 1, or Infinity, not NaN/, { ttlMs: NaN }],
    [/option "abandonAfterMs" must be a time in ms from 0 to 2147483647, or Infinity, not -1/, { abandonAfterMs: -1 }],
    [/option "abandonAfterMs" must be .*, not 2147483648/, { abandonAfterMs: 2 ** 31 }],
  ])('%s', (message, options) => {
    const make = (): RangeSource => generatedSource({ ...GOOD, ...options } as GeneratedSourceOptions);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  it('may be undefined, except the first three', () => {
    const rest = { type: undefined, maxBytes: undefined, ttlMs: undefined, abandonAfterMs: undefined };
    expect(() => generatedSource({ ...GOOD, ...rest })).not.toThrow();
    expect(() => generatedSource({ ...GOOD, ttlMs: Infinity, abandonAfterMs: Infinity })).not.toThrow();
  });
});
