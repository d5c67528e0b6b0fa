/** Sizes of blocks in bytes: small for small responses, growing to the largest for fast transfers. */
const SIZES = [4, 16, 64, 128, 256, 512, 1024].map((kib) => kib * 1024);
export const LARGEST_CHUNK = 1024 * 1024;

/** Small blocks are cut from slabs of this size, in bytes, since each allocation costs garbage collection. */
const SLAB = 128 * 1024;
export const SMALL_BLOCK = 16 * 1024;

/** Large allocations begin 16 bytes after a page boundary, from where some kernels copy slowly: this aligns to a cache line. */
const PADDING = 48;

const BLOCK = Symbol('block');
const SHARE = Symbol('share');

/** A lent chunk refers to its block: faster than a WeakMap, and less work for the garbage collector. */
type Chunk = Uint8Array & { [BLOCK]?: Uint8Array | undefined; [SHARE]?: LentInParts | undefined };

/** A chunk that leaves in parts. Its block is free when all of its bytes were given back. */
export interface LentInParts {
  readonly chunk: Uint8Array;
  bytesOut: number;
}

/**
 * Reusable memory for chunks on their way from a file to a socket. Only chunks that were lent can be returned; parts of a
 * chunk, or chunks that other code may have kept, are left to the garbage collector.
 */
export class ChunkPool {
  private readonly idle: Uint8Array[][] = SIZES.map(() => []);
  private idleBytes = 0;
  private slab: Uint8Array = new Uint8Array(0);

  /** @param limit most bytes to keep for reuse */
  constructor(private readonly limit: number) {}

  /** Returns a block of at least `wanted` bytes, or of the largest size. */
  acquire(wanted: number): Uint8Array {
    const kept = this.idle[sizeClass(wanted)]?.pop();
    if (kept === undefined) return this.allocate(SIZES[sizeClass(wanted)] ?? LARGEST_CHUNK);
    this.idleBytes -= kept.byteLength;
    return kept;
  }

  /** Marks a chunk, the used part of a block, as one that its receiver will return. */
  lend(chunk: Chunk, block: Uint8Array): void {
    chunk[BLOCK] = block;
  }

  /** Says the same of a part of a chunk. */
  lendPart(part: Chunk, lent: LentInParts): void {
    part[SHARE] = lent;
  }

  /** Returns the block of a lent chunk to the pool; ignores other chunks. */
  release(chunk: Chunk): void {
    const block = chunk[BLOCK];
    if (block === undefined) return this.givePart(chunk);
    chunk[BLOCK] = undefined;
    if (this.idleBytes + block.byteLength > this.limit) return;
    this.idleBytes += block.byteLength;
    this.idle[sizeClass(block.byteLength)]?.push(block);
  }

  private givePart(part: Chunk): void {
    const lent = part[SHARE];
    if (lent === undefined) return;
    part[SHARE] = undefined;
    lent.bytesOut -= part.byteLength;
    if (lent.bytesOut === 0) this.release(lent.chunk);
  }

  private allocate(size: number): Uint8Array {
    if (size > SMALL_BLOCK) return allocate(size);
    if (this.slab.byteLength < size) this.slab = allocate(SLAB);
    const block = this.slab.subarray(0, size);
    this.slab = this.slab.subarray(size);
    return block;
  }
}

function allocate(size: number): Uint8Array {
  return Buffer.allocUnsafeSlow(size + PADDING).subarray(PADDING);
}

function sizeClass(wanted: number): number {
  const found = SIZES.findIndex((size) => size >= wanted);
  return found === -1 ? SIZES.length - 1 : found;
}

/** Shared by all file sources of the process. */
export const chunkPool = new ChunkPool(32 * LARGEST_CHUNK);
