import { type FileVersion, OpenDescriptor } from './open-descriptor.js';
import { closeFile } from './open-file.js';

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
  readonly descriptor: OpenDescriptor;
  leases: number;
  cached: boolean;
  /** When a lease last ended: by `performance.now()`, in ms. */
  usedAt: number;
}

/** Descriptors that nobody has used for this time, in ms, are closed. */
const IDLE_MS = 400;

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
    const verdict = known.descriptor.isCurrent();
    return verdict === true ? this.toLease(known) : this.leaseIfCurrent(known, verdict);
  }

  private async leaseIfCurrent(known: Handle, verdict: boolean | Promise<boolean>): Promise<FileLease> {
    if (await verdict) return this.toLease(known);
    void this.drop(known);
    this.giveBack(known);
    const { path, root } = known.descriptor;
    return this.openOrShare(known.key, path, root);
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
    const descriptor = await OpenDescriptor.open(path, root);
    const handle: Handle = { key, descriptor, leases: 1, cached: false, usedAt: performance.now() };
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
    if (handle.leases === 0) await closeFile(handle.descriptor.fd);
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
    if (handle.leases === 0 && !handle.cached) void closeFile(handle.descriptor.fd);
  }
}

class Lease implements FileLease {
  private isReleased = false;

  constructor(
    private readonly handle: Handle,
    private readonly handles: FileHandles,
  ) {}

  get fd(): number {
    return this.handle.descriptor.fd;
  }

  get path(): string {
    return this.handle.descriptor.path;
  }

  get version(): FileVersion {
    return this.handle.descriptor.version;
  }

  isUnchanged(): boolean | Promise<boolean> {
    return this.handle.descriptor.isUnchanged();
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.handles.giveBack(this.handle);
  }
}

/** Descriptors are a resource of the process: all file sources share these. */
export const fileHandles = new FileHandles(64);
