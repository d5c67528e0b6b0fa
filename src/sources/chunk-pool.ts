/** Sizes of chunks in octets: a small answer takes a small one, and a transfer that flows goes up to the last. */
const SIZES = [4, 16, 64, 128, 256, 512, 1024].map((kib) => kib * 1024);
const LARGEST = 1024 * 1024;

/** Large blocks begin 16 octets behind a page boundary, where some kernels copy slowly: this makes it a cache line. */
const PADDING = 48;

/**
 * Memory for chunks on their way from a file to a socket, which is used again. A chunk comes back only where it was lent
 * as such and is given back itself: parts of it, or a chunk that somebody between the file and the socket may have kept,
 * are left to the garbage collector.
 */
export class ChunkPool {
  private readonly idle = new Map<number, Uint8Array[]>();
  /** The block behind each memory that was taken. */
  private readonly blocks = new WeakMap<ArrayBufferLike, Uint8Array>();
  private readonly lent = new WeakSet<Uint8Array>();
  private idleOctets = 0;

  /** @param limit octets kept for later at the most */
  constructor(private readonly limit: number) {}

  /** A block for at least `wanted` octets, or of the largest size there is. */
  take(wanted: number): Uint8Array {
    const size = SIZES.find((candidate) => candidate >= wanted) ?? LARGEST;
    const kept = this.idle.get(size)?.pop();
    if (kept !== undefined) {
      this.idleOctets -= size;
      return kept;
    }
    const block = Buffer.allocUnsafeSlow(size + PADDING).subarray(PADDING);
    this.blocks.set(block.buffer, block);
    return block;
  }

  /** Says that a chunk, the part of a block that is used, goes straight to somebody who will give it back. */
  lend(chunk: Uint8Array): void {
    this.lent.add(chunk);
  }

  /** Takes a chunk back that was lent; any other is ignored. */
  give(chunk: Uint8Array): void {
    const block = this.lent.delete(chunk) ? this.blocks.get(chunk.buffer) : undefined;
    if (block === undefined) return;
    const size = block.byteLength;
    if (this.idleOctets + size > this.limit) return;
    this.idleOctets += size;
    const kept = this.idle.get(size);
    if (kept === undefined) this.idle.set(size, [block]);
    else kept.push(block);
  }
}

/** Memory is a resource of the process: all file sources share it. */
export const chunkPool = new ChunkPool(32 * LARGEST);
