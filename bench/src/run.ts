import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine, pinClient, requireDescriptors, requireTools, cpuTicks } from './machine.js';
import { parseOptions } from './options.js';
import { makeSubjects } from './subjects.js';
import { choose } from './workloads/all.js';
import type { Bench, Workload } from './workloads/workload.js';

/**
 * npm run bench -- [--rounds N] [--seconds N] [--warm-up N] [beginnings of the workloads' names]
 *
 * Drives each contender in a process of its own, all in turn, round by round, and prints a table per workload. The costs
 * are those of the server's process alone, by the scheduler's clock, so neither the client nor the other contenders are
 * in them.
 */
async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const workloads = choose(options.words);
  requireTools('wrk', 'nginx');
  requireDescriptors(Math.max(...workloads.map(({ descriptors = 0 }) => descriptors)));
  const pinning = pinClient();
  const dir = mkdtempSync(join(tmpdir(), 'nestjs-range-bench-'));
  process.once('exit', () => rmSync(dir, { recursive: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const { rounds, seconds, warmUpSeconds } = options;
  const how = `${rounds} rounds of ${seconds} s after at most ${warmUpSeconds} s of warm-up`;
  console.log(`${describeMachine(pinning)}; ${how}\n`);
  const bench = { ...options, pinning, dir, subjects: makeSubjects(dir) };
  for (const workload of workloads) await measure(workload, bench).catch((error: unknown) => fail(workload, error));
}

async function measure(workload: Workload, bench: Bench): Promise<void> {
  const [ticks, startedAt] = [cpuTicks(), performance.now()];
  const table = await workload.run(bench);
  const { stolen, all } = cpuTicks();
  const steal = ((100 * (stolen - ticks.stolen)) / (all - ticks.all)).toFixed(1);
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  console.log(`### ${workload.title}\n\n${table}\n\n\`${workload.name}\`: ${minutes} min, host steal ${steal} %\n`);
}

/** What went wrong with one table does not take the others with it. */
function fail({ name }: Workload, error: unknown): void {
  console.error(`${name} failed:`, error);
  process.exitCode = 1;
}

await main(process.argv.slice(2));
