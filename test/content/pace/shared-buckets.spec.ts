import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SharedBuckets } from '../../../src/content/pace/shared-buckets.js';
import type { Rate } from '../../../src/content/pace/token-bucket.js';

const RATE: Rate = { bytesPerSecond: 1000, after: 0 };
const KEYS = Array.from({ length: 10_000 }, (_, i) => `user ${i}`);

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('shared buckets', () => {
  it('a key has the same bucket for all its responses', () => {
    const buckets = new SharedBuckets();
    expect(buckets.lease('a').bucket).toBe(buckets.lease('a').bucket);
    expect(buckets.lease('a').bucket).not.toBe(buckets.lease('b').bucket);
    expect(buckets.size).toBe(2);
    expect(buckets.lease('a').responses).toBe(4);
  });

  it('without a key, each response has a bucket of its own, which is not kept', () => {
    const buckets = new SharedBuckets();
    expect(buckets.lease(undefined).bucket).not.toBe(buckets.lease(undefined).bucket);
    expect(buckets.size).toBe(0);
    buckets.lease(undefined).release();
  });

  it.each(['', '__proto__', 'constructor'])('%p is a key like any other', (key) => {
    const buckets = new SharedBuckets();
    const lease = buckets.lease(key);
    expect(buckets.lease(key).bucket).toBe(lease.bucket);
    expect(buckets.size).toBe(1);
  });

  it('10,000 keys are forgotten when the last response of each has ended', () => {
    const buckets = new SharedBuckets();
    const leases = KEYS.flatMap((key) => [buckets.lease(key), buckets.lease(key)]);
    expect(buckets.size).toBe(10_000);
    for (const lease of leases) lease.release();
    expect(buckets.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('10,000 keys that owe bytes are forgotten when these are paid for', () => {
    const buckets = new SharedBuckets();
    for (const key of KEYS) {
      const lease = buckets.lease(key);
      lease.bucket.take(250, RATE, performance.now());
      lease.release();
    }
    jest.advanceTimersByTime(249);
    expect(buckets.size).toBe(10_000);
    jest.advanceTimersByTime(1);
    expect(buckets.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('the next response of a key still owes what the last one owed', () => {
    const buckets = new SharedBuckets();
    const first = buckets.lease('a');
    first.bucket.take(250, RATE, performance.now());
    first.release();
    const second = buckets.lease('a');
    expect(second.bucket).toBe(first.bucket);
    jest.advanceTimersByTime(60_000);
    expect(buckets.size).toBe(1); // it has a response
    second.release();
    expect(buckets.size).toBe(0);
  });

  it('many short responses of a key leave one timer', () => {
    const buckets = new SharedBuckets();
    for (let i = 0; i < 1000; i++) {
      const lease = buckets.lease('a');
      lease.bucket.take(250, RATE, performance.now());
      lease.release();
    }
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(250_000);
    expect(buckets.size).toBe(0);
  });

  it('a debt longer than the longest timer is waited for in parts', () => {
    const buckets = new SharedBuckets();
    const lease = buckets.lease('a');
    lease.bucket.take(3_000_000, { bytesPerSecond: 1, after: 0 }, performance.now());
    lease.release();
    jest.advanceTimersByTime(2_999_999_999);
    expect(buckets.size).toBe(1);
    jest.advanceTimersByTime(1);
    expect(buckets.size).toBe(0);
  });
});
