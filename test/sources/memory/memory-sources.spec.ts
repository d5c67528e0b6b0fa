import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import crypto, { webcrypto } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { Readable } from 'node:stream';
import { bytesSource } from '../../../src/sources/memory/bytes-source.js';
import type { RangeSource } from '../../../src/sources/source.js';
import { streamSource } from '../../../src/sources/stream/stream-source.js';
import { FixtureDirectory } from '../../support/sources/fixtures.js';
import { settle } from '../../support/until.js';

const LETTERS = Buffer.from('abcdefghijklmnopqrstuvwxyz');
const { signal } = new AbortController();

async function read(source: RangeSource, ...ranges: (readonly [number, number])[]): Promise<string[]> {
  const representation = await source.resolve(signal);
  const asked = ranges.length === 0 ? [undefined] : ranges.map(([firstPos, lastPos]) => ({ firstPos, lastPos }));
  const texts: string[] = [];
  for (const range of asked) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await representation.open(range, signal)) chunks.push(Buffer.from(chunk));
    texts.push(Buffer.concat(chunks).toString());
  }
  await representation.close?.();
  return texts;
}

describe('bytesSource', () => {
  const window = new Uint8Array(Buffer.concat([Buffer.from('###'), LETTERS, Buffer.from('###')])).subarray(3, 29);

  it.each<[string, Uint8Array | Blob]>([
    ['a Buffer', LETTERS],
    ['a Uint8Array within a larger ArrayBuffer', window],
    ['a Blob', new Blob([LETTERS])],
    ['a Blob of several parts', new Blob(['abc', LETTERS.subarray(3)])],
    ['a slice of a Blob', new Blob(['###', LETTERS, '###']).slice(3, 29)],
  ])('reads %s in any order', async (_, bytes) => {
    const source = bytesSource(bytes);
    expect((await source.resolve(signal)).size).toBe(26);
    expect(await read(source)).toEqual([LETTERS.toString()]);
    expect(await read(source, [20, 25], [0, 0], [25, 25], [3, 7])).toEqual(['uvwxyz', 'a', 'z', 'defgh']);
  });

  it('copies no byte of a Buffer', async () => {
    const { open } = await bytesSource(LETTERS).resolve(signal);
    for await (const chunk of await open({ firstPos: 2, lastPos: 5 }, signal)) {
      expect(chunk.buffer).toBe(LETTERS.buffer);
      expect(chunk.byteOffset).toBe(LETTERS.byteOffset + 2);
    }
    expect.assertions(2);
  });

  it('uses the type of a Blob, unless metadata has one', async () => {
    const blob = new Blob([LETTERS], { type: 'audio/ogg' });
    expect(await bytesSource(blob).resolve(signal)).toMatchObject({ type: 'audio/ogg' });
    const metadata = { type: 'audio/opus', etag: '"v1"', lastModified: new Date(0), headers: { expires: '0' } };
    expect(await bytesSource(blob, metadata).resolve(signal)).toMatchObject(metadata);
    expect((await bytesSource(new Blob([LETTERS])).resolve(signal)).type).toBeUndefined();
  });

  it('serves empty bytes', async () => {
    for (const empty of [new Uint8Array(0), new Blob([])]) {
      expect((await bytesSource(empty).resolve(signal)).size).toBe(0);
    }
  });
});

describe('the entity tag of bytes', () => {
  const MiB = 1024 * 1024;
  const STRONG = /^"[\w-]{22}"$/;
  const tagOf = async (source: RangeSource): Promise<string | undefined> => (await source.resolve(signal)).etag;
  const hash = jest.spyOn(crypto.Hash.prototype, 'update');
  const digest = jest.spyOn(webcrypto.subtle, 'digest');
  const hashes = (): number => hash.mock.calls.length + digest.mock.calls.length;
  beforeEach(() => void jest.clearAllMocks());
  afterAll(() => void jest.restoreAllMocks());

  const KINDS: readonly (readonly [what: string, make: (bytes: Buffer) => Uint8Array | Blob])[] = [
    ['a Buffer', (bytes) => bytes],
    ['a Uint8Array', (bytes) => new Uint8Array(bytes)],
    [
      'shared memory',
      (bytes) => Object.assign(new Uint8Array(new SharedArrayBuffer(bytes.length))).fill(bytes[0] ?? 0),
    ],
    ['a Blob', (bytes) => new Blob([bytes])],
  ];

  describe.each(KINDS)('of %s', (_, make) => {
    it('is strong, that of the content', async () => {
      for (const size of [0, 1, 1000, MiB]) {
        const tag = await tagOf(bytesSource(make(Buffer.alloc(size, 1))));
        expect(tag).toMatch(STRONG);
        expect(await tagOf(bytesSource(make(Buffer.alloc(size, 1))))).toBe(tag);
        if (size > 0) expect(await tagOf(bytesSource(make(Buffer.alloc(size, 2))))).not.toBe(tag);
        expect(await tagOf(bytesSource(make(Buffer.alloc(size + 1, 1)), { etag: 'content' }))).not.toBe(tag);
      }
    });

    it("is there of more than 1 MiB only with etag: 'content'", async () => {
      const large = Buffer.alloc(2 * MiB + 1, 1);
      expect(await tagOf(bytesSource(make(large)))).toBeUndefined();
      expect(hashes()).toBe(0);
      const tag = await tagOf(bytesSource(make(large), { etag: 'content' }));
      expect(tag).toMatch(STRONG);
      expect(await tagOf(bytesSource(make(Buffer.from(large)), { etag: 'content' }))).toBe(tag);
      expect(await tagOf(bytesSource(make(Buffer.alloc(2 * MiB + 1, 2)), { etag: 'content' }))).not.toBe(tag);
    });

    it('is made once for a source, and not if the app sets one', async () => {
      for (const options of [{}, { etag: 'content' }]) {
        const source = bytesSource(make(Buffer.alloc(MiB + (options.etag === undefined ? 0 : 1), 1)), options);
        const tag = await tagOf(source);
        const made = hashes();
        expect(made).toBeGreaterThan(0);
        const others = await Promise.all([tagOf(source), tagOf(source), tagOf(source)]);
        expect(others).toEqual([tag, tag, tag]);
        expect(hashes()).toBe(made);
        jest.clearAllMocks();
      }
      expect(await tagOf(bytesSource(make(LETTERS), { etag: '"mine"' }))).toBe('"mine"');
      expect(hashes()).toBe(0);
    });
  });

  it('of large bytes is hashed once for simultaneous requests', async () => {
    const source = bytesSource(Buffer.alloc(3 * MiB), { etag: 'content' });
    const tags = await Promise.all([tagOf(source), tagOf(source), tagOf(source)]);
    expect(new Set(tags).size).toBe(1);
    expect(digest).toHaveBeenCalledTimes(3);
  });

  it('of bytes in memory is not made before it is needed', async () => {
    const { size } = await bytesSource(LETTERS).resolve(signal);
    expect(size).toBe(26);
    expect(hashes()).toBe(0);
  });

  it('of an unreadable Blob is none, and reading it fails', async () => {
    const fixtures = new FixtureDirectory();
    const blob = await openAsBlob(fixtures.write('blob', 'content'));
    fixtures.write('blob', 'other content');
    expect(await tagOf(bytesSource(blob))).toBeUndefined();
    await expect(read(bytesSource(blob))).rejects.toMatchObject({ name: 'NotReadableError' });
    fixtures.remove();
  });
});

describe('streamSource', () => {
  const pieces = (): Readable => Readable.from([LETTERS.subarray(0, 10), LETTERS.subarray(10)]);

  async function* generated(): AsyncGenerator<Uint8Array> {
    yield LETTERS.subarray(0, 10);
    yield LETTERS.subarray(10);
  }

  it.each<[string, () => Readable | AsyncIterable<Uint8Array>]>([
    ['a Readable', pieces],
    ['a generator', generated],
    ['a web stream', () => new Blob([LETTERS]).stream() as unknown as AsyncIterable<Uint8Array>],
  ])('reads %s once, forwards', async (_, make) => {
    expect(await read(streamSource(make()))).toEqual([LETTERS.toString()]);
    expect(await read(streamSource(make(), { size: 26 }), [1, 3], [8, 12], [25, 25])).toEqual(['bcd', 'ijklm', 'z']);
  });

  it('returns the given metadata, and that it reads forwards only', async () => {
    const metadata = { size: 26, type: 'audio/ogg', etag: '"v1"', lastModified: new Date(0) };
    const representation = await streamSource(pieces(), metadata).resolve(signal);
    expect(representation).toMatchObject({ ...metadata, forwardOnly: true });
    await representation.close?.();
    const unknown = await streamSource(pieces()).resolve(signal);
    expect(unknown.size).toBeUndefined();
    await unknown.close?.();
  });

  it('destroys the stream when it is closed, unread', async () => {
    const readable = pieces();
    await (await streamSource(readable, { size: 26 }).resolve(signal)).close?.();
    expect(readable.destroyed).toBe(true);
  });

  it('reads a generator no further than requested', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given++;
        yield Buffer.alloc(1000);
      }
    }
    const representation = await streamSource(endless()).resolve(signal);
    const chunks = (await representation.open(undefined, signal))[Symbol.asyncIterator]();
    await chunks.next();
    await settle();
    expect(given).toBeLessThan(5);
    await representation.close?.();
  });
});
