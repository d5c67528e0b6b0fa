import { stat, statfs } from 'node:fs/promises';
import { platform } from 'node:process';

/** Types of file systems on local disks or in memory, as statfs(2) has them. */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
  0x2fc12fc1, // ZFS
  0x01021994, // tmpfs
  0x794c7630, // overlayfs, which containers have
]);

/** Whether a type of file system never waits for a network or another process. Unknown ones may. */
export function isLocalType(type: number): boolean {
  return LOCAL_TYPES.has(type);
}

/**
 * Whether a file lies on a local disk. Asks by its path, so that nothing keeps its descriptor open meanwhile. `false` in doubt,
 * and on other systems than Linux.
 *
 * @param dev the device of the file, since the path may lead to another one by now
 */
export async function isOnLocalDisk(path: string, dev: bigint): Promise<boolean> {
  try {
    const [{ type }, stats] = await Promise.all([statfs(path), stat(path, { bigint: true })]);
    return platform === 'linux' && stats.dev === dev && isLocalType(type);
  } catch {
    return false; // it is gone, or the permission model of Node.js forbids it
  }
}
