import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PacedContent } from '../../../src/content/pace/paced-content.js';
import { SharedBuckets } from '../../../src/content/pace/shared-buckets.js';
import type { Rate } from '../../../src/content/pace/token-bucket.js';
import { PrimedContent } from '../../../src/content/primed-content.js';
import { fileSource } from '../../../src/sources/file/file-source.js';
import type { Representation } from '../../../src/sources/source.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';

const BYTES = pseudoRandomBytes(200_000);
const RATE: Rate = { bytesPerSecond: 40_000, after: 0 }; // a chunk has 10,000 bytes
const { signal } = new AbortController();
let fixtures: FixtureDirectory;

beforeEach(() => {
  fixtures = new FixtureDirectory();
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date'] });
});
afterEach(() => {
  jest.useRealTimers();
  fixtures.remove();
});

async function prime(representation: Representation): Promise<PrimedContent> {
  const length = representation.size;
  return PrimedContent.read([{ kind: 'bytes', range: undefined, length }], length, representation, signal);
}

async function primedProbe(bytes: Uint8Array, chunkSize: number): Promise<PrimedContent> {
  return prime(await new ProbeSource(bytes, { chunkSize }).resolve(signal));
}

function paced(content: PrimedContent, rate = RATE, buckets = new SharedBuckets(), key?: string): PacedContent {
  return new PacedContent(content, { rate, lease: () => buckets.lease(key) });
}

/** The next chunk, and how long it has waited, by the clock of the test, in ms. */
async function timed(content: PacedContent): Promise<readonly [waitedMs: number, chunk: Uint8Array | undefined]> {
  const startedAt = performance.now();
  const chunk = content.next();
  for (let isThere = false; !isThere;) {
    isThere = await Promise.race([chunk.then(() => true), turns().then(() => false)]);
    if (!isThere) jest.advanceTimersByTime(1);
  }
  return [Math.round(performance.now() - startedAt), await chunk];
}

async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

interface Sent {
  /** Of each chunk. */
  readonly lengths: number[];
  /** When each came, in ms since the beginning. */
  readonly times: number[];
  readonly bytes: Buffer;
}

async function readAll(content: PacedContent): Promise<Sent> {
  const [chunks, times] = [[] as Uint8Array[], [] as number[]];
  const startedAt = performance.now();
  for (;;) {
    const [, chunk] = await timed(content);
    if (chunk === undefined) break;
    chunks.push(Buffer.from(chunk));
    times.push(performance.now() - startedAt);
  }
  return { lengths: chunks.map(({ byteLength }) => byteLength), times, bytes: Buffer.concat(chunks) };
}

/** Each at its time, in ms, or at the next tick. */
function expectTimes(times: readonly number[], due: readonly number[]): void {
  expect(times).toHaveLength(due.length);
  for (const [i, time] of times.entries()) {
    expect(time).toBeGreaterThan(due[i]! - 1);
    expect(time).toBeLessThan(due[i]! + 52);
  }
}

describe('paced content', () => {
  it('is cut into chunks that grow to what the rate allows in a second, and each waits for its turn', async () => {
    const bytes = BYTES.subarray(0, 125_000);
    const { lengths, times, bytes: sent } = await readAll(paced(await primedProbe(bytes, 125_000)));
    expect(lengths).toEqual([10_000, 10_000, 20_000, 40_000, 40_000, 5000]);
    expectTimes(times, [0, 250, 750, 1750, 2750, 2875]);
    expect(sent.equals(bytes)).toBe(true);
  });

  it('leaves chunks that are small enough as they are', async () => {
    const { lengths, times } = await readAll(paced(await primedProbe(BYTES.subarray(0, 24_000), 8000)));
    expect(lengths).toEqual([8000, 8000, 8000]);
    expectTimes(times, [0, 150, 350]);
  });

  it('sends `after` at once, in chunks as they come', async () => {
    const rate = { ...RATE, after: 90_000 };
    const { lengths, times, bytes } = await readAll(paced(await primedProbe(BYTES.subarray(0, 120_000), 60_000), rate));
    expect(lengths).toEqual([60_000, 40_000, 10_000, 10_000]);
    expectTimes(times, [0, 0, 250, 500]);
    expect(bytes.equals(BYTES.subarray(0, 120_000))).toBe(true);
  });

  it('wakes the process at most once in 50 ms', async () => {
    const contents = await Promise.all(Array.from({ length: 100 }, () => primedProbe(BYTES, 1000)));
    const all = contents.map((content, i) => paced(content, { bytesPerSecond: 1000 + i, after: 0 }));
    const turnsAt = new Set<number>();
    for (const content of all) {
      void (async () => {
        while ((await content.next()) !== undefined) turnsAt.add(Math.floor(performance.now() / 10));
      })();
    }
    for (let ms = 0; ms < 2000; ms += 5, jest.advanceTimersByTime(5)) await turns();
    expect(turnsAt.size).toBeLessThanOrEqual(42);
    for (const content of all) content.stop();
  });

  it('has a file in its chunks, and returns what was taken back', async () => {
    const path = fixtures.write('file.bin', BYTES);
    const content = paced(await prime(await fileSource(path).resolve(signal)), { bytesPerSecond: 200_000, after: 0 });
    const sent: Buffer[] = [];
    for (let turn = 0; ; turn++) {
      const [, chunk] = await timed(content);
      if (chunk === undefined) break;
      if (turn % 2 === 1 && content.unread(chunk)) continue;
      sent.push(Buffer.from(chunk));
    }
    expect(Buffer.concat(sent).equals(BYTES)).toBe(true);
    await content.release();
  });

  it('a chunk taken back has not used its turn', async () => {
    const path = fixtures.write('file.bin', pseudoRandomBytes(2_000_000));
    const buckets = new SharedBuckets();
    const { bucket } = buckets.lease('user');
    const content = paced(await prime(await fileSource(path).resolve(signal)), RATE, buckets, 'user');
    for (let bytes = 0; bytes < 64 * 1024;) bytes += (await timed(content))[1]?.byteLength ?? 0; // the first chunk stays
    const [, chunk] = await timed(content);
    const owed = bucket.owedMs(performance.now());
    expect(content.unread(chunk!)).toBe(true);
    expect(bucket.owedMs(performance.now())).toBeCloseTo(Math.max(0, owed - 1000), 5);
    const [, again] = await timed(content);
    expect(again?.byteLength).toBeGreaterThanOrEqual(10_000);
    await content.release();
  });

  it('responses with the same key share the rate of one', async () => {
    const buckets = new SharedBuckets();
    const all = await Promise.all(Array.from({ length: 8 }, () => primedProbe(BYTES, 50_000)));
    const contents = all.map((content) => paced(content, RATE, buckets, 'user'));
    let bytes = 0;
    for (const content of contents) {
      void (async () => {
        for (let chunk = await content.next(); chunk !== undefined; chunk = await content.next()) bytes += chunk.length;
      })();
    }
    for (let ms = 0; ms <= 5000; ms += 50, jest.advanceTimersByTime(50)) {
      await turns();
      expect(bytes).toBeLessThanOrEqual(10_000 + 40 * ms);
      expect(bytes).toBeGreaterThanOrEqual(40 * (ms - 200)); // none of the eight takes more than an eighth of a second
    }
    for (const content of contents) content.stop();
    expect(jest.getTimerCount()).toBe(1); // of the bucket, until it is full
  });

  it('ends its wait when it is stopped, and leaves its turn to others', async () => {
    const buckets = new SharedBuckets();
    const [a, b] = [await primedProbe(BYTES, 50_000), await primedProbe(BYTES, 50_000)];
    const [first, second] = [paced(a, RATE, buckets, 'user'), paced(b, RATE, buckets, 'user')];
    expect((await timed(first))[0]).toBe(0);
    const waiting = first.next(); // until 250
    await turns();
    first.stop();
    first.stop();
    await waiting;
    expect(jest.getTimerCount()).toBe(0);
    expectTimes([(await timed(second))[0]], [250]);
    second.stop();
  });

  it('does not wait any more once it is stopped', async () => {
    const content = paced(await primedProbe(BYTES, 50_000));
    await content.next();
    content.stop();
    await content.next();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is delayed if its bucket has no room for its first chunk', async () => {
    const buckets = new SharedBuckets();
    const content = paced(await primedProbe(BYTES, 50_000), RATE, buckets, 'user');
    expect(content.isDelayed).toBe(false);
    await content.next();
    expect(content.isDelayed).toBe(true);
  });

  it('takes small content at once if there is room', async () => {
    const buckets = new SharedBuckets();
    const first = BYTES.subarray(0, 6000);
    const content = paced(await primedProbe(first, 6000), RATE, buckets, 'user');
    expect(content.takeAtOnce(first)).toBe(true);
    expect(content.takeAtOnce(first)).toBe(false); // 4,000 are left
  });
});
