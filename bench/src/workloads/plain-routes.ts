import { onBoth } from '../contenders.js';
import { ratio, table } from '../table.js';
import { measureRequests, rowsOf } from '../rounds/requests.js';
import * as columns from '../rounds/sample.js';
import type { Workload } from './workload.js';

const CONNECTIONS = 48;

/** What an app pays for the module on routes that do not use it. */
export const plainRoutes: Workload = {
  name: 'plain-routes',
  title: `A route without @Ranged(), RangeModule imported or not, ${CONNECTIONS} connections`,
  async run(bench) {
    const rows = rowsOf(onBoth('plain-without-module', 'plain'), [{ expected: { kind: 'empty', status: 200 } }]);
    const rounds = await measureRequests(bench, { file: bench.subjects.whole, connections: CONNECTIONS, rows });
    return table(rounds, [
      columns.CPU_PER_REQUEST,
      columns.REQUEST_RATE,
      columns.PEAK,
      ratio('× without', columns.cpuPerRequest, (row) => `${row.split(' ', 1)[0]} plain-without-module`),
      columns.CLIENT_BUSY,
    ]);
  },
};
