import { afterAll, describe, expect, it } from '@jest/globals';
import { truncateSync, writeFileSync } from 'node:fs';
import { PrimedContent } from '../../src/content/primed-content.js';
import type { Segment } from '../../src/http/response-plan.js';
import { fileSource } from '../../src/sources/file/file-source.js';
import type { Bytes, Representation } from '../../src/sources/source.js';
import { FixtureDirectory } from '../support/sources/fixtures.js';
import { untilClosed } from '../support/sources/until-closed.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const CONTENT: readonly Segment[] = [
  { kind: 'text', text: '<\xe4' },
  { kind: 'bytes', range: { firstPos: 20, lastPos: 25 }, length: 6 },
  { kind: 'text', text: '|' },
  { kind: 'bytes', range: { firstPos: 0, lastPos: 0 }, length: 1 },
  { kind: 'text', text: '>' },
];
const LENGTH = 11;
const { signal } = new AbortController();

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const resolve = async (name: string): Promise<Representation> =>
  fileSource(fixtures.write(name, Buffer.from(LETTERS))).resolve(signal);
const primed = async (representation: Representation): Promise<PrimedContent> =>
  PrimedContent.read(CONTENT, LENGTH, representation, signal);
const textOf = ({ first }: PrimedContent): string => Buffer.from(first ?? []).toString('latin1');

describe('small parts are read into one buffer before the head is sent', () => {
  it('of a file', async () => {
    const content = await primed(await resolve('file.txt'));
    expect(textOf(content)).toBe('<\xe4uvwxyz|a>');
    expect(content.isComplete).toBe(true);
    expect(content.isReleased).toBe(true);
  });

  it('of any other source', async () => {
    const ranges: unknown[] = [];
    async function* open(range: { firstPos: number; lastPos: number } | undefined): Bytes {
      ranges.push(range);
      for (const letter of LETTERS.slice(range?.firstPos, (range?.lastPos ?? 25) + 1)) yield Buffer.from(letter);
    }
    expect(textOf(await primed({ size: 26, open }))).toBe('<\xe4uvwxyz|a>');
    expect(ranges).toEqual([
      { firstPos: 20, lastPos: 25 },
      { firstPos: 0, lastPos: 0 },
    ]);
  });

  it('through a wrapper around the open() of a file', async () => {
    const file = await resolve('wrapped.txt');
    const representation: Representation = {
      ...file,
      async *open(range) {
        for await (const chunk of await file.open(range, signal)) yield Buffer.from(String(chunk).toUpperCase());
      },
    };
    expect(textOf(await primed(representation))).toBe('<\xe4UVWXYZ|A>');
  });

  it.each<[string, (path: string) => void]>([
    ['is written over', (path) => writeFileSync(path, LETTERS.toUpperCase())],
    ['is cut short', (path) => truncateSync(path, 10)],
  ])('not of a file that %s meanwhile', async (name, change) => {
    const representation = await resolve(`${name}.txt`);
    change(fixtures.at(`${name}.txt`));
    await expect(primed(representation)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await untilClosed(fixtures);
  });

  it('not of bytes beyond the size that a file reported', async () => {
    const file = await resolve('short.txt');
    const content: readonly Segment[] = [
      { kind: 'bytes', range: { firstPos: 0, lastPos: 0 }, length: 1 },
      { kind: 'bytes', range: { firstPos: 25, lastPos: 26 }, length: 2 },
    ];
    const reading = PrimedContent.read(content, 3, { ...file, size: 27 }, signal);
    await expect(reading).rejects.toMatchObject({ code: 'SOURCE_LENGTH' });
  });
});
