import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { cutConnection } from '../../src/exchange/cut-connection.js';

let server: Server;
let client: Socket;
let accepted: Socket;
let clientSaw: string[];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1'); // as an HTTP server has it
  await once(server, 'listening');
  const connection = once(server, 'connection');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  clientSaw = [];
  client.on('end', () => clientSaw.push('FIN')).on('error', ({ code }: NodeJS.ErrnoException) => clientSaw.push(code!));
  [accepted] = (await connection) as [Socket];
  accepted.on('error', () => {});
});

afterEach(async () => {
  client.destroy();
  server.close();
  await once(server, 'close'); // never, where a descriptor of `accepted` is left
});

/** More than the socket's buffers hold while nobody reads. */
const MUCH = Buffer.alloc(8_000_000);

const CONNECTIONS: readonly (readonly [state: string, before: () => unknown, seen: string])[] = [
  ['that is open', () => {}, 'ECONNRESET'],
  ['with bytes in its buffer', () => accepted.write(MUCH), 'ECONNRESET'],
  ['that is to end behind bytes in its buffer', () => accepted.end(MUCH), 'ECONNRESET'],
  ['whose FIN is on its way', () => accepted.end(), 'FIN'],
];

describe('a connection', () => {
  it.each(CONNECTIONS)('%s is closed, with a reset where that is possible', async (_, before, seen) => {
    before();
    const closed = Promise.all(
      [accepted, client].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    );
    cutConnection(accepted);
    client.resume();
    await closed;
    expect(clientSaw).toEqual([seen]);
  });
});
