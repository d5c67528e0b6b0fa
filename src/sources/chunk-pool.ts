/** Sizes of chunks in octets: a small answer takes a small one, and a transfer that flows goes up to the last. */
const SIZES = [4, 16, 64, 128, 256, 512, 1024].map((kib) => kib * 1024);
const LARGEST = 1024 * 1024;

/** Large blocks begin 16 octets behind a page boundary, where some kernels copy slowly: this makes it a cache line. */
const PADDING = 48;

/**
 * Memory for chunks on their way from a file to a socket, which is used again. Whoever was handed a chunk gives it back
 * when nobody reads it any more; one that is not given back is left to the garbage collector.
 */
export class ChunkPool {
  private readonly idle = new Map<number, Uint8Array[]>();
  private readonly lent = new WeakMap<ArrayBufferLike, Uint8Array>();
  private idleOctets = 0;

  /** @param limit octets kept for later at the most */
  constructor(private readonly limit: number) {}

  /** A chunk for at least `wanted` octets, or for the largest size there is. */
  take(wanted: number): Uint8Array {
    const size = SIZES.find((candidate) => candidate >= wanted) ?? LARGEST;
    const kept = this.idle.get(size)?.pop();
    if (kept !== undefined) this.idleOctets -= size;
    const chunk = kept ?? Buffer.allocUnsafeSlow(size + PADDING).subarray(PADDING);
    this.lent.set(chunk.buffer, chunk);
    return chunk;
  }

  /** Takes a chunk, or a part of it, back. Octets that are not of this pool, or were given back already, are ignored. */
  give({ buffer }: Uint8Array): void {
    const chunk = this.lent.get(buffer);
    if (chunk === undefined) return;
    this.lent.delete(buffer);
    const size = chunk.byteLength;
    if (this.idleOctets + size > this.limit) return;
    this.idleOctets += size;
    const kept = this.idle.get(size);
    if (kept === undefined) this.idle.set(size, [chunk]);
    else kept.push(chunk);
  }
}

/** Memory is a resource of the process: all file sources share it. */
export const chunkPool = new ChunkPool(32 * LARGEST);
