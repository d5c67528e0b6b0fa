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

/** Node.js takes a longer delay for one of 1 ms. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

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

/**
 * Checks the options of a source. `further` are the names of those that only this source has.
 *
 * @throws TypeError for an option that is unknown or impossible; the message begins with the name of the source
 */
export function checkStoreOptions(source: string, options: StoreOptions, further: readonly string[] = []): void {
  const known = ['metadata', 'metadataTtlMs', 'timeoutMs', ...further];
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`${source}: unknown option "${name}"; known are ${known.join(', ')}`);
    }
  }
  const { metadata, metadataTtlMs, timeoutMs } = options;
  if (metadata !== undefined && !(Number.isSafeInteger(metadata.size) && metadata.size >= 0)) {
    throw new TypeError(`${source}: option "metadata" must have the object's size in octets, not ${metadata.size}`);
  }
  checkDuration(source, 'metadataTtlMs', metadataTtlMs, 0);
  checkDuration(source, 'timeoutMs', timeoutMs, 1);
}

function checkDuration(source: string, name: string, value: number | undefined, least: number): void {
  if (value === undefined) return;
  if (typeof value === 'number' && value >= least && value <= LONGEST_DELAY_MS) return;
  throw new TypeError(`${source}: option "${name}" must be a time in ms from ${least} on, not ${String(value)}`);
}
