import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Identifies this process in file names: the namespace of its process id, the id, and its start time, since ids are reused.
 * Containers have different namespaces, even if they share a host and a volume.
 */
export function ownerOfThisProcess(): string {
  known ??= [placeOfThisProcess(), process.pid, startOf(process.pid) ?? UNKNOWN].join('-');
  return known;
}

let known: string | undefined;

/** Whether a process is known to have ended; `false` if it may be running, perhaps elsewhere. */
export function hasEnded(owner: string): boolean {
  const [place, id, start] = owner.split('-');
  const [ourPlace, , ourStart] = ownerOfThisProcess().split('-');
  if (place !== ourPlace) return false;
  return ourStart === UNKNOWN ? !isRunning(Number(id)) : startOf(Number(id)) !== start;
}

/** A start time that the system does not provide. */
const UNKNOWN = '0';

/** Identifies the namespace of process ids on Linux; elsewhere, or if it is not readable, the host. */
function placeOfThisProcess(): string {
  let place = [hostname()];
  try {
    place = [readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'), readlinkSync('/proc/self/ns/pid')];
  } catch {
    // not Linux
  }
  return createHash('sha256').update(place.join('\n')).digest('hex').slice(0, 12);
}

/** When a process started, in ticks since boot; `undefined`: it has ended, or this is unknown. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // a name may have blanks
    return /[ZX]/.test(state) ? undefined : fields[18];
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
