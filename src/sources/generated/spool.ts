import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileHandles } from '../descriptors/descriptor-cache.js';
import { AbandonedFiles } from './abandoned-files.js';
import { isFull, toSpoolError } from './spool-errors.js';
import { parseFileName } from './spool-names.js';

/** Complete content in a spool. Its bytes never change. */
export interface SpooledFile {
  /** Name of the content. */
  readonly name: string;
  /** Tag of its generation. */
  readonly tag: string;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** When it was completed, in ms since the epoch. */
  readonly madeAt: number;
  /** The same in ms of `performance.now()`, which is never set back. */
  readonly madeAtTick: number;
}

/**
 * A directory of generated files, limited in bytes: the least recently used are removed first. Processes may share it: each
 * scans it for the files of others before it generates content itself.
 */
export class Spool {
  /** By name of the content, least recently used first. */
  private readonly files = new Map<string, SpooledFile>();
  /** Bytes of files being generated, by file name: by this process, and as last seen by others. */
  private readonly ours = new Map<string, number>();
  private theirs = new Map<string, number>();
  private spooled = 0;
  private readonly abandoned = new AbandonedFiles();
  private refreshing: Promise<void> | undefined;

  constructor(readonly directory: string) {}

  /** The file with that content; `undefined` if there is none, or it is older than `ttlMs`. */
  find(name: string, ttlMs: number): SpooledFile | undefined {
    const file = this.files.get(name);
    if (file === undefined) return undefined;
    if (ageOf(file) > ttlMs) {
      void this.remove(file);
      return undefined;
    }
    this.files.delete(name); // reinserted as the most recently used
    this.files.set(name, file);
    return file;
  }

  /** Scans the directory, creating it if necessary. Removes files that a crash has left behind. */
  refresh(): Promise<void> {
    this.refreshing ??= this.scan().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  /** Scans it after any scan that is running: of processes that have made the same, the last one finds the files of all. */
  async refreshAnew(): Promise<void> {
    await this.refreshing?.catch(() => {});
    await this.refresh();
  }

  /** Registers a file that is about to be created, before it appears in the directory. */
  begin(partFileName: string): void {
    this.ours.set(partFileName, 0);
  }

  /**
   * Reserves bytes for a file being generated, and removes other files if the total would exceed `maxBytes`. Resolves when
   * their space is free; to `false` if there is no room.
   */
  async reserve(partFileName: string, bytes: number, maxBytes: number): Promise<boolean> {
    if (!this.hasRoom(bytes, maxBytes) && this.theirs.size > 0) await this.refresh(); // others may have finished
    if (!this.hasRoom(bytes, maxBytes) || !this.ours.has(partFileName)) return false; // abandoned meanwhile
    this.ours.set(partFileName, (this.ours.get(partFileName) ?? 0) + bytes);
    await this.evict(this.spooled + this.beingMade - maxBytes);
    return true;
  }

  /**
   * Writes to the disk. If the disk is full, although the directory may hold more, the least recently used content is removed
   * until the write succeeds or nothing is left.
   *
   * @param bytes bytes to free per attempt
   * @throws SourceUnavailableError if the disk cannot store them at the moment
   */
  async onDisk<T>(bytes: number, write: () => Promise<T>): Promise<T> {
    for (let hasLooked = false; ;) {
      try {
        return await write();
      } catch (error) {
        const canHelp = isFull(error) && (this.files.size > 0 || !hasLooked);
        if (!canHelp) throw toSpoolError(error, this.directory);
        hasLooked ||= this.files.size === 0;
        if (this.files.size === 0)
          await this.refresh(); // other processes may have left files
        else await this.evict(bytes);
      }
    }
  }

  private hasRoom(bytes: number, maxBytes: number): boolean {
    return bytes + this.beingMade <= maxBytes;
  }

  /** Total of files being generated, in bytes. */
  private get beingMade(): number {
    return sum(this.ours) + sum(this.theirs);
  }

  /** Removes at least that many bytes of the least recently used content. Resolves when their space is free. */
  private async evict(bytes: number): Promise<void> {
    const removals: Promise<void>[] = [];
    let removed = 0;
    for (const file of this.files.values()) {
      if (removed >= bytes) break;
      removed += file.size;
      removals.push(this.remove(file));
    }
    await Promise.all(removals);
  }

  /** Ends the reservation for a file, which was removed or is complete. */
  unreserve(partFileName: string): void {
    this.ours.delete(partFileName);
  }

  /** Adds a complete file; of two files of the same content, the younger one is kept. */
  add(file: SpooledFile): void {
    const known = this.files.get(file.name);
    if (known?.tag === file.tag) return;
    if (known !== undefined && isYounger(known, file)) return void removeFile(file.path);
    if (known !== undefined) void this.remove(known);
    this.files.set(file.name, file);
    this.spooled += file.size;
  }

  /** Removes a file. Readers continue with their open descriptors; otherwise its space is free when this resolves. */
  remove(file: SpooledFile): Promise<void> {
    this.forget(file);
    return removeFile(file.path);
  }

  private forget(file: SpooledFile): void {
    if (this.files.get(file.name)?.tag !== file.tag) return;
    this.files.delete(file.name);
    this.spooled -= file.size;
  }

  private async scan(): Promise<void> {
    await makeDirectory(this.directory).catch((error: unknown) => {
      throw toSpoolError(error, this.directory);
    });
    const known = [...this.files.values()]; // files added during readdir may not be in its result
    const present = new Set(await readdir(this.directory));
    for (const file of known) if (!present.has(basename(file.path))) this.forget(file);
    const looks = await Promise.all(Array.from(present, (fileName) => this.look(fileName)));
    const seen = looks.filter((look) => look !== undefined).sort((a, b) => a.usedAt - b.usedAt);
    this.abandoned.keepOnly(present);
    this.theirs = new Map();
    for (const { fileName, file, size } of seen) {
      if (file !== undefined) this.add(file);
      else if (!this.ours.has(fileName)) this.theirs.set(fileName, size);
    }
  }

  /** `undefined`: the file is already known, does not belong to a spool, or was just removed. */
  private async look(fileName: string): Promise<Seen | undefined> {
    const entry = parseFileName(fileName);
    if (entry === undefined || this.ours.has(fileName)) return undefined;
    if (this.files.get(entry.name)?.tag === entry.tag) return undefined;
    const path = join(this.directory, fileName);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isFile() !== true) return undefined;
    const { size } = stats;
    if (entry.kind === 'part' ? this.abandoned.includes(fileName, entry.owner, stats) : size !== entry.size) {
      await removeFile(path);
      return undefined;
    }
    const { name, tag } = entry;
    const file = entry.kind === 'part' ? undefined : toSpooledFile({ name, tag, path, size }, believedTime(stats));
    return { fileName, file, size, usedAt: usedAt(stats) };
  }
}

interface Seen {
  readonly fileName: string;
  /** `undefined`: another process is generating it. */
  readonly file: SpooledFile | undefined;
  readonly size: number;
  /** In ms since the epoch. */
  readonly usedAt: number;
}

/** @param madeAt in ms since the epoch */
export function toSpooledFile(file: Omit<SpooledFile, 'madeAt' | 'madeAtTick'>, madeAt: number): SpooledFile {
  return { ...file, madeAt, madeAtTick: performance.now() - (Date.now() - madeAt) };
}

/** The age in ms, by the clock, which may have been set back, or by ticks, which stop while the machine sleeps. */
function ageOf({ madeAt, madeAtTick }: SpooledFile): number {
  return Math.max(Date.now() - madeAt, performance.now() - madeAtTick);
}

/** Tolerated difference between our clock and that of the file system, in ms. */
const CLOCK_SKEW_MS = 2000;

/** Replaces a time in the future (the clock was set back) by one long ago, so that nothing is kept too long. */
function believed(timeMs: number): number {
  return timeMs > Date.now() + CLOCK_SKEW_MS ? 0 : timeMs;
}

/** When a file was completed, in ms since the epoch. */
export function believedTime({ mtimeMs }: Stats): number {
  return believed(mtimeMs);
}

/** As precise as the file system's atime, mostly one day; within a process the order of use is exact. */
function usedAt({ atimeMs, mtimeMs }: Stats): number {
  return Math.max(believed(atimeMs), believed(mtimeMs));
}

/** A total order, so that all processes agree on the younger of two files. */
function isYounger(file: SpooledFile, other: SpooledFile): boolean {
  return file.madeAt === other.madeAt ? file.tag > other.tag : file.madeAt > other.madeAt;
}

function sum(bytes: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of bytes.values()) total += count;
  return total;
}

export async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
}

/** Removes a file and closes its idle descriptor, which would keep its space. If removal fails, a later scan finds it again. */
async function removeFile(path: string): Promise<void> {
  await Promise.all([unlink(path).catch(() => {}), fileHandles.forget(path)]);
}
