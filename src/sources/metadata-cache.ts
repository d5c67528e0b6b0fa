import type { ObjectMetadata, RememberedUnder } from './store.js';

interface Entry {
  readonly metadata: ObjectMetadata;
  /** By `performance.now()`, in ms. */
  readonly expiresAt: number;
}

/** What the last looks at objects have shown, for a moment: so that a range costs one round trip, not two. */
export class MetadataCache {
  private readonly owners = new WeakMap<object, Map<string, Entry>>();

  /** @param limit how many objects are kept for each owner at the most */
  constructor(private readonly limit: number) {}

  get({ owner, key }: RememberedUnder): ObjectMetadata | undefined {
    const entry = this.owners.get(owner)?.get(key);
    return entry !== undefined && performance.now() < entry.expiresAt ? entry.metadata : undefined;
  }

  /** Keeps metadata for `ttlMs`, and lets the oldest go where there are too many. */
  set({ owner, key }: RememberedUnder, metadata: ObjectMetadata, ttlMs: number): void {
    if (ttlMs === 0) return;
    const entries = this.owners.get(owner) ?? new Map<string, Entry>();
    this.owners.set(owner, entries);
    entries.delete(key); // and so becomes the youngest
    entries.set(key, { metadata, expiresAt: performance.now() + ttlMs });
    const [oldest] = entries.keys();
    if (entries.size > this.limit && oldest !== undefined) entries.delete(oldest);
  }

  delete({ owner, key }: RememberedUnder): void {
    this.owners.get(owner)?.delete(key);
  }
}

export const metadataCache = new MetadataCache(1000);
