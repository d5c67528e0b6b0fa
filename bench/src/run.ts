import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ServerProcess, startNginx, startServer } from './server-process.js';
import { type Sample, type Workload, WORKLOADS } from './workloads.js';

/**
 * npm run bench -- [--rounds N] [--seconds N] [words of the workloads' names]
 *
 * Drives each contender in a process of its own, interleaved round by round, and prints a table per workload. The costs
 * are those of the server's process alone, by the scheduler's clock, so neither the client nor the other contenders are
 * in them.
 */
async function main(args: string[]): Promise<void> {
  for (const tool of ['wrk', 'nginx']) requireTool(tool);
  const rounds = takeNumber(args, '--rounds', 5);
  const seconds = takeNumber(args, '--seconds', 2);
  const dir = mkdtempSync(join(tmpdir(), 'nestjs-range-bench-'));
  try {
    const files = await makeFiles(dir);
    const chosen = WORKLOADS.filter(({ name }) => args.length === 0 || args.some((word) => name.includes(word)));
    console.log(
      `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${rounds} rounds of ${seconds} s\n`,
    );
    for (const workload of chosen) await runWorkload(workload, files[workload.file], rounds, seconds, dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function runWorkload(workload: Workload, file: string, rounds: number, seconds: number, dir: string) {
  const servers = new Map<string, ServerProcess>();
  const samples = new Map<string, Sample[]>();
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const contender of workload.contenders) {
        const [kind = '', path = file.slice(file.lastIndexOf('/') + 1)] = contender.split(' ');
        const server =
          servers.get(kind) ?? (await (kind === 'nginx' ? startNginx(file, dir) : startServer(kind, file)));
        servers.set(kind, server);
        const sample = await workload.run(server, path, seconds, dir);
        if (round > 0) samples.set(contender, [...(samples.get(contender) ?? []), sample]); // the first one warms up
      }
    }
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  }
  print(workload, samples);
}

function print({ name, unit }: Workload, samples: ReadonlyMap<string, readonly Sample[]>): void {
  const isReaders = unit === 'KiB per reader';
  console.log(`### ${name}\n`);
  console.log(
    `| contender | ${unit} (min–max) | ${isReaders ? 'descriptors per reader' : 'per s'} | ${isReaders ? 's' : 'MB/s'} | peak MiB | × floor | × sendFile |`,
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  const cost = (contender: string): number => median((samples.get(contender) ?? []).map((sample) => sample.cost));
  for (const [contender, rounds] of samples) {
    const [kind = ''] = contender.split(' ');
    const costs = rounds.map((sample) => sample.cost);
    const row = [
      contender,
      `${format(median(costs))} (${format(Math.min(...costs))}–${format(Math.max(...costs))})`,
      format(median(rounds.map((sample) => sample.perSecond))),
      format(median(rounds.map((sample) => sample.megabytesPerSecond))),
      format(Math.max(...rounds.map((sample) => sample.rss)) / 2 ** 20),
      ratio(cost(contender), cost(`${kind} floor`)),
      ratio(cost(contender), cost(`${kind} send-file`)),
    ];
    console.log(`| ${row.join(' | ')} |`);
  }
  console.log('');
}

function median(values: readonly number[]): number {
  const ascending = values.toSorted((a, b) => a - b);
  return ascending[Math.floor(ascending.length / 2)] ?? NaN;
}

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function ratio(value: number, base: number): string {
  return Number.isNaN(base) ? '' : (value / base).toFixed(2);
}

/** 1 GiB of random octets, and 8 GiB that are not there; both old enough for a strong tag. */
async function makeFiles(dir: string): Promise<Record<Workload['file'], string>> {
  const files = { whole: join(dir, 'whole.bin'), sparse: join(dir, 'sparse.bin') };
  const block = randomBytes(1024 * 1024);
  await pipeline(Readable.from(Array.from({ length: 1024 }, () => block)), createWriteStream(files.whole));
  writeFileSync(files.sparse, '');
  truncateSync(files.sparse, 8 * 1024 ** 3);
  for (const file of Object.values(files)) utimesSync(file, 1e9, 1e9);
  return files;
}

function requireTool(tool: string): void {
  try {
    execFileSync('which', [tool]);
  } catch {
    throw new Error(`the benches need ${tool}: apt-get install wrk nginx-light`);
  }
}

function takeNumber(args: string[], name: string, fallback: number): number {
  const at = args.indexOf(name);
  return at === -1 ? fallback : Number(args.splice(at, 2)[1]);
}

await main(process.argv.slice(2));
