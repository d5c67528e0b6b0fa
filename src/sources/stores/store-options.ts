import { adviceOnMetadata, isMetadata } from '../options/check-metadata.js';
import { type Checks, delay } from '../options/check-options.js';
import type { ObjectMetadata } from './store.js';

/** Options of all sources over a store. */
export interface StoreOptions {
  /**
   * Metadata that the app already knows, for example from its database: then only bytes are requested from the store.
   * `etag` is the store's own tag of the version. If the object has changed, its metadata is looked up again.
   */
  readonly metadata?: ObjectMetadata | undefined;
  /** How long looked-up metadata is reused for further requests, in ms. Default: 5,000; 0: not at all. */
  readonly metadataTtlMs?: number | undefined;
  /** The longest wait for a response of the store, or for more bytes, in ms. Default: 30,000. */
  readonly timeoutMs?: number | undefined;
}

const DEFAULTS = { metadataTtlMs: 5000, timeoutMs: 30_000 };

export function withDefaults({ metadata, metadataTtlMs, timeoutMs }: StoreOptions): {
  readonly metadata: ObjectMetadata | undefined;
  readonly metadataTtlMs: number;
  readonly timeoutMs: number;
} {
  return {
    metadata: metadata === undefined ? undefined : asItIsNow(metadata),
    metadataTtlMs: metadataTtlMs ?? DEFAULTS.metadataTtlMs,
    timeoutMs: timeoutMs ?? DEFAULTS.timeoutMs,
  };
}

/** A copy: the app may change its object later, and an entity of a database has getters, which a spread would lose. */
function asItIsNow({ size, type, etag, lastModified, headers }: ObjectMetadata): ObjectMetadata {
  return { size, type, etag, lastModified, headers };
}

export const STORE_CHECKS: Checks<StoreOptions> = {
  metadata: ["the object's metadata, with its size in bytes", isMetadata, adviceOnMetadata],
  metadataTtlMs: delay(0),
  timeoutMs: delay(1),
};
