import type { Exchange } from '../clients/exchange.js';
import { NGINX, onBoth } from '../contenders.js';
import type { ServerProcess } from '../servers/server-process.js';
import { table } from '../table.js';
import { measureRequests, type Row } from '../rounds/requests.js';
import * as columns from '../rounds/sample.js';
import type { Workload } from './workload.js';

const ROUTES = ['floor', 'ranged-file', 'streamable-file', 'responder', 'send-file', 'serve-static'] as const;
const CONNECTIONS = 48;

/** Nothing has changed: no byte of the file is read. */
export const notModified: Workload = {
  name: 'not-modified',
  title: `304 by If-None-Match, ${CONNECTIONS} connections`,
  async run(bench) {
    const rows = [...onBoth(...ROUTES), NGINX].map((contender): Row => ({
      name: contender.name,
      contender,
      exchangesFor: contender.route === 'floor' ? () => [UNCONDITIONAL] : revalidation,
    }));
    const rounds = await measureRequests(bench, { file: bench.subjects.whole, connections: CONNECTIONS, rows });
    return table(rounds, [
      columns.CPU_PER_REQUEST,
      columns.REQUEST_RATE,
      columns.PEAK,
      columns.timesFloor(columns.cpuPerRequest),
      columns.timesSendFile(columns.cpuPerRequest),
      columns.CLIENT_BUSY,
      columns.OTHERS_BUSY,
    ]);
  },
};

/** Nest would answer 304 to the tag that Express gives to nothing. */
const UNCONDITIONAL: Exchange = { expected: { kind: 'empty', status: 200 } };

/** With the tag that the server itself gives. */
export async function revalidation({ port, path }: ServerProcess): Promise<Exchange[]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { Range: 'bytes=0-0' } });
  await response.arrayBuffer();
  const tag = response.headers.get('etag') ?? '"none"';
  return [{ header: ['If-None-Match', tag], expected: { kind: 'empty', status: 304 } }];
}
