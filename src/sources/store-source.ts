import type { RangeSource, Representation } from './source.js';
import { metadataCache } from './metadata-cache.js';
import type { ObjectMetadata, Store } from './store.js';
import { codeOf } from './source-errors.js';
import { toSourceError } from './store-errors.js';
import { type StoreOptions, withDefaults } from './store-options.js';
import { StoredRepresentation } from './stored-representation.js';
import { withinTime } from './within-time.js';

/**
 * A source over an object in a store. Conditions are never the store's to evaluate: it is asked for resolved ranges of
 * one version. Metadata comes from the app, or from the last look; where it turns out to be stale it is forgotten, and
 * the object looked up anew.
 */
export function storeSource(store: Store, options: StoreOptions): RangeSource {
  const { metadata, metadataTtlMs, timeoutMs } = withDefaults(options);
  const wait = { name: store.name, timeoutMs };
  let isStale = false;

  async function find(signal: AbortSignal): Promise<ObjectMetadata | Representation> {
    const known = isStale ? undefined : metadata;
    return known ?? metadataCache.get(store.remembered) ?? look(signal);
  }

  async function look(signal: AbortSignal): Promise<ObjectMetadata | Representation> {
    const found = await withinTime(wait, signal, (within) => store.look(within), release);
    if (!isRepresentation(found)) metadataCache.set(store.remembered, found, metadataTtlMs);
    return found;
  }

  /** What to throw for an error; what that shows to be out of date is forgotten. */
  function failure(error: unknown): unknown {
    const result = toSourceError(error, store.name);
    if (isOutdating(result)) {
      isStale = true;
      metadataCache.delete(store.remembered);
    }
    return result;
  }

  return {
    async resolve(signal) {
      try {
        const found = await find(signal);
        return isRepresentation(found) ? found : new StoredRepresentation(store, found, wait, failure);
      } catch (error) {
        throw signal.aborted ? error : failure(error);
      }
    },
  };
}

function isRepresentation(found: ObjectMetadata | Representation): found is Representation {
  return 'open' in found;
}

/** Lets go of what came too late. */
function release(found: ObjectMetadata | Representation): void {
  if (isRepresentation(found)) void found.close?.();
}

function isOutdating(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'SOURCE_CHANGED' || code === 'SOURCE_NOT_FOUND';
}
