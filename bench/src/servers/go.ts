import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pinned } from '../machine.js';
import type { Assignment, Started } from './server-process.js';

const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'apps', 'serve-content.go');

/** Builds and starts `http.ServeFile` of Go's library. */
export async function startGo({ file, dir, cpu }: Assignment): Promise<Started> {
  const binary = join(dir, 'serve-content');
  execFileSync('go', ['build', '-o', binary, PROGRAM], { env: { ...process.env, GOCACHE: join(dir, 'go-cache') } });
  const [command = '', ...args] = pinned(cpu, [binary, file]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, port: Number(line.toString()), path: '/', pid: child.pid ?? 0 };
}
