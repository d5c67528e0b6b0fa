import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { OutgoingMessage, type Server, type ServerResponse } from 'node:http';
import { connect as connectHttp2, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { chunkPool } from '../../../src/sources/file/chunk-pool.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, type AdapterName, startApp, type StartOptions, type TestApp } from '../../support/apps/test-app.js';
import { until } from '../../support/until.js';

type Method = (...args: unknown[]) => unknown;

/** What somebody between the file and the kernel has kept, as it was given: no copies. */
const kept: Uint8Array[] = [];
const keep = (chunk: unknown): void => {
  if (Array.isArray(chunk)) chunk.forEach((entry: { chunk: unknown }) => keep(entry.chunk)); // of writev()
  if (typeof chunk === 'string') kept.push(Buffer.from(chunk, 'latin1'));
  else if (chunk instanceof Uint8Array || ArrayBuffer.isView(chunk)) kept.push(chunk as Uint8Array);
};

/** Puts itself before methods of an object. What stands there still has its code, as that of a tracing agent does. */
function tap(object: object, ...names: readonly string[]): () => void {
  const before = names.map((name) => Object.getOwnPropertyDescriptor(object, name));
  for (const name of names) {
    const original = Reflect.get(object, name) as Method;
    const tapped = function (this: unknown, ...args: unknown[]): unknown {
      if (isKeeping) keep(args[0]);
      return Reflect.apply(original, this, args);
    };
    Object.defineProperty(object, name, { value: tapped, configurable: true, writable: true });
  }
  return () =>
    names.forEach((name, i) => {
      const descriptor = before[i];
      if (descriptor === undefined) Reflect.deleteProperty(object, name);
      else Object.defineProperty(object, name, descriptor);
    });
}
let isKeeping = false;

// As an agent does that was loaded first: what this package sees of the prototypes is tapped already.
const untapAgent = tap(OutgoingMessage.prototype, 'write', 'end');
const { fileSource, Ranged, RangedFile, RangeModule } = await import('nestjs-range');
untapAgent();

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const LARGE = pseudoRandomBytes(9 * 1024 * 1024 + 5);
const OTHER = pseudoRandomBytes(LARGE.length, 7);
const largePath = fixtures.write('large.bin', LARGE);
const otherPath = fixtures.write('other.bin', OTHER);

@Controller()
@Ranged()
class Files {
  @Get('large')
  large() {
    return new RangedFile(fileSource(largePath));
  }

  @Get('other')
  other() {
    return new RangedFile(fileSource(otherPath));
  }
}
const metadata = { imports: [RangeModule], controllers: [Files] };

interface Holder {
  readonly name: string;
  readonly adapters: readonly AdapterName[];
  readonly options?: StartOptions;
  /** Puts itself between. Returns how to go away. */
  hold(app: INestApplication): (() => void) | void;
  /** Default: over TCP. */
  ask?(running: TestApp, range: string): Promise<void>;
}

const middleware = (patch: (response: ServerResponse) => void) => (app: INestApplication) =>
  void app.use((_: unknown, response: ServerResponse, next: () => void) => {
    patch(response);
    next();
  });

const server = (app: INestApplication): Server => app.getHttpServer() as Server;

const HOLDERS: readonly Holder[] = [
  {
    name: 'a connection that is a Duplex of the app',
    adapters: ADAPTERS,
    hold: () => {},
    ask: ({ app }, range) =>
      new Promise((resolve) => {
        const duplex: Duplex = new Duplex({
          read() {},
          write(chunk: Buffer, _, callback) {
            keep(chunk);
            callback();
          },
          writev(chunks, callback) {
            for (const { chunk } of chunks) keep(chunk);
            callback();
          },
          final(callback) {
            callback();
            resolve();
          },
        });
        server(app).emit('connection', duplex);
        duplex.push(
          requestText('/large', [
            ['Range', range],
            ['Connection', 'close'],
          ]),
        );
      }),
  },
  {
    name: 'a middleware that patches the response when its head is written',
    adapters: ADAPTERS,
    hold: middleware((response) => {
      const { writeHead } = response;
      response.writeHead = function (this: ServerResponse, ...args: unknown[]): ServerResponse {
        tap(response, 'write', 'end');
        return Reflect.apply(writeHead, this, args) as ServerResponse;
      } as ServerResponse['writeHead'];
    }),
  },
  {
    name: 'a middleware that patches it at once',
    adapters: ADAPTERS,
    hold: middleware((response) => void tap(response, 'write', 'end')),
  },
  {
    name: 'a middleware that patches what the response writes with',
    adapters: ADAPTERS,
    hold: middleware((response) => void tap(response, '_writeRaw')),
  },
  {
    name: 'a patched socket.write',
    adapters: ADAPTERS,
    hold: (app) => void server(app).on('connection', (socket: Socket) => void tap(socket, 'write')),
  },
  {
    name: 'a patched socket._write',
    adapters: ADAPTERS,
    hold: (app) => void server(app).on('connection', (socket: Socket) => void tap(socket, '_write', '_writev')),
  },
  {
    name: 'a prototype that was patched before this package was loaded',
    adapters: ADAPTERS,
    hold: () => tap(OutgoingMessage.prototype, 'write', 'end'),
  },
  {
    name: 'the prototype of sockets',
    adapters: ADAPTERS,
    hold: () => tap(Socket.prototype, 'write'),
  },
  {
    name: 'a hook that keeps payloads',
    adapters: ['fastify'],
    hold: (app) =>
      void (app.getHttpAdapter().getInstance() as FastifyInstance).addHook(
        'onSend',
        async (_, __, payload: unknown) => {
          keep(payload);
          if (payload instanceof Object && 'pipe' in payload) (payload as Duplex).on('data', keep);
          return payload;
        },
      ),
  },
  {
    name: 'a stream of HTTP/2',
    adapters: ['fastify'],
    options: { fastify: { http2: true } as never },
    hold: (app) =>
      void (app.getHttpServer() as unknown as Http2Server).on('stream', (stream: ServerHttp2Stream) => {
        tap(stream, 'write', 'end');
      }),
    async ask({ port }, range) {
      const session = connectHttp2(`http://127.0.0.1:${port}`);
      const stream = session.request({ ':path': '/large', range });
      await new Promise<void>((resolve) => void stream.resume().once('close', () => resolve()));
      session.close();
    },
  },
];

const ROWS = HOLDERS.flatMap((holder) =>
  holder.adapters.flatMap((adapter) =>
    ['bytes=0-', 'bytes=0-4095', 'bytes=0-99,5000-5099', 'bytes=100-2000000'].map((range) => ({
      name: holder.name,
      adapter,
      range,
      holder,
    })),
  ),
);

describe.each(ROWS)('$name, of $range, on $adapter', ({ adapter, range, holder }) => {
  it('keeps the bytes it was given, whatever is sent afterwards', async () => {
    kept.length = 0;
    const releases: ((() => void) | void)[] = [];
    const running = await startApp(adapter, metadata, {
      ...holder.options,
      configure: (app) => void releases.push(holder.hold(app)),
    });
    isKeeping = true;
    if (holder.ask === undefined) await fetchRaw(running.port, '/large', [['Range', range]]);
    else await holder.ask(running, range);
    isKeeping = false;
    for (const release of releases) release?.();
    const before = kept.map((chunk) => Buffer.from(chunk)); // copies
    for (const next of ['bytes=0-', range, 'bytes=0-8191', 'bytes=0-99,5000-5099', 'bytes=0-99999'])
      await otherAnswers(next);
    await running.close();
    expect(kept.every((chunk, i) => before[i]?.equals(chunk))).toBe(true);
    if (range === 'bytes=0-') expectWhole(before);
  });
});

/** Answers of an app whose connections nobody taps: they take what the pool has. */
async function otherAnswers(range: string): Promise<void> {
  const plain = await startApp('express', metadata);
  await fetchRaw(plain.port, '/other', [['Range', range]]);
  await plain.close();
}

/** What was kept is the file, but for a head, and for what left before somebody came between. */
function expectWhole(chunks: readonly Buffer[]): void {
  const all = Buffer.concat(chunks);
  const length = Math.min(all.length, LARGE.length);
  expect(all.subarray(all.length - length).equals(LARGE.subarray(LARGE.length - length))).toBe(true);
}

it.each(ADAPTERS)('memory that is no longer referenced is reused on %s', async (adapter) => {
  const give = jest.spyOn(chunkPool, 'release');
  const running = await startApp(adapter, metadata);
  await fetchRaw(running.port, '/large', [['Range', 'bytes=0-']]);
  await until(() => give.mock.calls.length > 0, 'a chunk to be given back');
  give.mockRestore();
  await running.close();
});
