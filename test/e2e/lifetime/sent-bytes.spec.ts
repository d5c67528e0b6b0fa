import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import {
  bytesSource,
  fileSource,
  onRangeResponse,
  Ranged,
  RangedFile,
  type RangedResponseMessage,
  RangeModule,
  type RangeModuleOptions,
} from 'nestjs-range';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createCertificate } from '../../support/connections/certificate.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { heldForAll } from '../../support/connections/kernel-queues.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { RawConnection, requestText } from '../../support/connections/raw-client.js';
import { DEFAULT_WINDOW, RawHttp2 } from '../../support/connections/raw-http2.js';
import { type AdapterName, startApp, type StartOptions, type TestApp } from '../../support/apps/test-app.js';
import { setTimeout as pause } from 'node:timers/promises';
import { Gate, until } from '../../support/until.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const credentials = createCertificate(fixtures);

const LARGE = pseudoRandomBytes(12 * MiB);
const largePath = fixtures.write('large.bin', LARGE);

/** Opens when the source of /failing is to fail. */
let failure = new Gate();

@Controller()
@Ranged()
class Files {
  @Get('file')
  file() {
    return new RangedFile(fileSource(largePath));
  }

  @Get('stream')
  stream() {
    return new StreamableFile(createReadStream(largePath));
  }

  @Get('memory')
  memory() {
    return new RangedFile(bytesSource(LARGE, { etag: '"v1"' }));
  }

  @Get('begin')
  begin(@Query('length') length: string) {
    return new RangedFile(new ProbeSource(LARGE.subarray(0, Number(length)), { chunkSize: 64 * KiB }));
  }

  @Get('failing')
  failing() {
    const gate = failure.passed;
    const onChunk = (index: number): unknown => (index === 0 ? undefined : gate);
    return new RangedFile(new ProbeSource(LARGE, { chunkSize: 8 * MiB, onChunk }));
  }
}

/** A client that has asked for something, and reads no more. */
interface Stalled {
  readonly connection: RawConnection;
  readonly tcp: Socket;
  readonly http2?: RawHttp2;
  /**
   * Resolves to the least and the most that have left of the content, whether or not the client has received it.
   *
   * @param left how many bytes the kernel had taken when the server was stuck, since the connection began
   */
  contentLeft(left: number): Promise<readonly [least: number, most: number]>;
}

interface Line {
  readonly name: string;
  readonly adapters: readonly AdapterName[];
  options?(adapter: AdapterName): StartOptions;
  open(port: number, path: string): Promise<Stalled>;
  /** How its client may leave. */
  readonly departures: Readonly<Record<string, (client: Stalled) => void>>;
}

const BOTH: readonly AdapterName[] = ['express', 'fastify'];

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** Resolves when a number is the same at six looks in a row. */
async function settled(read: () => number): Promise<number> {
  let before = read();
  for (let same = 0; same < 6;) {
    await pause(25);
    const now = read();
    same = now === before ? same + 1 : 0;
    before = now;
  }
  return before;
}

/** How many bytes the kernel has taken for each client, when it takes no more for any of them. */
async function leftWhenStuck(clients: readonly Stalled[]): Promise<number[]> {
  const all = clients.map(({ tcp }) => tcp);
  const look = (): number[] => heldForAll(all).map((held, at) => held + (all[at]?.bytesRead ?? 0));
  await settled(() => look().reduce((sum, left) => sum + left, 0));
  return look();
}

/**
 * Of TLS: a record has up to 16 KiB, and 22 bytes around them. Those of what has not left count as content that has not; all
 * of them, and what is sent before, take less than this.
 */
const withoutRecords = (length: number): number => length - 64 * KiB;

async function ofHttp1(port: number, path: string, isSecure = false): Promise<Stalled> {
  const tcp = await connected(port);
  const socket = isSecure ? connectTls({ socket: tcp, rejectUnauthorized: false }) : tcp;
  const connection = RawConnection.over(socket);
  if (isSecure) await once(socket, 'secureConnect');
  const before = tcp.bytesRead;
  connection.send(requestText(path));
  await connection.untilSeen(100);
  socket.pause();
  return {
    connection,
    tcp,
    async contentLeft(left) {
      const most = left - before - (await connection.head()).length;
      return [isSecure ? withoutRecords(most) : most, most];
    },
  };
}

async function ofHttp2(port: number, path: string, { isSecure = false, isEager = false }): Promise<Stalled> {
  const tcp = await connected(port);
  const socket = isSecure ? connectTls({ socket: tcp, rejectUnauthorized: false, ALPNProtocols: ['h2'] }) : tcp;
  const connection = RawConnection.over(socket);
  if (isSecure) await once(socket, 'secureConnect');
  const http2 = new RawHttp2(connection);
  http2.request(path, { isEager });
  await connection.untilSeen(100);
  socket.pause();
  return {
    connection,
    tcp,
    http2,
    async contentLeft(left) {
      if (connection.isEnded) {
        const most = isEager ? left : DEFAULT_WINDOW; // of a connection that was reset the frames are lost, but counted
        return isEager ? [withoutRecords(most) - UNCONFIRMED, most] : [most - SLICE, most];
      }
      socket.resume();
      const most = await settled(() => http2.arrived.content);
      return [most - (isEager ? UNCONFIRMED : SLICE), most];
    },
  };
}

/** What of HTTP/2 is written at once: of its last bytes nobody can tell whether they have left. */
const SLICE = 32 * KiB;

/** What is written in the turns of the event loop in which a connection shows whether it is alive. */
const UNCONFIRMED = 4 * SLICE;

const DEPARTURES = {
  'resets its connection': ({ tcp }: Stalled) => void tcp.resetAndDestroy(),
  'closes its connection': ({ tcp }: Stalled) => void tcp.destroy(),
} as const;

/** A client that cancels reads on: other streams need it. */
const cancel =
  (code: number) =>
  ({ http2, connection }: Stalled): void => {
    http2?.reset(code);
    connection.socket.resume();
  };

const https = (adapter: AdapterName): StartOptions =>
  adapter === 'express' ? { nest: { httpsOptions: credentials } } : { fastify: { https: credentials } as never };

const LINES: readonly Line[] = [
  { name: 'HTTP/1.1', adapters: BOTH, open: (port, path) => ofHttp1(port, path), departures: DEPARTURES },
  {
    name: 'HTTP/1.1 over TLS',
    adapters: BOTH,
    options: https,
    open: (port, path) => ofHttp1(port, path, true),
    departures: DEPARTURES,
  },
  ...[false, true].flatMap((isSecure) =>
    [false, true].map((isEager): Line => ({
      name: `HTTP/2${isSecure ? ' over TLS' : ''}, ${isEager ? 'large' : 'small'} windows`,
      adapters: ['fastify'],
      options: () => ({ fastify: { http2: true, ...(isSecure ? { https: credentials } : {}) } as never }),
      open: (port, path) => ofHttp2(port, path, { isSecure, isEager }),
      departures: {
        // Node.js does not notice that a connection over TLS breaks while it is stuck, and never ends its session of HTTP/2.
        ...(isSecure && isEager ? {} : DEPARTURES),
        'cancels its stream': cancel(8),
        'resets its stream without an error': cancel(0),
      },
    })),
  ),
];

let clients = 0;

describe.each(LINES.flatMap((line) => line.adapters.map((adapter) => [line.name, adapter, line] as const)))(
  'over %s, %s',
  (_, adapter, line) => {
    const messages: RangedResponseMessage[] = [];
    let stop: () => void;
    beforeAll(() => {
      stop = onRangeResponse((message) => messages.push(message));
    });
    afterAll(() => stop());

    async function start(options: RangeModuleOptions): Promise<TestApp> {
      const { nest, ...others } = line.options?.(adapter) ?? {};
      const metadata = { imports: [RangeModule.forRoot(options)], controllers: [Files] };
      return startApp(adapter, metadata, { ...others, nest: { ...nest, forceCloseConnections: false } });
    }

    interface Row {
      readonly target: string;
      readonly outcome: 'aborted' | 'failed';
      leave(client: Stalled): void;
    }

    /** Side by side, since every client waits for its server to be stuck. */
    async function expectCounted(port: number, rows: readonly Row[]): Promise<void> {
      const paths = rows.map(({ target }) => `${target}?client=${clients++}`);
      const opened = await Promise.all(paths.map((path) => line.open(port, path)));
      const left = await leftWhenStuck(opened);
      rows.forEach(({ leave }, at) => leave(opened[at]!));
      const told = await Promise.all(paths.map((path) => messagesOf(path)));
      const counted = await Promise.all(opened.map((client, at) => client.contentLeft(left[at]!)));
      for (const { tcp } of opened) tcp.destroy();
      rows.forEach(({ outcome }, at) => {
        expect(told[at]).toMatchObject([{ outcome, bytesPlanned: LARGE.length }]);
        const { bytesSent } = told[at]![0]!;
        expect(bytesSent).toBeLessThanOrEqual(counted[at]![1]);
        expect(bytesSent).toBeGreaterThanOrEqual(counted[at]![0]);
      });
    }

    async function messagesOf(path: string): Promise<RangedResponseMessage[]> {
      const told = (): RangedResponseMessage[] => messages.filter(({ request }) => request.url === path);
      await until(() => told().length > 0, `a message of ${path}`);
      return told();
    }

    describe('while the app runs', () => {
      let running: TestApp;
      beforeAll(async () => {
        running = await start({});
      });
      afterAll(() => running.close());

      it.each(Object.entries(line.departures))('/file, /stream and /memory, to a client that %s', async (_, leave) => {
        const rows = ['/file', '/stream', '/memory'].map((target): Row => ({ target, leave, outcome: 'aborted' }));
        await expectCounted(running.port, rows);
      });

      it('a client that resets its connection while it reads on, which fails a write', async () => {
        if (!line.name.startsWith('HTTP/1.1')) return; // the clients of HTTP/2 here open no windows
        const paths = ['/file', '/stream', '/memory'].flatMap((target) =>
          [2, 4, 6].map((mebibytes) => [`${target}?client=${clients++}`, mebibytes * MiB] as const),
        );
        for (const [path, enough] of paths) {
          const { connection, tcp } = await line.open(running.port, path);
          connection.socket.resume();
          await connection.untilSeen(enough);
          const received = tcp.bytesRead;
          tcp.resetAndDestroy();
          const [{ bytesSent, outcome } = { bytesSent: -1, outcome: '' }] = await messagesOf(path);
          expect(outcome).toBe('aborted');
          expect(bytesSent).toBeGreaterThanOrEqual(withoutRecords(received) - MiB);
        }
      });

      it('a response that fails while the client does not read', async () => {
        failure = new Gate();
        const leave = (): void => failure.fail(new Error('the disk is gone'));
        await expectCounted(running.port, [{ target: '/failing', leave, outcome: 'failed' }]);
      });
    });

    const leave = line.departures['resets its connection'];
    it('connections that break during the last bytes, or after them', async () => {
      if (leave === undefined) return;
      const running = await start({});
      const probe = await line.open(running.port, `/begin?length=${LARGE.length}`);
      const [left] = (await leftWhenStuck([probe])) as [number];
      probe.tcp.destroy();
      const lengths = Array.from({ length: 24 }, (_, at) => left + (at - 8) * 12 * KiB).filter((length) => length > 0);
      const paths = lengths.map((length) => `/begin?length=${length}&client=${clients++}`);
      const opened = await Promise.all(paths.map((path) => line.open(running.port, path)));
      const lefts = await leftWhenStuck(opened);
      for (const client of opened) leave(client);
      const told = await Promise.all(paths.map((path) => messagesOf(path)));
      for (const { tcp } of opened) tcp.destroy();
      lengths.forEach((length, at) => {
        expect(told[at]).toHaveLength(1);
        const { outcome, bytesSent } = told[at]![0]!;
        expect(bytesSent).toBeLessThanOrEqual(lefts[at]!);
        expect(outcome).toBe(bytesSent === length ? 'complete' : 'aborted');
      });
      await running.close();
    });

    it('responses that a shutdown cuts off', async () => {
      const running = await start({ shutdownTimeoutMs: 100 });
      let closing: Promise<void> | undefined;
      const leave = (): void => void (closing ??= running.close());
      await expectCounted(
        running.port,
        ['/file', '/stream'].map((target) => ({ target, leave, outcome: 'aborted' })),
      );
      await closing;
    });
  },
);
