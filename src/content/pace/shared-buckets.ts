import { LONGEST_DELAY_MS } from '../../sources/options/check-options.js';
import { TokenBucket } from './token-bucket.js';

/** The use of a bucket by one response. */
export interface BucketLease {
  readonly bucket: TokenBucket;
  /** How many responses share it. */
  readonly responses: number;
  /** Call it once, when the response has finished. */
  release(): void;
}

interface SharedBucket {
  readonly bucket: TokenBucket;
  responses: number;
  forgetting?: NodeJS.Timeout | undefined;
}

/**
 * Buckets shared by responses, by key. An unused bucket is dropped only once it is full again, so that a client cannot escape
 * the limit by many short requests.
 */
export class SharedBuckets {
  private readonly byKey = new Map<string, SharedBucket>();

  /** The number of buckets. */
  get size(): number {
    return this.byKey.size;
  }

  /** @param key `undefined`: a bucket that is not shared */
  lease(key: string | undefined): BucketLease {
    if (key === undefined) return { bucket: new TokenBucket(), responses: 1, release() {} };
    const shared = this.byKey.get(key) ?? { bucket: new TokenBucket(), responses: 0 };
    this.byKey.set(key, shared);
    clearTimeout(shared.forgetting);
    shared.responses += 1;
    return {
      bucket: shared.bucket,
      get responses() {
        return shared.responses;
      },
      release: () => this.release(key, shared),
    };
  }

  private release(key: string, shared: SharedBucket): void {
    shared.responses -= 1;
    if (shared.responses === 0) this.forgetWhenFull(key, shared);
  }

  private forgetWhenFull(key: string, shared: SharedBucket): void {
    const owedMs = Math.ceil(shared.bucket.owedMs(performance.now()));
    if (owedMs === 0) return void this.byKey.delete(key);
    const forget = (): void => this.forgetWhenFull(key, shared);
    shared.forgetting = setTimeout(forget, Math.min(owedMs, LONGEST_DELAY_MS)).unref();
  }
}
