import type { INestApplication } from '@nestjs/common';
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { createRequire } from 'node:module';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { inject as Inject } from 'light-my-request';
import type { createCertificate } from './certificate.js';
import { ByteCount } from './byte-count.js';
import { RawConnection, requestText } from './raw-client.js';
import type { AdapterName, StartOptions } from '../apps/test-app.js';

/** A way from a client to an app. */
export interface Transport {
  readonly name: string;
  readonly adapters: readonly AdapterName[];
  readonly versions: readonly string[];
  /** How the app is started, where it is not as ever. */
  options?(adapter: AdapterName, credentials: ReturnType<typeof createCertificate>): StartOptions;
  /** Where the app listens; `undefined`: on a port. */
  readonly isUnix?: boolean;
  /** Sends a request to the app, which has begun to listen. */
  ask(app: INestApplication, path: string, version: string): Promise<Asked>;
}

/** A request under way. */
export interface Asked {
  /** Resolves when at least so many bytes of the response have come, its head included where there is one. */
  received(length: number): Promise<void>;
  /** Resolves when the response is over, one way or another. */
  readonly end: Promise<Ending>;
  close(): void;
}

export interface Ending {
  readonly status: number | undefined;
  readonly isComplete: boolean;
  /** How the client learnt that it is not: a code of an error, or of a reset stream. */
  readonly failure: string | number | undefined;
}

/** That of Nest 11's Fastify: the newer requires an ES module, which Jest does not let it. */
const { inject } = createRequire(new URL('../../nest-11/package.json', import.meta.url))('light-my-request') as {
  readonly inject: typeof Inject;
};

const BOTH: readonly AdapterName[] = ['express', 'fastify'];

const portOf = (app: INestApplication): number => (app.getHttpServer().address() as AddressInfo).port;

async function opened<T extends Duplex>(socket: T, event: string): Promise<T> {
  await once(socket, event);
  return socket;
}

/** Over anything that carries the bytes of HTTP/1. */
function askHttp1(connection: RawConnection, path: string, version: string): Asked {
  connection.send(requestText(path, [], 'GET', version));
  const end = connection.next().then(
    ({ status, isComplete }) => ({ status, isComplete, failure: connection.failure }),
    () => ({ status: undefined, isComplete: false, failure: connection.failure }),
  );
  return { received: (length) => connection.untilSeen(length), end, close: () => connection.finish() };
}

/** Two ends of a connection in memory: what breaks one of them breaks the other with the same error. */
export function duplexPair(): [Duplex, Duplex] {
  const ends = [0, 1].map(() => {
    let sent: ((error?: Error | null) => void) | undefined;
    const end: Duplex & { other?: Duplex } = new Duplex({
      read() {
        const call = sent;
        sent = undefined;
        call?.();
      },
      write(chunk: Buffer, _, callback) {
        if (end.other?.push(chunk) === true) callback();
        else sent = callback;
      },
      final(callback) {
        end.other?.push(null);
        callback();
      },
      destroy(error, callback) {
        callback(error);
        const { other } = end;
        if (other === undefined || other.destroyed) return;
        if (error === null) other.push(null);
        else setImmediate(() => other.destroy(error));
      },
    });
    return end;
  }) as [Duplex & { other?: Duplex }, Duplex & { other?: Duplex }];
  const [one, other] = ends;
  one.other = other;
  other.other = one;
  one.on('error', () => {});
  return ends;
}

function askHttp2(session: ClientHttp2Session, path: string): Asked {
  session.on('error', () => {});
  const stream = session.request({ ':path': path });
  const bytes = new ByteCount();
  let status: number | undefined;
  stream.on('response', (headers) => (status = Number(headers[':status'])));
  stream.on('data', (chunk: Buffer) => bytes.add(chunk.length));
  stream.on('error', () => {});
  const closed = new Promise<void>((resolve) => void stream.once('close', () => resolve()));
  const end = closed.then(() => ({
    status,
    isComplete: stream.rstCode === 0 && status !== undefined,
    failure: stream.rstCode,
  }));
  return {
    received: (length) => bytes.reached(length),
    end,
    close: () => session.destroy(),
  };
}

/** What an app answers with no connection at all, to a request of any version. */
function askInjected(app: INestApplication, path: string, version: string): Asked {
  const handle = app.getHttpServer().listeners('request')[0] as (
    request: IncomingMessage,
    response: ServerResponse,
  ) => void;
  const sent = new ByteCount();
  const dispatch = (request: IncomingMessage, response: ServerResponse): void => {
    if (version === '1.0') {
      Object.assign(request, { httpVersion: version, httpVersionMinor: 0 });
      Object.assign(response, { useChunkedEncodingByDefault: false, shouldKeepAlive: false });
    }
    const { write } = response;
    response.write = function (this: ServerResponse, chunk: Buffer, ...others: unknown[]): boolean {
      sent.add(chunk.length);
      return Reflect.apply(write, this, [chunk, ...others]) as boolean;
    } as ServerResponse['write'];
    handle(request, response);
  };
  const end = inject(dispatch as never, { method: 'GET', url: path }).then(
    ({ statusCode }) => ({ status: statusCode, isComplete: true, failure: undefined }),
    (error: Error) => ({ status: undefined, isComplete: false, failure: error.message }),
  );
  return {
    received: (length) => sent.reached(length),
    end,
    close: () => {},
  };
}

export const TRANSPORTS: readonly Transport[] = [
  {
    name: 'TCP',
    adapters: BOTH,
    versions: ['1.0', '1.1'],
    ask: async (app, path, version) => askHttp1(await RawConnection.open(portOf(app)), path, version),
  },
  {
    name: 'TLS',
    adapters: BOTH,
    versions: ['1.0', '1.1'],
    options: (adapter, https) =>
      adapter === 'express' ? { nest: { httpsOptions: https } } : { fastify: { https } as never },
    async ask(app, path, version) {
      const socket = connectTls({ port: portOf(app), host: '127.0.0.1', rejectUnauthorized: false });
      return askHttp1(RawConnection.over(await opened(socket, 'secureConnect')), path, version);
    },
  },
  {
    name: 'a Unix socket',
    adapters: BOTH,
    versions: ['1.0', '1.1'],
    isUnix: true,
    async ask(app, path, version) {
      const socket = connectTcp(app.getHttpServer().address() as string);
      return askHttp1(RawConnection.over(await opened(socket, 'connect')), path, version);
    },
  },
  {
    name: 'an injected Duplex',
    adapters: BOTH,
    versions: ['1.0', '1.1'],
    async ask(app, path, version) {
      const [ofServer, ofClient] = duplexPair();
      (app.getHttpServer() as Server).emit('connection', ofServer);
      return askHttp1(RawConnection.over(ofClient as Socket), path, version);
    },
  },
  {
    name: 'inject()',
    adapters: BOTH,
    versions: ['1.0', '1.1'],
    ask: async (app, path, version) => askInjected(app, path, version),
  },
  {
    name: 'HTTP/2 without TLS',
    adapters: ['fastify'],
    versions: ['2'],
    options: () => ({ fastify: { http2: true } as never }),
    ask: async (app, path) => askHttp2(connectHttp2(`http://127.0.0.1:${portOf(app)}`), path),
  },
  {
    name: 'HTTP/2 over TLS',
    adapters: ['fastify'],
    versions: ['2'],
    options: (_, https) => ({ fastify: { http2: true, https } as never }),
    ask: async (app, path) =>
      askHttp2(connectHttp2(`https://127.0.0.1:${portOf(app)}`, { rejectUnauthorized: false }), path),
  },
];
