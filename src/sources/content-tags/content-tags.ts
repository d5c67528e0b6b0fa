import type { FileLease } from '../descriptors/descriptor-cache.js';
import type { FileVersion } from '../descriptors/open-descriptor.js';
import { hasChangedLately } from '../descriptors/settled-version.js';
import { contentTag } from './content-hash.js';
import { Slots } from './slots.js';

/** Files up to this size, in bytes, are hashed before the response; larger ones in the background, and sent without a tag. */
export const QUICKLY_HASHED = 8 * 1024 * 1024;

/** Files hashed concurrently: for waiting responses, and in the background. */
const AT_ONCE = 2;
const AT_ONCE_UNAWAITED = 1;

/** Length of the background queue: each file in it is kept open. */
const MOST_UNAWAITED = 16;

/** Number of tags remembered. */
const MOST_KNOWN = 10_000;

/**
 * Entity tags made from the content of files: equal content has equal tags on every host. Each version is hashed once, off the
 * main thread, a few at a time.
 */
export class ContentTags {
  /** By version, least recently used first. */
  private readonly known = new Map<string, string>();
  private readonly hashing = new Map<string, Promise<string | undefined>>();
  private readonly awaited = new Slots(AT_ONCE);
  private readonly unawaited = new Slots(AT_ONCE_UNAWAITED);
  private countUnawaited = 0;
  private stopped = new AbortController();

  /** The tag of a version; `undefined`: not hashed yet. */
  find(version: FileVersion): string | undefined {
    const key = keyOf(version);
    const tag = this.known.get(key);
    if (tag === undefined) return undefined;
    this.known.delete(key); // reinserted as the most recently used
    this.known.set(key, tag);
    return tag;
  }

  /** Hashes a file. `undefined` if it changes or cannot be read, which reading its content will report. */
  make(lease: FileLease): Promise<string | undefined> {
    return this.once(lease, this.awaited);
  }

  /** Hashes a file in the background, unless the queue is full. */
  prepare(lease: FileLease): void {
    if (this.countUnawaited >= MOST_UNAWAITED || this.hashing.has(keyOf(lease.version))) return;
    this.countUnawaited++;
    void this.once(lease, this.unawaited).then(() => this.countUnawaited--);
  }

  /** Stops hashing in the background, so that the process can exit. */
  stop(): void {
    this.stopped.abort();
    this.stopped = new AbortController();
  }

  private once(lease: FileLease, slots: Slots): Promise<string | undefined> {
    const key = keyOf(lease.version);
    const begun = this.hashing.get(key);
    if (begun !== undefined) return begun;
    const signal = slots === this.unawaited ? this.stopped.signal : undefined;
    const work = this.hash(lease.duplicate(), slots, signal).finally(() => this.hashing.delete(key));
    this.hashing.set(key, work);
    return work;
  }

  /** Releases the lease. */
  private async hash(lease: FileLease, slots: Slots, signal?: AbortSignal): Promise<string | undefined> {
    await slots.acquire();
    try {
      const isFresh = hasChangedLately(lease.version);
      const tag = await contentTag(lease, signal);
      if (tag !== undefined && !isFresh) this.remember(keyOf(lease.version), tag);
      return tag;
    } catch {
      return undefined; // reading the content reports it
    } finally {
      slots.release();
      lease.release();
    }
  }

  private remember(key: string, tag: string): void {
    this.known.set(key, tag);
    if (this.known.size <= MOST_KNOWN) return;
    for (const oldest of this.known.keys()) return void this.known.delete(oldest);
  }
}

/** The tags of all files that this process serves. */
export const contentTags = new ContentTags();

function keyOf({ dev, ino, size, mtimeNs, ctimeNs }: FileVersion): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}
