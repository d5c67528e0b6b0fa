import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { FILE } from './served-file.js';

/** What the store has been asked for and has sent since it was started. */
export interface Totals {
  readonly requests: number;
  /** Heads and all, as the kernel took them. */
  readonly bytes: number;
  /** Responses that are neither sent to their end nor cut. */
  readonly underWay: number;
}

/** How far away it is, in ms. */
const LATENCY_MS = 5;
const CHUNK = 256 * 1024;
const { size, mtime } = statSync(FILE);
const HEADERS = {
  ETag: '"0123456789abcdef0123456789abcdef"',
  'Last-Modified': mtime.toUTCString(),
  'Content-Type': 'application/octet-stream',
  'Accept-Ranges': 'bytes',
};

let [requests, bytesOfClosed] = [0, 0];
const open = new Set<Socket>();
const underWay = new Set<ServerResponse>();

/**
 * One object, whatever it is called, in a process of its own that speaks as much of S3's protocol as reading it takes:
 * tells its parent the port, and its totals when it is asked.
 */
const server = createServer((request, response) => {
  requests += 1;
  underWay.add(response);
  response.once('close', () => underWay.delete(response));
  setTimeout(() => answer(request, response), LATENCY_MS);
});
server.on('connection', (socket: Socket) => {
  open.add(socket);
  socket.once('close', () => {
    open.delete(socket);
    bytesOfClosed += socket.bytesWritten;
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', () => process.send?.(totals()));

function totals(): Totals {
  const bytes = [...open].reduce((sum, { bytesWritten }) => sum + bytesWritten, bytesOfClosed);
  return { requests, bytes, underWay: underWay.size };
}

function answer({ method, headers }: IncomingMessage, response: ServerResponse): void {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && ifMatch !== HEADERS.ETag) return void response.writeHead(412).end();
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(Number(range?.[2] || Infinity), size - 1);
  response.writeHead(range === null ? 200 : 206, {
    ...HEADERS,
    'Content-Length': end + 1 - start,
    ...(range === null ? {} : { 'Content-Range': `bytes ${start}-${end}/${size}` }),
  });
  if (method === 'HEAD') return void response.end();
  pipeline(createReadStream(FILE, { start, end, highWaterMark: CHUNK }), response, () => {}); // who leaves, leaves
}
