import { checkAnswer } from '../clients/check-answer.js';
import { contentLength, type Exchange, expectedOf } from '../clients/exchange.js';
import { hammer, type Load } from '../clients/wrk.js';
import type { Contender } from '../contenders.js';
import type { ServerProcess } from '../servers/server-process.js';
import { interleave, type Rounds } from '../statistics.js';
import { type Sample, sampled } from './sample.js';
import { withServers } from './with-servers.js';
import type { Bench } from '../workloads/workload.js';

/** A row of a table: a contender, and what it is asked. */
export interface Row {
  readonly name: string;
  readonly contender: Contender;
  /** In turn; all answers are of the same length. */
  exchangesFor(server: ServerProcess): readonly Exchange[] | Promise<readonly Exchange[]>;
}

/** Rows that are asked the same. */
export function rowsOf(contenders: readonly Contender[], exchanges: readonly Exchange[]): Row[] {
  return contenders.map((contender) => ({ name: contender.name, contender, exchangesFor: () => exchanges }));
}

/** What the rows of one table share. */
export interface Requests {
  readonly file: string;
  readonly connections: number;
  /** Content of the constant answer of `limit`, in bytes. */
  readonly limitLength?: number;
  readonly rows: readonly Row[];
  /** The rows of different families are compared, and measured in one go; the fewer servers, the warmer each is. */
  readonly isMixed?: boolean;
}

/** Answers that are compared, byte by byte, before anything is measured. */
const CHECKED = 3;
/** V8 goes on optimising for tens of thousands of requests. */
const WARM_AFTER = 60_000;
/** A sample during which everything else took more than this, in cores, is taken again, up to so many times in all. */
const QUIET = 0.4;
const TAKES = 3;
/** More bytes than any head has, or all that stands between parts. */
const AROUND = 4096;

/** Checks each row, warms it up, and then hammers them round by round. */
export async function measureRequests(bench: Bench, requests: Requests): Promise<Rounds<Sample>> {
  if (requests.isMixed === true) return measureTogether(bench, requests);
  const rounds = new Map<string, readonly Sample[]>();
  for (const family of new Set(requests.rows.map(({ contender }) => contender.family))) {
    const rows = requests.rows.filter(({ contender }) => contender.family === family);
    for (const [name, samples] of await measureTogether(bench, { ...requests, rows })) rounds.set(name, samples);
  }
  return rounds;
}

function measureTogether(bench: Bench, requests: Requests): Promise<Rounds<Sample>> {
  const { file, rows, limitLength } = requests;
  const contenders = rows.map(({ contender }) => contender);
  return withServers(contenders, { file, dir: bench.dir, cpu: bench.pinning.server, limitLength }, async (serverOf) => {
    const ready = [];
    for (const row of rows) ready.push(await prepare(bench, requests, row, serverOf(row.contender)));
    return interleave(ready, bench.rounds, ({ measure }) => measure());
  });
}

async function prepare(bench: Bench, { file, connections }: Requests, row: Row, server: ServerProcess) {
  const exchanges = await row.exchangesFor(server);
  for (const exchange of exchanges.slice(0, CHECKED)) {
    await checkAnswer({ port: server.port, path: server.path, file }, exchange, expectedOf(row.contender, exchange));
  }
  const load: Load = { port: server.port, path: server.path, dir: bench.dir, exchanges, connections };
  await warmUp(load, bench.warmUpSeconds);
  const content = contentLength(expectedOf(row.contender, exchanges[0]!));
  const take = async () => checkBytes(await sampled(server, file, () => hammer(load, bench.seconds)), load, content);
  return { name: row.name, measure: () => quietest(take) };
}

/** The first sample that nothing else disturbed, or the least disturbed of several. */
async function quietest(take: () => Promise<Sample>): Promise<Sample> {
  let best = await take();
  for (let takes = 1; takes < TAKES && best.othersBusy > QUIET; takes++) {
    const sample = await take();
    if (sample.othersBusy < best.othersBusy) best = sample;
  }
  return best;
}

async function warmUp(load: Load, seconds: number): Promise<void> {
  let requests = 0;
  for (let second = 0; second < seconds && requests < WARM_AFTER; second++)
    requests += (await hammer(load, 1)).requests;
}

/** `wrk` counts an answer below 400 as a success, whatever its length. */
function checkBytes(sample: Sample, { path, connections }: Load, content: number): Sample {
  const [least, most] = [sample.requests * content, (sample.requests + connections) * (content + AROUND)];
  if (sample.bytes >= least && sample.bytes <= most) return sample;
  throw new Error(`${path}: ${sample.bytes} bytes in ${sample.requests} answers of ${content}`);
}
