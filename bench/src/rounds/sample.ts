import type { Done } from '../clients/done.js';
import { cpuTicks, TICKS_PER_SECOND } from '../machine.js';
import type { ServerProcess } from '../servers/server-process.js';
import { GIB, keepInMemory, MIB } from '../subjects.js';
import { type Column, figure, greatest, ratio } from '../table.js';
import { sibling } from '../contenders.js';

/** What a client got done in a round, and what that cost the server. */
export interface Sample extends Done {
  readonly serverCpuNs: number;
  /** How much of it was the kernel's, of 1. */
  readonly kernelShare: number;
  /** CPU time of everything but server and client meanwhile, in cores. */
  readonly othersBusy: number;
  readonly peak: number;
  /** More than before; negative: fewer. */
  readonly descriptors: number;
}

/** Does the work, with the file in memory, and asks the server before and after. */
export async function sampled(server: ServerProcess, file: string, work: () => Promise<Done>): Promise<Sample> {
  keepInMemory(file);
  const [before, busyBefore] = [server.usage(), cpuTicks().busy];
  const done = await work();
  const [after, busyAfter] = [server.usage(), cpuTicks().busy];
  const serverCpuNs = after.cpuNs - before.cpuNs;
  const othersSeconds = (busyAfter - busyBefore) / TICKS_PER_SECOND - serverCpuNs / 1e9 - done.clientCpuSeconds;
  const kernelTicks = after.kernelTicks - before.kernelTicks;
  return {
    ...done,
    serverCpuNs,
    othersBusy: Math.max(0, othersSeconds / done.seconds),
    kernelShare: kernelTicks / (kernelTicks + after.userTicks - before.userTicks),
    peak: after.peak,
    descriptors: after.descriptors - before.descriptors,
  };
}

export const cpuPerRequest = (sample: Sample): number => sample.serverCpuNs / 1000 / sample.requests;
export const cpuPerGib = (sample: Sample): number => sample.serverCpuNs / 1e9 / (sample.bytes / GIB);
const cpuPerGibInKernel = (sample: Sample): number => cpuPerGib(sample) * sample.kernelShare;

export const REQUEST_RATE: Column<Sample> = figure('req/s', ({ requests, seconds }) => requests / seconds);
export const BYTE_RATE: Column<Sample> = figure('MB/s', ({ bytes, seconds }) => bytes / 1e6 / seconds);
export const CPU_PER_REQUEST: Column<Sample> = figure('server CPU µs per request', cpuPerRequest);
export const CPU_PER_GIB: Column<Sample> = figure('server CPU-s per GiB', cpuPerGib);
/** What a server has the kernel do, which is mostly to copy bytes. */
export const IN_THE_KERNEL: Column<Sample> = figure('of it in the kernel', cpuPerGibInKernel);
export const PEAK: Column<Sample> = greatest('peak MiB', ({ peak }) => peak / MIB);
/** Of its CPU. Well below 100 %, the client is not what limits the rates. */
export const CLIENT_BUSY: Column<Sample> = greatest(
  'client busy %',
  ({ clientCpuSeconds, seconds }) => (100 * clientCpuSeconds) / seconds,
);

/** At most: where it is much, the machine was not quiet enough for figures that repeat. */
export const OTHERS_BUSY: Column<Sample> = greatest('others, cores', ({ othersBusy }) => othersBusy);

export const timesFloor = (of: (sample: Sample) => number): Column<Sample> =>
  ratio('× floor', of, (row) => sibling(row, 'floor'));
export const timesLimit = (of: (sample: Sample) => number): Column<Sample> =>
  ratio('× limit', of, (row) => sibling(row, 'limit'));
export const timesLeast = (of: (sample: Sample) => number): Column<Sample> =>
  ratio('× least-file', of, (row) => sibling(row, 'least-file'));
export const timesSendFile = (of: (sample: Sample) => number): Column<Sample> =>
  ratio('× send-file', of, (row) => sibling(row, 'send-file'));
export const timesServeStatic = (of: (sample: Sample) => number): Column<Sample> =>
  ratio('× serve-static', of, (row) => sibling(row, 'serve-static'));
export const timesRangedFile = (of: (sample: Sample) => number): Column<Sample> =>
  ratio('× ranged-file', of, (row) => sibling(row, 'ranged-file'));
export const timesReadLoop = (of: (sample: Sample) => number): Column<Sample> =>
  ratio('× read-loop', of, () => 'node read-loop');
export const timesNginx = (of: (sample: Sample) => number): Column<Sample> => ratio('× nginx', of, () => 'nginx');
