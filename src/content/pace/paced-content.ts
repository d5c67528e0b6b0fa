import { chunkPool, type LentInParts } from '../../sources/file/chunk-pool.js';
import type { Content } from '../content.js';
import type { PrimedContent } from '../primed-content.js';
import type { BucketLease } from './shared-buckets.js';
import { atTickAfter } from './ticks.js';
import { bytesIn, CHUNK_MS, chunkBytes, type Rate } from './token-bucket.js';

/** How fast a response is sent. */
export interface Pace {
  readonly rate: Rate;
  /** Leases the bucket of a response. The sender releases it when the response has finished. */
  lease(): BucketLease;
}

/** Chunks grow to what the rate allows in this time, in ms, since each one wakes the process and is a separate write. */
const LONGEST_CHUNK_MS = 1000;

/** Limits the rate of content: cuts it into chunks, each of which waits for its turn. */
export class PacedContent implements Content {
  private readonly rate: Rate;
  private readonly lease: BucketLease;
  /** The last chunk read, and how much of it was returned. */
  private chunk: Uint8Array = new Uint8Array(0);
  private position = 0;
  private lent: LentInParts | undefined;
  private chunkMs = CHUNK_MS;
  private isStopped = false;
  private turn: { readonly cancel: () => void; readonly bytes: number; begin(): void } | undefined;

  /** The owner calls `stop` when the response has finished. */
  constructor(
    private readonly content: PrimedContent,
    pace: Pace,
  ) {
    this.rate = pace.rate;
    this.lease = pace.lease();
  }

  get length(): number | undefined {
    return this.content.length;
  }

  get isDelayed(): boolean {
    const first = this.content.first?.byteLength ?? 0;
    return this.room < Math.min(first, chunkBytes(this.rate));
  }

  /** Whether content that is complete in its first chunk may be sent at once; if so, it is charged, and must not be read. */
  takeAtOnce(first: Uint8Array): boolean {
    if (first.byteLength > this.room) return false;
    this.lease.bucket.take(first.byteLength, this.rate, performance.now());
    return true;
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.position === this.chunk.byteLength) {
      const chunk = await this.content.next();
      if (chunk === undefined) return undefined;
      this.chunk = chunk;
      this.position = 0;
      this.lent = undefined;
    }
    const piece = this.cut();
    const waitMs = this.lease.bucket.take(piece.byteLength, this.rate, performance.now());
    if (waitMs > 0 && !this.isStopped) await this.wait(waitMs, piece.byteLength);
    return piece;
  }

  /** Puts back the rest of its chunk, too, so that a stalled client keeps nothing in memory. */
  unread(piece: Uint8Array): boolean {
    const start = this.position - piece.byteLength;
    const unsent = this.part(start, this.chunk.byteLength);
    // The first chunk is kept in memory anyway, and may be the whole content.
    if (this.chunk === this.content.first || !this.content.unread(unsent)) return false;
    this.position = this.chunk.byteLength;
    this.lease.bucket.giveBack(piece.byteLength, this.rate);
    return true;
  }

  countWritten(bytes: number): void {
    this.content.countWritten(bytes);
  }

  countFlushed(bytes: number): void {
    this.content.countFlushed(bytes);
  }

  release(): Promise<void> {
    return this.content.release();
  }

  /** Stops waiting, because the response has finished. Bytes that waited are returned to the bucket. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    const { turn } = this;
    if (turn !== undefined) {
      turn.cancel();
      this.lease.bucket.giveBack(turn.bytes, this.rate);
      turn.begin();
    }
    this.lease.release();
  }

  private get room(): number {
    return this.lease.bucket.room(this.rate, performance.now());
  }

  private cut(): Uint8Array {
    const { chunk, position } = this;
    const { room } = this;
    const end = position + (room >= chunkBytes(this.rate) ? room : this.nextLength());
    this.position = Math.min(end, chunk.byteLength);
    return this.part(position, this.position);
  }

  private part(start: number, end: number): Uint8Array {
    const { chunk } = this;
    if (start === 0 && end === chunk.byteLength) return chunk;
    this.lent ??= { chunk, bytesOut: chunk.byteLength };
    const part = chunk.subarray(start, end);
    chunkPool.lendPart(part, this.lent);
    return part;
  }

  /** The length of a chunk that has to wait, in bytes: short at first, and shorter the more responses share the bucket. */
  private nextLength(): number {
    const ms = this.chunkMs / this.lease.responses;
    this.chunkMs = Math.min(this.chunkMs * 2, LONGEST_CHUNK_MS);
    return bytesIn(ms, this.rate);
  }

  private wait(ms: number, bytes: number): Promise<void> {
    return new Promise((resolve) => {
      const begin = (): void => {
        this.turn = undefined;
        resolve();
      };
      this.turn = { cancel: atTickAfter(ms, begin), bytes, begin };
    });
  }
}
