import { setTimeout as sleep } from 'node:timers/promises';
import { abortRequests } from '../clients/leaving-clients.js';
import { FILE_ROUTES, NGINX, onBoth } from '../contenders.js';
import type { ServerProcess } from '../servers/server-process.js';
import { interleave } from '../statistics.js';
import { figure, table } from '../table.js';
import * as columns from '../rounds/sample.js';
import { withServers } from '../rounds/with-servers.js';
import type { Bench, Workload } from './workload.js';

const CONTENDERS = [...onBoth(...FILE_ROUTES), NGINX];
const ABORTS = 10_000;
const WARM_AFTER = 1000;

/** Clients that leave as soon as they have seen the first bytes, as players do that seek. */
export const aborts: Workload = {
  name: 'aborts',
  title: `${ABORTS.toLocaleString('en')} aborts after the first bytes of 1 GiB, in all rounds together`,
  async run(bench) {
    return table(await measureAborts(bench), [
      columns.CPU_PER_REQUEST,
      columns.REQUEST_RATE,
      columns.PEAK,
      figure('descriptors left', ({ descriptors }) => descriptors),
      columns.timesSendFile(columns.cpuPerRequest),
      columns.CLIENT_BUSY,
    ]);
  },
};

function measureAborts(bench: Bench) {
  const assignment = { file: bench.subjects.whole, dir: bench.dir, cpu: bench.pinning.server };
  return withServers(CONTENDERS, assignment, async (serverOf) => {
    for (const contender of CONTENDERS) await abortAndRest(serverOf(contender), WARM_AFTER);
    return interleave(CONTENDERS, bench.rounds, (contender) => {
      const server = serverOf(contender);
      return columns.sampled(server, assignment.file, () => abortAndRest(server, Math.ceil(ABORTS / bench.rounds)));
    });
  });
}

/** The rest is the server's, to let go of what it has open. */
async function abortAndRest({ port, path }: ServerProcess, requests: number) {
  const startedAt = performance.now();
  const cpuAtStart = process.cpuUsage();
  const bytes = 0; // whatever was under way
  await abortRequests(port, path, requests);
  const { user, system } = process.cpuUsage(cpuAtStart);
  const seconds = (performance.now() - startedAt) / 1000;
  await sleep(1500);
  return { requests, bytes, seconds, clientCpuSeconds: (user + system) / 1e6 };
}
