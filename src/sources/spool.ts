import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseFileName } from './spool-names.js';

/** Content that lies in a spool, complete. Its octets never change. */
export interface SpooledFile {
  /** Of the content. */
  readonly name: string;
  /** Of the generation that made it. */
  readonly tag: string;
  readonly path: string;
  /** In octets. */
  readonly size: number;
  /** When its last octets were written, in ms since the epoch. */
  readonly madeAt: number;
}

/** A file that is being made is touched this often, in ms, so that it is known to be alive. */
export const TOUCH_EVERY_MS = 30_000;

/** One that nobody has touched for this time, in ms, was left behind by a process that crashed. */
const LEFT_BEHIND_AFTER_MS = 5 * 60_000;

/**
 * A directory of files that were generated, bounded in octets: the least recently used go first. Other processes may use
 * it, too: each looks what the others have left there before it makes something itself.
 */
export class Spool {
  /** By name of the content, the least recently used first. */
  private readonly files = new Map<string, SpooledFile>();
  /** Octets of files that are being made, by file name: here, and as last seen by other processes. */
  private readonly ours = new Map<string, number>();
  private theirs = new Map<string, number>();
  private spooled = 0;
  private refreshing: Promise<void> | undefined;

  constructor(readonly directory: string) {}

  /** The file with that content; `undefined` where there is none, or none younger than `ttlMs`. */
  find(name: string, ttlMs: number): SpooledFile | undefined {
    const file = this.files.get(name);
    if (file === undefined) return undefined;
    if (Date.now() - file.madeAt > ttlMs) {
      this.remove(file);
      return undefined;
    }
    this.files.delete(name); // and so becomes the most recently used
    this.files.set(name, file);
    return file;
  }

  /** Looks what lies in the directory, which is created where it is missing. Removes what a crash has left behind. */
  refresh(): Promise<void> {
    this.refreshing ??= this.scan().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  /**
   * Counts octets that are about to be written to a file that is being made, and removes others where there would be more
   * than `maxOctets` in all. `false`: there is no room.
   */
  reserve(partFileName: string, octets: number, maxOctets: number): boolean {
    const needed = octets + sum(this.ours) + sum(this.theirs);
    if (needed > maxOctets) return false;
    for (const file of this.files.values()) {
      if (needed + this.spooled <= maxOctets) break;
      this.remove(file);
    }
    this.ours.set(partFileName, (this.ours.get(partFileName) ?? 0) + octets);
    return true;
  }

  /** What was reserved for a file is free, or counts as that of a complete one. */
  letGo(partFileName: string): void {
    this.ours.delete(partFileName);
  }

  /** Takes a complete file in; of two with the same content the younger one stays. */
  add(file: SpooledFile): void {
    const known = this.files.get(file.name);
    if (known?.tag === file.tag) return;
    if (known !== undefined && isYounger(known, file)) return unlinkQuietly(file.path);
    if (known !== undefined) this.remove(known);
    this.files.set(file.name, file);
    this.spooled += file.size;
  }

  /** Whoever reads the file goes on: its descriptor is open. */
  remove(file: SpooledFile): void {
    this.forget(file);
    unlinkQuietly(file.path);
  }

  private forget(file: SpooledFile): void {
    if (this.files.get(file.name)?.tag !== file.tag) return;
    this.files.delete(file.name);
    this.spooled -= file.size;
  }

  private async scan(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const known = [...this.files.values()]; // what is added while the directory is read may not be in the list
    const present = new Set(await readdir(this.directory));
    for (const file of known) if (!present.has(basename(file.path))) this.forget(file);
    const looks = await Promise.all(Array.from(present, (fileName) => this.look(fileName)));
    const seen = looks.filter((look) => look !== undefined).sort((a, b) => a.usedAt - b.usedAt);
    this.theirs = new Map();
    for (const { fileName, file, size } of seen) {
      if (file !== undefined) this.add(file);
      else if (!this.ours.has(fileName)) this.theirs.set(fileName, size);
    }
  }

  /** `undefined`: it is known already, none of ours, or has just been removed. */
  private async look(fileName: string): Promise<Seen | undefined> {
    const entry = parseFileName(fileName);
    if (entry === undefined || this.ours.has(fileName)) return undefined;
    if (this.files.get(entry.name)?.tag === entry.tag) return undefined;
    const path = join(this.directory, fileName);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isFile() !== true) return undefined;
    const { size, mtimeMs: madeAt } = stats;
    if (entry.kind === 'part' ? Date.now() - madeAt > LEFT_BEHIND_AFTER_MS : size !== entry.size) {
      unlinkQuietly(path);
      return undefined;
    }
    const file = entry.kind === 'part' ? undefined : { name: entry.name, tag: entry.tag, path, size, madeAt };
    return { fileName, file, size, usedAt: usedAt(stats) };
  }
}

interface Seen {
  readonly fileName: string;
  /** `undefined`: it is being made by another process. */
  readonly file: SpooledFile | undefined;
  readonly size: number;
  /** In ms since the epoch. */
  readonly usedAt: number;
}

/** As exactly as the file system keeps it, which on most is once a day; within a process the order of use is exact. */
function usedAt({ atimeMs, mtimeMs }: Stats): number {
  return Math.max(atimeMs, mtimeMs);
}

/** All processes agree on which of two is the younger one. */
function isYounger(file: SpooledFile, other: SpooledFile): boolean {
  return file.madeAt === other.madeAt ? file.tag > other.tag : file.madeAt > other.madeAt;
}

function sum(octets: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of octets.values()) total += count;
  return total;
}

/** What cannot be removed now is found again by the next look into the directory. */
function unlinkQuietly(path: string): void {
  void unlink(path).catch(() => {});
}
