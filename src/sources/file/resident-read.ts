import { readSync } from 'node:fs';
import type { ByteRange } from '../../http/ranges/byte-range.js';
import type { FileLease } from '../descriptors/descriptor-cache.js';
import { isOnLocalDisk } from '../descriptors/local-disk.js';
import type { FileVersion } from '../descriptors/open-descriptor.js';
import { chunkPool } from './chunk-pool.js';
import type { FileWindow } from './file-parts.js';
import { RecentPages } from './recent-pages.js';

/** At most so many bytes are read at once: their copy takes no longer than a turn through the thread pool. */
const MOST_AT_ONCE = 64 * 1024;

/**
 * A read that takes longer than this, in ms, went to the disk, or the process lost its CPU meanwhile. After two in a row the
 * thread pool reads the file for a while.
 */
const SLOW_MS = 1;
const SLOW_READS = 2;
const PAUSE_MS = 60_000;

let isAllowed = true;

/** Whether the process reads at once what is in memory. `false`: always by the thread pool. */
export function allowResidentReads(allowed: boolean): void {
  isAllowed = allowed;
}

/**
 * Reads a range of a file that is most likely in memory, without the thread pool, which costs more than the copy: on a local
 * disk, from pages that were read a moment ago. The receiver returns the chunk to its pool.
 *
 * @param range of the window; `undefined`: all of it
 * @returns `undefined` if the thread pool must read it, or the file has changed
 */
export function readResident(window: FileWindow, range: ByteRange | undefined): Uint8Array | undefined {
  const { firstPos, length } = placeOf(window, range);
  if (!isAllowed || length < 1 || length > MOST_AT_ONCE || firstPos + length - 1 > window.lastPos) return undefined;
  return known.get(window.lease.version)?.read(window.lease, firstPos, length);
}

/** Remembers a range that the thread pool has read. */
export function noteRead(window: FileWindow, range: ByteRange | undefined): void {
  const { firstPos, length } = placeOf(window, range);
  if (isAllowed && length <= MOST_AT_ONCE) residentFileOf(window.lease).noteRead(firstPos, length);
}

function placeOf(window: FileWindow, range: ByteRange = { firstPos: 0, lastPos: window.lastPos - window.firstPos }) {
  return { firstPos: window.firstPos + range.firstPos, length: range.lastPos - range.firstPos + 1 };
}

/** What is known of the pages of a file. */
class ResidentFile {
  private readonly pages = new RecentPages();
  private isLocal = false;
  private slowReads = 0;
  private pausedUntil = 0;

  constructor({ path, version }: FileLease) {
    void isOnLocalDisk(path, version.dev).then((isLocal) => (this.isLocal = isLocal));
  }

  noteRead(firstPos: number, length: number): void {
    this.pages.add(firstPos, length);
  }

  read(lease: FileLease, firstPos: number, length: number): Uint8Array | undefined {
    const startedAt = performance.now();
    if (!this.isLocal || startedAt < this.pausedUntil || !this.pages.has(firstPos, length)) return undefined;
    const block = chunkPool.acquire(length);
    const chunk = length === block.byteLength ? block : block.subarray(0, length);
    chunkPool.lend(chunk, block);
    const isComplete = readExactly(lease.fd, chunk, firstPos);
    this.noteTime(startedAt, performance.now());
    if (isComplete && lease.isCurrentAtOnce()) {
      this.pages.add(firstPos, length);
      return chunk;
    }
    chunkPool.release(chunk);
    return undefined;
  }

  private noteTime(startedAt: number, endedAt: number): void {
    this.slowReads = endedAt - startedAt > SLOW_MS ? this.slowReads + 1 : 0;
    if (this.slowReads >= SLOW_READS) this.pausedUntil = endedAt + PAUSE_MS;
  }
}

function readExactly(fd: number, target: Uint8Array, position: number): boolean {
  try {
    return readSync(fd, target, 0, target.byteLength, position) === target.byteLength;
  } catch {
    return false; // the thread pool's read reports it
  }
}

/** By version, which ends with its descriptor. */
const known = new WeakMap<FileVersion, ResidentFile>();
/** By device and inode, least recently opened first: descriptors are closed sooner than pages leave the memory. */
const files = new Map<string, ResidentFile>();
const MOST_FILES = 64;

function residentFileOf(lease: FileLease): ResidentFile {
  const { version } = lease;
  const ofVersion = known.get(version);
  if (ofVersion !== undefined) return ofVersion;
  const key = `${version.dev}:${version.ino}`;
  const file = files.get(key) ?? new ResidentFile(lease);
  files.delete(key);
  files.set(key, file);
  const [oldest] = files.keys();
  if (oldest !== undefined && files.size > MOST_FILES) files.delete(oldest);
  known.set(version, file);
  return file;
}
