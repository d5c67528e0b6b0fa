import { type BigIntStats, fstatSync } from 'node:fs';
import { closeFile, confine, fstatAsync, openRegularFile, statAsync } from './open-file.js';

/** Which version of which file a descriptor is open on. */
export interface FileVersion {
  readonly dev: bigint;
  readonly ino: bigint;
  /** In octets. */
  readonly size: number;
  /** Time of the last modification, in ns since the epoch. */
  readonly mtimeNs: bigint;
}

/** A descriptor that stays open until `release` is called, which may be done more than once. */
export interface FileLease {
  readonly fd: number;
  readonly path: string;
  readonly version: FileVersion;
  /** Whether the file still has the octets of the version: none was written over. What was appended does not matter. */
  isUnchanged(): boolean | Promise<boolean>;
  release(): void;
}

interface Handle {
  /** The path and the root it was confined to: a file that may be served by its path may yet be outside a root. */
  readonly key: string;
  readonly path: string;
  readonly root: string | undefined;
  readonly fd: number;
  readonly version: FileVersion;
  /** When the file itself was last touched, its name included: a rename shows in nothing else. In ns. */
  readonly ctimeNs: bigint;
  leases: number;
  cached: boolean;
  /** When the path was last seen to lead here, and when a lease last ended: by `performance.now()`, in ms. */
  lookedUpAt: number;
  usedAt: number;
  /** How many checks in a row took long. */
  slowFstats: number;
}

/** A path is looked up again after this time, in ms; until then the descriptor itself is asked for changes. */
const LOOK_UP_AFTER_MS = 1000;

/** Descriptors that nobody has used for this time, in ms, are closed. */
const IDLE_MS = 400;

/**
 * An `fstat` of an open local file takes two microseconds, too few for the thread pool. Where several in a row take this
 * long, in ms (a file system behind a network), its path is looked up in the pool instead.
 */
const SLOW_FSTAT_MS = 1;
const SLOW_FSTATS = 3;

/**
 * Opens regular files and keeps the most recently used descriptors open for a moment. Each lease checks that the file
 * was neither changed nor replaced; only a directory or a link that was swapped above it may go unseen for a second,
 * in which the complete older file is served.
 */
export class FileHandles {
  /** By key, the least recently used first. */
  private readonly cached = new Map<string, Handle>();
  /** By key: whoever asks meanwhile shares what will be kept. */
  private readonly opening = new Map<string, Promise<FileLease>>();
  private sweep: NodeJS.Timeout | undefined;

  constructor(private limit: number) {}

  /** Keeps at most `limit` descriptors open between requests; 0 keeps none. */
  resize(limit: number): void {
    this.limit = limit;
    this.evict();
  }

  /**
   * Leases a descriptor of the regular file at `path`; below `root`, where one is given, links included.
   *
   * @throws SourceNotFoundError where there is no such file, or none that may be served
   */
  lease(path: string, root?: string): FileLease | Promise<FileLease> {
    const key = `${root ?? ''}\0${path}`;
    const known = this.cached.get(key);
    if (known === undefined) return this.openOrShare(key, path, root);
    known.leases++; // before any wait, so that nobody closes it
    const verdict = isCurrent(known);
    return verdict === true ? this.toLease(known) : this.leaseIfCurrent(known, verdict);
  }

  private async leaseIfCurrent(known: Handle, verdict: boolean | Promise<boolean>): Promise<FileLease> {
    if (await verdict) return this.toLease(known);
    void this.drop(known);
    this.giveBack(known);
    return this.openOrShare(known.key, known.path, known.root);
  }

  /** What another has begun to open is checked like any that is kept: it may have been replaced meanwhile. */
  private openOrShare(key: string, path: string, root: string | undefined): Promise<FileLease> {
    if (this.limit === 0) return this.open(key, path, root);
    const begun = this.opening.get(key);
    if (begun !== undefined) {
      return begun.then(
        () => this.lease(path, root),
        () => this.open(key, path, root),
      );
    }
    const opening = this.open(key, path, root).finally(() => this.opening.delete(key));
    this.opening.set(key, opening);
    return opening;
  }

  private async open(key: string, path: string, root: string | undefined): Promise<FileLease> {
    const { fd, stats } = await openRegularFile(path, root);
    const now = performance.now();
    const handle: Handle = {
      key,
      path,
      root,
      fd,
      version: toVersion(stats),
      ctimeNs: stats.ctimeNs,
      leases: 1,
      cached: false,
      lookedUpAt: now,
      usedAt: now,
      slowFstats: 0,
    };
    this.keep(handle);
    return this.toLease(handle);
  }

  private keep(handle: Handle): void {
    if (this.limit === 0) return;
    const other = this.cached.get(handle.key);
    if (other !== undefined) void this.drop(other);
    handle.cached = true;
    this.cached.set(handle.key, handle);
    this.evict();
    this.sweep ??= setInterval(() => void this.closeIdle(IDLE_MS), IDLE_MS).unref();
  }

  /** Closes the descriptors that nobody has used for this time, in ms. Resolves when they are closed. */
  async closeIdle(idleMs = 0): Promise<void> {
    const deadline = performance.now() - idleMs;
    const idle = [...this.cached.values()].filter(({ leases, usedAt }) => leases === 0 && usedAt <= deadline);
    const closing = idle.map((handle) => this.drop(handle));
    if (this.cached.size === 0) {
      clearInterval(this.sweep);
      this.sweep = undefined;
    }
    await Promise.all(closing);
  }

  private evict(): void {
    for (const handle of this.cached.values()) {
      if (this.cached.size <= this.limit) return;
      void this.drop(handle);
    }
  }

  private async drop(handle: Handle): Promise<void> {
    if (!handle.cached) return;
    handle.cached = false;
    this.cached.delete(handle.key);
    if (handle.leases === 0) await closeFile(handle.fd);
  }

  private toLease(handle: Handle): FileLease {
    if (handle.cached) {
      this.cached.delete(handle.key);
      this.cached.set(handle.key, handle);
    }
    return new Lease(handle, this);
  }

  /** @internal Ends a lease. */
  giveBack(handle: Handle): void {
    handle.leases--;
    handle.usedAt = performance.now();
    if (handle.leases === 0 && !handle.cached) void closeFile(handle.fd);
  }
}

class Lease implements FileLease {
  private isReleased = false;

  constructor(
    private readonly handle: Handle,
    private readonly handles: FileHandles,
  ) {}

  get fd(): number {
    return this.handle.fd;
  }

  get path(): string {
    return this.handle.path;
  }

  get version(): FileVersion {
    return this.handle.version;
  }

  isUnchanged(): boolean | Promise<boolean> {
    const { handle } = this;
    if (handle.slowFstats < SLOW_FSTATS) return holds(timedFstat(handle), handle.version);
    return fstatAsync(handle.fd, { bigint: true }).then(
      (stats) => holds(stats, handle.version),
      () => false,
    );
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.handles.giveBack(this.handle);
  }
}

/** Descriptors are a resource of the process: all file sources share these. */
export const fileHandles = new FileHandles(64);

function toVersion({ dev, ino, size, mtimeNs }: BigIntStats): FileVersion {
  return { dev, ino, size: Number(size), mtimeNs };
}

function isCurrent(handle: Handle): boolean | Promise<boolean> {
  const now = performance.now();
  if (handle.slowFstats >= SLOW_FSTATS || now - handle.lookedUpAt >= LOOK_UP_AFTER_MS) return leadsTo(handle);
  return isSame(timedFstat(handle), handle);
}

/** Looks the path up: whether it still leads to this version of this file. */
async function leadsTo(handle: Handle): Promise<boolean> {
  const lookedUpAt = performance.now();
  try {
    const stats = await statAsync(handle.path, { bigint: true });
    if (!isSame(stats, handle)) return false;
    if (handle.root !== undefined) await confine(handle.path, handle.root, stats);
    handle.lookedUpAt = lookedUpAt;
    return true;
  } catch {
    return false; // opening it anew tells what is wrong
  }
}

/** Keeps count of slow ones. */
function timedFstat(handle: Handle): BigIntStats | undefined {
  const startedAt = performance.now();
  try {
    return fstatSync(handle.fd, { bigint: true });
  } catch {
    return undefined; // a network file system that has forgotten it: opening it anew tells more
  } finally {
    handle.slowFstats = performance.now() - startedAt > SLOW_FSTAT_MS ? handle.slowFstats + 1 : 0;
  }
}

/** What only grew was appended to, as logs are: the octets of the version are still there. */
function holds(stats: BigIntStats | undefined, { size, mtimeNs }: FileVersion): boolean {
  if (stats === undefined) return false;
  return stats.size > size || (stats.mtimeNs === mtimeNs && Number(stats.size) === size);
}

/** A file without a name any more was deleted or replaced. */
function isSame(stats: BigIntStats | undefined, { version, ctimeNs }: Handle): boolean {
  return (
    stats !== undefined &&
    stats.nlink > 0n &&
    stats.ino === version.ino &&
    stats.dev === version.dev &&
    Number(stats.size) === version.size &&
    stats.mtimeNs === version.mtimeNs &&
    stats.ctimeNs === ctimeNs
  );
}
