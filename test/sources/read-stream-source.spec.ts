import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import fs, { createReadStream, type ReadStream, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { fileHandles } from '../../src/sources/file-handles.js';
import { fileSource } from '../../src/sources/file-source.js';
import { readStreamSource } from '../../src/sources/read-stream-source.js';
import type { Representation } from '../../src/sources/source.js';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../support/fixtures.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000); // for a loaded machine: nothing waits this long by itself

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const BYTES = pseudoRandomBytes(200_000);
const path = fixtures.write('clip.mp4', BYTES);
const { signal } = new AbortController();

async function read(representation: Representation, firstPos: number, lastPos: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await representation.open({ firstPos, lastPos }, signal)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

fileHandles.resize(0); // closed with their leases, not a moment later
afterEach(() => until(() => fixtures.openDescriptors().length === 0, 'every descriptor to be closed'));

const resolve = async (stream: ReadStream): Promise<Representation> => readStreamSource(stream, {}).resolve(signal);

describe('readStreamSource', () => {
  it.each<[string, Parameters<typeof createReadStream>[1], number, number]>([
    ['a whole file', {}, 0, 200_000],
    ['from a start', { start: 1000 }, 1000, 200_000],
    ['to an end', { end: 999 }, 0, 1000],
    ['from a start to an end', { start: 70_000, end: 140_000 }, 70_000, 140_001],
    ['one octet', { start: 5, end: 5 }, 5, 6],
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

  it('reads what the stream reads where another file system stands behind it', async () => {
    const other = fixtures.write('other.mp4', BYTES.subarray(1, 1001));
    const redirected = {
      ...fs,
      open: (_path: string, ...rest: never[]) => Reflect.apply(fs.open, fs, [other, ...rest]),
    };
    const stream = createReadStream(path, { fs: redirected } as object);
    const representation = await resolve(stream);
    expect(representation.size).toBe(1000);
    expect((await read(representation, 0, 999)).equals(BYTES.subarray(1, 1001))).toBe(true);
    await representation.close?.();
  });

  it('has the tag that fileSource gives the same file', async () => {
    const [ofStream, ofFile] = [await resolve(createReadStream(path)), await fileSource(path).resolve(signal)];
    expect(ofStream.etag).toBe(ofFile.etag);
    await ofStream.close?.();
    await ofFile.close?.();
  });

  it('takes a URL too', async () => {
    const representation = await resolve(createReadStream(pathToFileURL(path)));
    expect(representation.size).toBe(200_000);
    await representation.close?.();
  });

  it('reads on through the stream where its path leads elsewhere meanwhile', async () => {
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

  it('does not guess where a FileHandle stands that was read before', async () => {
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
  ])('finds nothing where the file %s, and destroys the stream', async (_, target) => {
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
