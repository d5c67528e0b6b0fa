import { setTimeout as sleep } from 'node:timers/promises';
import { startReaders } from '../clients/counting-readers.js';
import type { Contender } from '../contenders.js';
import { interleave } from '../statistics.js';
import { keepInMemory, KIB, MIB } from '../subjects.js';
import { figure, table } from '../table.js';
import { withServers } from '../rounds/with-servers.js';
import type { Bench, Workload } from './workload.js';

/** How long is measured: a limit is an average. */
const SECONDS = 10;
const READERS = 1000;
/** Of each of many. */
const SLOW = 16 * KIB;
/** All of them have started, and are past their first chunk. */
const START_MS = 3000;

/** Ours on both adapters, and nginx' `limit_rate`. */
function limitedTo(bytesPerSecond: number): Contender[] {
  return (['express', 'fastify', 'nginx'] as const).map((family) => ({
    name: `${family} ${bytesPerSecond / KIB} KiB/s`,
    family,
    route: `paced/${bytesPerSecond}`,
  }));
}

/** What a limit costs the server, and what it keeps. */
export const pace: readonly Workload[] = [
  {
    name: 'pace-1',
    title: `One client, of each a limit, for its first ${SECONDS} s`,
    run(bench) {
      const contenders = [64 * KIB, 512 * KIB, 5 * MIB].flatMap(limitedTo);
      return measure(bench, contenders, (port, path) => startReaders(port, path, 1, 0), 1);
    },
  },
  {
    name: 'pace-1000',
    title: `${READERS.toLocaleString('en')} clients with a limit each, for ${SECONDS} s`,
    descriptors: 2 * READERS + 1000,
    run(bench) {
      const start = async (port: number, path: string) => {
        const readers = await startReaders(port, path, READERS, START_MS);
        await sleep(START_MS);
        return readers;
      };
      return measure(bench, limitedTo(SLOW), start, READERS);
    },
  },
];

async function measure(
  bench: Bench,
  contenders: readonly Contender[],
  start: (port: number, path: string) => ReturnType<typeof startReaders>,
  readers: number,
): Promise<string> {
  const file = bench.subjects.whole;
  const samples = await withServers(contenders, { file, dir: bench.dir, cpu: bench.pinning.server }, (serverOf) =>
    interleave(contenders, bench.rounds, async (contender) => {
      const { port, path, usage } = serverOf(contender);
      keepInMemory(file);
      const startedAt = performance.now();
      const clients = await start(port, path);
      const isAlone = readers === 1; // then its beginning counts
      const [before, bytesBefore] = [usage(), isAlone ? 0 : clients.bytes];
      const measuredAt = isAlone ? startedAt : performance.now();
      await sleep(SECONDS * 1000 - (performance.now() - measuredAt));
      const [after, bytes, seconds] = [usage(), clients.bytes - bytesBefore, (performance.now() - measuredAt) / 1000];
      clients.close();
      const due = readers * Number(contender.route.split('/')[1]) * seconds;
      const cpuShare = (after.cpuNs - before.cpuNs) / 1e9 / seconds;
      return { kept: bytes / due, cpuShare, perGib: (cpuShare * seconds) / (bytes / (KIB * MIB)), peak: after.peak };
    }),
  );
  return table(samples, [
    figure('bytes, % of the limit', ({ kept }) => 100 * kept),
    figure('server CPU, % of a core', ({ cpuShare }) => 100 * cpuShare),
    figure('server CPU-s per GiB', ({ perGib }) => perGib),
    figure('peak MiB', ({ peak }) => peak / MIB),
  ]);
}
