import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, StreamableFile } from '@nestjs/common';
import { fileSource, Ranged, RangedFile, RangeModule, type RangeModuleOptions } from 'nestjs-range';
import { createReadStream } from 'node:fs';
import { FixtureDirectory, pseudoRandomBytes } from '../support/fixtures.js';
import { ProbeSource } from '../support/probe-source.js';
import { RawConnection, requestText } from '../support/raw-client.js';
import { ADAPTERS, startApp } from '../support/test-app.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000); // for a loaded machine: nothing waits this long by itself

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const LARGE = pseudoRandomBytes(24 * 1024 * 1024);
const path = fixtures.write('large.bin', LARGE);
let probe: ProbeSource;

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

  it.each(['/file', '/plain', '/source'])('lets a running transfer of %s finish', async (route) => {
    const running = await start({});
    const client = await pausedClient(running.port, route);
    const closing = running.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.socket.resume();
    const response = await client.next();
    expect(response.isComplete).toBe(true);
    expect(response.body.equals(LARGE)).toBe(true);
    await closing; // the connection does not keep the server open
    expect(fixtures.openDescriptors()).toEqual([]);
    expect(running.log.complaints).toEqual([]);
  });

  it.each(['/file', '/plain', '/source'])('cuts a transfer of %s off that takes too long', async (route) => {
    const running = await start({ shutdownTimeoutMs: 300 });
    const client = await pausedClient(running.port, route);
    await running.close();
    client.socket.resume();
    const response = await client.next();
    expect(response.isComplete).toBe(false);
    expect(fixtures.openDescriptors()).toEqual([]);
    if (route === '/source') expect(probe.isReleased).toBe(true);
    expect(running.log.complaints).toEqual(['running transfers cut off 300 ms into the shutdown: 1']);
  });

  it('does not wait for a source that is silent', async () => {
    const running = await start({ shutdownTimeoutMs: 300 });
    const client = await RawConnection.open(running.port);
    client.send(requestText('/silent'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await running.close();
    await client.untilEnd();
    await until(() => probe.signals[0]?.aborted === true, 'the source to be told');
  });

  it('closes the descriptors that were kept for the next request', async () => {
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
