import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Bytes that the kernel holds for a client of this machine: sent by the server and not read, or still to be sent. */
export function heldByKernel(client: Socket): number {
  return heldForAll([client])[0] ?? 0;
}

/** The same of several clients, in their order. */
export function heldForAll(clients: readonly Socket[]): number[] {
  for (let before = ''; ;) {
    const queues = readQueues();
    const held = clients.map(({ localPort, remotePort }) => {
      const there = queues.get(`${localPort} ${remotePort}`);
      const here = queues.get(`${remotePort} ${localPort}`);
      if (there === undefined || here === undefined)
        throw new Error(`no connection from ${localPort} to ${remotePort}`);
      return there.received + here.unsent;
    });
    if (held.join() === before) return held; // and nothing has moved from one to the other meanwhile
    before = held.join();
  }
}

/** Of one end of a connection: what it has sent and the other end has not taken, and what it has received and not read. */
interface Queues {
  readonly unsent: number;
  readonly received: number;
}

/** A line of a connection over IPv4 that is not closed yet. The many that wait for their time to end are passed over. */
const CONNECTION =
  /^ *\d+: [\dA-F]{8}:([\dA-F]{4}) [\dA-F]{8}:([\dA-F]{4}) (?!06)[\dA-F]{2} ([\dA-F]{8}):([\dA-F]{8})/gm;

/** By the ports of both ends. */
function readQueues(): ReadonlyMap<string, Queues> {
  const queues = new Map<string, Queues>();
  for (const [, own = '', other = '', unsent = '', received = ''] of readFileSync('/proc/net/tcp', 'latin1').matchAll(
    CONNECTION,
  )) {
    const [ownPort, otherPort, ...lengths] = [own, other, unsent, received].map((hex) => Number.parseInt(hex, 16));
    queues.set(`${ownPort} ${otherPort}`, { unsent: lengths[0] ?? 0, received: lengths[1] ?? 0 });
  }
  return queues;
}
