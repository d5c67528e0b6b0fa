import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';

/** The CPU of the servers and that of the client; `undefined`: the scheduler chooses. */
export interface Pinning {
  readonly server: number | undefined;
  readonly client: number | undefined;
}

/** Keeps this process, which is the client, off the servers' CPU, where there are two and `taskset` can. */
export function pinClient(): Pinning {
  const allowed = allowedCpus();
  const [client, server] = [allowed[0], allowed.at(-1)];
  if (client === server || !hasTool('taskset')) return { server: undefined, client: undefined };
  execFileSync('taskset', ['-a', '-p', '-c', String(client), String(process.pid)], { stdio: 'ignore' });
  return { server, client };
}

/** A command line that runs on one CPU. */
export function pinned(cpu: number | undefined, commandLine: readonly string[]): readonly string[] {
  return cpu === undefined ? commandLine : ['taskset', '-c', String(cpu), ...commandLine];
}

/** @throws Error that says what to install */
export function requireTools(...tools: readonly string[]): void {
  const missing = tools.filter((tool) => !hasTool(tool));
  if (missing.length > 0)
    throw new Error(`missing: ${missing.join(', ')} (Debian: apt-get install wrk nginx-light golang-go)`);
}

/** @throws Error that says what to do where client or server, which inherit the limit, could not open so many */
export function requireDescriptors(count: number): void {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  if (soft !== undefined && Number(soft) < count) {
    throw new Error(`${count} descriptors are needed and ${soft} allowed: ulimit -Hn ${count}; ulimit -n ${count}`);
  }
}

/** Versions, processor, what else it has to do, and pinning, in one line. */
export function describeMachine(pinning: Pinning): string {
  const nest = `Nest ${versionOf('@nestjs/core')} (Express ${versionOf('express')}, Fastify ${versionOf('fastify')})`;
  const where =
    pinning.server === undefined
      ? 'nothing is pinned'
      : `servers pinned to CPU ${pinning.server}, client to CPU ${pinning.client}`;
  const machine = `${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}, load ${loadavg()[0]?.toFixed(1)}`;
  return `Node.js ${process.version}, ${nest}, ${machine}, ${where}`;
}

/** Time of all CPUs, in ticks of 10 ms: what the host gave to others, what was not idle, and everything. */
export function cpuTicks(): { readonly stolen: number; readonly busy: number; readonly all: number } {
  const ticks = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.split(/\s+/).slice(1, 9).map(Number);
  const all = ticks.reduce((sum, one) => sum + one, 0);
  const [, , , idle = 0, waiting = 0, , , stolen = 0] = ticks;
  return { stolen, busy: all - idle - waiting, all };
}

export const TICKS_PER_SECOND = 100;

function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

function hasTool(tool: string): boolean {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // it is not there, or there is no `which` to find it
  }
}

function versionOf(name: string): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
