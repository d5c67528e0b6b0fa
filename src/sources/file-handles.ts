import { type BigIntStats, constants, close, fstat, open, realpath, stat } from 'node:fs';
import { promisify } from 'node:util';
import { isInside } from './confine-path.js';
import { SourceNotFoundError, SourceUnavailableError } from './source-errors.js';

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
  readonly version: FileVersion;
  release(): void;
}

interface Handle {
  readonly path: string;
  readonly fd: number;
  readonly version: FileVersion;
  leases: number;
  cached: boolean;
}

const openAsync = promisify(open);
const fstatAsync: (fd: number, options: { bigint: true }) => Promise<BigIntStats> = promisify(fstat);
const statAsync: (path: string, options: { bigint: true }) => Promise<BigIntStats> = promisify(stat);
const realpathAsync = promisify(realpath.native);

/** Reading only; a FIFO without a writer must not block a thread of the pool, nor a terminal become ours. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * Opens regular files and keeps the most recently used descriptors open. Every lease looks the path up again, and a
 * kept descriptor serves it only while both are the same file in the same version.
 */
export class FileHandles {
  /** By path, the least recently used first. */
  private readonly cached = new Map<string, Handle>();

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
  async lease(path: string, root?: string): Promise<FileLease> {
    const known = this.cached.get(path);
    if (known !== undefined) {
      known.leases++; // before the wait, so that nobody closes it
      if (await isCurrent(known)) return this.toLease(known);
      this.drop(known);
      this.giveBack(known);
    }
    return this.toLease(await this.open(path, root));
  }

  private async open(path: string, root: string | undefined): Promise<Handle> {
    const fd = await openFile(path);
    try {
      const stats = await fstatAsync(fd, { bigint: true });
      if (!stats.isFile()) throw new SourceNotFoundError(`${path} is not a regular file`);
      if (root !== undefined) await confine(path, root, stats);
      const handle: Handle = { path, fd, version: toVersion(stats), leases: 1, cached: false };
      this.keep(handle);
      return handle;
    } catch (error) {
      closeFile(fd);
      throw error;
    }
  }

  private keep(handle: Handle): void {
    if (this.limit === 0) return;
    const other = this.cached.get(handle.path);
    if (other !== undefined) this.drop(other);
    handle.cached = true;
    this.cached.set(handle.path, handle);
    this.evict();
  }

  private evict(): void {
    for (const handle of this.cached.values()) {
      if (this.cached.size <= this.limit) return;
      this.drop(handle);
    }
  }

  private drop(handle: Handle): void {
    if (!handle.cached) return;
    handle.cached = false;
    this.cached.delete(handle.path);
    if (handle.leases === 0) closeFile(handle.fd);
  }

  private toLease(handle: Handle): FileLease {
    if (handle.cached) {
      this.cached.delete(handle.path);
      this.cached.set(handle.path, handle);
    }
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      this.giveBack(handle);
    };
    return { fd: handle.fd, version: handle.version, release };
  }

  private giveBack(handle: Handle): void {
    handle.leases--;
    if (handle.leases === 0 && !handle.cached) closeFile(handle.fd);
  }
}

/** Descriptors are a resource of the process: all file sources share these. */
export const fileHandles = new FileHandles(0);

function toVersion({ dev, ino, size, mtimeNs }: BigIntStats): FileVersion {
  return { dev, ino, size: Number(size), mtimeNs };
}

async function isCurrent({ path, version }: Handle): Promise<boolean> {
  try {
    const { dev, ino, size, mtimeNs } = toVersion(await statAsync(path, { bigint: true }));
    return dev === version.dev && ino === version.ino && size === version.size && mtimeNs === version.mtimeNs;
  } catch {
    return false; // opening it anew tells what is wrong
  }
}

async function openFile(path: string): Promise<number> {
  try {
    return await openAsync(path, OPEN_FLAGS);
  } catch (error) {
    if (isCode(error, ['EMFILE', 'ENFILE', 'ENOMEM', 'EIO'])) {
      throw new SourceUnavailableError(`${path} cannot be opened now`, { cause: error });
    }
    throw new SourceNotFoundError(`${path} cannot be opened`, { cause: error });
  }
}

/** Checks the opened file, not the name: between a check and an open the name may come to mean something else. */
async function confine(path: string, root: string, opened: BigIntStats): Promise<void> {
  try {
    const [realRoot, realPath] = await Promise.all([realpathAsync(root), realpathAsync(path)]);
    const { dev, ino } = await statAsync(realPath, { bigint: true });
    if (isInside(realRoot, realPath) && dev === opened.dev && ino === opened.ino) return;
  } catch (error) {
    throw new SourceNotFoundError(`${path} went away while it was opened`, { cause: error });
  }
  throw new SourceNotFoundError(`${path} leads out of ${root}`);
}

function closeFile(fd: number): void {
  close(fd, () => {}); // a descriptor that was only read has nothing to lose
}

function isCode(error: unknown, codes: readonly string[]): boolean {
  return codes.includes((error as { code?: string } | null)?.code ?? ''); // an Error of another realm in Jest
}
