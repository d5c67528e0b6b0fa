import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { onRangeResponse, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { AsyncLocalStorage } from 'node:async_hooks';
import { fetchRaw, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { until } from '../../support/until.js';

const BYTES = pseudoRandomBytes(300_000);
const user = new AsyncLocalStorage<string>();

@Controller()
class Files {
  @Get('file')
  @Ranged()
  file() {
    return new RangedFile(new ProbeSource(BYTES, { etag: '"v1"' }));
  }

  @Get('failing')
  @Ranged()
  failing() {
    const source = new ProbeSource(BYTES, {
      etag: '"v1"',
      onChunk: (index) => {
        if (index === 3) throw new Error('broken');
      },
    });
    return new RangedFile(source);
  }

  @Get('silent')
  @Ranged()
  silent() {
    const forever = new Promise<void>(() => {});
    return new RangedFile(new ProbeSource(BYTES, { onChunk: (index) => (index < 3 ? undefined : forever) }));
  }
}

describe.each(ADAPTERS)('AsyncLocalStorage of a request, on %s', (adapter) => {
  let running: TestApp;
  const failed: (string | undefined)[] = [];
  const reported: (string | undefined)[] = [];
  let stop: () => void;
  beforeAll(async () => {
    stop = onRangeResponse(() => reported.push(user.getStore()));
    running = await startApp(
      adapter,
      {
        imports: [RangeModule.forRoot({ onError: () => failed.push(user.getStore()), shutdownTimeoutMs: 100 })], // /silent stays open
        controllers: [Files],
      },
      {
        configure: (app) =>
          app.use((request: { url: string }, _response: unknown, next: () => void) =>
            user.run(/\?(\w+)/.exec(request.url)?.[1] ?? '', next),
          ),
      },
    );
  });
  afterAll(async () => {
    stop();
    await running.close();
  });

  it('is seen by onError', async () => {
    await Promise.all(['anna', 'ben'].map((name) => fetchRaw(running.port, `/failing?${name}`)));
    await until(() => failed.length === 2, 'two errors');
    expect(new Set(failed)).toEqual(new Set(['anna', 'ben']));
  });

  it('is seen by onRangeResponse, on one connection too', async () => {
    reported.length = 0;
    const connection = await RawConnection.open(running.port);
    for (const name of ['anna', 'ben', 'carl']) {
      connection.send(requestText(`/file?${name}`, [['Range', name === 'ben' ? 'bytes=0-4' : 'bytes=0-']]));
      await connection.next();
    }
    connection.finish();
    await until(() => reported.length === 3, 'three reports');
    expect(reported).toEqual(['anna', 'ben', 'carl']);
  });

  it.each(['/failing', '/silent'])('is seen by onRangeResponse if the response breaks off: %s', async (target) => {
    reported.length = 0;
    const connection = await RawConnection.open(running.port);
    connection.send(requestText(`${target}?dora`));
    await connection.untilReceived(1000);
    connection.reset();
    await until(() => reported.length === 1, 'a report');
    expect(reported).toEqual(['dora']);
  });
});
