import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, StreamableFile } from '@nestjs/common';
import {
  bytesSource,
  fileSource,
  generatedSource,
  Ranged,
  RangedFile,
  RangeModule,
  type RangeModuleOptions,
  type RangeSource,
  streamSource,
} from 'nestjs-range';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { RawConnection, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { Gate, until } from '../../support/until.js';
import type { HeaderLines } from '../responses/rows/outcome.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const LARGE = pseudoRandomBytes(24 * 1024 * 1024);
const path = fixtures.write('large.bin', LARGE);
let probe: ProbeSource;
let stuck: RangeSource;
let asked = new Gate();
beforeEach(() => {
  asked = new Gate();
});

@Controller()
@Ranged()
class Files {
  @Get('file')
  file() {
    return new RangedFile(fileSource(path));
  }

  @Get('plain')
  plain() {
    return new StreamableFile(createReadStream(path));
  }

  @Get('source')
  source() {
    probe = new ProbeSource(LARGE, { chunkSize: 64 * 1024 });
    return new RangedFile(probe);
  }

  @Get('stuck')
  stuckFile() {
    setImmediate(() => asked.open());
    return new RangedFile(stuck);
  }

  @Get('silent')
  silent() {
    probe = new ProbeSource(LARGE, {
      onResolve: (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    });
    return new RangedFile(probe);
  }
}

describe.each(ADAPTERS)('the shutdown of an app on %s', (adapter) => {
  const start = (options: RangeModuleOptions) =>
    startApp(
      adapter,
      { imports: [RangeModule.forRoot(options)], controllers: [Files] },
      { nest: { forceCloseConnections: false } },
    );

  /** A client in the middle of a transfer, on a connection that it would keep. */
  async function pausedClient(port: number, route: string): Promise<RawConnection> {
    const connection = await RawConnection.open(port);
    connection.send(requestText(route));
    await connection.head();
    connection.socket.pause();
    return connection;
  }

  it.each<[route: string, options: RangeModuleOptions]>([
    ['/file', {}],
    ['/plain', {}],
    ['/source', {}],
    ['/file', { shutdownTimeoutMs: Infinity }],
  ])('lets a running transfer of %s finish with %p', async (route, options) => {
    const running = await start(options);
    const client = await pausedClient(running.port, route);
    const closing = running.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.socket.resume();
    const response = await client.next();
    expect(response.isComplete).toBe(true);
    expect(response.body.equals(LARGE)).toBe(true);
    await closing; // the connection does not keep the server open
    await untilClosed(fixtures);
    expect(running.log.complaints).toEqual([]);
  });

  it.each(['/file', '/plain', '/source'])('cuts off a transfer of %s that takes too long', async (route) => {
    const running = await start({ shutdownTimeoutMs: 100 });
    const client = await pausedClient(running.port, route);
    await running.close();
    client.socket.resume();
    const response = await client.next();
    expect(response.isComplete).toBe(false);
    // On a busy machine the half second that a shutdown waits for a release may be too short.
    await untilClosed(fixtures);
    if (route === '/source') expect(probe.isReleased).toBe(true);
    expect(running.log.complaints).toEqual(['running transfers cut off 100 ms after the shutdown began: 1']);
  });

  it('does not wait for a silent source', async () => {
    const running = await start({ shutdownTimeoutMs: 100 });
    const client = await RawConnection.open(running.port);
    client.send(requestText('/silent'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await running.close();
    await client.untilEnd();
    await until(() => probe.signals[0]?.aborted === true, 'the source to be told');
  });

  describe('ends in time, and names what is still held, if', () => {
    const never = new Promise<never>(() => {});
    type Stuck = readonly [what: string, source: RangeSource, left: readonly string[]];
    const CUT = 'running transfers cut off 100 ms after the shutdown began: 1';
    const LEFT = 'sources still open 100 ms after the shutdown began: GET /stuck';
    async function* deaf(): AsyncGenerator<Uint8Array> {
      yield LARGE.subarray(0, 1000);
      await never;
    }
    async function* clinging(): AsyncGenerator<Uint8Array> {
      try {
        for (let position = 0; ; position += 64 * 1024) yield LARGE.subarray(position, position + 64 * 1024);
      } finally {
        await never;
      }
    }
    const size = LARGE.length;
    it.each<Stuck>([
      ['a generator ignores its signal', { resolve: () => ({ size, open: deaf }) }, [CUT, LEFT]],
      ['one of unknown length does', { resolve: () => ({ open: deaf }) }, [CUT, LEFT]],
      ['the end of a generator waits', { resolve: () => ({ size, open: clinging }) }, [CUT, LEFT]],
      ['close() waits', { resolve: () => ({ size, open: deafReadable, close: () => never }) }, [CUT, LEFT]],
      ['resolve() ignores its signal', { resolve: () => never }, [CUT]],
      ['resolve() has none', { ignoresSignal: true, resolve: () => never }, [CUT]],
      ['open() ignores its signal', { resolve: () => ({ size, open: () => never }) }, [CUT]],
    ])('%s', async (_, source, left) => {
      stuck = source;
      const running = await start({ shutdownTimeoutMs: 100 });
      const client = await RawConnection.open(running.port);
      client.send(requestText('/stuck'));
      await (left.length > 1 ? client.head() : asked.passed);
      client.socket.pause();
      await running.close();
      expect(running.log.complaints.filter((line) => line.includes('100 ms after the shutdown began'))).toEqual(left);
      client.finish();
    });

    function deafReadable(): Readable {
      const readable = new Readable({ read() {} });
      readable.push(LARGE.subarray(0, 1000));
      return readable;
    }
  });

  it.each<[waitsFor: string, headers: HeaderLines, method: string, bytes: number]>([
    ['more bytes', [], 'GET', 1000],
    ['the first byte', [], 'GET', 0],
    ['the size, for a range', [['Range', 'bytes=5-9']], 'GET', 1000],
    ['the size, for HEAD', [], 'HEAD', 1000],
  ])('cuts a client off that waits for %s of what is generated, and ends the generation', async (...row) => {
    const [, headers, method, bytes] = row;
    const begun = new Gate<AbortSignal>();
    stuck = generatedSource({
      key: row.join(),
      dir: fixtures.at(`spool-${adapter}`),
      abandonAfterMs: 0,
      async *generate(signal) {
        if (bytes > 0) yield LARGE.subarray(0, bytes);
        begun.open(signal);
        await new Promise(() => {}); // a generator that ignores its signal
      },
    });
    const running = await start({ shutdownTimeoutMs: 100 });
    const client = await RawConnection.open(running.port);
    client.send(requestText('/stuck', headers, method));
    const signal = await begun.passed;
    await running.close();
    await client.untilEnd();
    await until(() => signal.aborted, 'the generator to be told');
    expect(running.log.complaints).toEqual(['running transfers cut off 100 ms after the shutdown began: 1']);
    await untilClosed(fixtures);
  });

  const halves = (): Buffer[] => [LARGE.subarray(0, LARGE.length / 2), LARGE.subarray(LARGE.length / 2)];

  describe.each<[what: string, make: () => RangeSource]>([
    ['bytes in memory', () => bytesSource(LARGE)],
    ['the only chunk of a stream', () => streamSource(Readable.from([LARGE]), { size: LARGE.length })],
    ['the last chunk of a stream', () => streamSource(Readable.from(halves()), { size: LARGE.length })],
    ['the last chunk of unknown length', () => streamSource(Readable.from(halves()))],
    ['a Blob', () => bytesSource(new Blob([LARGE]))],
  ])('with a client that is paused in %s, all of which Node.js holds', (_, make) => {
    it('lets it go on', async () => {
      stuck = make();
      const running = await start({});
      const client = await pausedClient(running.port, '/stuck');
      const closing = running.close();
      await new Promise((resolve) => setTimeout(resolve, 100));
      client.socket.resume();
      expect((await client.next()).isComplete).toBe(true);
      await closing;
      expect(running.log.complaints).toEqual([]);
    });

    it('cuts it off after shutdownTimeoutMs', async () => {
      stuck = make();
      const running = await start({ shutdownTimeoutMs: 100 });
      const client = await pausedClient(running.port, '/stuck');
      await running.close();
      client.socket.resume();
      expect((await client.next()).isComplete).toBe(false);
      expect(running.log.complaints).toEqual(['running transfers cut off 100 ms after the shutdown began: 1']);
    });
  });

  it('waits for what a response that has ended still holds, and no longer', async () => {
    stuck = {
      resolve: () => ({
        size: 10,
        open: async function* () {
          yield LARGE.subarray(0, 10);
        },
        close: () => new Promise(() => {}),
      }),
    };
    const running = await start({ shutdownTimeoutMs: 100 });
    const client = await RawConnection.open(running.port);
    client.send(requestText('/stuck'));
    expect((await client.next()).body).toHaveLength(10);
    client.finish();
    await running.close();
    expect(running.log.complaints).toContain('sources still open 100 ms after the shutdown began: GET /stuck');
  });

  it('closes the descriptors that were kept for the next request', async () => {
    await untilClosed(fixtures); // the responses that the tests before cut off
    const running = await start({});
    const client = await RawConnection.open(running.port);
    client.send(requestText('/file', [['Range', 'bytes=0-9']]));
    await client.next();
    client.finish();
    expect(fixtures.openDescriptors()).toHaveLength(1);
    await running.close();
    expect(fixtures.openDescriptors()).toEqual([]);
  });
});
