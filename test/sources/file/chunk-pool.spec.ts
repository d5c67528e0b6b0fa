import { describe, expect, it } from '@jest/globals';
import { ChunkPool } from '../../../src/sources/file/chunk-pool.js';

const MiB = 1024 * 1024;
const isShared = (one: Uint8Array, other: Uint8Array): boolean =>
  one.buffer === other.buffer && one.byteOffset === other.byteOffset;

describe('ChunkPool', () => {
  it('lends at least the requested size, up to 1 MiB', () => {
    const pool = new ChunkPool(10 * MiB);
    for (const wanted of [1, 4096, 4097, 70_000, MiB]) {
      expect(pool.acquire(wanted).byteLength).toBeGreaterThanOrEqual(wanted);
    }
  });

  it('reuses memory after it was returned, and only once', () => {
    const pool = new ChunkPool(10 * MiB);
    const block = pool.acquire(4096);
    const chunk = block.subarray(0, 10);
    pool.lend(chunk, block);
    expect(isShared(pool.acquire(4096), block)).toBe(false);
    pool.release(chunk);
    pool.release(chunk);
    const again = pool.acquire(4096);
    expect(isShared(again, block)).toBe(true);
    expect(again.byteLength).toBe(block.byteLength);
    expect(isShared(pool.acquire(4096), block)).toBe(false);
  });

  it.each<[what: string, give: (pool: ChunkPool, block: Uint8Array) => void]>([
    ['was never lent', (pool, block) => pool.release(block)],
    [
      'is a part of what was lent',
      (pool, block) => {
        pool.lend(block, block);
        pool.release(block.subarray(1));
      },
    ],
    [
      'is another view of what was lent',
      (pool, block) => {
        pool.lend(block, block);
        pool.release(block.subarray(0));
      },
    ],
  ])('leaves to the garbage collector what %s', (_, give) => {
    const pool = new ChunkPool(10 * MiB);
    const block = pool.acquire(4096);
    give(pool, block);
    expect(isShared(pool.acquire(4096), block)).toBe(false);
  });

  it.each([
    ['all its parts, in any order', [1, 0, 2], true],
    ['not all of its parts', [0, 2], false],
    ['one part twice', [0, 0, 1], false],
  ] as const)('of a chunk that leaves in parts, given back %s', (_, given, isFree) => {
    const pool = new ChunkPool(10 * MiB);
    const block = pool.acquire(4096);
    const chunk = block.subarray(0, 3000);
    pool.lend(chunk, block);
    const lent = { chunk, bytesOut: chunk.byteLength };
    const parts = [chunk.subarray(0, 1000), chunk.subarray(1000, 2000), chunk.subarray(2000)];
    for (const part of parts) pool.lendPart(part, lent);
    for (const i of given) pool.release(parts[i]!);
    expect(isShared(pool.acquire(4096), block)).toBe(isFree);
  });

  it('keeps no more than its limit', () => {
    const pool = new ChunkPool(8192);
    const blocks = [pool.acquire(4096), pool.acquire(4096), pool.acquire(4096)];
    for (const block of blocks) {
      pool.lend(block, block);
      pool.release(block);
    }
    const again = [pool.acquire(4096), pool.acquire(4096), pool.acquire(4096)];
    expect(again.filter((block) => blocks.some((known) => isShared(known, block)))).toHaveLength(2);
  });
});
