import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Octets that the kernel holds for a client of this machine: sent by the server and not read, or still to be sent. */
export function heldByKernel({ localPort, remotePort }: Socket): number {
  for (let before = -1; ;) {
    const connections = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
    const received = queuesOf(connections, localPort, remotePort)[1];
    const unsent = queuesOf(connections, remotePort, localPort)[0];
    if (received + unsent === before) return before; // and nothing has moved from one to the other meanwhile
    before = received + unsent;
  }
}

/** Of one end of a connection over IPv4: what it sends that was not taken yet, and what it has received and not read. */
function queuesOf(
  connections: readonly string[],
  local: number | undefined,
  remote: number | undefined,
): [number, number] {
  for (const connection of connections) {
    const [, ownAddress = '', otherAddress = '', , queues = ''] = connection.trim().split(/\s+/);
    if (portOf(ownAddress) !== local || portOf(otherAddress) !== remote) continue;
    const [unsent = '', received = ''] = queues.split(':');
    return [Number.parseInt(unsent, 16), Number.parseInt(received, 16)];
  }
  throw new Error(`no connection from port ${local} to ${remote}`);
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}
