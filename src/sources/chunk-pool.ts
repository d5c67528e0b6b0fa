/** Sizes of blocks in octets: a small answer takes a small one, and a transfer that flows goes up to the last. */
const SIZES = [4, 16, 64, 128, 256, 512, 1024].map((kib) => kib * 1024);
const LARGEST = 1024 * 1024;

/** Small blocks are cut from slabs of this size: each piece of memory of its own is work for the garbage collector. */
const SLAB = 128 * 1024;
const SMALL = 16 * 1024;

/** Large pieces begin 16 octets behind a page boundary, where some kernels copy slowly: this makes it a cache line. */
const PADDING = 48;

const BLOCK = Symbol('block');

/** A chunk that is lent knows its block: asking it is quicker than a WeakMap, and the garbage collector has less to do. */
type Chunk = Uint8Array & { [BLOCK]?: Uint8Array | undefined };

/**
 * Memory for chunks on their way from a file to a socket, which is used again. A chunk comes back only where it was lent
 * as such and is given back itself: parts of it, or a chunk that somebody between the file and the socket may have kept,
 * are left to the garbage collector.
 */
export class ChunkPool {
  private readonly idle: Uint8Array[][] = SIZES.map(() => []);
  private idleOctets = 0;
  private slab: Uint8Array = new Uint8Array(0);

  /** @param limit octets kept for later at the most */
  constructor(private readonly limit: number) {}

  /** A block for at least `wanted` octets, or of the largest size there is. */
  take(wanted: number): Uint8Array {
    const kept = this.idle[sizeClass(wanted)]?.pop();
    if (kept === undefined) return this.allocate(SIZES[sizeClass(wanted)] ?? LARGEST);
    this.idleOctets -= kept.byteLength;
    return kept;
  }

  /** Says that a chunk, the part of a block that is used, goes straight to somebody who will give it back. */
  lend(chunk: Chunk, block: Uint8Array): void {
    chunk[BLOCK] = block;
  }

  /** Takes the block of a chunk back that was lent; any other is ignored. */
  give(chunk: Chunk): void {
    const block = chunk[BLOCK];
    if (block === undefined) return;
    chunk[BLOCK] = undefined;
    if (this.idleOctets + block.byteLength > this.limit) return;
    this.idleOctets += block.byteLength;
    this.idle[sizeClass(block.byteLength)]?.push(block);
  }

  private allocate(size: number): Uint8Array {
    if (size > SMALL) return allocate(size);
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

/** Memory is a resource of the process: all file sources share it. */
export const chunkPool = new ChunkPool(32 * LARGEST);
