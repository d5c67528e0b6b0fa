import { types } from 'node:util';
import type { ObjectMetadata, RememberedUnder } from './store.js';

interface Entry {
  readonly metadata: ObjectMetadata;
  /** When it was looked up, in ms of `performance.now()`. */
  readonly lookedAt: number;
  /** Its maximum age for the source that looked it up. */
  readonly ttlMs: number;
}

/** A cache key of everything that identifies an object. JSON alone would take all keys for encryption in buffers for the same. */
export function keyOf(identity: unknown): string {
  return JSON.stringify(identity, (_, value: unknown) => {
    if (types.isAnyArrayBuffer(value)) return Buffer.from(value).toString('base64');
    return ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
      : value;
  });
}

/** Remembers looked-up metadata for a moment, so that a range costs one round trip instead of two. */
export class MetadataCache {
  private readonly owners = new WeakMap<object, Map<string, Entry>>();

  /** @param limit most objects remembered per owner */
  constructor(private readonly limit: number) {}

  /** Metadata that is within both the given `ttlMs` and that of the lookup. */
  get({ owner, key }: RememberedUnder, ttlMs: number): ObjectMetadata | undefined {
    const entry = this.owners.get(owner)?.get(key);
    if (entry === undefined) return undefined;
    return performance.now() - entry.lookedAt < Math.min(ttlMs, entry.ttlMs) ? entry.metadata : undefined;
  }

  /** Keeps metadata for `ttlMs`, and removes the oldest entry beyond the limit. */
  set({ owner, key }: RememberedUnder, metadata: ObjectMetadata, ttlMs: number): void {
    if (ttlMs === 0) return;
    const entries = this.owners.get(owner) ?? new Map<string, Entry>();
    this.owners.set(owner, entries);
    entries.delete(key); // reinserted as the youngest
    entries.set(key, { metadata, lookedAt: performance.now(), ttlMs });
    const [oldest] = entries.keys();
    if (entries.size > this.limit && oldest !== undefined) entries.delete(oldest);
  }

  delete({ owner, key }: RememberedUnder): void {
    this.owners.get(owner)?.delete(key);
  }
}

export const metadataCache = new MetadataCache(1000);
