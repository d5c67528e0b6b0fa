import { createCipheriv } from 'node:crypto';
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** When the files were modified: long ago, and not on a whole second. */
export const MODIFIED = new Date('2024-02-29T12:34:56.789Z');
export const MODIFIED_HEADER = 'Thu, 29 Feb 2024 12:34:56 GMT';

/** Bytes that look random and are the same in every run. */
export function pseudoRandomBytes(size: number, seed = 1): Buffer {
  const key = Buffer.alloc(16, seed);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** A directory of its own for the files of one spec. */
export class FixtureDirectory {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'nestjs-range-')));

  at(name: string): string {
    return join(this.path, name);
  }

  write(name: string, bytes: Uint8Array | string, modified = MODIFIED): string {
    const path = this.at(name);
    writeFileSync(path, bytes);
    utimesSync(path, modified, modified);
    return path;
  }

  /** The descriptors of this process that are open on files below this directory, deleted ones included. */
  openDescriptors(): string[] {
    return openDescriptors().filter((target) => target.startsWith(this.path));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What every descriptor of this process leads to. */
export function openDescriptors(): string[] {
  const targets: string[] = [];
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      targets.push(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // The descriptor of the listing itself, or one that was closed meanwhile.
    }
  }
  return targets;
}
