import { setMaxListeners } from 'node:events';
import { connect } from 'node:net';
import { GIB } from '../subjects.js';
import type { Done } from './done.js';
import { getRequest } from './get-request.js';

/** Downloads the whole file with each client again and again; what is under way when the time is over is cut off. */
export async function download(port: number, path: string, clients: number, seconds: number): Promise<Done> {
  const startedAt = performance.now();
  const cpuAtStart = process.cpuUsage();
  const until = AbortSignal.timeout(seconds * 1000);
  setMaxListeners(clients, until);
  const all = await Promise.all(Array.from({ length: clients }, () => keepDownloading(port, path, until)));
  const { user, system } = process.cpuUsage(cpuAtStart);
  return {
    requests: all.reduce((sum, { requests }) => sum + requests, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: (performance.now() - startedAt) / 1000,
    clientCpuSeconds: (user + system) / 1e6,
  };
}

async function keepDownloading(port: number, path: string, until: AbortSignal) {
  let [requests, bytes] = [0, 0];
  while (!until.aborted) {
    const received = await downloadOnce(port, path, until);
    if (received < GIB && !until.aborted) throw new Error(`${path} ended after ${received} bytes`);
    requests += 1;
    bytes += received;
  }
  return { requests, bytes };
}

/** Reads an answer into the same memory again and again. Resolves with its length, head and all. */
function downloadOnce(port: number, path: string, until: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    const onread = {
      buffer: new Uint8Array(1024 * 1024),
      callback(count: number) {
        bytes += count;
        return true;
      },
    };
    const socket = connect({ port, host: '127.0.0.1', onread }, () => socket.write(getRequest(path)));
    const leave = (): void => void socket.destroy();
    until.addEventListener('abort', leave);
    socket.on('error', reject).on('close', () => {
      until.removeEventListener('abort', leave);
      resolve(bytes);
    });
  });
}
