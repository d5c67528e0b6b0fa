import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fs, { createReadStream, type ReadStream, renameSync, rmSync } from 'node:fs';
import { once, setMaxListeners } from 'node:events';
import { open } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { isPromise } from 'node:util/types';
import { fileHandles } from '../../../src/sources/descriptors/descriptor-cache.js';
import { fileSource } from '../../../src/sources/file/file-source.js';
import { readStreamSource } from '../../../src/sources/read-stream/read-stream-source.js';
import type { Representation } from '../../../src/sources/source.js';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { until } from '../../support/until.js';
import { untilClosed } from '../../support/sources/until-closed.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const BYTES = pseudoRandomBytes(200_000);
const OTHER_BYTES = pseudoRandomBytes(250_000, 3);
const path = fixtures.write('clip.mp4', BYTES);
const { signal } = new AbortController();
setMaxListeners(0, signal);

async function read(representation: Representation, firstPos: number, lastPos: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await representation.open({ firstPos, lastPos }, signal)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

fileHandles.resize(0); // closed with their leases, not a moment later
afterEach(() => untilClosed(fixtures));

const resolve = async (stream: ReadStream): Promise<Representation> => readStreamSource(stream, {}).resolve(signal);

describe('readStreamSource', () => {
  it.each<[string, Parameters<typeof createReadStream>[1], number, number]>([
    ['a whole file', {}, 0, 200_000],
    ['from a start', { start: 1000 }, 1000, 200_000],
    ['to an end', { end: 999 }, 0, 1000],
    ['from a start to an end', { start: 70_000, end: 140_000 }, 70_000, 140_001],
    ['one byte', { start: 5, end: 5 }, 5, 6],
    ['an end behind the end', { start: 100_000, end: 999_999 }, 100_000, 200_000],
    ['a start at the end', { start: 200_000 }, 200_000, 200_000],
    ['a start behind the end', { start: 300_000 }, 200_000, 200_000],
  ])('serves %s', async (_, options, from, to) => {
    const stream = createReadStream(path, options);
    const representation = await resolve(stream);
    const { size, etag, lastModified, forwardOnly } = representation;
    const isWhole = from === 0 && to === 200_000;
    expect({ size, forwardOnly }).toEqual({ size: to - from, forwardOnly: undefined });
    expect({ isTagged: etag !== undefined, lastModified }).toEqual({
      isTagged: isWhole,
      lastModified: isWhole ? MODIFIED : undefined,
    });
    if (to > from) {
      expect((await read(representation, 0, to - from - 1)).equals(BYTES.subarray(from, to))).toBe(true);
      expect((await read(representation, 0, 0)).equals(BYTES.subarray(from, from + 1))).toBe(true);
    }
    await representation.close?.();
    expect(stream.destroyed).toBe(true);
  });

  it('does not wait for the descriptor of a stream over a file that is kept open', async () => {
    fileHandles.resize(1);
    try {
      await (await resolve(createReadStream(path))).close?.();
      const stream = createReadStream(path);
      const representation = await resolve(stream);
      expect(stream).toMatchObject({ fd: null, destroyed: true });
      expect((await read(representation, 7, 9)).equals(BYTES.subarray(7, 10))).toBe(true);
      await representation.close?.();
    } finally {
      fileHandles.resize(0);
    }
  });

  describe('over a file that is kept open', () => {
    beforeEach(async () => {
      fileHandles.resize(1);
      await (await fileSource(path).resolve(signal)).close?.();
    });
    afterEach(() => fileHandles.resize(0));

    it.each<[string, Parameters<typeof createReadStream>[1], number, number]>([
      ['a whole file', {}, 0, 200_000],
      ['a window', { start: 70_000, end: 140_000 }, 70_000, 140_001],
      ['an end behind the end', { start: 100_000, end: 999_999 }, 100_000, 200_000],
      ['a start behind the end', { start: 300_000 }, 200_000, 200_000],
    ])('%s is there at once, and the stream never opens it', async (_, options, from, to) => {
      const stream = createReadStream(path, options);
      const source = readStreamSource(stream, {});
      const resolved = source.resolve(signal);
      expect({ ...source, isThere: !isPromise(resolved) }).toMatchObject({ ignoresSignal: true, isThere: true });
      const representation = await resolved;
      expect(representation.size).toBe(to - from);
      const bytes = to > from ? await read(representation, 0, to - from - 1) : Buffer.alloc(0);
      expect(bytes.equals(BYTES.subarray(from, to))).toBe(true);
      await representation.close?.();
      await until(() => stream.closed, 'the stream is closed');
      expect(stream).toMatchObject({ fd: null, destroyed: true, errored: null });
    });

    it('is resolved again after a change', async () => {
      const name = fixtures.write('changing.mp4', BYTES);
      await (await fileSource(name).resolve(signal)).close?.();
      const source = readStreamSource(createReadStream(name), {});
      const before = await source.resolve(signal);
      fixtures.write('changing.mp4', OTHER_BYTES);
      await before.close?.();
      const after = await source.resolve(signal);
      expect(after.size).toBe(250_000);
      expect((await read(after, 7, 9)).equals(OTHER_BYTES.subarray(7, 10))).toBe(true);
      await after.close?.();
    });

    it('is released by a response that needs nothing', async () => {
      readStreamSource(createReadStream(path), {}).discard?.();
      fileHandles.resize(0);
      await until(() => fixtures.openDescriptors().length === 0, 'its descriptor is closed');
      expect(fixtures.openDescriptors()).toEqual([]);
    });

    it.each<[string, (stream: ReadStream) => unknown]>([
      ['that the app listens to', (stream) => stream.on('close', () => {})],
      ['of which the app reads the data', (stream) => stream.on('data', () => {}).pause()],
      ['of text', (stream) => stream.setEncoding('hex')],
      ['that is open', (stream) => once(stream, 'open')],
      ['that was destroyed', (stream) => stream.destroy()],
      ['with a method of its own', (stream) => Object.assign(stream, { _read: stream._read.bind(stream) })],
    ])('takes the ordinary way for a stream %s', async (_, prepare) => {
      const stream = createReadStream(path);
      await prepare(stream);
      const source = readStreamSource(stream, {});
      expect(source.ignoresSignal).toBeUndefined();
      stream.on('error', () => {});
      stream.destroy();
    });

    it('is read in the ordinary way if the file was replaced', async () => {
      const name = fixtures.write('replaced.mp4', BYTES);
      await (await fileSource(name).resolve(signal)).close?.();
      fixtures.write('next.mp4', OTHER_BYTES);
      renameSync(fixtures.at('next.mp4'), name);
      const source = readStreamSource(createReadStream(name), {});
      expect(source.ignoresSignal).toBeUndefined();
      const representation = await source.resolve(signal);
      expect(representation.size).toBe(250_000);
      await representation.close?.();
    });
  });

  describe('if the stream reads its bytes in another way', () => {
    const OTHER = pseudoRandomBytes(1000, 2);
    const other = fixtures.write('other.mp4', OTHER);

    /** Files in memory, numbered as real descriptors are: the numbers mean other files, or none, to the real file system. */
    function memoryFiles(bytes: Buffer, numbers: () => number, own: object = {}): object {
      const at = new Map<number, number>();
      return {
        open: (_path: string, _flags: string, _mode: number, done: (error: Error | null, fd?: number) => void) => {
          const fd = numbers();
          at.set(fd, 0);
          process.nextTick(done, null, fd);
        },
        read(
          fd: number,
          target: Uint8Array,
          offset: number,
          length: number,
          position: number | null | undefined,
          done: (error: Error | null, bytesRead: number, target: Uint8Array) => void,
        ) {
          const from = position ?? at.get(fd) ?? 0;
          const copied = bytes.copy(target, offset, from, from + length);
          at.set(fd, from + copied);
          process.nextTick(done, null, copied, target);
        },
        close: (_fd: number, done: (error: Error | null) => void) => process.nextTick(done, null),
        ...own,
      };
    }

    const real = fs.openSync(process.execPath, 'r');
    afterAll(() => fs.closeSync(real));
    const NUMBERS: readonly (readonly [what: string, numbers: () => number])[] = [
      ['of a real file', () => real],
      ['of nothing', () => 1_000_000],
      ['of standard output', () => 1],
    ];

    it.each(NUMBERS)('reads what the stream reads, where its descriptor has the number %s', async (_, numbers) => {
      for (const own of [{}, { fstat: fs.fstat }, { ...fs, ...memoryFiles(BYTES, numbers) }]) {
        for (const isOpen of [false, true]) {
          const files = memoryFiles(BYTES, numbers, own);
          const stream = createReadStream(path, { fs: files, start: 100 } as object);
          if (isOpen) await once(stream, 'open');
          const representation = await readStreamSource(stream, { size: 199_900 }).resolve(signal);
          expect(representation).toMatchObject({ size: 199_900, forwardOnly: true });
          expect(representation.etag).toBeUndefined();
          expect((await read(representation, 0, 150_000)).equals(BYTES.subarray(100, 150_101))).toBe(true);
          await representation.close?.();
        }
      }
    });

    it('knows no size of a file in memory', async () => {
      const stream = createReadStream(path, { fs: memoryFiles(BYTES, () => real) } as object);
      const representation = await resolve(stream);
      expect(representation.size).toBeUndefined();
      expect((await read(representation, 0, 199_999)).equals(BYTES)).toBe(true);
      await representation.close?.();
    });

    it('reads the descriptor of a file in memory that was opened by number', async () => {
      const stream = createReadStream('', {
        fd: real,
        fs: memoryFiles(BYTES, () => real),
        start: 0,
        autoClose: false,
      } as object);
      const representation = await resolve(stream);
      expect(representation.size).toBeUndefined();
      expect((await read(representation, 0, 199_999)).equals(BYTES)).toBe(true);
      await representation.close?.();
    });

    it('finds nothing if another file system finds nothing', async () => {
      const open = (...rest: unknown[]): void => {
        const done = rest.at(-1) as (error: Error) => void;
        process.nextTick(done, Object.assign(new Error('no such file'), { code: 'ENOENT' }));
      };
      const stream = createReadStream(path, { fs: memoryFiles(BYTES, () => real, { open }) } as object);
      await expect(resolve(stream)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    });

    it('uses a descriptor that another open() returned, whatever the path says', async () => {
      const redirected = {
        ...fs,
        open: (_path: string, ...rest: never[]) => Reflect.apply(fs.open, fs, [other, ...rest]),
      };
      const representation = await resolve(createReadStream(path, { fs: redirected } as object));
      expect(representation.size).toBe(1000);
      expect((await read(representation, 0, 999)).equals(OTHER)).toBe(true);
      await representation.close?.();
    });

    class Redirected extends fs.ReadStream {
      override _construct(done: (error?: Error | null) => void): void {
        fs.open(other, 'r', (error, fd) => {
          Object.assign(this, { fd });
          done(error);
        });
      }
    }

    class Inverted extends fs.ReadStream {
      override push(chunk: Buffer | null): boolean {
        return super.push(chunk === null ? null : chunk.map((byte) => byte ^ 255));
      }
    }

    it('reads through a subclass with its own open or read', async () => {
      const inverted = BYTES.map((byte) => byte ^ 255);
      for (const [Stream, expected] of [
        [Redirected, OTHER],
        [Inverted, Buffer.from(inverted)],
      ] as const) {
        const representation = await readStreamSource(new Stream(path as never), { size: expected.length }).resolve(
          signal,
        );
        expect(representation).toMatchObject({ forwardOnly: true });
        expect((await read(representation, 0, expected.length - 1)).equals(expected)).toBe(true);
        await representation.close?.();
      }
    });

    it('reads through a stream with a replaced method', async () => {
      const stream = createReadStream(path);
      const push = stream.push.bind(stream);
      stream.push = (chunk: Buffer | null) => push(chunk === null ? null : chunk.map((byte) => byte ^ 255));
      const representation = await readStreamSource(stream, { size: 200_000 }).resolve(signal);
      expect((await read(representation, 0, 0))[0]).toBe(BYTES[0]! ^ 255);
      await representation.close?.();
    });

    /** As the streams of graceful-fs open their files, which are those of the disk. */
    class Patient extends fs.ReadStream {
      open(): void {
        fs.open(this.path, 'r', (_error, fd) => {
          Object.assign(this, { fd });
          this.emit('open', fd);
        });
      }
    }

    it('seeks if only open() was replaced, once it is open', async () => {
      const representation = await resolve(new Patient(path as never));
      expect(representation.size).toBe(200_000);
      expect(representation.forwardOnly).toBeUndefined();
      expect((await read(representation, 1000, 1999)).equals(BYTES.subarray(1000, 2000))).toBe(true);
      await representation.close?.();
    });
  });

  it('reads the path again if the file changes before it is read', async () => {
    const changing = fixtures.write('changing.mp4', BYTES);
    const source = readStreamSource(createReadStream(changing), {});
    const before = await source.resolve(signal);
    fixtures.write('changing.mp4', OTHER_BYTES);
    await expect(read(before, 0, 9)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await before.close?.();
    const after = await source.resolve(signal);
    expect(after.size).toBe(OTHER_BYTES.length);
    expect((await read(after, 0, 9)).equals(OTHER_BYTES.subarray(0, 10))).toBe(true);
    await after.close?.();
  });

  it('has the same tag as fileSource for the same file', async () => {
    const [ofStream, ofFile] = [await resolve(createReadStream(path)), await fileSource(path).resolve(signal)];
    expect(ofStream.etag).toBe(ofFile.etag);
    await ofStream.close?.();
    await ofFile.close?.();
  });

  it('accepts a URL too', async () => {
    const representation = await resolve(createReadStream(pathToFileURL(path)));
    expect(representation.size).toBe(200_000);
    await representation.close?.();
  });

  it('continues through the stream if its path now leads elsewhere', async () => {
    for (const change of ['replaced', 'deleted'] as const) {
      const moving = fixtures.write('moving', BYTES);
      const stream = createReadStream(moving);
      await new Promise((resolve) => stream.once('open', resolve));
      if (change === 'replaced') renameSync(fixtures.write('other', 'other content'), moving);
      else rmSync(moving);
      const representation = await resolve(stream);
      expect(representation).toMatchObject({ size: 200_000, forwardOnly: true });
      expect((await read(representation, 10, 100_000)).equals(BYTES.subarray(10, 100_001))).toBe(true);
      await representation.close?.();
      expect(stream.destroyed).toBe(true);
    }
  });

  it('serves the stream of a FileHandle forwards, from where it starts', async () => {
    const stream = (await open(path)).createReadStream({ start: 100 });
    const representation = await resolve(stream);
    expect(representation).toMatchObject({ size: 199_900, forwardOnly: true });
    expect((await read(representation, 0, 9)).equals(BYTES.subarray(100, 110))).toBe(true);
    expect((await read(representation, 50, 59)).equals(BYTES.subarray(150, 160))).toBe(true);
    await representation.close?.();
    expect(stream.destroyed).toBe(true);
  });

  it('does not guess the position of a FileHandle that was read before', async () => {
    const handle = await open(path);
    await handle.read(Buffer.alloc(100), 0, 100, null);
    const stream = handle.createReadStream();
    const representation = await resolve(stream);
    expect(representation).toMatchObject({ forwardOnly: true });
    expect(representation.size).toBeUndefined();
    await representation.close?.();
  });

  it.each([
    ['is not there', fixtures.at('missing')],
    ['is a directory', fixtures.path],
  ])('finds nothing if the file %s, and destroys the stream', async (_, target) => {
    const stream = createReadStream(target);
    await expect(resolve(stream)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    expect(stream.destroyed).toBe(true);
  });

  it('fails for a stream that was destroyed before', async () => {
    const stream = createReadStream(path);
    stream.destroy();
    await expect(resolve(stream)).rejects.toThrow('destroyed');
  });
});
