import { describe, expect, it } from '@jest/globals';
import { chunkBytes, type Rate, TokenBucket } from '../../../src/content/pace/token-bucket.js';

const SLOW: Rate = { bytesPerSecond: 1000, after: 0 }; // a chunk is 250 bytes
const WITH_START: Rate = { bytesPerSecond: 1000, after: 500 };
const FAST: Rate = { bytesPerSecond: 2000, after: 0 }; // a chunk is 500 bytes

/** At a time in ms bytes are taken (or given back, where negative), and wait for so many ms. */
type Step = readonly [at: number, bytes: number, waitMs: number | 'given back', rate?: Rate];

// prettier-ignore
const ROWS: readonly (readonly [name: string, rate: Rate, steps: readonly Step[]])[] = [
  ['the first chunk leaves at once', SLOW, [[0, 250, 0]]],
  ['each further one waits until those before it are paid for', SLOW, [[0, 250, 0], [0, 250, 250], [0, 250, 500]]],
  ['one that is asked for late waits less', SLOW, [[0, 250, 0], [100, 250, 150]]],
  ['and one that is asked for in time does not wait', SLOW, [[0, 250, 0], [250, 250, 0], [500, 250, 0]]],
  ['a late start makes no later one late', SLOW, [[0, 250, 0], [0, 250, 250], [253, 250, 247]]],
  ['small chunks leave at once until they are one', SLOW, [[0, 100, 0], [0, 100, 0], [0, 50, 0], [0, 1, 1]]],
  ['what was not used in a pause does not pile up', SLOW, [[0, 250, 0], [60_000, 250, 0], [60_000, 250, 250]]],
  ['`after` leaves at once, and a chunk with it', WITH_START, [[0, 750, 0], [0, 250, 250]]],
  ['`after` comes back at the rate', WITH_START, [[0, 750, 0], [250, 500, 250]]],
  ['`after` comes back no further than it was', WITH_START, [[0, 750, 0], [60_000, 750, 0], [60_000, 1, 1]]],
  ['a part of a ms is waited for as a whole one', { bytesPerSecond: 3000, after: 0 }, [[0, 750, 0], [0, 1, 1]]],
  ['what is given back leaves room', SLOW, [[0, 250, 0], [0, 250, 250], [0, -250, 'given back'], [0, 250, 250]]],
  ['responses of two rates share the time', SLOW, [[0, 250, 0], [0, 500, 250, FAST], [0, 250, 500]]],
  ['a chunk is one byte at least', { bytesPerSecond: 0.5, after: 0 }, [[0, 1, 0], [0, 1, 2000]]],
  ['a start that no number can count down leaves at once', { bytesPerSecond: 1, after: Number.MAX_SAFE_INTEGER }, [[0, 1e9, 0]]],
];

describe('a token bucket', () => {
  it.each(ROWS)('%s', (_, rate, steps) => {
    for (const start of [0, 1e7 / 3, 1e10 / 3]) {
      const bucket = new TokenBucket();
      const waits = steps.map(([at, bytes, , own = rate]) => {
        if (bytes > 0) return bucket.take(bytes, own, start + at);
        bucket.giveBack(-bytes, own);
        return 'given back';
      });
      expect(waits).toEqual(steps.map(([, , wait]) => wait));
    }
  });

  it.each([
    [1000, 250],
    [64 * 1024, 16 * 1024],
    [4 * 1024 * 1024, 1024 * 1024],
    [3, 1],
    [0.001, 1],
  ])('at %d bytes a second a chunk has %d bytes', (bytesPerSecond, bytes) => {
    expect(chunkBytes({ bytesPerSecond, after: 0 })).toBe(bytes);
  });

  it('has room for `after` and a chunk, minus what was taken, and never a negative number', () => {
    const bucket = new TokenBucket();
    expect(bucket.room(WITH_START, 1e10 / 3)).toBe(750);
    bucket.take(700, WITH_START, 1e10 / 3);
    expect(bucket.room(WITH_START, 1e10 / 3)).toBe(50);
    bucket.take(1000, WITH_START, 1e10 / 3);
    expect(bucket.room(WITH_START, 1e10 / 3)).toBe(0);
    expect(bucket.room(WITH_START, 1e10 / 3 + 1000)).toBe(50);
  });

  it('is full when everything taken is paid for', () => {
    const bucket = new TokenBucket();
    expect(bucket.owedMs(0)).toBe(0);
    bucket.take(250, SLOW, 0);
    expect(bucket.owedMs(0)).toBe(250);
    expect(bucket.owedMs(1000)).toBe(0);
  });

  /** Numbers from 0 to below 1 that look random and are the same in every run. */
  function* pseudoRandom(seed: number): Generator<number, never> {
    for (let state = seed; ;) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      yield state / 2 ** 32;
    }
  }

  it.each(Array.from({ length: 50 }, (_, seed) => seed))(
    'lets no more through than `after`, a chunk and the rate, whoever asks when, and gives back (%d)',
    (seed) => {
      const numbers = pseudoRandom(seed);
      const random = (below: number): number => Math.floor((numbers.next().value as number) * below);
      const rate = { bytesPerSecond: 1 + random(100_000), after: random(3) * random(50_000) };
      const bucket = new TokenBucket();
      const left: { at: number; bytes: number }[] = [];
      for (let now = 0, turn = 0; turn < 300; turn++, now += random(400)) {
        const bytes = 1 + random(chunkBytes(rate));
        const wait = bucket.take(bytes, rate, now);
        if (wait > 0 && random(4) === 0) bucket.giveBack(bytes, rate);
        else left.push({ at: now + wait, bytes });
      }
      let sum = 0;
      for (const { at, bytes } of left.sort((a, b) => a.at - b.at)) {
        sum += bytes;
        expect(sum).toBeLessThanOrEqual(rate.after + chunkBytes(rate) + (rate.bytesPerSecond * at) / 1000 + 1e-6);
      }
    },
  );
});
