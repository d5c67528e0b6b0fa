import { readdirSync, readFileSync } from 'node:fs';

/** What a server has used so far. */
export interface Usage {
  /** CPU time of all its threads by the scheduler's clock, in ns. */
  readonly cpuNs: number;
  /** Resident memory in octets: now, and at the most since it was started. */
  readonly resident: number;
  readonly peak: number;
  readonly descriptors: number;
}

/** Of one process, by what Linux tells of it. */
export function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuNs: cpuNsOf(pid),
    resident: octetsOf('VmRSS', status),
    peak: octetsOf('VmHWM', status),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

function cpuNsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const schedstat = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8');
    return sum + Number(schedstat.split(' ', 1)[0]);
  }, 0);
}

function octetsOf(name: string, status: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
}
