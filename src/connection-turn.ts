import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Those who wait for a connection's close: a single listener for all, since a client may pipeline hundreds. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Waits until a response is the next on its connection. A pipelined request is handed to the app while the answers
 * before it are still being sent, and its response has no socket until then. Resolves to `false` where the connection
 * closed first: such a response gets no 'close' of its own.
 */
export function awaitTurn(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const { socket } = request;
  if (socket.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const giveUp = (): void => resolve(false);
    const callbacks = closeCallbacks(socket).add(giveUp);
    response.once('socket', () => {
      callbacks.delete(giveUp);
      resolve(true);
    });
  });
}

/** Whether other responses stand before this one on its connection. */
export function isQueued(request: IncomingMessage, response: ServerResponse): boolean {
  return response.socket === null && request.httpVersionMajor === 1;
}

function closeCallbacks(socket: Socket): Set<() => void> {
  const known = waiting.get(socket);
  if (known !== undefined) return known;
  const callbacks = new Set<() => void>();
  waiting.set(socket, callbacks);
  socket.once('close', () => {
    waiting.delete(socket);
    for (const call of callbacks) call();
  });
  return callbacks;
}
