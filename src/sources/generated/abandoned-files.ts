import type { Stats } from 'node:fs';
import { hasEnded } from './spool-owner.js';

/** How often a file is touched while it is generated, in ms, to show that its process is alive. */
export const TOUCH_EVERY_MS = 10_000;

/** A file not touched for this long, in ms, is abandoned. Longer than NFS caches stale attributes. */
const LEFT_BEHIND_AFTER_MS = 90_000;

interface Sighting {
  readonly mtimeMs: number;
  readonly size: number;
  /** When it was first seen in this state, in ms of `performance.now()`. */
  readonly since: number;
}

/**
 * Distinguishes files that are being generated, by this or other processes, from those that a crash has left behind:
 * immediately if the process is known to have ended; otherwise, as on another host, once the file is no longer touched.
 */
export class AbandonedFiles {
  /** By file name: clocks differ, and a file with a future date must not seem young for ever. */
  private readonly sightings = new Map<string, Sighting>();

  includes(fileName: string, owner: string | undefined, { mtimeMs, size }: Stats): boolean {
    if (owner !== undefined && hasEnded(owner)) return true;
    const seen = this.sightings.get(fileName);
    const isTouched = seen === undefined || seen.mtimeMs !== mtimeMs || seen.size !== size;
    const sighting = isTouched ? { mtimeMs, size, since: performance.now() } : seen;
    this.sightings.set(fileName, sighting);
    const untouchedMs = Math.max(Date.now() - mtimeMs, performance.now() - sighting.since);
    return untouchedMs > LEFT_BEHIND_AFTER_MS;
  }

  /** Drops files that are no longer in the directory. */
  keepOnly(present: ReadonlySet<string>): void {
    for (const fileName of this.sightings.keys()) if (!present.has(fileName)) this.sightings.delete(fileName);
  }
}
