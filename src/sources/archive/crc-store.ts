/**
 * Stores the CRCs of entries, by keys of up to 32 characters. Both methods may return promises. If `get` fails, so does the
 * request that needs the CRC, with 503. Nobody waits for `set`.
 */
export interface CrcStore {
  /** The CRC-32, from 0 to 2^32 - 1; `undefined` or `null`: unknown. */
  get(key: string): number | null | undefined | Promise<number | null | undefined>;
  set(key: string, crc32: number): unknown;
}

/** Keeps CRCs in memory, and evicts the least recently used. */
export class CrcMemory implements CrcStore {
  private readonly known = new Map<string, number>();

  /** @param limit the largest number of CRCs kept */
  constructor(private readonly limit: number) {}

  get(key: string): number | undefined {
    const crc = this.known.get(key);
    if (crc !== undefined) this.set(key, crc);
    return crc;
  }

  set(key: string, crc32: number): void {
    this.known.delete(key); // and so becomes the most recently used
    this.known.set(key, crc32);
    if (this.known.size <= this.limit) return;
    for (const oldest of this.known.keys()) return void this.known.delete(oldest);
  }
}

/** Shared by the process; about 10 MB when full. */
export const crcMemory: CrcStore = new CrcMemory(100_000);
