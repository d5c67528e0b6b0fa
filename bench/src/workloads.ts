import { abortedRequest, download, type Done, hammer, stalledReader } from './clients.js';
import type { ServerProcess, Usage } from './server-process.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** One thing to measure: what is done to a server, and in which unit its costs are told. */
export interface Workload {
  readonly name: string;
  readonly file: 'whole' | 'sparse';
  readonly contenders: readonly string[];
  readonly unit: 'µs CPU per request' | 'CPU-s per GiB' | 'KiB per reader' | 'descriptors per reader';
  run(server: ServerProcess, path: string, seconds: number, dir: string): Promise<Sample>;
}

/** A measured round. `cost` is in the workload's unit. */
export interface Sample {
  readonly cost: number;
  readonly perSecond: number;
  readonly megabytesPerSecond: number;
  readonly rss: number;
}

const NEST = ['floor', 'ranged-file', 'streamable-file', 'responder', 'hand-written', 'send-file'];
const OURS_AND_THEIRS = both(NEST);
const WITHOUT_FLOOR = both(NEST.filter((path) => path !== 'floor'));
const OUTSIDE = ['bare read-stream', 'bare read-loop', 'nginx'];

export const WORKLOADS: readonly Workload[] = [
  requests('random 4 KiB ranges', randomRange(4 * KIB), [...OURS_AND_THEIRS, ...OUTSIDE]),
  requests('random 64 KiB ranges', randomRange(64 * KIB), [...OURS_AND_THEIRS, ...OUTSIDE]),
  requests('random 1 MiB ranges', randomRange(MIB), [...WITHOUT_FLOOR, ...OUTSIDE]),
  requests('random 8 MiB ranges', randomRange(8 * MIB), [...WITHOUT_FLOOR, ...OUTSIDE]),
  requests('ten 4 KiB ranges in one request', tenRanges(), both(['ranged-file'])),
  requests('304 by If-None-Match', '{["If-None-Match"]="*"}', both(['floor', 'ranged-file', 'streamable-file'])),
  requests('the first MiB of 8 GiB', fixedRange(0), both(['ranged-file']), 'sparse'),
  requests('the last MiB of 8 GiB', fixedRange(8 * GIB - MIB), both(['ranged-file']), 'sparse'),
  ...[1, 4, 32].map((clients) => whole(clients)),
  ...[1000, 5000].map((readers) => stalled(readers)),
  aborts(10_000),
];

function both(paths: readonly string[]): string[] {
  return ['express', 'fastify'].flatMap((kind) => paths.map((path) => `${kind} ${path}`));
}

function randomRange(length: number): string {
  return `(function() local a = math.random(0, ${GIB - length})
    return {["Range"] = string.format("bytes=%d-%d", a, a + ${length - 1})} end)()`;
}

function fixedRange(first: number): string {
  return `{["Range"]="bytes=${first}-${first + MIB - 1}"}`;
}

function tenRanges(): string {
  return `(function() local r = {} for i = 1, 10 do local a = math.random(0, 1000000) * 1000
    r[i] = string.format("%d-%d", a, a + 4095) end return {["Range"] = "bytes=" .. table.concat(r, ",")} end)()`;
}

function requests(
  name: string,
  fields: string,
  contenders: readonly string[],
  file: Workload['file'] = 'whole',
): Workload {
  return {
    name,
    file,
    contenders,
    unit: 'µs CPU per request',
    run: (server, path, seconds, dir) =>
      measure(
        server,
        () => hammer(server.port, path, fields, seconds, dir),
        (used, done) => used / 1000 / done.requests,
      ),
  };
}

function whole(clients: number): Workload {
  return {
    name: `the whole 1 GiB to ${clients} client${clients === 1 ? '' : 's'}`,
    file: 'whole',
    contenders: [...WITHOUT_FLOOR, ...OUTSIDE],
    unit: 'CPU-s per GiB',
    run: (server, path) =>
      measure(
        server,
        async () => {
          const all = await Promise.all(Array.from({ length: clients }, () => download(server.port, path)));
          return {
            requests: clients,
            octets: all.reduce((sum, { octets }) => sum + octets, 0),
            seconds: Math.max(...all.map(({ seconds }) => seconds)),
          };
        },
        (used, done) => used / 1e9 / (done.octets / GIB),
      ),
  };
}

/** What a reader costs that has stopped reading. */
function stalled(readers: number): Workload {
  return {
    name: `${readers} readers that took 64 KiB and stopped`,
    file: 'whole',
    contenders: [...WITHOUT_FLOOR, 'nginx'],
    unit: 'KiB per reader',
    async run(server, path) {
      const before = server.usage();
      const startedAt = performance.now();
      const sockets = await Promise.all(Array.from({ length: readers }, () => stalledReader(server.port, path)));
      const after = server.usage();
      for (const socket of sockets) socket.destroy();
      const seconds = (performance.now() - startedAt) / 1000;
      await settled(server, before);
      const cost = (after.rss - before.rss) / KIB / readers;
      return {
        cost,
        perSecond: (after.descriptors - before.descriptors) / readers,
        megabytesPerSecond: seconds,
        rss: after.rss,
      };
    },
  };
}

function aborts(count: number): Workload {
  return {
    name: `${count} aborts after the first octets`,
    file: 'whole',
    contenders: WITHOUT_FLOOR,
    unit: 'µs CPU per request',
    run: (server, path) =>
      measure(
        server,
        async () => {
          const startedAt = performance.now();
          for (let i = 0; i < count; i += 50) {
            await Promise.all(Array.from({ length: 50 }, () => abortedRequest(server.port, path)));
          }
          return { requests: count, octets: 0, seconds: (performance.now() - startedAt) / 1000 };
        },
        (used, done) => used / 1000 / done.requests,
      ),
  };
}

async function measure(
  server: ServerProcess,
  work: () => Promise<Done>,
  cost: (cpuNs: number, done: Done) => number,
): Promise<Sample> {
  const before = server.usage();
  const done = await work();
  const after = server.usage();
  return {
    cost: cost(after.cpuNs - before.cpuNs, done),
    perSecond: done.requests / done.seconds,
    megabytesPerSecond: done.octets / 1e6 / done.seconds,
    rss: after.rss,
  };
}

/** Waits until the server has let go of its readers' descriptors. */
async function settled(server: ServerProcess, before: Usage): Promise<void> {
  for (let i = 0; i < 100 && server.usage().descriptors > before.descriptors + 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
