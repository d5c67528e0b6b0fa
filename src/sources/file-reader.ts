import { read } from 'node:fs';
import { chunkPool } from './chunk-pool.js';
import type { FileLease } from './file-handles.js';
import { SourceChangedError } from './source-errors.js';

/**
 * Octets per read: fewer, larger reads are what makes whole files cheap, smaller ones what makes many clients cheap, and those
 * that leave after the first octets of much, as players do that seek.
 */
const SMALLEST = 64 * 1024;
const FIRST_OF_LITTLE = 256 * 1024;
/** What is longer than this, in octets, is seldom read to its end. */
const LITTLE = 1024 * 1024;
let largest = 1024 * 1024;

/** Sets how many octets of a file are read at once at the most, in the whole process. */
export function limitChunks(octets: number): void {
  largest = octets;
}

/** A client that takes longer than this for a chunk, in ms, gets smaller ones. */
const SLOW_MS = 200;

/** What all readers together may have on its way, or read ahead, in octets, before they go on with the smallest chunks. */
const BUDGET = 32 * 1024 * 1024;
let inUse = 0;

type Result = IteratorResult<Uint8Array, undefined>;

/**
 * Reads a range of a leased file by position; the descriptor's own position is neither used nor moved. The last octets
 * come only where the file is still the leased version, so that nobody takes a mixture of two for either.
 */
export class FileReader implements AsyncIterableIterator<Uint8Array, undefined> {
  private size = 0;
  /** In octets: the chunk that was given last, and the one before it, which is on its way while the last is read. */
  private given = 0;
  private sending = 0;
  private reserved = 0;
  private givenAt = 0;
  private lends = false;

  /** Positions inclusive, in octets. */
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
    this.sending = this.given;
    this.given = length;
    this.reserve(this.sending + length);
    return new Promise((resolve, reject) => {
      const block = chunkPool.take(length);
      read(this.lease.fd, block, 0, length, this.position, (error, bytesRead) => {
        const chunk = bytesRead === block.byteLength ? block : block.subarray(0, bytesRead);
        if (this.lends) chunkPool.lend(chunk, block);
        if (error === null) this.settle(chunk, resolve, reject);
        else this.fail(error, reject);
      });
    });
  }

  /** Lends its chunks: whoever reads gives them back to the pool himself, and nobody else has seen them. */
  lendChunks(): void {
    this.lends = true;
  }

  /** Ends the reading. */
  return(): Promise<Result> {
    this.position = Infinity;
    this.reserve(0);
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Takes back the chunk that was given last, where nobody has used it: it will be read again. */
  takeBack(chunk: Uint8Array): void {
    this.position -= chunk.byteLength;
    this.given = 0;
    this.reserve(this.sending);
    chunkPool.give(chunk);
  }

  private settle(chunk: Uint8Array, resolve: (result: Result) => void, reject: (error: unknown) => void): void {
    if (chunk.byteLength === 0) {
      return this.fail(new SourceChangedError(`${this.lease.path} ended at octet ${this.position}`), reject);
    }
    this.position += chunk.byteLength;
    this.givenAt = performance.now();
    if (this.position <= this.lastPos) return resolve({ done: false, value: chunk });
    const give = (isUnchanged: boolean): void => {
      if (isUnchanged) resolve({ done: false, value: chunk });
      else this.fail(new SourceChangedError(`${this.lease.path} was written to while it was read`), reject);
    };
    const isUnchanged = this.lease.isUnchanged();
    if (typeof isUnchanged === 'boolean') give(isUnchanged);
    else void isUnchanged.then(give);
  }

  private fail(error: unknown, reject: (error: unknown) => void): void {
    this.reserve(0);
    reject(error);
  }

  private reserve(octets: number): void {
    inUse += octets - this.reserved;
    this.reserved = octets;
  }

  private nextSize(): number {
    if (inUse > BUDGET) return Math.min(SMALLEST, largest);
    if (this.size === 0) return Math.min(this.lastPos - this.position < LITTLE ? FIRST_OF_LITTLE : SMALLEST, largest);
    if (this.sending === 0) return this.size; // nothing is known of the client yet
    const isSlow = performance.now() - this.givenAt > SLOW_MS;
    return Math.min(isSlow ? SMALLEST : this.size * 2, largest);
  }
}
