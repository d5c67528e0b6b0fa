import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { Ranged, RangedFile, RangeModule, type RangeSource } from 'nestjs-range';
import { FakeStore } from '../../support/stores/fake-store.js';
import { type SourceMakers, storeSources } from '../../support/stores/store-sources.js';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { isRead, SILENCES } from '../../support/stores/silences.js';
import { FakeGridFsBucket } from '../../support/stores/store-clients.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { until } from '../../support/until.js';
import { range } from '../responses/rows/outcome.js';

/** More than the sockets between the store, us and the client hold. */
const BYTES = pseudoRandomBytes(9_000_000);

let store: FakeStore;
let gridFs: FakeGridFsBucket;
let sourceIn: SourceMakers;
let source: RangeSource;

@Controller()
class Cloud {
  @Get('file')
  @Ranged()
  file() {
    return new RangedFile(source);
  }
}

beforeAll(async () => {
  store = await FakeStore.start();
});
afterAll(() => store.stop());
beforeEach(() => {
  store.requests.length = 0;
  store.interferences.length = 0;
  store.put('clip', BYTES);
  gridFs = new FakeGridFsBucket();
  gridFs.put('clip', BYTES);
  sourceIn = storeSources(store, gridFs);
});

describe.each(ADAPTERS)('a store that falls silent, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Cloud] });
  });
  afterAll(() => running.close());
  afterEach(() => running.log.clear());

  const untilNothingIsOpen = () =>
    until(() => store.underWay === 0 && gridFs.openCursors === 0, 'what was asked for to be let go');

  async function leave(bytes = 0): Promise<void> {
    const connection = await RawConnection.open(running.port);
    connection.send(requestText('/file', range('bytes=1000-')));
    if (bytes > 0) await connection.untilReceived(bytes);
    else await until(() => store.interferences.length === 0 && store.requests.length > 0, 'the store to be asked');
    connection.reset();
  }

  describe.each(['s3', 'azure', 'gcs', 'http'])('%s', (kind) => {
    it.each(SILENCES)('%s: a 504 after timeoutMs, and nothing stays open', async (_, silence) => {
      source = sourceIn[kind]!({ metadataTtlMs: 0, timeoutMs: 50 }); // whatever is slower than that is a 504 too
      store.interferences.push(silence);
      const response = await fetchRaw(running.port, '/file', range('bytes=0-9'));
      expect(response.status).toBe(504);
      await untilNothingIsOpen();
    });

    it.each(SILENCES)('%s: nothing stays open if the client leaves', async (_, silence) => {
      source = sourceIn[kind]!({ metadataTtlMs: 0, timeoutMs: 3_600_000 });
      store.interferences.push(silence);
      await leave();
      await untilNothingIsOpen();
      expect(running.log.at('error', 'fatal')).toEqual([]);
    });

    it('in the content: the response is cut off, and nothing stays open', async () => {
      source = sourceIn[kind]!({ timeoutMs: 1000 }); // enough for the head, on a loaded machine too
      store.interferences.push(partOfContent);
      const response = await fetchRaw(running.port, '/file', range('bytes=0-4999999'));
      expect({ status: response.status, isComplete: response.isComplete }).toEqual({ status: 206, isComplete: false });
      await untilNothingIsOpen();
    });

    it('in the content: nothing stays open if the client leaves', async () => {
      source = sourceIn[kind]!({ timeoutMs: 3_600_000 });
      store.interferences.push(partOfContent);
      await leave(2000);
      await untilNothingIsOpen();
      expect(running.log.complaints).toEqual([]);
    });
  });

  it.each(['find', 'read'] as const)('gridfs, when it is asked to %s', async (what) => {
    for (const timeoutMs of [100, 3_600_000]) {
      gridFs.silence = what;
      source = sourceIn['gridfs']!({ metadataTtlMs: 0, timeoutMs });
      if (timeoutMs === 100) expect((await fetchRaw(running.port, '/file')).status).toBe(504);
      else {
        const connection = await RawConnection.open(running.port);
        connection.send(requestText('/file'));
        await until(() => gridFs.waiting > 0, 'the database to be asked');
        connection.reset();
      }
      await until(() => gridFs.waiting === 0 && gridFs.openCursors === 0, 'the database to be asked no more');
      gridFs.silence = undefined;
    }
  });
});

const partOfContent: Parameters<FakeStore['interferences']['push']>[0] = (request, response) => {
  if (!isRead(request)) return false;
  const { version } = store.objects.get('clip')!;
  const [, first = '0', last = String(BYTES.length - 1)] =
    /bytes=(\d+)-(\d*)/.exec(String(request.headers['x-ms-range'] ?? request.headers.range)) ?? [];
  response.writeHead(206, {
    'content-range': `bytes ${first}-${last}/${BYTES.length}`,
    'content-length': Number(last) - Number(first) + 1,
    etag: `"v${version}"`,
    'x-goog-generation': String(version),
  });
  response.write(BYTES.subarray(0, 100_000));
  return true;
};
