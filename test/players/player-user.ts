import { readFileSync } from 'node:fs';
import { chown, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunAs } from '../clients/command.js';

/** Made by `.ci/run`. */
const NAME = 'nestjs-range';

/** Whom VLC runs as, which refuses root. */
export interface PlayerUser {
  readonly runAs: RunAs;
  /** Makes an empty folder of the user's. */
  folderIn(root: string): Promise<string>;
}

/** @throws Error that says how to make the user, where the tests run as root and there is none */
export function playerUser(): PlayerUser {
  if (process.getuid?.() !== 0) return { runAs: {}, folderIn: (root) => mkdtemp(join(root, 'folder-')) };
  const entry = new RegExp(`^${NAME}:[^:]*:(\\d+):(\\d+):`, 'm').exec(readFileSync('/etc/passwd', 'utf8'));
  if (entry === null) throw new Error(`VLC refuses root: useradd --system ${NAME}`);
  const [uid, gid] = [Number(entry[1]), Number(entry[2])];
  return {
    runAs: { uid, gid },
    folderIn: async (root) => {
      await chown(root, uid, gid);
      const folder = await mkdtemp(join(root, 'folder-'));
      await chown(folder, uid, gid);
      return folder;
    },
  };
}
