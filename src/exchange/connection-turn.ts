import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Callbacks for a connection's close, behind a single listener, since a client may pipeline hundreds of requests. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Waits until a response is the next on its connection. Node.js passes a pipelined request to the app while earlier
 * responses are still being sent; its own response has no socket until then. Resolves to `false` if the connection closes
 * first: such a response emits no 'close'.
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

/** Whether other responses of HTTP/1 must be sent before this one on its connection. */
export function isQueued(response: ServerResponse): boolean {
  return response.socket === null;
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
