import { createHash } from 'node:crypto';
import { callQuietly } from '../call-quietly.js';
import { describeValue } from '../options/given-value.js';
import { chunkPool } from '../file/chunk-pool.js';
import { SourceChangedError, SourceFaultError, SourceUnavailableError } from '../source-errors.js';
import { CompositeParts, type KnownPart, type Part } from '../composite/composite-parts.js';
import { crc32, isCrc } from './crc-32.js';
import { CrcMemory, type CrcStore } from './crc-store.js';
import { PieceReader } from '../composite/piece-reader.js';
import { readAlone, SharedReadings, unlessAborted } from './shared-readings.js';
import { isStrong } from '../composite/strong-tag.js';

/** An entry whose CRC is needed. */
export interface CheckedEntry {
  /** Identifies the content, together with `known`. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** In whole seconds since 1970; `undefined`: unknown. */
  readonly modifiedAt: number | undefined;
  /** The CRC given by the app. */
  readonly crc32: number | undefined;
  readonly part: Part;
  readonly known: KnownPart;
}

/** Shared by the process, per store, because several archives may need the same entry. */
const readings = new WeakMap<CrcStore, SharedReadings>();

function readingsOf(store: CrcStore): SharedReadings {
  const known = readings.get(store) ?? new SharedReadings();
  readings.set(store, known);
  return known;
}

/** CRCs computed in this process, per store, so that they are neither computed nor requested again. */
const computed = new WeakMap<CrcStore, CrcMemory>();

function computedOf(store: CrcStore): CrcMemory {
  const known = store instanceof CrcMemory ? store : (computed.get(store) ?? new CrcMemory(MOST_COMPUTED));
  computed.set(store, known);
  return known;
}

const MOST_COMPUTED = 10_000;

/** A store may be a round trip away, and a central directory needs the CRC of each entry. */
const ASKED_AT_ONCE = 32;

/** The CRCs of an archive's entries during one response. */
export class EntryCrcs {
  /** CRCs learnt during this response, since a store may forget them. */
  private readonly learnt = new Map<number, number>();

  /** Pending requests to the store, by entry. */
  private readonly asked = new Map<number, Promise<unknown>>();

  private readonly computed: CrcMemory;

  constructor(
    private readonly count: number,
    private readonly entryAt: (index: number) => CheckedEntry,
    private readonly store: CrcStore,
  ) {
    this.computed = computedOf(store);
  }

  /** The CRC of an entry: given, remembered, or computed by reading it. */
  of(index: number, signal: AbortSignal): number | Promise<number> {
    const known = this.learnt.get(index);
    if (known !== undefined) return known;
    const entry = this.entryAt(index);
    if (entry.size === 0) return 0;
    if (entry.crc32 !== undefined) return entry.crc32;
    const key = keyOf(entry);
    return this.computedBy(key) ?? this.find(index, entry, key, signal);
  }

  /** Like `of`, but also requests the following entries' CRCs from the store, a few at a time. */
  ofNext(index: number, signal: AbortSignal): number | Promise<number> {
    if (!this.learnt.has(index) && !this.asked.has(index)) this.askAhead(index);
    return this.of(index, signal);
  }

  /**
   * Computes the CRC of an entry while it is read from beginning to end, unless the CRC is known: computing costs half as much
   * as sending.
   *
   * @returns a function to call with each chunk, in order; `undefined` if there is nothing to compute
   * @throws SourceChangedError (from that function) if the content does not match the given CRC
   */
  watch(index: number): ((chunk: Uint8Array) => void) | undefined {
    const entry = this.entryAt(index);
    const known = this.computedBy(keyOf(entry));
    if (known !== undefined && (entry.crc32 ?? known) === known) {
      this.learnt.set(index, known); // the memory may evict it meanwhile
      return undefined;
    }
    let crc = 0;
    let remaining = entry.size;
    return (chunk) => {
      crc = crc32(chunk, crc);
      remaining -= chunk.byteLength;
      if (remaining > 0) return;
      if (entry.crc32 !== undefined && entry.crc32 !== crc) {
        throw new SourceChangedError(`${entry.part.name} has the CRC ${crc}, but ${entry.crc32} was given`);
      }
      this.learn(index, entry, crc);
    };
  }

  private computedBy(key: string | undefined): number | undefined {
    return key === undefined ? undefined : this.computed.get(key);
  }

  private async find(
    index: number,
    entry: CheckedEntry,
    key: string | undefined,
    signal: AbortSignal,
  ): Promise<number> {
    const remembered = key === undefined ? undefined : await this.recall(index, key, signal);
    if (remembered !== undefined) {
      this.learnt.set(index, remembered);
      return remembered;
    }
    const read = (within: AbortSignal, progress: () => void): Promise<number> => crcOf(entry, within, progress);
    const crc = key === undefined ? await readAlone(read, signal) : await readingsOf(this.store).of(key, read, signal);
    this.learn(index, entry, crc);
    return crc;
  }

  private learn(index: number, entry: CheckedEntry, crc: number): void {
    this.learnt.set(index, crc);
    const key = keyOf(entry);
    if (key === undefined) return;
    this.computed.set(key, crc);
    if (entry.crc32 === undefined && this.store !== this.computed) callQuietly(() => this.store.set(key, crc));
  }

  private askAhead(first: number): void {
    for (let index = first; index < Math.min(first + ASKED_AT_ONCE, this.count); index++) {
      const entry = this.entryAt(index);
      const isKnown = this.learnt.has(index) || entry.size === 0 || entry.crc32 !== undefined;
      const key = isKnown ? undefined : keyOf(entry);
      if (key !== undefined && this.computedBy(key) === undefined) void this.ask(index, key);
    }
  }

  private ask(index: number, key: string): Promise<unknown> {
    const asked = this.asked.get(index) ?? (async () => this.store.get(key))();
    asked.catch(() => {}); // reported to whoever awaits the result
    this.asked.set(index, asked);
    return asked;
  }

  private async recall(index: number, key: string, signal: AbortSignal): Promise<number | undefined> {
    let crc: unknown;
    try {
      crc = await unlessAborted(this.ask(index, key), signal);
      this.asked.delete(index);
    } catch (error) {
      if (signal.aborted) throw error;
      throw new SourceUnavailableError('zipSource: the store of CRCs failed', { cause: error });
    }
    if (crc === undefined || crc === null) return undefined;
    if (isCrc(crc)) return crc;
    throw new SourceFaultError(
      `zipSource: get() of the store of CRCs returned ${describeValue(crc).what}, and not the number that set() was given${typeof crc === 'string' ? ': return Number(crc)' : ''}`,
    );
  }
}

/**
 * The key under which a CRC is remembered; `undefined` without a strong tag. Tags are unique per resource only (version numbers
 * 1, 2, 3, …), so the key includes everything else known about the entry.
 */
function keyOf({ name, size, modifiedAt, known }: CheckedEntry): string | undefined {
  if (!isStrong(known.etag)) return undefined;
  const text = JSON.stringify([name, size, known.etag, modifiedAt]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 32);
}

/** Reads an entry for its CRC only. */
async function crcOf({ part, known, size }: CheckedEntry, signal: AbortSignal, progress: () => void): Promise<number> {
  const parts = new CompositeParts([part], [known]);
  const whole = { kind: 'part', index: 0, name: part.name, range: undefined, length: size } as const;
  let crc = 0;
  try {
    const reader = new PieceReader([whole], parts, signal);
    reader.lendChunks();
    for await (const chunk of reader) {
      crc = crc32(chunk, crc);
      chunkPool.release(chunk);
      progress();
    }
    return crc;
  } finally {
    await parts.close();
  }
}
