import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, in memory, that is soon full. Only root may mount one: others need `sudo` without a password. */
export class SmallDisk {
  readonly path = mkdtempSync(join(tmpdir(), 'nestjs-range-disk-'));

  constructor(kib: number) {
    const [uid, gid] = [process.getuid?.(), process.getgid?.()];
    asRoot('mount', '-t', 'tmpfs', '-o', `size=${kib}k,mode=0755,uid=${uid},gid=${gid}`, 'tmpfs', this.path);
  }

  setReadOnly(isReadOnly: boolean): void {
    asRoot('mount', '-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, this.path);
  }

  remove(): void {
    asRoot('umount', this.path);
    rmdirSync(this.path);
  }
}

function asRoot(...command: [string, ...string[]]): void {
  const [program, ...args] = process.getuid?.() === 0 ? command : (['sudo', '-n', ...command] as const);
  execFileSync(program, args, { stdio: 'pipe' });
}
