import { read } from 'node:fs';
import type { ByteRange } from '../http/byte-range.js';
import { chunkPool } from './chunk-pool.js';
import { SourceChangedError } from './source-errors.js';
import type { Bytes } from './source.js';

/** Octets per read: fewer, larger reads are what makes whole files cheap, smaller ones what makes many clients cheap. */
const SMALLEST = 64 * 1024;
const FIRST = 256 * 1024;
let largest = 1024 * 1024;

/** Sets how many octets of a file are read at once at the most, in the whole process. */
export function limitChunks(octets: number): void {
  largest = octets;
}

/** A client that takes longer than this for a chunk, in ms, gets smaller ones. */
const SLOW_MS = 200;

/** What all readers together may have in flight or read ahead, in octets, before they go on with the smallest chunks. */
const BUDGET = 32 * 1024 * 1024;
let inUse = 0;

/** The octets that come straight from here: an adapter that wraps them makes others, and may keep the chunks. */
const own = new WeakSet<Bytes>();

/** Reads a range of an open file by position; the descriptor's own position is neither used nor moved. */
export function readFileRange(fd: number, range: ByteRange): Bytes {
  const bytes = readChunks(fd, range);
  own.add(bytes);
  return bytes;
}

/** Whether the chunks of these octets are the pool's, and nobody else has seen them. */
export function isPooled(bytes: Bytes): boolean {
  return own.has(bytes);
}

async function* readChunks(fd: number, { firstPos, lastPos }: ByteRange): Bytes {
  let size = Math.min(inUse > BUDGET ? SMALLEST : FIRST, largest);
  let reserved = 0;
  try {
    for (let position = firstPos; position <= lastPos;) {
      const length = Math.min(size, lastPos - position + 1);
      inUse += length - reserved;
      reserved = length;
      const chunk = await readAt(fd, position, length);
      if (chunk.byteLength === 0) throw new SourceChangedError(`the file ended at octet ${position}`);
      position += chunk.byteLength;
      const givenAt = performance.now();
      yield chunk;
      size = nextSize(size, performance.now() - givenAt);
    }
  } finally {
    inUse -= reserved;
  }
}

function nextSize(size: number, takenMs: number): number {
  return Math.min(takenMs > SLOW_MS || inUse > BUDGET ? SMALLEST : size * 2, largest);
}

function readAt(fd: number, position: number, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunk = chunkPool.take(length);
    read(fd, chunk, 0, length, position, (error, bytesRead) => {
      if (error !== null) reject(error);
      else resolve(bytesRead === chunk.byteLength ? chunk : chunk.subarray(0, bytesRead));
    });
  });
}
