import { type BigIntStats, fstatSync } from 'node:fs';
import { confine, fstatAsync, openRegularFile, statAsync } from './open-file.js';

/** Which version of which file a descriptor is open on. */
export interface FileVersion {
  readonly dev: bigint;
  readonly ino: bigint;
  /** In octets. */
  readonly size: number;
  /** Time of the last modification, in ns since the epoch. */
  readonly mtimeNs: bigint;
}

/** A path is looked up again after this time, in ms; until then the descriptor itself is asked for changes. */
const LOOK_UP_AFTER_MS = 1000;

/**
 * An `fstat` of an open local file takes two microseconds, too few for the thread pool. Where several in a row take this
 * long, in ms (a file system behind a network), its path is looked up in the pool instead.
 */
const SLOW_FSTAT_MS = 1;
const SLOW_FSTATS = 3;

/** A descriptor of a regular file, and whether that is still the version that was opened. */
export class OpenDescriptor {
  readonly version: FileVersion;
  /** When the file itself was last touched, its name included: a rename shows in nothing else. In ns. */
  private readonly ctimeNs: bigint;
  /** When the path was last seen to lead here: by `performance.now()`, in ms. */
  private lookedUpAt = performance.now();
  /** How many checks in a row took long. */
  private slowFstats = 0;

  /** @throws SourceNotFoundError where there is no such file below `root`, or none that may be served */
  static async open(path: string, root: string | undefined): Promise<OpenDescriptor> {
    const { fd, stats } = await openRegularFile(path, root);
    return new OpenDescriptor(path, root, fd, stats);
  }

  private constructor(
    readonly path: string,
    readonly root: string | undefined,
    readonly fd: number,
    { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats,
  ) {
    this.version = { dev, ino, size: Number(size), mtimeNs };
    this.ctimeNs = ctimeNs;
  }

  /** Whether its path leads to this version still. */
  isCurrent(): boolean | Promise<boolean> {
    if (this.isSlow || performance.now() - this.lookedUpAt >= LOOK_UP_AFTER_MS) return this.lookUp();
    return this.isSame(this.timedFstat());
  }

  /** Whether the file still has the octets of the version: none was written over. What was appended does not matter. */
  isUnchanged(): boolean | Promise<boolean> {
    if (!this.isSlow) return this.holds(this.timedFstat());
    return fstatAsync(this.fd, { bigint: true }).then(
      (stats) => this.holds(stats),
      () => false,
    );
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
      return false; // opening it anew tells what is wrong
    }
  }

  private timedFstat(): BigIntStats | undefined {
    const startedAt = performance.now();
    try {
      return fstatSync(this.fd, { bigint: true });
    } catch {
      return undefined; // a network file system that has forgotten it: opening it anew tells more
    } finally {
      this.slowFstats = performance.now() - startedAt > SLOW_FSTAT_MS ? this.slowFstats + 1 : 0;
    }
  }

  /** What only grew was appended to, as logs are: the octets of the version are still there. */
  private holds(stats: BigIntStats | undefined): boolean {
    const { size, mtimeNs } = this.version;
    if (stats === undefined) return false;
    return stats.size > size || (stats.mtimeNs === mtimeNs && Number(stats.size) === size);
  }

  /** A file without a name any more was deleted or replaced. */
  private isSame(stats: BigIntStats | undefined): boolean {
    const { version, ctimeNs } = this;
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
}
