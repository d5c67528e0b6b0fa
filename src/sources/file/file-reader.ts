import { read } from 'node:fs';
import type { FileLease } from '../descriptors/descriptor-cache.js';
import { SourceChangedError } from '../source-errors.js';
import { chunkPool } from './chunk-pool.js';

/**
 * Bytes per read. Large reads make whole files cheap; small ones save memory with many clients, and work for clients that
 * disconnect early, such as players that seek.
 */
const SMALLEST = 64 * 1024;
const FIRST_OF_SHORT = 256 * 1024;
/** Longer ranges, in bytes, are seldom read to the end. */
const SHORT_RANGE = 1024 * 1024;
let largest = 1024 * 1024;

/** Sets the maximum size of a read, in bytes, for the whole process. */
export function limitChunks(bytes: number): void {
  largest = bytes;
}

/** The chunk at which samples of the rest are read in advance. Most players that seek have disconnected by then. */
const LOOK_AHEAD_AT = 3;

/** If a client takes longer than this for a chunk, in ms, chunks become smaller. */
const SLOW_MS = 200;

/** Bytes that all readers together may have in flight or read ahead; beyond that they use the smallest chunks. */
const BUDGET = 32 * 1024 * 1024;
let inUse = 0;

type Result = IteratorResult<Uint8Array, undefined>;

/**
 * Reads a range of a leased file by position, without using or moving the descriptor's own position. Yields chunks only
 * while they belong to the leased version, so that two versions are never mixed.
 */
export class FileReader implements AsyncIterableIterator<Uint8Array, undefined> {
  private size = 0;
  /** Length of the last chunk, and of the one before it, which is being sent while the last is read; in bytes. */
  private lastLength = 0;
  private previousLength = 0;
  private reserved = 0;
  private deliveredAt = 0;
  private lends = false;
  private chunks = 0;

  /** Positions are inclusive. */
  constructor(
    private readonly lease: FileLease,
    private position: number,
    private readonly lastPos: number,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.position > this.lastPos) return this.return();
    this.size = this.nextSize();
    const length = Math.min(this.size, this.lastPos - this.position + 1);
    this.previousLength = this.lastLength;
    this.lastLength = length;
    this.reserve(this.previousLength + length);
    if (++this.chunks === LOOK_AHEAD_AT) this.lease.lookAhead(this.position, this.lastPos);
    return new Promise((resolve, reject) => {
      const block = chunkPool.acquire(length);
      read(this.lease.fd, block, 0, length, this.position, (error, bytesRead) => {
        const chunk = bytesRead === block.byteLength ? block : block.subarray(0, bytesRead);
        if (this.lends) chunkPool.lend(chunk, block);
        if (error === null) this.settle(chunk, resolve, reject);
        else this.fail(error, reject);
      });
    });
  }

  /** From now on, lends its chunks: the reader returns them to the pool, and must be the only one to see them. */
  lendChunks(): void {
    this.lends = true;
  }

  /** Stops reading. */
  return(): Promise<Result> {
    this.position = Infinity;
    this.reserve(0);
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Puts back the last chunk, if it is unused, to be read again. */
  unread(chunk: Uint8Array): void {
    this.position -= chunk.byteLength;
    this.lastLength = 0;
    this.reserve(this.previousLength);
    chunkPool.release(chunk);
  }

  private settle(chunk: Uint8Array, resolve: (result: Result) => void, reject: (error: unknown) => void): void {
    if (chunk.byteLength === 0) {
      return this.fail(new SourceChangedError(`${this.lease.path} ended at byte ${this.position}`), reject);
    }
    const deliver = (isCovered: boolean): void => {
      if (!isCovered) {
        return this.fail(new SourceChangedError(`${this.lease.path} was written to while it was read`), reject);
      }
      this.position += chunk.byteLength;
      this.deliveredAt = performance.now();
      resolve({ done: false, value: chunk });
    };
    const isCovered = this.lease.covers([{ position: this.position, bytes: chunk }]);
    if (typeof isCovered === 'boolean') deliver(isCovered);
    else void isCovered.then(deliver);
  }

  private fail(error: unknown, reject: (error: unknown) => void): void {
    this.reserve(0);
    reject(error);
  }

  private reserve(bytes: number): void {
    inUse += bytes - this.reserved;
    this.reserved = bytes;
  }

  private nextSize(): number {
    if (inUse > BUDGET) return Math.min(SMALLEST, largest);
    if (this.size === 0)
      return Math.min(this.lastPos - this.position < SHORT_RANGE ? FIRST_OF_SHORT : SMALLEST, largest);
    if (this.previousLength === 0) return this.size; // the client's speed is unknown
    const isSlow = performance.now() - this.deliveredAt > SLOW_MS;
    return Math.min(isSlow ? SMALLEST : this.size * 2, largest);
  }
}
