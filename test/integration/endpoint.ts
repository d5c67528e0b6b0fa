import 'reflect-metadata';
import { RangedFile, RangeParser, RangeResponder, type RangeSource } from 'nestjs-range';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** A server that answers each request with what a source holds. */
export interface Endpoint {
  readonly url: string;
  /** What was answered as an error, by its status. */
  readonly errors: number[];
  stop(): Promise<void>;
}

/** @param sourceOf gives the source for a path, without its slash */
export async function startEndpoint(sourceOf: (name: string) => RangeSource): Promise<Endpoint> {
  const responder = new RangeResponder({}, () => new RangeParser());
  const errors: number[] = [];
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    responder.send(request, response, new RangedFile(sourceOf(name))).catch((error: { getStatus?(): number }) => {
      const status = error.getStatus?.() ?? 500;
      if (status >= 500) console.error(error);
      errors.push(status);
      if (!response.headersSent) response.statusCode = status;
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    errors,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Asks for a path and resets the connection after some bytes; after none, where `bytes` is 0. */
export async function leaveAfter(bytes: number, url: string): Promise<void> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  let received = 0;
  for await (const chunk of bytes === 0 ? [] : socket) {
    received += (chunk as Buffer).length;
    if (received >= bytes) break;
  }
  socket.resetAndDestroy();
}

/** What a reader got. */
export interface Reading {
  readonly status: number | undefined;
  readonly etag: string | undefined;
  readonly bytes: Buffer;
  /** Whether the answer came to its end: one that was cut does not. */
  readonly isComplete: boolean;
}

/** Reads an answer as slowly as `between` wants: it is called, and waited for, after each chunk. */
export async function readSlowly(
  url: string,
  headers: Readonly<Record<string, string>>,
  between: (received: number) => Promise<void> | void,
): Promise<Reading> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers: { ...headers }, agent: false }, resolve).on('error', reject);
  });
  const chunks: Buffer[] = [];
  let received = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      received += chunk.length;
      await between(received);
    }
  } catch (error) {
    if (response.complete || (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
  }
  const { statusCode: status, complete: isComplete } = response;
  return { status, etag: response.headers.etag, bytes: Buffer.concat(chunks), isComplete };
}
