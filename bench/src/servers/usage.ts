import { readdirSync, readFileSync } from 'node:fs';

/** What a server has used so far. */
export interface Usage {
  /** CPU time of all its threads by the scheduler's clock, in ns. */
  readonly cpuNs: number;
  /** The same by the coarser clock that tells the kernel's part, in ticks. */
  readonly userTicks: number;
  readonly kernelTicks: number;
  /** Resident memory in bytes: now, and at the most since it was started. */
  readonly resident: number;
  readonly peak: number;
  readonly descriptors: number;
}

/** Of one process, by what Linux tells of it. */
export function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuNs: cpuNsOf(pid),
    ...ticksOf(pid),
    resident: bytesOf('VmRSS', status),
    peak: bytesOf('VmHWM', status),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

function cpuNsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const schedstat = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8');
    return sum + Number(schedstat.split(' ', 1)[0]);
  }, 0);
}

/** proc_pid_stat(5): fields 14 and 15, counted behind the name, which may have blanks and brackets in it. */
function ticksOf(pid: number): { userTicks: number; kernelTicks: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const headers = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { userTicks: Number(headers[11]), kernelTicks: Number(headers[12]) };
}

function bytesOf(name: string, status: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
}
