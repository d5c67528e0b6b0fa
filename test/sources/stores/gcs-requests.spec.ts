import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { AbortableRequests } from '../../../src/sources/stores/gcs/abortable-requests.js';

type End = (socket: Socket) => unknown;

let server: Server;
let cut: End;
beforeAll(async () => {
  server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('some of it', () => cut(response.socket!));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** As node-fetch does it, of Google's client: it listens to the request, and pipes the response. */
function fetchBody(): Promise<Readable> {
  return new Promise((resolve, reject) => {
    const body = new PassThrough();
    const request = get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/o/clip`, { agent: false });
    request.on('response', (response) => resolve(response.pipe(body)));
    request.on('error', (error) => {
      reject(error);
      body.destroy(error);
      request.destroy();
    });
  });
}

async function readAll(body: Readable): Promise<void> {
  for await (const chunk of body) void chunk;
}

describe('a response to the client of Google', () => {
  it.each<[how: string, end: End]>([
    ['ends', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
  ])('fails at once if the server %s the connection within it', async (_, end) => {
    cut = end;
    const requests = new AbortableRequests(new AbortController().signal, (path) => path.includes('/o/'));
    const body = await requests.run(fetchBody);
    await expect(readAll(body)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
