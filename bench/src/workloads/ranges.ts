import { slicesOf } from '../clients/exchange.js';
import { FILE_ROUTES, LEAST_ROUTES, NGINX, onBoth, READ_LOOP, READ_STREAM } from '../contenders.js';
import { KIB, MIB } from '../subjects.js';
import { table } from '../table.js';
import { randomSlices } from '../rounds/random-slices.js';
import { measureRequests, rowsOf } from '../rounds/requests.js';
import * as columns from '../rounds/sample.js';
import type { Workload } from './workload.js';

/** One random range per request: small ones, which show what a request costs, and large ones, which show a byte. */
export const ranges: readonly Workload[] = [
  small('4 KiB', 4 * KIB),
  small('64 KiB', 64 * KIB),
  large('1 MiB', MIB),
  large('8 MiB', 8 * MIB),
];

function small(size: string, length: number): Workload {
  const connections = 48;
  return {
    name: `ranges-${size.replace(' ', '-')}`,
    title: `Random ${size} ranges, ${connections} connections`,
    async run(bench) {
      const contenders = [...onBoth('floor', 'limit', ...LEAST_ROUTES, ...FILE_ROUTES), READ_STREAM, NGINX];
      const rows = rowsOf(contenders, randomSlices(length).map(slicesOf));
      const rounds = await measureRequests(bench, {
        file: bench.subjects.whole,
        connections,
        rows,
        limitLength: length,
      });
      return table(rounds, [
        columns.CPU_PER_REQUEST,
        columns.REQUEST_RATE,
        columns.BYTE_RATE,
        columns.PEAK,
        columns.timesFloor(columns.cpuPerRequest),
        columns.timesLimit(columns.cpuPerRequest),
        columns.timesLeast(columns.cpuPerRequest),
        columns.timesSendFile(columns.cpuPerRequest),
        columns.CLIENT_BUSY,
        columns.OTHERS_BUSY,
      ]);
    },
  };
}

function large(size: string, length: number): Workload {
  const connections = 16;
  return {
    name: `ranges-${size.replace(' ', '-')}`,
    title: `Random ${size} ranges, ${connections} connections`,
    async run(bench) {
      const contenders = [...onBoth(...FILE_ROUTES), READ_STREAM, READ_LOOP, NGINX];
      const rows = rowsOf(contenders, randomSlices(length).map(slicesOf));
      const rounds = await measureRequests(bench, { file: bench.subjects.whole, connections, rows, isMixed: true });
      return table(rounds, [
        columns.CPU_PER_GIB,
        columns.IN_THE_KERNEL,
        columns.REQUEST_RATE,
        columns.BYTE_RATE,
        columns.PEAK,
        columns.timesSendFile(columns.cpuPerGib),
        columns.timesReadLoop(columns.cpuPerGib),
        columns.timesNginx(columns.cpuPerGib),
        columns.CLIENT_BUSY,
      ]);
    },
  };
}
