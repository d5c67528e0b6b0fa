import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { truncateSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** The files that are served. */
export interface Subjects {
  /** 1 GiB, no two pages of which are alike. */
  readonly whole: string;
  /** 8 GiB that take no room. */
  readonly sparse: string;
}

/** Makes them in a directory of their own, old enough for a strong entity tag. */
export function makeSubjects(dir: string): Subjects {
  const root = join(dir, 'files');
  mkdirSync(root);
  const subjects = { whole: join(root, 'whole.bin'), sparse: join(root, 'sparse.bin') };
  writeWhole(subjects.whole);
  writeFileSync(subjects.sparse, '');
  truncateSync(subjects.sparse, 8 * GIB);
  for (const file of Object.values(subjects)) utimesSync(file, 1e9, 1e9);
  return subjects;
}

/** Reads what a file has on the disk, so that it is in memory: some machines take back what was idle for a minute. */
export function keepInMemory(file: string): void {
  if (statSync(file).blocks === 0) return;
  const fd = openSync(file, 'r');
  while (readSync(fd, SCRATCH) > 0);
  closeSync(fd);
}

const SCRATCH = Buffer.alloc(MIB);

function writeWhole(file: string): void {
  const block = randomBytes(MIB);
  const fd = openSync(file, 'w');
  try {
    for (let position = 0; position < GIB; position += MIB) {
      for (let page = 0; page < MIB; page += 4 * KIB) block.writeUInt32LE((position + page) / (4 * KIB), page);
      writeSync(fd, block);
    }
    fsyncSync(fd); // or the kernel would write it while the first contenders are measured
  } finally {
    closeSync(fd);
  }
}
