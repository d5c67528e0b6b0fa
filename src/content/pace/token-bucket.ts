/** The rate at which bytes may be sent. */
export interface Rate {
  readonly bytesPerSecond: number;
  /** Bytes that may be sent at once, before the rate applies. Unused capacity refills at the rate. */
  readonly after: number;
}

/** The bytes that a rate allows in this time, in ms, are sent at once. */
export const CHUNK_MS = 250;

/** Tolerance for rounding errors, in ms. */
const ROUNDING_MS = 0.001;

/** The size of a chunk at a rate, in bytes. */
export function chunkBytes(rate: Rate): number {
  return bytesIn(CHUNK_MS, rate);
}

/** How many bytes a rate allows in some time, in ms: at least one. */
export function bytesIn(ms: number, { bytesPerSecond }: Rate): number {
  return Math.max(1, Math.floor((bytesPerSecond * ms) / 1000));
}

/**
 * A token bucket, initially full, with a capacity of `after` bytes and one chunk. Its state is the time at which all bytes taken
 * are paid for, so that responses with different rates can share it. Times are in ms of a monotonic clock.
 *
 * The bytes sent by any moment never exceed `after`, one chunk, and the bytes that the rate has allowed since.
 */
export class TokenBucket {
  private paidAt = -Infinity;

  /** The number of bytes that may be sent at once. */
  room(rate: Rate, now: number): number {
    const owed = this.owedMs(now);
    return Math.max(0, Math.floor(capacity(rate) - ((owed - ROUNDING_MS) * rate.bytesPerSecond) / 1000));
  }

  /** Takes bytes and returns how long they have to wait, in whole ms; bytes taken later wait longer. */
  take(bytes: number, rate: Rate, now: number): number {
    this.paidAt = Math.max(this.paidAt, now) + msOf(bytes, rate);
    return Math.max(0, Math.ceil(this.paidAt - now - msOf(capacity(rate), rate) - ROUNDING_MS));
  }

  /** Returns bytes that were taken but will not be sent. */
  giveBack(bytes: number, rate: Rate): void {
    this.paidAt -= msOf(bytes, rate);
  }

  /** The time until it is full, in ms, if nothing more is taken. */
  owedMs(now: number): number {
    return Math.max(0, this.paidAt - now);
  }
}

function capacity(rate: Rate): number {
  return rate.after + chunkBytes(rate);
}

function msOf(bytes: number, { bytesPerSecond }: Rate): number {
  return (bytes * 1000) / bytesPerSecond;
}
