import type { BigIntStats } from 'node:fs';
import type { Bytes } from '../source.js';
import { readAt } from './read-at.js';

/** Bytes per read. */
const CHUNK = 64 * 1024;

/**
 * Whether the real length of a file differs from its size. The kernel may generate a file that occupies no blocks while it
 * is read: files in /proc have the size 0, those in /sys the size of a page.
 */
export async function isUnsized(fd: number, { blocks, size }: Pick<BigIntStats, 'blocks' | 'size'>): Promise<boolean> {
  if (blocks > 0n) return false;
  const end = Number(size);
  return (await countAt(fd, end)) !== 0 || (end > 0 && (await countAt(fd, end - 1)) !== 1);
}

/** Number of bytes at a position, 0 or 1; `undefined` if it cannot be read. */
function countAt(fd: number, position: number): Promise<number | undefined> {
  return readAt(fd, Buffer.alloc(1), position).catch(() => undefined);
}

/** Reads a file without a size to its end. */
export async function* readUnsized(fd: number): Bytes {
  for (let position = 0; ;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const bytesRead = await readAt(fd, chunk, position);
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
    position += bytesRead;
  }
}
