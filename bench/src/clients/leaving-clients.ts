import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { getRequest } from './get-request.js';

/** How many connect at a time. */
const AT_ONCE = 50;
const TAKEN = 64 * 1024;

/** Clients that ask for a file, take 64 KiB of it and then read no more. Whoever holds their sockets destroys them. */
export async function stallReaders(port: number, path: string, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const more = Math.min(AT_ONCE, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: more }, () => stallReader(port, path)))));
  }
  return sockets;
}

/** Clients that ask for a file, wait for its first bytes and leave with a reset. */
export async function abortRequests(port: number, path: string, count: number): Promise<void> {
  for (let left = count; left > 0; left -= AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, left) }, () => abortRequest(port, path)));
  }
}

async function stallReader(port: number, path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1', () => socket.write(getRequest(path)));
  let bytes = 0;
  while (bytes < TAKEN) bytes += (await nextChunk(socket)).length;
  socket.pause().on('error', () => {}); // the server may well cut it
  return socket;
}

async function abortRequest(port: number, path: string): Promise<void> {
  const socket = connect(port, '127.0.0.1', () => socket.write(getRequest(path)));
  await nextChunk(socket);
  socket.resetAndDestroy();
  await once(socket, 'close');
}

function nextChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      socket.off('data', onData).off('error', onEnd).off('end', onEnd);
      act();
    };
    const onData = (chunk: Buffer): void => settle(() => resolve(chunk));
    const onEnd = (error?: Error): void => settle(() => reject(error ?? new Error('the answer was too short')));
    socket.on('data', onData).on('error', onEnd).on('end', onEnd);
  });
}
