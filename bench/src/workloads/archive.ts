import { basename } from 'node:path';
import { checkAnswer } from '../clients/check-answer.js';
import { download } from '../clients/downloads.js';
import type { Exchange } from '../clients/exchange.js';
import { onBoth } from '../contenders.js';
import * as columns from '../rounds/sample.js';
import { withServers } from '../rounds/with-servers.js';
import { interleave } from '../statistics.js';
import { MIB } from '../subjects.js';
import { table } from '../table.js';
import type { Bench, Workload } from './workload.js';

const ARCHIVES = onBoth('archive', 'archive-first');
const CONTENDERS = onBoth('ranged-file', 'archive', 'archive-first');

/** What an archive costs more than the file in it. */
export const archive: Workload = {
  name: 'archive',
  title: 'The whole 1 GiB, as it is and alone in a ZIP archive, again and again, to one client',
  async run(bench) {
    return table(await measureDownloads(bench), [
      columns.CPU_PER_GIB,
      columns.IN_THE_KERNEL,
      columns.BYTE_RATE,
      columns.PEAK,
      columns.timesRangedFile(columns.cpuPerGib),
      columns.CLIENT_BUSY,
    ]);
  },
};

function measureDownloads(bench: Bench) {
  const file = bench.subjects.whole;
  return withServers(CONTENDERS, { file, dir: bench.dir, cpu: bench.pinning.server }, async (serverOf) => {
    for (const contender of ARCHIVES) {
      const { port, path } = serverOf(contender);
      const exchange = beginningOf(file);
      await checkAnswer({ port, path, file }, exchange, exchange.expected);
    }
    for (const contender of CONTENDERS) {
      const { port, path } = serverOf(contender);
      await download(port, path, 1, bench.warmUpSeconds);
    }
    return interleave(CONTENDERS, bench.rounds, (contender) => {
      const server = serverOf(contender);
      return columns.sampled(server, file, () => download(server.port, server.path, 1, bench.seconds));
    });
  });
}

/** The first bytes of the file within the archive: behind its header, its name and its timestamp. */
function beginningOf(file: string): Exchange {
  const position = 30 + Buffer.byteLength(basename(file)) + 9;
  return {
    header: ['Range', `bytes=${position}-${position + MIB - 1}`],
    expected: { kind: 'slice', status: 206, slice: { firstPos: 0, length: MIB } },
  };
}
