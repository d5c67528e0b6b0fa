import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequest } from './get-request.js';

/** How many connect at a time. */
const AT_ONCE = 50;

/** Clients that read a file as it comes. */
export interface CountingReaders {
  /** How many bytes they have received so far, heads included. */
  readonly bytes: number;
  close(): void;
}

/** Starts them, over some time where they are many, so that they do not all wait for the same moment. */
export async function startReaders(
  port: number,
  path: string,
  count: number,
  startMs: number,
): Promise<CountingReaders> {
  let bytes = 0;
  const onread = {
    buffer: new Uint8Array(64 * 1024),
    callback(length: number) {
      bytes += length;
      return true;
    },
  };
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const more = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, () =>
      connect({ port, host: '127.0.0.1', onread }),
    );
    await Promise.all(more.map((socket) => once(socket, 'connect')));
    for (const socket of more) socket.write(getRequest(path));
    sockets.push(...more);
    if (sockets.length < count) await sleep((startMs * AT_ONCE) / count);
  }
  return {
    get bytes() {
      return bytes;
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
