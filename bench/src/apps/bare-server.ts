import { close, createReadStream, open, read, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { FILE } from './served-file.js';

const CHUNK = 1024 * 1024;
/** Large blocks begin 16 bytes behind a page boundary, where some kernels copy slowly: this makes it a cache line. */
const PADDING = 48;
const openAsync = promisify(open);
const closeAsync = promisify(close);
const readAsync = promisify(read);
const idle: Buffer[] = [];

/** Node.js without a framework: a ReadStream, and a loop over two buffers, which is the limit. Resolves with its port. */
export function startBareServer(): Promise<number> {
  const server = createServer((request, response) => {
    const { size } = statSync(FILE);
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = Number(match?.[1] ?? 0);
    const end = match === null || match[2] === '' ? size - 1 : Number(match[2]);
    response.writeHead(match === null ? 200 : 206, {
      'Content-Length': end - start + 1,
      ...(match === null ? {} : { 'Content-Range': `bytes ${start}-${end}/${size}` }),
    });
    if (request.url === '/read-stream') createReadStream(FILE, { start, end }).pipe(response);
    else void readLoop(response, start, end);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function readLoop(response: ServerResponse, start: number, end: number): Promise<void> {
  const fd = await openAsync(FILE, 'r');
  const buffers = [takeBuffer(), takeBuffer()] as const;
  const readAt = async (position: number, buffer: Buffer): Promise<Buffer> => {
    const { bytesRead } = await readAsync(fd, buffer, 0, Math.min(CHUNK, end + 1 - position), position);
    return buffer.subarray(0, bytesRead);
  };
  let position = start;
  let chunk = await readAt(position, buffers[0]);
  for (let turn = 1; chunk.length > 0 && !response.destroyed; turn++) {
    position += chunk.length;
    const following = position > end ? undefined : readAt(position, buffers[turn % 2 === 0 ? 0 : 1]);
    await new Promise<void>((resolve) => response.write(chunk, () => resolve()));
    if (following === undefined) break;
    chunk = await following;
  }
  response.end();
  await closeAsync(fd);
  if (!response.destroyed) idle.push(...buffers);
}

function takeBuffer(): Buffer {
  return idle.pop() ?? Buffer.allocUnsafeSlow(CHUNK + PADDING).subarray(PADDING);
}
