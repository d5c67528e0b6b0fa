import { type BigIntStats, fstatSync } from 'node:fs';
import { confine, fstatAsync, type OpenedFile, openRegularFile, statAsync } from './open-file.js';

/** Identifies a version of a file. */
export interface FileVersion {
  readonly dev: bigint;
  readonly ino: bigint;
  /** In bytes. */
  readonly size: number;
  /** Time of the last modification of the content, in ns since the epoch. */
  readonly mtimeNs: bigint;
  /** Time of the last change of content or inode, in ns since the epoch. Only this shows a rename. */
  readonly ctimeNs: bigint;
}

/** A path is looked up again after this time, in ms; until then only the descriptor is checked for changes. */
const LOOK_UP_AFTER_MS = 1000;

/**
 * An `fstat` of a local file takes two microseconds, not worth the thread pool. If several in a row take this long, in ms,
 * as on a network file system, the path is looked up in the pool instead.
 */
const SLOW_FSTAT_MS = 1;
const SLOW_FSTATS = 3;

/** A descriptor of a regular file that can check whether the file is still the version that was opened. */
export class OpenDescriptor {
  readonly version: FileVersion;
  readonly fd: number;
  /** The stats from when it was opened. */
  readonly stats: BigIntStats;
  /** Whether the size is meaningless. */
  readonly isUnsized: boolean;
  /** When the path was last found to lead to this file, in ms of `performance.now()`. */
  private lookedUpAt = performance.now();
  /** Number of consecutive slow checks. */
  private slowFstats = 0;

  /** @throws SourceNotFoundError if there is no such file below `root`, or it may not be served */
  static async open(path: string, root: string | undefined): Promise<OpenDescriptor> {
    return new OpenDescriptor(path, root, await openRegularFile(path, root));
  }

  private constructor(
    readonly path: string,
    readonly root: string | undefined,
    { fd, stats, isUnsized }: OpenedFile,
  ) {
    this.fd = fd;
    this.stats = stats;
    this.isUnsized = isUnsized;
    const { dev, ino, size, mtimeNs, ctimeNs } = stats;
    this.version = { dev, ino, size: Number(size), mtimeNs, ctimeNs };
  }

  /** Whether the path still leads to this version. */
  isCurrent(): boolean | Promise<boolean> {
    if (this.isSlow || this.isLookUpDue) return this.lookUp();
    return this.isSame(this.timedFstat());
  }

  /** Whether an `fstat` that takes no time shows this version. */
  isCurrentAtOnce(): boolean {
    return !this.isSlow && this.isSame(this.timedFstat());
  }

  /** The current stats of the file; `undefined` if they cannot be read. */
  look(): BigIntStats | undefined | Promise<BigIntStats | undefined> {
    return this.isSlow ? fstatAsync(this.fd, { bigint: true }).catch(() => undefined) : this.timedFstat();
  }

  /** Whether it is time to look the path up again. */
  get isLookUpDue(): boolean {
    return performance.now() - this.lookedUpAt >= LOOK_UP_AFTER_MS;
  }

  private get isSlow(): boolean {
    return this.slowFstats >= SLOW_FSTATS;
  }

  private async lookUp(): Promise<boolean> {
    const lookedUpAt = performance.now();
    try {
      const stats = await statAsync(this.path, { bigint: true });
      if (!this.isSame(stats)) return false;
      if (this.root !== undefined) await confine(this.path, this.root, stats);
      this.lookedUpAt = lookedUpAt;
      return true;
    } catch {
      return false; // reopening it reports the error
    }
  }

  private timedFstat(): BigIntStats | undefined {
    const startedAt = performance.now();
    try {
      return fstatSync(this.fd, { bigint: true });
    } catch {
      return undefined; // such as a stale handle of a network file system; reopening it reports the error
    } finally {
      this.slowFstats = performance.now() - startedAt > SLOW_FSTAT_MS ? this.slowFstats + 1 : 0;
    }
  }

  /** A file without links was deleted or replaced. */
  private isSame(stats: BigIntStats | undefined): boolean {
    const { version } = this;
    return (
      stats !== undefined &&
      stats.nlink > 0n &&
      stats.ino === version.ino &&
      stats.dev === version.dev &&
      Number(stats.size) === version.size &&
      stats.mtimeNs === version.mtimeNs &&
      stats.ctimeNs === version.ctimeNs
    );
  }
}
