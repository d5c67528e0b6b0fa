import { type BigIntStats, read } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isPromise } from 'node:util/types';
import { crc32 } from 'node:zlib';
import type { OpenDescriptor } from './open-descriptor.js';

/** Bytes of a file, and the position of the first. */
export interface FilePiece {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** The checksum of a few bytes, to find out later whether they have changed. */
interface Block {
  readonly position: number;
  readonly length: number;
  readonly checksum: number;
}

/** A block is a sixteenth of the bytes read, within these bounds: a checksum of more would slow small responses down. */
const SMALLEST_BLOCK = 64;
const LARGEST_BLOCK = 4096;

/** Number of remembered blocks of data already read; beyond it, every other one is dropped. */
const MOST_READ = 16;

/** Blocks of data still to be read: one per this many bytes, with limits per range and in total. */
const AHEAD_EVERY = 1024 * 1024;
const AHEAD_OF_RANGE = 8;
const MOST_AHEAD = 32;

/** Delays before checking again for the new size of an append whose time has already changed, in ms. */
const LOOKS_AFTER_MS = [1, 5, 20];

type Seen = Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs'>;

/**
 * Proves that bytes read from a file belong to the leased version. While `fstat` shows no change, there is nothing to prove.
 * A file that grew, or whose inode changed (a rename, a link, but also a write whose time was reset), may have been appended
 * to or overwritten: then samples of what was read, and of what will be read, are compared with the current content. Any
 * other change means another version.
 */
export class VersionProof {
  private seen: Seen;
  private blocksRead: Block[] = [];
  private lastBlock: Block | undefined;
  private readonly blocksAhead: Block[] = [];
  private piecesRead = 0;
  private stride = 1;

  /**
   * @param isTagged whether responses carry a strong tag of the version. Then bytes count only if they were read while
   *   `fstat` showed that version; otherwise it is enough that they have not changed since
   */
  constructor(
    private readonly descriptor: OpenDescriptor,
    private readonly isTagged: boolean,
  ) {
    this.seen = descriptor.stats;
  }

  /** Whether pieces that were just read belong to the version. */
  covers(pieces: readonly FilePiece[]): boolean | Promise<boolean> {
    const stats = this.descriptor.look();
    return isPromise(stats) ? stats.then((later) => this.judge(later, pieces)) : this.judge(stats, pieces);
  }

  /** Whether nothing about the file has changed, including its name. */
  async isUntouched(): Promise<boolean> {
    const stats = await this.descriptor.look();
    return stats !== undefined && changeBetween(this.descriptor.stats, stats) === 'none';
  }

  /** Samples a range that is still to be read, positions inclusive. Never rejects. */
  async lookAhead(firstPos: number, lastPos: number): Promise<void> {
    const { seen, descriptor, blocksAhead } = this;
    if (blocksAhead.length >= MOST_AHEAD) return;
    const blocks = await Promise.all(spread(firstPos, lastPos).map((place) => readBlock(descriptor.fd, place)));
    const stats = await descriptor.look();
    if (stats === undefined || seen !== this.seen || changeBetween(seen, stats) !== 'none') return;
    for (const block of blocks) if (block !== undefined) blocksAhead.push(block);
  }

  private judge(stats: BigIntStats | undefined, pieces: readonly FilePiece[]): boolean | Promise<boolean> {
    if (stats === undefined) return false;
    switch (changeBetween(this.seen, stats)) {
      case 'none':
        this.remember(pieces);
        return true;
      case 'another time':
        return this.lookAgain(pieces);
      case 'another version':
        return false;
      case 'to be compared':
        return this.compare(stats, pieces);
    }
  }

  /** Waits a moment for the new size of an append. A file that was only touched may have been overwritten. */
  private async lookAgain(pieces: readonly FilePiece[]): Promise<boolean> {
    for (const delayMs of LOOKS_AFTER_MS) {
      await pause(delayMs);
      const stats = await this.descriptor.look();
      if (stats === undefined || stats.size < this.seen.size) return false;
      if (stats.size > this.seen.size) return this.compare(stats, pieces);
    }
    return false;
  }

  private async compare(stats: BigIntStats, pieces: readonly FilePiece[]): Promise<boolean> {
    const { descriptor, blocksRead, blocksAhead, lastBlock } = this;
    const blocks = [...blocksRead, ...blocksAhead];
    if (lastBlock !== undefined) blocks.push(lastBlock);
    if (!this.isTagged) blocks.push(...pieces.map(({ position, bytes }) => blockOf(bytes, position)));
    if (blocks.length === 0) return false;
    const now = await Promise.all(blocks.map((block) => readBlock(descriptor.fd, block)));
    if (now.some((block, i) => block?.checksum !== blocks[i]?.checksum)) return false;
    this.seen = stats;
    this.remember(pieces);
    return true;
  }

  private remember(pieces: readonly FilePiece[]): void {
    for (const { position, bytes } of pieces) {
      const length = blockLength(bytes.byteLength);
      if (this.piecesRead++ % this.stride === 0) this.blocksRead.push(blockOf(bytes.subarray(0, length), position));
      const last = bytes.byteLength - length;
      this.lastBlock = blockOf(bytes.subarray(last), position + last);
    }
    if (this.blocksRead.length < MOST_READ) return;
    this.blocksRead = this.blocksRead.filter((_, i) => i % 2 === 0);
    this.stride *= 2;
  }
}

type Change = 'none' | 'to be compared' | 'another time' | 'another version';

/** Classifies a change. A file that grew was perhaps appended to, as logs are; its time may change before its size does. */
function changeBetween(seen: Seen, now: Seen): Change {
  if (now.size !== seen.size) return now.size > seen.size ? 'to be compared' : 'another version';
  if (now.mtimeNs !== seen.mtimeNs) return 'another time';
  return now.ctimeNs === seen.ctimeNs ? 'none' : 'to be compared';
}

function blockLength(bytesRead: number): number {
  return Math.min(bytesRead, Math.max(SMALLEST_BLOCK, Math.min(LARGEST_BLOCK, bytesRead >> 4)));
}

function blockOf(bytes: Uint8Array, position: number): Block {
  return { position, length: bytes.byteLength, checksum: crc32(bytes) };
}

/** Places of blocks in a range, evenly spread, including its end. */
function spread(firstPos: number, lastPos: number): Pick<Block, 'position' | 'length'>[] {
  const size = lastPos - firstPos + 1;
  const count = Math.min(AHEAD_OF_RANGE, Math.ceil(size / AHEAD_EVERY));
  const length = Math.min(LARGEST_BLOCK, size);
  return Array.from({ length: count }, (_, i) => {
    return { position: lastPos + 1 - length - Math.floor((size * i) / count), length };
  });
}

/** `undefined` if it cannot be read completely. */
function readBlock(fd: number, { position, length }: Pick<Block, 'position' | 'length'>): Promise<Block | undefined> {
  const target = Buffer.allocUnsafe(length);
  return new Promise((resolve) => {
    read(fd, target, 0, length, position, (error, bytesRead) => {
      resolve(error === null && bytesRead === length ? blockOf(target, position) : undefined);
    });
  });
}
