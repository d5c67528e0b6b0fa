import type { Owner, Shares } from '../apps/profiler.js';
import { slicesOf } from '../clients/exchange.js';
import { hammer } from '../clients/wrk.js';
import { onBoth } from '../contenders.js';
import { interleave } from '../statistics.js';
import { KIB } from '../subjects.js';
import { figure, table } from '../table.js';
import { randomSlices } from '../rounds/random-slices.js';
import { withServers } from '../rounds/with-servers.js';
import type { Workload } from './workload.js';

const CONTENDERS = onBoth('limit', 'ranged-file', 'send-file');
const COLUMNS: readonly Owner[] = [
  'ours',
  'Nest',
  'rxjs',
  'framework',
  'Node.js',
  'read',
  'write',
  'garbage collector',
  'rest',
];
const CONNECTIONS = 48;

/** Where the main thread spends its time. */
export const profiles: readonly Workload[] = [4, 64].map((kib) => ({
  name: `profile-${kib}-KiB`,
  title: `Random ${kib} KiB ranges: whose code the main thread is in, in hundredths of its time`,
  async run(bench) {
    const exchanges = randomSlices(kib * KIB).map(slicesOf);
    const assignment = {
      file: bench.subjects.whole,
      dir: bench.dir,
      cpu: bench.pinning.server,
      limitLength: kib * KIB,
    };
    const rounds = await withServers(CONTENDERS, assignment, async (serverOf) => {
      const loadOn = (port: number, path: string) => ({
        port,
        path,
        dir: bench.dir,
        exchanges,
        connections: CONNECTIONS,
      });
      for (const contender of CONTENDERS) {
        const { port, path } = serverOf(contender);
        await hammer(loadOn(port, path), bench.warmUpSeconds);
      }
      return interleave(CONTENDERS, bench.rounds, (contender) => {
        const server = serverOf(contender);
        return server.profile(() => hammer(loadOn(server.port, server.path), bench.seconds));
      });
    });
    return table<Shares>(
      rounds,
      COLUMNS.map((owner) => figure(owner, (shares) => shares[owner])),
    );
  },
}));
