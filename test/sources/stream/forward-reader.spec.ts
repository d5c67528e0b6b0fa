import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { ForwardReader } from '../../../src/sources/stream/forward-reader.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const lettersIn = (pieceSize: number): Readable =>
  Readable.from((LETTERS.match(new RegExp(`.{1,${pieceSize}}`, 'g')) ?? []).map((piece) => Buffer.from(piece)));

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

describe.each([1, 2, 3, 5, 13, 26])('ForwardReader over chunks of %d bytes', (pieceSize) => {
  it.each<[string, [number, number][], string[]]>([
    ['one range', [[3, 7]], ['defgh']],
    ['the first byte', [[0, 0]], ['a']],
    ['the last byte', [[25, 25]], ['z']],
    ['all of it', [[0, 25]], [LETTERS]],
    [
      'ascending ranges',
      [
        [0, 1],
        [4, 4],
        [10, 19],
        [25, 25],
      ],
      ['ab', 'e', 'klmnopqrst', 'z'],
    ],
    [
      'adjacent ranges',
      [
        [2, 4],
        [5, 8],
      ],
      ['cde', 'fghi'],
    ],
  ])('reads %s in one pass', async (_, ranges, expected) => {
    const reader = new ForwardReader(lettersIn(pieceSize));
    const read: string[] = [];
    for (const [firstPos, lastPos] of ranges) read.push(await text(reader.read({ firstPos, lastPos })));
    expect(read).toEqual(expected);
  });

  it('reads everything without a range', async () => {
    expect(await text(new ForwardReader(lettersIn(pieceSize)).read(undefined))).toBe(LETTERS);
  });

  it('ends with the stream', async () => {
    expect(await text(new ForwardReader(lettersIn(pieceSize)).read({ firstPos: 20, lastPos: 30 }))).toBe('uvwxyz');
  });

  it('fails if the stream ends before the range begins', async () => {
    const reading = text(new ForwardReader(lettersIn(pieceSize)).read({ firstPos: 27, lastPos: 30 }));
    await expect(reading).rejects.toMatchObject({ code: 'SOURCE_LENGTH' });
  });
});

describe('ForwardReader', () => {
  it('destroys the stream when it is closed, read or not', async () => {
    const unread = lettersIn(4);
    new ForwardReader(unread).close();
    expect(unread.destroyed).toBe(true);
    const begun = lettersIn(4);
    const reader = new ForwardReader(begun);
    await reader.read({ firstPos: 0, lastPos: 9 })[Symbol.asyncIterator]().next();
    reader.close();
    expect(begun.destroyed).toBe(true);
  });

  it('passes an error of the stream on', async () => {
    const failing = new Readable({ read: () => void failing.destroy(new Error('gone')) });
    await expect(text(new ForwardReader(failing).read(undefined))).rejects.toThrow('gone');
  });

  it('does not throw an error of a stream that nobody reads', async () => {
    const failing = new Readable({ read() {} });
    const reader = new ForwardReader(failing);
    await new Promise<void>((resolve) => {
      failing.on('close', resolve);
      failing.destroy(new Error('nobody asked'));
    });
    reader.close();
    expect(failing.destroyed).toBe(true);
  });

  it('reads text as the bytes of its encoding', async () => {
    const readable = Readable.from(['grün', '€'], { objectMode: true });
    expect(await text(new ForwardReader(readable).read(undefined))).toBe('grün€');
  });
});
