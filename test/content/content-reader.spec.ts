import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { PrimedContent } from '../../src/content/primed-content.js';
import { ContentReader } from '../../src/content/content-reader.js';
import type { Segment } from '../../src/http/response-plan.js';
import type { Bytes, Representation } from '../../src/sources/source.js';
import { Gate, until } from '../support/until.js';

const LETTERS = Buffer.from('abcdefghijklmnopqrstuvwxyz');
const bytes = (firstPos: number, lastPos: number): Segment => ({
  kind: 'bytes',
  range: { firstPos, lastPos },
  length: lastPos - firstPos + 1,
});
const text = (value: string): Segment => ({ kind: 'text', text: value });
const neverAborted = new AbortController().signal;

/** The letters in chunks, counting what is done to it. */
class Letters implements Representation {
  readonly size = LETTERS.length;
  closed = 0;
  readonly events: string[] = [];

  constructor(
    private readonly chunkSize = 4,
    private readonly surplus = 0,
  ) {}

  async *open(range?: { firstPos: number; lastPos: number }): Bytes {
    const { firstPos, lastPos } = range ?? { firstPos: 0, lastPos: 25 };
    this.events.push(`open ${firstPos}-${lastPos}`);
    try {
      const end = lastPos + 1 + this.surplus;
      const padded = Buffer.concat([LETTERS, Buffer.alloc(100, '+')]);
      for (let at = firstPos; at < end; at += this.chunkSize)
        yield padded.subarray(at, Math.min(at + this.chunkSize, end));
    } finally {
      this.events.push('ended');
    }
  }

  close(): void {
    this.closed++;
    this.events.push('close');
  }
}

const read = (content: readonly Segment[], representation: Representation, signal = neverAborted): ContentReader =>
  new ContentReader(content, representation, signal);

async function* chunksOf(reader: ContentReader): Bytes {
  for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) yield chunk;
}

async function collect(reader: ContentReader): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunksOf(reader)) all.push(chunk);
  return Buffer.concat(all).toString('latin1');
}

describe('ContentReader', () => {
  it.each<[string, Segment[], string]>([
    ['nothing', [], ''],
    ['one range', [bytes(2, 5)], 'cdef'],
    ['one byte', [bytes(25, 25)], 'z'],
    ['all of it by no range', [{ kind: 'bytes', range: undefined, length: 26 }], LETTERS.toString()],
    ['all of it, length unknown', [{ kind: 'bytes', range: undefined, length: undefined }], LETTERS.toString()],
    ['literal text', [text('--x\r\n')], '--x\r\n'],
    ['Latin-1 text byte by byte', [text('\xe4\xff')], '\xe4\xff'],
    [
      'text and ranges in their order, backwards too',
      [text('<'), bytes(20, 25), text('|'), bytes(0, 1), text('>')],
      '<uvwxyz|ab>',
    ],
  ])('carries out %s, and closes once', async (_, content, expected) => {
    const representation = new Letters();
    expect(await collect(read(content, representation))).toBe(expected);
    expect(representation.closed).toBe(1);
  });

  it('opens each range only when its turn comes', async () => {
    const representation = new Letters();
    const chunks = read([bytes(0, 1), text('|'), bytes(4, 5)], representation);
    await chunks.next();
    expect(representation.events.filter((event) => event.startsWith('open'))).toEqual(['open 0-1']);
    await collect(chunks);
    expect(representation.events).toEqual(['open 0-1', 'ended', 'open 4-5', 'ended', 'close']);
  });

  it('skips empty chunks', async () => {
    const representation: Representation = {
      size: 2,
      async *open() {
        yield new Uint8Array(0);
        yield Buffer.from('a');
        yield new Uint8Array(0);
        yield Buffer.from('b');
        yield new Uint8Array(0);
      },
    };
    const sizes: number[] = [];
    for await (const chunk of chunksOf(read([bytes(0, 1)], representation))) sizes.push(chunk.byteLength);
    expect(sizes).toEqual([1, 1]);
  });

  it.each([
    ['one byte less', -1],
    ['nothing at all', -26],
    ['one byte more', 1],
    ['many bytes more', 50],
  ])('fails for a source that gives %s, before the last byte is out', async (_, surplus) => {
    for (const chunkSize of [1, 4, 100]) {
      const representation = new Letters(chunkSize, surplus);
      const given: Uint8Array[] = [];
      const reading = async (): Promise<void> => {
        for await (const chunk of chunksOf(read([bytes(0, 25)], representation))) given.push(chunk);
      };
      await expect(reading()).rejects.toMatchObject({ code: 'SOURCE_LENGTH' });
      expect(Buffer.concat(given).length).toBeLessThan(26);
      expect(representation.events.slice(-2)).toEqual(['ended', 'close']);
    }
  });

  it('closes once when the reader stops early, and ends the iteration first', async () => {
    const representation = new Letters();
    const chunks = read([bytes(0, 25)], representation);
    await chunks.next();
    await chunks.release();
    await chunks.release();
    expect(representation.events).toEqual(['open 0-25', 'ended', 'close']);
  });

  it('closes once when open fails', async () => {
    const representation = Object.assign(new Letters(), {
      open: () => {
        throw new Error('no');
      },
    });
    await expect(collect(read([bytes(0, 1)], representation))).rejects.toThrow('no');
    expect(representation.closed).toBe(1);
  });

  it('releases what open() returns after the abort, whatever it is', async () => {
    const readable = new Readable({ read() {} });
    let cancelled = false;
    const web = new ReadableStream<Uint8Array>({
      cancel: () => {
        cancelled = true;
      },
    });
    for (const opened of [readable, web as unknown as Bytes]) {
      const opening = new Gate<Bytes>();
      const controller = new AbortController();
      let closed = 0;
      const chunks = read(
        [bytes(0, 1)],
        { size: 26, open: () => opening.passed, close: () => void closed++ },
        controller.signal,
      );
      const reading = chunks.next();
      controller.abort();
      opening.open(opened);
      await reading.catch(() => {});
      await chunks.release();
      expect(closed).toBe(1);
    }
    expect(readable.destroyed).toBe(true);
    expect(cancelled).toBe(true);
  });

  it('an abort ends a Readable that receives no more data', async () => {
    const readable = new Readable({ read() {} });
    const controller = new AbortController();
    const chunks = read([bytes(0, 9)], { size: 26, open: () => readable }, controller.signal);
    const reading = chunks.next().catch(() => 'ended');
    await until(() => readable.listenerCount('readable') > 0, 'the reading to begin');
    controller.abort();
    await reading;
    expect(readable.destroyed).toBe(true);
  });

  it('reads a web stream', async () => {
    const { size } = new Letters();
    const open = (): Bytes => new Blob([LETTERS]).stream() as unknown as Bytes;
    expect(await collect(read([bytes(0, 25)], { size, open }))).toBe(LETTERS.toString());
  });
});

describe('PrimedContent', () => {
  it('has read the first chunk, and no more', async () => {
    const representation = new Letters();
    const content = await PrimedContent.read([bytes(0, 25)], 26, representation, neverAborted);
    expect(content.first?.toString()).toBe('abcd');
    expect(content.isComplete).toBe(false);
    expect((await content.next())?.toString()).toBe('abcd');
    expect((await content.next())?.toString()).toBe('efgh');
    await content.release();
    expect(representation.events).toEqual(['open 0-25', 'ended', 'close']);
  });

  it('is complete if there is only one chunk', async () => {
    const representation = new Letters(100);
    const content = await PrimedContent.read([bytes(3, 5)], 3, representation, neverAborted);
    expect(content.first?.toString()).toBe('def');
    expect(content.isComplete).toBe(true);
    await content.release();
    expect(representation.closed).toBe(1);
  });

  it('is empty without content, and closes the representation', async () => {
    const representation = new Letters();
    const content = await PrimedContent.read([], 0, representation, neverAborted);
    expect({ first: content.first, isComplete: content.isComplete }).toEqual({ first: undefined, isComplete: true });
    await content.release();
    expect(representation.events).toEqual(['close']);
  });

  it("fails with the source's error, and closes the source", async () => {
    const representation = Object.assign(new Letters(), { open: () => Promise.reject(new Error('not there')) });
    await expect(PrimedContent.read([bytes(0, 1)], 2, representation, neverAborted)).rejects.toThrow('not there');
    expect(representation.closed).toBe(1);
  });

  it('ends with undefined, and may be released again and again', async () => {
    const representation = new Letters();
    const content = await PrimedContent.read([bytes(0, 5)], 6, representation, neverAborted);
    expect((await content.next())?.toString()).toBe('abcd');
    expect((await content.next())?.toString()).toBe('ef');
    expect(await content.next()).toBeUndefined();
    expect(await content.next()).toBeUndefined();
    await Promise.all([content.release(), content.release()]);
    expect(representation.closed).toBe(1);
  });
});
