import { type FileVersion, OpenDescriptor } from './open-descriptor.js';
import { closeFile } from './open-file.js';
import { isSettled } from './settled-version.js';
import { type FilePiece, VersionProof } from './version-proof.js';

/** A descriptor that stays open until `release` is called, which may be called repeatedly. */
export interface FileLease {
  readonly fd: number;
  readonly path: string;
  readonly version: FileVersion;
  /** Whether the size of the version is meaningless, so the file must be read to its end. */
  readonly isUnsized: boolean;
  /** Whether pieces that were just read belong to the version, as far as can be proved. */
  covers(pieces: readonly FilePiece[]): boolean | Promise<boolean>;
  /** Samples a range that is still to be read, positions inclusive, for that proof. */
  lookAhead(firstPos: number, lastPos: number): void;
  /** Whether nothing about the file has changed, including its name. */
  isUntouched(): Promise<boolean>;
  /** Whether a look at the file that takes no time shows the version. */
  isCurrentAtOnce(): boolean;
  /** Another lease of the same descriptor. */
  duplicate(): FileLease;
  release(): void;
}

interface Handle {
  /** The path and the root it was confined to: a path that may be served without a root may lie outside one. */
  readonly key: string;
  readonly descriptor: OpenDescriptor;
  leases: number;
  cached: boolean;
  /** When a lease last ended, in ms of `performance.now()`. */
  usedAt: number;
}

/** Descriptors are closed after being idle for this long, in ms. */
const IDLE_MS = 400;

/**
 * Opens regular files and keeps the most recently used descriptors open for a moment. Each lease checks that the file was
 * neither changed nor replaced. Only a replaced directory or link above it may go unnoticed for a second, during which the
 * complete older file is served.
 */
export class FileHandles {
  /** By key, least recently used first. */
  private readonly cached = new Map<string, Handle>();
  /** By key: concurrent requests share a descriptor that is being opened. */
  private readonly opening = new Map<string, Promise<FileLease>>();
  private readonly closing = new Set<Promise<void>>();
  /** The most recently used one, if it is still cached. */
  private latest: Handle | undefined;
  private sweep: NodeJS.Timeout | undefined;

  constructor(private limit: number) {}

  /** Keeps at most `limit` descriptors open between requests; 0 keeps none. */
  resize(limit: number): void {
    this.limit = limit;
    this.evict();
  }

  /**
   * Leases a descriptor of the regular file at `path`, which must lie below `root` if there is one, even through links.
   *
   * @throws SourceNotFoundError if there is no such file, or it may not be served
   */
  lease(path: string, root?: string): FileLease | Promise<FileLease> {
    const key = keyOf(path, root);
    const known = this.cached.get(key);
    if (known === undefined) return this.openOrShare(key, path, root);
    known.leases++; // before any await, so that it is not closed meanwhile
    const verdict = known.descriptor.isCurrent();
    return verdict === true ? this.toLease(known) : this.leaseIfCurrent(known, verdict);
  }

  /** Leases a descriptor that is open and was looked up a moment ago; `undefined` if there is something to wait for. */
  leaseAtOnce(path: string): FileLease | undefined {
    const known = this.cached.get(keyOf(path, undefined));
    if (known === undefined || known.descriptor.isLookUpDue || !known.descriptor.isCurrentAtOnce()) return undefined;
    known.leases++;
    return this.toLease(known);
  }

  private async leaseIfCurrent(known: Handle, verdict: boolean | Promise<boolean>): Promise<FileLease> {
    if (await verdict) return this.toLease(known);
    void this.drop(known);
    this.releaseLease(known);
    const { path, root } = known.descriptor;
    return this.openOrShare(known.key, path, root);
  }

  /** A descriptor that another request is opening is checked like a cached one: the file may have been replaced meanwhile. */
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

  /** Closes descriptors that have been idle for `idleMs`. Resolves when they, and those that are being closed, are closed. */
  async closeIdle(idleMs = 0): Promise<void> {
    const deadline = performance.now() - idleMs;
    const idle = [...this.cached.values()].filter(({ leases, usedAt }) => leases === 0 && usedAt <= deadline);
    for (const handle of idle) void this.drop(handle);
    if (this.cached.size === 0) {
      clearInterval(this.sweep);
      this.sweep = undefined;
    }
    await Promise.all(this.closing);
  }

  /** Closes the descriptor of a file without a root; if it is in use, after its last lease. */
  async forget(path: string): Promise<void> {
    const known = this.cached.get(keyOf(path, undefined));
    if (known !== undefined) await this.drop(known);
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
    if (handle.leases === 0) await this.close(handle);
  }

  private toLease(handle: Handle): FileLease {
    if (handle.cached && handle !== this.latest) {
      this.cached.delete(handle.key);
      this.cached.set(handle.key, handle);
      this.latest = handle;
    }
    return new Lease(handle, this);
  }

  /** @internal Ends a lease. */
  releaseLease(handle: Handle): void {
    handle.leases--;
    handle.usedAt = performance.now();
    if (handle.leases === 0 && !handle.cached) void this.close(handle);
  }

  private async close({ descriptor }: Handle): Promise<void> {
    const closing = closeFile(descriptor.fd);
    this.closing.add(closing);
    await closing;
    this.closing.delete(closing);
  }
}

function keyOf(path: string, root: string | undefined): string {
  return `${root ?? ''}\0${path}`;
}

class Lease implements FileLease {
  private isReleased = false;
  private knownProof: VersionProof | undefined;

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

  get isUnsized(): boolean {
    return this.handle.descriptor.isUnsized;
  }

  covers(pieces: readonly FilePiece[]): boolean | Promise<boolean> {
    return this.proof.covers(pieces);
  }

  lookAhead(firstPos: number, lastPos: number): void {
    this.handle.leases++; // the reads need the descriptor
    void this.proof.lookAhead(firstPos, lastPos).then(() => this.handles.releaseLease(this.handle));
  }

  isUntouched(): Promise<boolean> {
    return this.proof.isUntouched();
  }

  isCurrentAtOnce(): boolean {
    return this.handle.descriptor.isCurrentAtOnce();
  }

  duplicate(): FileLease {
    this.handle.leases++;
    return new Lease(this.handle, this.handles);
  }

  private get proof(): VersionProof {
    const { descriptor } = this.handle;
    this.knownProof ??= new VersionProof(descriptor, isSettled(descriptor.version));
    return this.knownProof;
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.handles.releaseLease(this.handle);
  }
}

/** Shared by all file sources of the process. */
export const fileHandles = new FileHandles(64);
