import { setTimeout as sleep } from 'node:timers/promises';
import { stallReaders } from '../clients/leaving-clients.js';
import { type Contender, FILE_ROUTES, NGINX, onBoth } from '../contenders.js';
import type { ServerProcess } from '../servers/server-process.js';
import { interleave } from '../statistics.js';
import { keepInMemory, KIB, MIB } from '../subjects.js';
import { figure, greatest, table } from '../table.js';
import { withServers } from '../rounds/with-servers.js';
import type { Bench, Workload } from './workload.js';

const CONTENDERS = [...onBoth(...FILE_ROUTES), NGINX];
/** Memory varies less than time, and the rounds are long. */
const ROUNDS = 3;
/** Let a server do first what it does once. */
const FORERUNNERS = 100;
/** Until a server has done what it does for clients that have stopped. */
const REST_MS = 3000;

/** What a client costs that has stopped reading. */
export const slowReaders: readonly Workload[] = [1000, 5000].map((readers) => ({
  name: `readers-${readers}`,
  title: `${readers.toLocaleString('en')} readers that took 64 KiB of 1 GiB and stopped`,
  descriptors: 3 * readers + 1000, // the client's sockets; on the other side, the sockets and one or two files each
  async run(bench) {
    const rounds = Math.min(bench.rounds, ROUNDS);
    const samples = await interleave(CONTENDERS, rounds, (contender) => measureReaders(bench, contender, readers));
    return table(samples, [
      figure('KiB per reader', ({ resident }) => resident / KIB / readers),
      figure('descriptors per reader', ({ descriptors }) => descriptors / readers),
      figure('MiB above idle', ({ resident }) => resident / MIB),
      greatest('peak MiB above idle', ({ peak }) => peak / MIB),
    ]);
  },
}));

/** In a fresh process each time: memory that was used once is seldom given back to the system. */
function measureReaders(bench: Bench, contender: Contender, readers: number) {
  const assignment = { file: bench.subjects.whole, dir: bench.dir, cpu: bench.pinning.server };
  return withServers([contender], assignment, async (serverOf) => {
    const server = serverOf(contender);
    keepInMemory(assignment.file);
    await stopReading(server, FORERUNNERS);
    await sleep(REST_MS);
    const idle = server.usage();
    const busy = await stopReading(server, readers);
    return {
      resident: busy.resident - idle.resident,
      peak: busy.peak - idle.resident,
      descriptors: busy.descriptors - idle.descriptors,
    };
  });
}

async function stopReading(server: ServerProcess, readers: number) {
  const sockets = await stallReaders(server.port, server.path, readers);
  await sleep(REST_MS);
  const usage = server.usage();
  for (const socket of sockets) socket.destroy();
  return usage;
}
