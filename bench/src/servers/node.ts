import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import type { Contender } from '../contenders.js';
import { pinned } from '../machine.js';
import type { Assignment, Started } from './server-process.js';

/** What V8 throws away in a server between its turns, code among it, takes seconds to come back: under load it stays. */
const NEVER_IDLE = ['--no-memory-reducer', '--no-flush-bytecode'];

/** Routes that serve all of the file's directory. */
const DIRECTORIES: ReadonlySet<string> = new Set(['folder', 'serve-static']);

/** Starts one of the servers in `apps`. */
export async function startNode(assignment: Assignment, { family, route }: Contender): Promise<Started> {
  const { file, cpu, limitLength = 0, store = '' } = assignment;
  const script = join(import.meta.dirname, '..', 'apps', 'main.js');
  const [command = '', ...args] = pinned(cpu, [process.execPath, ...NEVER_IDLE, script, family, route]);
  const child = spawn(command, args, {
    stdio: ['ignore', 2, 2, 'ipc'],
    env: { ...process.env, BENCH_FILE: file, BENCH_LIMIT_LENGTH: String(limitLength), BENCH_STORE: store },
  });
  const [{ port }] = (await Promise.race([once(child, 'message'), failed(child)])) as [{ port: number }];
  const path = DIRECTORIES.has(route) ? `/${route}/${basename(file)}` : `/${route}`;
  return { child, port, path, pid: child.pid ?? 0 };
}

async function failed(child: ChildProcess): Promise<never> {
  await once(child, 'exit');
  throw new Error(`${child.spawnargs.join(' ')} did not start`);
}
