import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/**
 * Aborts a connection so that its client can tell this from an orderly close: over TCP, with or without TLS, by a reset; a
 * stream of the app's own is destroyed with an error. A Unix socket has no reset and is just closed.
 */
export function cutConnection(connection: Duplex): void {
  const below = tcpBelow(connection);
  if (below !== undefined && !isSendingFin(below)) below.resetAndDestroy();
  if (connection instanceof Socket) connection.destroy();
  else connection.destroy(reset());
}

/** Node.js fails to reset a socket that is sending its FIN, and then never closes its descriptor. */
function isSendingFin({ writableEnded, writableFinished, writableLength }: Socket): boolean {
  return writableEnded && !writableFinished && writableLength === 0;
}

/** The error of a TCP reset, which nobody logs. */
function reset(): Error {
  return Object.assign(new Error('the response was cut off'), { code: 'ECONNRESET' });
}

/** The TCP socket of a connection, below TLS if there is any; only a connected TCP socket has a `remoteFamily`. */
function tcpBelow(connection: Duplex): Socket | undefined {
  const socket: unknown = connection instanceof TLSSocket ? Reflect.get(connection, '_parent') : connection;
  return socket instanceof Socket && socket.remoteFamily !== undefined ? socket : undefined;
}
