import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

/** What a client got done. */
export interface Done {
  readonly requests: number;
  readonly octets: number;
  readonly seconds: number;
}

/** Keep-alive connections of the request benches. */
const CONNECTIONS = 48;

/**
 * Sends GETs through `wrk`, which is written in C and takes a fraction of the CPU time of any server here.
 *
 * @param fields Lua source of a table of request fields, evaluated for each request
 */
export async function hammer(port: number, path: string, fields: string, seconds: number, dir: string): Promise<Done> {
  const script = join(dir, 'request.lua');
  writeFileSync(
    script,
    `function request() return wrk.format("GET", nil, ${fields}) end
     function done(s) io.stderr:write(s.requests, " ", s.bytes, " ", s.duration, " ",
       s.errors.status + s.errors.connect + s.errors.read + s.errors.write + s.errors.timeout) end`,
  );
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, `http://127.0.0.1:${port}/${path}`];
  const wrk = spawn('wrk', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let report = '';
  wrk.stderr.on('data', (text: Buffer) => (report += text.toString()));
  await once(wrk, 'close');
  const [requests = 0, octets = 0, microseconds = 0, errors = 0] = report.split(' ').map(Number);
  if (errors > 0 || requests === 0) throw new Error(`/${path}: ${errors} of ${requests} requests failed`);
  return { requests, octets, seconds: microseconds / 1e6 };
}

/** Reads a whole answer and throws it away, in one buffer that is used again and again. */
export async function download(port: number, path: string, range?: string): Promise<Done> {
  const startedAt = performance.now();
  const octets = await readAnswer(port, get(path, range));
  return { requests: 1, octets, seconds: (performance.now() - startedAt) / 1000 };
}

function readAnswer(port: number, request: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let octets = 0;
    const onread = {
      buffer: new Uint8Array(1024 * 1024),
      callback(count: number) {
        octets += count;
        return true;
      },
    };
    const socket = connect({ port, host: '127.0.0.1', onread }, () => socket.write(request));
    socket.on('error', reject).on('close', () => resolve(octets));
  });
}

/** A connection that asks for a file, takes 64 KiB of it and then reads no more. */
export async function stalledReader(port: number, path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1', () => socket.write(get(path)));
  let octets = 0;
  while (octets < 64 * 1024) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    octets += chunk.length;
  }
  socket.pause().on('error', () => {}); // the server may well cut it
  return socket;
}

/** Asks for a file, waits for its first octets and leaves with a reset. */
export async function abortedRequest(port: number, path: string): Promise<void> {
  const socket = connect(port, '127.0.0.1', () => socket.write(get(path)));
  await once(socket, 'data');
  socket.resetAndDestroy();
  await once(socket, 'close');
}

function get(path: string, range?: string): string {
  const field = range === undefined ? '' : `Range: bytes=${range}\r\n`;
  return `GET /${path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n${field}\r\n`;
}
