import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pinned } from '../machine.js';
import { interleave } from '../statistics.js';
import { figure, greatest, table } from '../table.js';
import type { Bench, Workload } from './workload.js';

/** In a round. */
const RUNS = 10;

interface Import {
  readonly name: string;
  /** The last is measured, the others are there already. */
  readonly modules: readonly string[];
}

/** Every app has imported @nestjs/core, too; the first row shows how much of it is ours to ask for. */
const IMPORTS: readonly Import[] = [
  imports('nestjs-range', '@nestjs/common'),
  imports('nestjs-range', '@nestjs/common', '@nestjs/core'),
  imports('@nestjs/serve-static', '@nestjs/common', '@nestjs/core'),
];

interface Cost {
  readonly ms: number;
  readonly descriptors: number;
  readonly handles: number;
}

/** What the import of the package adds to the start of an app. */
export const startUp: Workload = {
  name: 'start-up',
  title: `Importing the package, a fresh process each time, ${RUNS} in a round`,
  async run(bench) {
    return table(await interleave(IMPORTS, bench.rounds * RUNS, ({ modules }) => importOnce(bench, modules)), [
      figure<Cost>('ms', ({ ms }) => ms),
      greatest('descriptors opened', ({ descriptors }) => descriptors),
      greatest('handles opened', ({ handles }) => handles),
    ]);
  },
};

function imports(name: string, ...before: readonly string[]): Import {
  return { name: `${name} after ${before.join(', ')}`, modules: [...before, name] };
}

async function importOnce(bench: Bench, modules: readonly string[]): Promise<Cost> {
  const script = join(import.meta.dirname, '..', 'apps', 'import-cost.js');
  const [command = '', ...args] = pinned(bench.pinning.server, [process.execPath, script, ...modules]);
  const child = spawn(command, args, { stdio: ['ignore', 2, 2, 'ipc'] });
  const ended = once(child, 'exit');
  const [cost] = (await once(child, 'message')) as [Cost];
  child.disconnect();
  await ended;
  return cost;
}
