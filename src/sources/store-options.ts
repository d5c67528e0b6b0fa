import { type Checks, delay } from './check-options.js';
import type { ObjectMetadata } from './store.js';

/** What all sources over a store have in common. */
export interface StoreOptions {
  /**
   * What the app knows of the object already, from its database, say: then the store is asked for nothing but octets.
   * `etag` is the store's own tag of the version. Where the object has changed since, all of it is asked for anew.
   */
  readonly metadata?: ObjectMetadata | undefined;
  /** For how long what a look has shown is used for further requests, in ms. Default: 5,000; 0: for this request only. */
  readonly metadataTtlMs?: number | undefined;
  /** The longest wait for the store, be it for an answer or for more octets, in ms. Default: 30,000. */
  readonly timeoutMs?: number | undefined;
}

const DEFAULTS = { metadataTtlMs: 5000, timeoutMs: 30_000 };

export function withDefaults({ metadata, metadataTtlMs, timeoutMs }: StoreOptions): {
  readonly metadata: ObjectMetadata | undefined;
  readonly metadataTtlMs: number;
  readonly timeoutMs: number;
} {
  return {
    metadata,
    metadataTtlMs: metadataTtlMs ?? DEFAULTS.metadataTtlMs,
    timeoutMs: timeoutMs ?? DEFAULTS.timeoutMs,
  };
}

export const STORE_CHECKS: Checks<StoreOptions> = {
  metadata: ["the object's metadata, with its size in octets", isMetadata],
  metadataTtlMs: delay(0),
  timeoutMs: delay(1),
};

function isMetadata(value: unknown): boolean {
  const size = typeof value === 'object' && value !== null && 'size' in value ? Number(value.size) : Number.NaN;
  return Number.isSafeInteger(size) && size >= 0;
}
