import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { bytesSource, Ranged, RangedFile, RangeModule, type RangeModuleOptions, streamSource } from 'nestjs-range';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createCertificate } from '../../support/connections/certificate.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { fetchRaw, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, createApp, startApp, type TestApp } from '../../support/apps/test-app.js';
import { type Asked, TRANSPORTS } from '../../support/connections/transports.js';
import { Gate } from '../../support/until.js';
import type { HeaderLines } from '../responses/rows/outcome.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const credentials = createCertificate(fixtures);
const BYTES = pseudoRandomBytes(10_000);

/** Opened when the client has what was sent before: what arrives together with a reset may be lost. */
let received = new Gate();
let asked = new Gate();
beforeEach(() => {
  received = new Gate();
  asked = new Gate();
});

async function* failing(): AsyncGenerator<Uint8Array> {
  yield BYTES.subarray(0, 2000);
  await received.passed;
  throw new Error('the stream is gone');
}

async function* unending(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield BYTES.subarray(0, 2000);
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

@Controller()
@Ranged()
class Files {
  @Get('whole')
  whole() {
    return new RangedFile(bytesSource(BYTES));
  }

  @Get('failing-unknown')
  failingUnknown() {
    return new RangedFile(streamSource(failing()));
  }

  @Get('failing-known')
  failingKnown() {
    return new RangedFile({ resolve: () => ({ size: BYTES.length, open: failing }) });
  }

  @Get('unending-unknown')
  unendingUnknown() {
    return new RangedFile({ resolve: (signal) => ({ open: () => unending(signal) }) });
  }

  @Get('unending-known')
  unendingKnown() {
    return new RangedFile({ resolve: (signal) => ({ size: BYTES.length, open: () => unending(signal) }) });
  }

  @Get('silent')
  silent() {
    return new RangedFile(
      new ProbeSource(BYTES, {
        onResolve: (signal) => {
          asked.open();
          return new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        },
      }),
    );
  }
}

function listenOn(app: INestApplication, path: string): Promise<unknown> {
  return app.listen({ path } as unknown as string); // its type knows ports and paths alone
}

/** What somebody between us and a client has replaced by something that throws. */
const REPLACED: readonly (readonly [what: string, replace: (response: ServerResponse) => void])[] = [
  ['destroy() of the response', (response) => (response.destroy = raise)],
  ['resetAndDestroy() of its socket', ({ socket }) => (socket!.resetAndDestroy = raise)],
  ['destroy() of its socket', ({ socket }) => (socket!.destroy = raise)],
];

function raise(): never {
  throw new Error('replaced');
}

const ROWS = TRANSPORTS.flatMap((transport) =>
  transport.adapters.flatMap((adapter) =>
    transport.versions.map((version) => ({ name: transport.name, version, adapter, transport })),
  ),
);

describe.each(ROWS)('over $name, HTTP/$version, on $adapter', ({ version, adapter, transport }) => {
  /** Only the end of its connection tells this client where content of unknown length ends. */
  const isBlind = version === '1.0' && transport.isUnix === true;
  let sockets = 0;

  async function start(options: RangeModuleOptions): Promise<Omit<TestApp, 'port'>> {
    const metadata = { imports: [RangeModule.forRoot(options)], controllers: [Files] };
    const startOptions = transport.options?.(adapter, credentials) ?? {};
    const { app, log } = await createApp(adapter, metadata, {
      ...startOptions,
      nest: { forceCloseConnections: false, ...startOptions.nest },
    });
    // Nest 11's adapter of Fastify takes a path for a port, unless an object names it.
    if (transport.isUnix === true) await listenOn(app, fixtures.at(`${adapter}-${version}-${++sockets}.sock`));
    else await app.listen(0, '127.0.0.1');
    return { app, log, close: () => app.close() };
  }

  const ask = ({ app }: Pick<TestApp, 'app'>, path: string): Promise<Asked> => transport.ask(app, path, version);

  it.each(['/failing-unknown', '/failing-known'])('%s ends its own response, and nothing else', async (path) => {
    const running = await start({});
    const broken = await ask(running, path);
    await broken.received(2000);
    received.open();
    const { isComplete, failure } = await broken.end;
    if (path === '/failing-unknown' && isBlind)
      expect(isComplete).toBe(true); // nothing else can be sent there
    else expect(isComplete).toBe(false);
    if (path === '/failing-unknown' && version === '1.0' && !isBlind) expect(failure).toEqual(expect.any(String));
    expect(running.log.complaints).toEqual([`GET ${path} was cut off: the stream is gone`]);
    const next = await ask(running, '/whole');
    expect(await next.end).toMatchObject({ status: 200, isComplete: true });
    broken.close();
    next.close();
    await running.close();
  });

  it.each(['/unending-unknown', '/unending-known', '/silent'])(
    '%s is cut by the shutdown, as are others',
    async (path) => {
      const running = await start({ shutdownTimeoutMs: 100 });
      const first = await ask(running, path);
      await (path === '/silent' ? asked.passed : first.received(2000));
      const second = await ask(running, '/unending-known');
      await second.received(2000);
      await running.close();
      const { isComplete } = await first.end;
      if (path === '/unending-unknown' && isBlind) expect(isComplete).toBe(true);
      else expect(isComplete).toBe(false);
      expect((await second.end).isComplete).toBe(false);
      expect(running.log.complaints).toEqual(['running transfers cut off 100 ms after the shutdown began: 2']);
      first.close();
      second.close();
    },
  );
});

describe.each(ADAPTERS)('where an agent has replaced a method, on %s', (adapter) => {
  describe.each(REPLACED)('%s', (_, replace) => {
    const start = (options: RangeModuleOptions): Promise<TestApp> =>
      startApp(
        adapter,
        { imports: [RangeModule.forRoot(options)], controllers: [Files] },
        {
          nest: { forceCloseConnections: false },
          configure: (app) =>
            app.use(({ headers }: IncomingMessage, response: ServerResponse, next: () => void) => {
              if (headers['x-replaced'] !== undefined) replace(response);
              next();
            }),
        },
      );

    async function ask(port: number, path: string, version: string, headers: HeaderLines = []): Promise<RawConnection> {
      const connection = await RawConnection.open(port);
      connection.send(requestText(path, headers, 'GET', version));
      return connection;
    }

    const OURS: HeaderLines = [['X-Replaced', '1']];

    it.each([
      ['1.0', '/failing-unknown'],
      ['1.1', '/failing-unknown'],
      ['1.1', '/failing-known'],
    ])('a failure in HTTP/%s of %s ends its own response, and nothing else', async (version, path) => {
      const running = await start({});
      const broken = await ask(running.port, path, version, OURS);
      await broken.untilSeen(2000);
      received.open();
      await broken.untilEnd();
      expect(running.log.complaints).toEqual([`GET ${path} was cut off: the stream is gone`]);
      expect(await fetchRaw(running.port, '/whole')).toMatchObject({ status: 200, isComplete: true });
      await running.close();
    });

    it.each(['1.0', '1.1'])('the shutdown ends it in HTTP/%s, and what is behind it', async (version) => {
      const running = await start({ shutdownTimeoutMs: 100 });
      const connections: RawConnection[] = [];
      for (const headers of [OURS, [], OURS, []]) {
        const connection = await ask(running.port, '/unending-unknown', version, headers);
        await connection.untilSeen(2000);
        connections.push(connection);
      }
      await running.close();
      for (const connection of connections) await connection.untilEnd();
      expect(running.log.complaints).toEqual(['running transfers cut off 100 ms after the shutdown began: 4']);
    });
  });
});
