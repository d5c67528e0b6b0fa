import { slicesOf } from '../clients/exchange.js';
import { onBoth } from '../contenders.js';
import { randomSlices } from '../rounds/random-slices.js';
import { measureRequests, type Row, rowsOf } from '../rounds/requests.js';
import * as columns from '../rounds/sample.js';
import { KIB, MIB } from '../subjects.js';
import { table } from '../table.js';
import { revalidation } from './not-modified.js';
import type { Workload } from './workload.js';

const CONTENDERS = onBoth('folder', 'serve-static');
const CONNECTIONS = 16;

const SLICES = [
  { size: '4 KiB', length: 4 * KIB },
  { size: '1 MiB', length: MIB },
];

/** What a folder costs beside `@nestjs/serve-static`. */
export const folder: readonly Workload[] = [
  ...SLICES.map(({ size, length }) =>
    compared(size, `Random ${size} ranges`, rowsOf(CONTENDERS, randomSlices(length).map(slicesOf))),
  ),
  compared(
    '304',
    '304 by If-None-Match',
    CONTENDERS.map((contender): Row => ({ name: contender.name, contender, exchangesFor: revalidation })),
  ),
];

function compared(what: string, title: string, rows: readonly Row[]): Workload {
  return {
    name: `folder-${what.replace(' ', '-')}`,
    title: `${title} of a folder, ${CONNECTIONS} connections`,
    async run(bench) {
      const rounds = await measureRequests(bench, { file: bench.subjects.whole, connections: CONNECTIONS, rows });
      return table(rounds, [
        columns.CPU_PER_REQUEST,
        columns.REQUEST_RATE,
        columns.BYTE_RATE,
        columns.PEAK,
        columns.timesServeStatic(columns.cpuPerRequest),
        columns.CLIENT_BUSY,
        columns.OTHERS_BUSY,
      ]);
    },
  };
}
