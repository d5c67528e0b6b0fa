import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { bytesSource } from '../../src/sources/bytes-source.js';
import type { RangeSource } from '../../src/sources/source.js';
import { streamSource } from '../../src/sources/stream-source.js';
import { settle } from '../support/until.js';

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

  it('copies no octet of a Buffer', async () => {
    const { open } = await bytesSource(LETTERS).resolve(signal);
    for await (const chunk of await open({ firstPos: 2, lastPos: 5 }, signal)) {
      expect(chunk.buffer).toBe(LETTERS.buffer);
      expect(chunk.byteOffset).toBe(LETTERS.byteOffset + 2);
    }
    expect.assertions(2);
  });

  it('takes the type of a Blob, and metadata above it', async () => {
    const blob = new Blob([LETTERS], { type: 'audio/ogg' });
    expect(await bytesSource(blob).resolve(signal)).toMatchObject({ type: 'audio/ogg' });
    const metadata = { type: 'audio/opus', etag: '"v1"', lastModified: new Date(0), fields: { expires: '0' } };
    expect(await bytesSource(blob, metadata).resolve(signal)).toMatchObject(metadata);
    expect((await bytesSource(new Blob([LETTERS])).resolve(signal)).type).toBeUndefined();
  });

  it('serves nothing as nothing', async () => {
    for (const empty of [new Uint8Array(0), new Blob([])]) {
      expect((await bytesSource(empty).resolve(signal)).size).toBe(0);
    }
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

  it('says what it is told, and that it reads forwards only', async () => {
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

  it('reads a generator no further than it is asked to', async () => {
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
