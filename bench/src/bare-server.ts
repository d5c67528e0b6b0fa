import { close, createReadStream, open, read, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

const FILE = process.env['BENCH_FILE'] ?? '';
const CHUNK = 1024 * 1024;
const openAsync = promisify(open);
const closeAsync = promisify(close);

/** Node.js without a framework: a ReadStream, and a loop over two buffers, which is the limit. */
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
  const buffers = [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)];
  const readInto = (buffer: Buffer, position: number): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const length = Math.min(CHUNK, end + 1 - position);
      read(fd, buffer, 0, length, position, (error, bytesRead) => {
        if (error === null) resolve(buffer.subarray(0, bytesRead));
        else reject(error);
      });
    });
  let position = start;
  let chunk = await readInto(buffers[0]!, position);
  for (let turn = 1; chunk.length > 0 && !response.destroyed; turn++) {
    position += chunk.length;
    const following = position > end ? undefined : readInto(buffers[turn % 2]!, position);
    await new Promise<void>((resolve) => response.write(chunk, () => resolve()));
    if (following === undefined) break;
    chunk = await following;
  }
  response.end();
  await closeAsync(fd);
}
