import type { FileVersion } from './open-descriptor.js';

/** A younger file, in ms, may change again without changing its times (RFC 9110 §8.8.1). */
const SETTLED_AFTER_MS = 2000;

/**
 * Whether the next change of a file is certain to change its modification time. A time in the future was set explicitly, or
 * comes from another clock: then the time of the last change counts.
 */
export function isSettled(version: FileVersion): boolean {
  const modifiedAt = toMs(version.mtimeNs);
  const now = Date.now();
  return modifiedAt > now ? !hasChangedLately(version) : now - modifiedAt >= SETTLED_AFTER_MS;
}

/** Whether the file was changed within the last two seconds: a write, or a change of its name, owner or times. */
export function hasChangedLately(version: FileVersion): boolean {
  const age = Date.now() - toMs(version.ctimeNs);
  return age < 0 ? !wasSeenFor(version) : age < SETTLED_AFTER_MS;
}

/** Converts ns to whole ms. */
export function toMs(timeNs: bigint): number {
  return Number(timeNs / 1_000_000n);
}

/** When a change with a time in the future was first seen, in ms of `performance.now()`. */
const seenAt = new Map<string, number>();
const MOST_SEEN = 1000;

/** Measures the age of a change from when we first saw it, because the file system's clock (NFS) is ahead of ours. */
function wasSeenFor({ dev, ino, ctimeNs }: FileVersion): boolean {
  const key = `${dev}:${ino}:${ctimeNs}`;
  const now = performance.now();
  const since = seenAt.get(key);
  if (since !== undefined) return now - since >= SETTLED_AFTER_MS;
  seenAt.set(key, now);
  if (seenAt.size > MOST_SEEN) for (const oldest of seenAt.keys()) return !seenAt.delete(oldest);
  return false;
}
