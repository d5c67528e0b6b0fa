import { checkAnswer } from '../clients/check-answer.js';
import { download } from '../clients/downloads.js';
import type { Expected } from '../clients/exchange.js';
import { FILE_ROUTES, NGINX, onBoth, READ_LOOP, READ_STREAM } from '../contenders.js';
import { interleave } from '../statistics.js';
import { GIB } from '../subjects.js';
import { table } from '../table.js';
import * as columns from '../rounds/sample.js';
import { withServers } from '../rounds/with-servers.js';
import type { Bench, Workload } from './workload.js';

const CONTENDERS = [...onBoth(...FILE_ROUTES), READ_STREAM, READ_LOOP, NGINX];
const WHOLE: Expected = { kind: 'slice', status: 200, slice: { firstPos: 0, length: GIB } };

/** All of it, to one client and to many. */
export const wholeFile: readonly Workload[] = [1, 4, 32].map((clients) => ({
  name: `whole-${clients}`,
  title: `The whole 1 GiB, again and again, to ${clients === 1 ? 'one client' : `${clients} clients`}`,
  async run(bench) {
    return table(await measureDownloads(bench, clients), [
      columns.CPU_PER_GIB,
      columns.IN_THE_KERNEL,
      columns.BYTE_RATE,
      columns.PEAK,
      columns.timesSendFile(columns.cpuPerGib),
      columns.timesReadLoop(columns.cpuPerGib),
      columns.timesNginx(columns.cpuPerGib),
      columns.CLIENT_BUSY,
    ]);
  },
}));

function measureDownloads(bench: Bench, clients: number) {
  const file = bench.subjects.whole;
  return withServers(CONTENDERS, { file, dir: bench.dir, cpu: bench.pinning.server }, async (serverOf) => {
    for (const contender of CONTENDERS) {
      const { port, path } = serverOf(contender);
      await checkAnswer({ port, path, file }, { expected: WHOLE }, WHOLE);
      await download(port, path, clients, bench.warmUpSeconds);
    }
    return interleave(CONTENDERS, bench.rounds, (contender) => {
      const server = serverOf(contender);
      return columns.sampled(server, file, () => download(server.port, server.path, clients, bench.seconds));
    });
  });
}
