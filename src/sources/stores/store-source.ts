import { SOURCE_IS_NOT_JSON } from '../not-json.js';
import { codeOf } from '../source-errors.js';
import type { RangeSource, Representation } from '../source.js';
import { metadataCache } from './metadata-cache.js';
import { sendableMetadata } from './sendable-metadata.js';
import { conditionError, toSourceError } from './store-errors.js';
import { type StoreOptions, withDefaults } from './store-options.js';
import type { ObjectMetadata, Store, StoredMetadata } from './store.js';
import { StoredRepresentation } from './stored-representation.js';
import { withinTime } from './within-time.js';

/**
 * A source over an object in a store. The store never evaluates the client's conditions: it is sent resolved ranges of one
 * version. Metadata comes from the app or from the last lookup; if it proves stale, it is dropped, and the object is looked
 * up again.
 */
export function storeSource(store: Store, options: StoreOptions): RangeSource {
  const { metadata, metadataTtlMs, timeoutMs } = withDefaults(options);
  const { remembered } = store;
  const wait = { name: store.name, timeoutMs };
  let isStale = false;

  async function find(signal: AbortSignal): Promise<ObjectMetadata | Representation> {
    const known = isStale ? undefined : metadata;
    const found = known ?? recall() ?? (await look(signal));
    return found === known && known.size === 0 ? confirmEmpty(known, signal) : found;
  }

  /** An empty object has no range to request, so only a lookup shows whether it is still empty. */
  async function confirmEmpty(known: ObjectMetadata, signal: AbortSignal): Promise<ObjectMetadata | Representation> {
    const found = await look(signal);
    return isRepresentation(found) || found.size !== 0 ? found : known;
  }

  function recall(): ObjectMetadata | undefined {
    const found = remembered === undefined ? undefined : metadataCache.get(remembered, metadataTtlMs);
    return found?.size === 0 ? undefined : found;
  }

  async function look(signal: AbortSignal): Promise<ObjectMetadata | Representation> {
    const stored = await withinTime(wait, signal, (within) => store.look(within), release).catch(explain);
    if (isRepresentation(stored)) return stored;
    const found = sendableMetadata(store.name, stored);
    if (remembered !== undefined) metadataCache.set(remembered, found, metadataTtlMs);
    return found;
  }

  function explain(error: unknown): never {
    const refusal = store.refusalOf(error);
    throw refusal?.status === 412 ? conditionError(error, store.name, refusal) : error;
  }

  /** Maps an error to the one to throw, and drops metadata that it proves stale. */
  function failure(error: unknown): unknown {
    const result = toSourceError(error, store.name, store.refusalOf(error), store.permissions);
    if (isOutdating(result)) {
      isStale = true;
      if (remembered !== undefined) metadataCache.delete(remembered);
    }
    return result;
  }

  return {
    ...SOURCE_IS_NOT_JSON,
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

function isRepresentation(found: StoredMetadata | Representation): found is Representation {
  return 'open' in found;
}

/** Releases a result that arrives too late. */
function release(found: StoredMetadata | Representation): void {
  if (isRepresentation(found)) void found.close?.();
}

function isOutdating(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'SOURCE_CHANGED' || code === 'SOURCE_NOT_FOUND';
}
