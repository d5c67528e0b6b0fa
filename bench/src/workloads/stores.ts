import { setTimeout as sleep } from 'node:timers/promises';
import { checkAnswer } from '../clients/check-answer.js';
import { contentLength, slicesOf } from '../clients/exchange.js';
import { firstByteMs } from '../clients/first-bytes.js';
import { abortRequests } from '../clients/leaving-clients.js';
import { hammer } from '../clients/wrk.js';
import type { Contender } from '../contenders.js';
import { type ObjectStore, withObjectStore } from '../servers/object-store.js';
import { interleave } from '../statistics.js';
import { keepInMemory, KIB, MIB } from '../subjects.js';
import { figure, table } from '../table.js';
import { randomSlices } from '../rounds/random-slices.js';
import * as columns from '../rounds/sample.js';
import { withServers } from '../rounds/with-servers.js';
import type { Bench, Workload } from './workload.js';

const CONTENDERS: readonly Contender[] = ['s3-source', 'head-get-pipe', 'head-get-streamable', 'get-streamable'].map(
  (route) => ({ name: `express ${route}`, family: 'express', route }),
);

const LENGTH = 64 * KIB;
const EXCHANGES = randomSlices(LENGTH).map(slicesOf);
const CONNECTIONS = 16;
/** Asked one after the other, so that what the store was asked for is known exactly. */
const COUNTED = EXCHANGES.slice(0, 200);
/** Fewer than the connections that the SDK has: who lets go of none is to be measured too. */
const ABORTS = 40;
/** Until a server has let go of what it will let go of. */
const REST_MS = 1500;

/** An object in S3, as far away as stores are: what a range of it takes, and what is fetched for clients that leave. */
export const stores: readonly Workload[] = [
  {
    name: 'stores-ranges',
    title: `Random 64 KiB ranges of an object in a store 5 ms away, one by one, and CPU with ${CONNECTIONS} connections`,
    run: (bench) => withObjectStore(bench, (store) => compareRanges(bench, store)),
  },
  {
    name: 'stores-aborts',
    title: `${ABORTS} clients that leave after the first bytes of 1 GiB in a store`,
    run: (bench) => withObjectStore(bench, (store) => compareAborts(bench, store)),
  },
];

function assignmentOf(bench: Bench, { url }: ObjectStore) {
  return { file: bench.subjects.whole, dir: bench.dir, cpu: bench.pinning.server, store: url };
}

async function compareRanges(bench: Bench, store: ObjectStore): Promise<string> {
  const assignment = assignmentOf(bench, store);
  const { file, dir } = assignment;
  const rounds = await withServers(CONTENDERS, assignment, async (serverOf) => {
    const loadOf = (contender: Contender) => {
      const { port, path } = serverOf(contender);
      return { port, path, dir, exchanges: EXCHANGES, connections: CONNECTIONS };
    };
    for (const contender of CONTENDERS) {
      const load = loadOf(contender);
      for (const exchange of COUNTED.slice(0, 3)) await checkAnswer({ ...load, file }, exchange, exchange.expected);
      await hammer(load, bench.warmUpSeconds);
    }
    return interleave(CONTENDERS, bench.rounds, async (contender) => {
      const load = loadOf(contender);
      const sample = await columns.sampled(serverOf(contender), file, () => hammer(load, bench.seconds));
      const before = await settledTotals(store);
      const firstMs = await firstByteMs(load.port, load.path, COUNTED);
      const after = await settledTotals(store);
      const [asked, fetched] = [after.requests - before.requests, after.bytes - before.bytes];
      return { ...sample, firstMs, asked, fetched };
    });
  });
  const sent = COUNTED.reduce((sum, { expected }) => sum + contentLength(expected), 0);
  return table(rounds, [
    figure('ms to the first byte', ({ firstMs }) => firstMs),
    figure('store requests per range', ({ asked }) => asked / COUNTED.length),
    figure('bytes fetched per byte sent', ({ fetched }) => fetched / sent),
    columns.CPU_PER_REQUEST,
    columns.REQUEST_RATE,
    columns.PEAK,
  ]);
}

/** When the store has nothing under way any more: `wrk` leaves without waiting for what it has asked for last. */
async function settledTotals(store: ObjectStore) {
  for (;;) {
    const totals = await store.totals();
    if (totals.underWay === 0) return totals;
    await sleep(20);
  }
}

/** In a fresh process each time, with all the connections of the SDK. */
async function compareAborts(bench: Bench, store: ObjectStore): Promise<string> {
  const assignment = assignmentOf(bench, store);
  const rounds = await interleave(CONTENDERS, bench.rounds, (contender) =>
    withServers([contender], assignment, async (serverOf) => {
      const { port, path } = serverOf(contender);
      keepInMemory(assignment.file);
      const before = await settledTotals(store);
      for (let abort = 0; abort < ABORTS; abort++) await abortRequests(port, path, 1);
      await sleep(REST_MS);
      const after = await store.totals();
      return { fetched: after.bytes - before.bytes, held: after.underWay };
    }),
  );
  return table(rounds, [
    figure('MiB fetched per client', ({ fetched }) => fetched / MIB / ABORTS),
    figure('connections to the store still held', ({ held }) => held),
  ]);
}
