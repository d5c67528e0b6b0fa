import type { Plant } from '../faulty-server.js';
import type { Request } from '../reference-server.js';
import { onRange, THE_FIRST, type PlantedFault, onePart, part, SIZE } from '../planting.js';

/** Of connections. */
export const CONNECTIONS: readonly PlantedFault[] = [
  [
    'a connection that is silent from its second request on',
    'the first byte three times on one connection',
    silentAfter((request) => request.headers.get('connection')?.[0] === 'keep-alive', 1),
  ],
  [
    'a server that is silent after clients have left',
    'GET after twenty clients disconnected early',
    silentAfter((request) => request.headers.size === 2 && request.method === 'GET', 20),
  ],
  ['silence', 'the last byte by a suffix: Range: bytes=-1', onRange('bytes=-1', () => undefined)],
  [
    'a connection that is closed in the head',
    THE_FIRST,
    onRange('bytes=0-0', () => Buffer.from('HTTP/1.1 206 Partial Content\r\nContent-Ra')),
  ],
  ['no HTTP', THE_FIRST, onRange('bytes=0-0', () => Buffer.from('SSH-2.0-OpenSSH_9.2\r\n\r\n'))],
  [
    'ranges that are read at the same time get the bytes of each other',
    'sixteen ranges at the same time',
    onePart((reply, first) => (reply.body.length === SIZE / 16 && first > 0 ? part(reply, 0, SIZE / 16 - 1) : reply)),
  ],
];

function silentAfter(isMeant: (request: Request) => boolean, answers: number): Plant {
  let asked = 0;
  return {
    write: (reply, request) => (isMeant(request) && asked++ >= answers ? undefined : reply),
  };
}
