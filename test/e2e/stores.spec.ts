import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Param } from '@nestjs/common';
import { httpSource, Ranged, RangedFile, RangeModule, type RangeSource } from 'nestjs-range';
import { azureBlobSource } from '../../src/sources/azure-blob-source.js';
import { gcsSource } from '../../src/sources/gcs-source.js';
import { gridFsSource } from '../../src/sources/gridfs-source.js';
import { s3Source } from '../../src/sources/s3-source.js';
import { readByteranges } from '../support/byteranges-reader.js';
import { answering, FakeStore, type Interference, when } from '../support/fake-store.js';
import { pseudoRandomBytes } from '../support/fixtures.js';
import { fetchRaw, field, RawConnection, type RawResponse, requestText } from '../support/raw-client.js';
import { FakeAzureBlobClient, FakeGcsBucket, FakeGridFsBucket, FakeS3Client } from '../support/store-clients.js';
import { ADAPTERS, startApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { range } from './rows/outcome.js';

jest.setTimeout(60_000); // for a loaded machine: nothing waits this long by itself

/** Larger than what the kernel buffers between two sockets, and those between the store and us. */
const BYTES = pseudoRandomBytes(9_000_000);
const OTHER = pseudoRandomBytes(9_000_000, 2);

let store: FakeStore;
let gridFs: FakeGridFsBucket;
let sources: Record<string, () => RangeSource>;
let timeoutMs: number;

@Controller()
class Cloud {
  @Get(':kind')
  @Ranged()
  file(@Param('kind') kind: string) {
    return new RangedFile(sources[kind]!());
  }
}

beforeAll(async () => {
  store = await FakeStore.start();
});
afterAll(() => store.stop());

beforeEach(() => {
  timeoutMs = 30_000;
  store.requests.length = 0;
  store.interferences.length = 0;
  store.put('clip', BYTES);
  gridFs = new FakeGridFsBucket();
  gridFs.put('clip', BYTES);
  const [s3, gcs, agent] = [new FakeS3Client(store), new FakeGcsBucket(store), FakeAzureBlobClient.agent()];
  const credential = {};
  const fetcher = (...args: Parameters<typeof fetch>): ReturnType<typeof fetch> => fetch(...args);
  sources = {
    s3: () => s3Source(s3, { Bucket: 'bucket', Key: 'clip' }, { timeoutMs }),
    azure: () => azureBlobSource(new FakeAzureBlobClient(store, 'clip', agent, credential), { timeoutMs }),
    gcs: () => gcsSource(gcs.file('clip'), { timeoutMs }),
    gridfs: () => gridFsSource(gridFs, 'clip', { timeoutMs }),
    http: () => httpSource(`${store.url}/http/files/clip`, { timeoutMs, fetch: fetcher }),
  };
});

/** Steps in where more than the one octet of a look is asked for. */
const onRead = (then: Interference): Interference =>
  when(({ headers }) => {
    const asked = headers['x-ms-range'] ?? headers.range;
    return asked !== undefined && asked !== 'bytes=0-0';
  }, then);

describe.each(ADAPTERS)('stores, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Cloud] });
  });
  afterAll(() => running.close());
  afterEach(async () => {
    store.hangUp(); // what a client cannot abort
    await until(() => store.underWay === 0 && gridFs.openCursors === 0, 'all that was opened to be let go');
    running.log.clear();
  });

  const get = (
    kind: string,
    fields: readonly (readonly [string, string])[] = [],
    method = 'GET',
  ): Promise<RawResponse> => fetchRaw(running.port, `/${kind}`, fields, method);

  /** Asks for a part or for all of it, and leaves after some octets, or before the first. */
  async function leave(kind: string, i: number): Promise<void> {
    const connection = await RawConnection.open(running.port);
    connection.send(requestText(`/${kind}`, i % 2 === 0 ? range('bytes=1000-') : []));
    if (i % 5 !== 0) await connection.untilReceived(2000);
    connection.reset();
  }

  describe.each(['s3', 'azure', 'gcs', 'gridfs', 'http'])('%s', (kind) => {
    it('answers ranges, and the whole', async () => {
      const whole = await get(kind);
      expect(whole.status).toBe(200);
      expect(whole.body.equals(BYTES)).toBe(true);
      expect(field(whole, 'Content-Type')).toBe('video/mp4');
      const part = await get(kind, range('bytes=-10'));
      expect(part.status).toBe(206);
      expect(part.body.equals(BYTES.subarray(-10))).toBe(true);
      expect(field(part, 'ETag')).toBe(field(whole, 'ETag'));
      expect(field(part, 'Last-Modified')).toBe(field(whole, 'Last-Modified'));
      expect(field(part, 'Cache-Control')).toBe(field(whole, 'Cache-Control'));
    });

    it('answers several ranges of one version', async () => {
      const response = await get(kind, range('bytes=0-9,5000000-5000009'));
      const parts = readByteranges(field(response, 'Content-Type') ?? '', response.body);
      expect(parts.map(({ firstPos }) => firstPos)).toEqual([0, 5_000_000]);
      for (const { content, firstPos, lastPos } of parts) {
        expect(content.equals(BYTES.subarray(firstPos, lastPos + 1))).toBe(true);
      }
    });

    it('evaluates conditions here, and asks for no octet where none is sent', async () => {
      const head = await get(kind, [], 'HEAD');
      expect(field(head, 'Content-Length')).toBe(String(BYTES.length));
      store.requests.length = 0;
      gridFs.asked.length = 0;
      const etag = field(head, 'ETag') ?? '';
      expect((await get(kind, [['If-None-Match', etag]])).status).toBe(304);
      expect((await get(kind, [['If-Match', '"x"']])).status).toBe(412);
      const behind = await get(kind, range('bytes=9000000-'));
      expect(behind.status).toBe(416);
      expect(field(behind, 'Content-Range')).toBe('bytes */9000000');
      expect([...store.requests, ...gridFs.asked]).toEqual([]);
    });

    it('is resolved again, once, where the object has changed', async () => {
      const before = await get(kind, range('bytes=0-9'));
      store.put('clip', OTHER);
      gridFs.put('clip', OTHER);
      const after = await get(kind, range('bytes=0-9'));
      expect(after.status).toBe(206);
      expect(after.body.equals(OTHER.subarray(0, 10))).toBe(true);
      expect(field(after, 'ETag')).not.toBe(field(before, 'ETag'));
      expect(running.log.complaints).toEqual([]);
    });

    it('is a 404 where the object has gone', async () => {
      await get(kind, range('bytes=0-9'));
      store.objects.clear();
      gridFs.files.clear();
      for (const fields of [range('bytes=0-9'), []]) expect((await get(kind, fields)).status).toBe(404);
      expect(running.log.complaints).toEqual([]);
    });

    // Five hundred through one of them; each real client gets its own in test/integration.
    const rounds = kind === 's3' ? 20 : 3;
    it(`lets go of the store where ${rounds * 25} clients leave, and serves the next fifty`, async () => {
      for (let round = 0; round < rounds; round++) {
        await Promise.all(Array.from({ length: 25 }, (_, i) => leave(kind, i)));
      }
      const good = await Promise.all(Array.from({ length: 50 }, (_, i) => get(kind, range(`bytes=${i}-${i + 9}`))));
      for (const [i, response] of good.entries()) {
        expect(response.status).toBe(206);
        expect(response.body.equals(BYTES.subarray(i, i + 10))).toBe(true);
      }
      expect(running.log.complaints).toEqual([]);
    });
  });

  describe.each(['s3', 'azure', 'gcs', 'http'])('%s, when the store fails', (kind) => {
    beforeEach(() => {
      timeoutMs = 300;
    });

    it.each<[what: string, status: number, interference: Interference]>([
      ['it is busy', 503, answering(503, { 'retry-after': '30' })],
      ['it refuses', 404, answering(403)],
      ['it is silent', 504, () => true],
    ])('is answered before the head: %s', async (_, status, interference) => {
      store.interferences.push(interference);
      const looked = await get(kind, range('bytes=0-9'));
      store.interferences.push(onRead(interference));
      const read = await get(kind, range('bytes=0-9'));
      for (const response of [looked, read]) {
        expect(response.status).toBe(status);
        expect(field(response, 'Retry-After')).toBe(status === 503 ? '30' : undefined);
        expect(field(response, 'Cache-Control')).toBe('no-store');
        expect(field(response, 'Content-Range')).toBeUndefined();
      }
      expect((await get(kind, range('bytes=0-9'))).status).toBe(206);
    });

    const versionFields = (): Record<string, string> => {
      const version = String(store.objects.get('clip')?.version);
      return kind === 'gcs' ? { 'x-goog-generation': version } : { etag: `"v${version}"` };
    };

    it('answers 502 where the store sends another range', async () => {
      store.interferences.push(
        onRead((_, response) => {
          response.writeHead(206, { 'content-range': 'bytes 1-10/9000000', ...versionFields() }).end('0123456789');
          return true;
        }),
      );
      expect((await get(kind, range('bytes=0-9'))).status).toBe(502);
    });

    it.each<[what: string, length: number]>([
      ['fewer', 4_000_000],
      ['more', 6_000_000],
    ])('cuts the connection where the store sends %s octets than it says', async (_, length) => {
      store.interferences.push(
        onRead((_, response) => {
          response.writeHead(206, { 'content-range': 'bytes 0-4999999/9000000', ...versionFields() });
          response.end(BYTES.subarray(0, length));
          return true;
        }),
      );
      const response = await get(kind, range('bytes=0-4999999'));
      expect(response.isComplete).toBe(false);
      expect(response.body.length).toBeLessThan(5_000_000);
      expect(running.log.complaints).toHaveLength(1);
    });

    it('cuts the connection where the store stops in the middle', async () => {
      store.interferences.push(
        onRead((_, response) => {
          response.writeHead(206, { 'content-range': 'bytes 0-4999999/9000000', ...versionFields() });
          response.write(BYTES.subarray(0, 1_000_000));
          return true;
        }),
      );
      const response = await get(kind, range('bytes=0-4999999'));
      expect(response.isComplete).toBe(false);
      expect(running.log.complaints).toEqual([expect.stringContaining('no octets came for 300 ms')]);
    });
  });
});
