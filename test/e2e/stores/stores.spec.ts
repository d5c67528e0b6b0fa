import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param } from '@nestjs/common';
import { Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import { answering, FakeStore, type Interference, when } from '../../support/stores/fake-store.js';
import { type SourceMakers, storeSources } from '../../support/stores/store-sources.js';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import {
  fetchRaw,
  header,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import { FakeGridFsBucket } from '../../support/stores/store-clients.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { until } from '../../support/until.js';
import { range } from '../responses/rows/outcome.js';

/** Larger than what the kernel buffers between two sockets, and those between the store and us. */
const BYTES = pseudoRandomBytes(9_000_000);
const OTHER = pseudoRandomBytes(9_000_000, 2);

let store: FakeStore;
let gridFs: FakeGridFsBucket;
let sources: SourceMakers;
let timeoutMs: number;

@Controller()
class Cloud {
  @Get(':kind')
  @Ranged()
  file(@Param('kind') kind: string) {
    return new RangedFile(sources[kind]!({ timeoutMs }));
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
  sources = storeSources(store, gridFs);
});

/** Steps in where more than the one byte of a look is asked for. */
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
    headers: readonly (readonly [string, string])[] = [],
    method = 'GET',
  ): Promise<RawResponse> => fetchRaw(running.port, `/${kind}`, headers, method);

  /** Asks for a part or for all of it, and leaves after some bytes, or before the first. */
  async function leave(kind: string, i: number): Promise<void> {
    const connection = await RawConnection.open(running.port);
    connection.send(requestText(`/${kind}`, i % 2 === 0 ? range('bytes=1000-') : []));
    if (i % 5 !== 0) await connection.untilReceived(2000);
    connection.reset();
  }

  describe.each(['s3', 'azure', 'gcs', 'gridfs', 'http'])('%s', (kind) => {
    it('sends ranges, and the whole', async () => {
      const whole = await get(kind);
      expect(whole.status).toBe(200);
      expect(whole.body.equals(BYTES)).toBe(true);
      expect(header(whole, 'Content-Type')).toBe('video/mp4');
      const part = await get(kind, range('bytes=-10'));
      expect(part.status).toBe(206);
      expect(part.body.equals(BYTES.subarray(-10))).toBe(true);
      expect(header(part, 'ETag')).toBe(header(whole, 'ETag'));
      expect(header(part, 'Last-Modified')).toBe(header(whole, 'Last-Modified'));
      expect(header(part, 'Cache-Control')).toBe(header(whole, 'Cache-Control'));
    });

    it('sends several ranges of one version', async () => {
      const response = await get(kind, range('bytes=0-9,5000000-5000009'));
      const parts = readByteranges(header(response, 'Content-Type') ?? '', response.body);
      expect(parts.map(({ firstPos }) => firstPos)).toEqual([0, 5_000_000]);
      for (const { content, firstPos, lastPos } of parts) {
        expect(content.equals(BYTES.subarray(firstPos, lastPos + 1))).toBe(true);
      }
    });

    it('evaluates conditions itself, and requests no byte if none is sent', async () => {
      const head = await get(kind, [], 'HEAD');
      expect(header(head, 'Content-Length')).toBe(String(BYTES.length));
      store.requests.length = 0;
      gridFs.asked.length = 0;
      const etag = header(head, 'ETag') ?? '';
      expect((await get(kind, [['If-None-Match', etag]])).status).toBe(304);
      expect((await get(kind, [['If-Match', '"x"']])).status).toBe(412);
      const behind = await get(kind, range('bytes=9000000-'));
      expect(behind.status).toBe(416);
      expect(header(behind, 'Content-Range')).toBe('bytes */9000000');
      expect([...store.requests, ...gridFs.asked]).toEqual([]);
    });

    it('is resolved again, once, if the object has changed', async () => {
      const before = await get(kind, range('bytes=0-9'));
      store.put('clip', OTHER);
      gridFs.put('clip', OTHER);
      const after = await get(kind, range('bytes=0-9'));
      expect(after.status).toBe(206);
      expect(after.body.equals(OTHER.subarray(0, 10))).toBe(true);
      expect(header(after, 'ETag')).not.toBe(header(before, 'ETag'));
      expect(running.log.complaints).toEqual([]);
    });

    it('is a 404 if the object has gone', async () => {
      await get(kind, range('bytes=0-9'));
      store.objects.clear();
      gridFs.files.clear();
      for (const headers of [range('bytes=0-9'), []]) expect((await get(kind, headers)).status).toBe(404);
      expect(running.log.complaints).toEqual([]);
    });

    // Five hundred leave the real clients of stores in test/integration.
    it('leaves no request to the store open when 75 clients leave, and serves the next fifty', async () => {
      for (let round = 0; round < 3; round++) {
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
    it.each<[what: string, status: number, interference: Interference]>([
      ['it is busy', 503, answering(503, { 'retry-after': '30' })],
      ['it refuses', 404, answering(403)],
      ['it is silent', 504, () => true],
    ])('results in an error before the head: %s', async (_, status, interference) => {
      if (status === 504) timeoutMs = 300;
      store.interferences.push(interference);
      const looked = await get(kind, range('bytes=0-9'));
      store.interferences.push(onRead(interference));
      const read = await get(kind, range('bytes=0-9'));
      for (const response of [looked, read]) {
        expect(response.status).toBe(status);
        expect(header(response, 'Retry-After')).toBe(status === 503 ? '30' : undefined);
        expect(header(response, 'Cache-Control')).toBe('no-store');
        expect(header(response, 'Content-Range')).toBeUndefined();
      }
      timeoutMs = 30_000;
      expect((await get(kind, range('bytes=0-9'))).status).toBe(206);
    });

    const versionHeaders = (): Record<string, string> => {
      const version = String(store.objects.get('clip')?.version);
      return kind === 'gcs' ? { 'x-goog-generation': version } : { etag: `"v${version}"` };
    };

    it('responds 502 if the store sends another range', async () => {
      store.interferences.push(
        onRead((_, response) => {
          response.writeHead(206, { 'content-range': 'bytes 1-10/9000000', ...versionHeaders() }).end('0123456789');
          return true;
        }),
      );
      expect((await get(kind, range('bytes=0-9'))).status).toBe(502);
    });

    it.each<[what: string, length: number]>([
      ['none', 0],
      ['fewer', 9],
      ['more', 11],
    ])('responds 502 if the store sends %s of the few bytes it says', async (_, length) => {
      store.interferences.push(
        onRead((_, response) => {
          response.writeHead(206, { 'content-range': 'bytes 0-9/9000000', ...versionHeaders() });
          response.flushHeaders(); // without a length: in chunks
          response.end(BYTES.subarray(0, length));
          return true;
        }),
      );
      const response = await get(kind, range('bytes=0-9'));
      expect(response.status === 502 || !response.isComplete).toBe(true);
      expect(running.log.complaints).toEqual([expect.stringContaining('the store sent')]);
    });

    it('serves an object whose media type is empty', async () => {
      store.put('clip', BYTES, { 'content-type': '' });
      const response = await get(kind, range('bytes=0-9'));
      expect(response.status).toBe(206);
      expect(header(response, 'Content-Type')).toBe('application/octet-stream');
    });

    it.each<[what: string, length: number]>([
      ['fewer', 4_000_000],
      ['more', 6_000_000],
    ])('cuts the connection if the store sends %s bytes than it says', async (_, length) => {
      store.interferences.push(
        onRead((_, response) => {
          response.writeHead(206, { 'content-range': 'bytes 0-4999999/9000000', ...versionHeaders() });
          response.end(BYTES.subarray(0, length));
          return true;
        }),
      );
      const response = await get(kind, range('bytes=0-4999999'));
      expect(response.isComplete).toBe(false);
      expect(response.body.length).toBeLessThan(5_000_000);
      expect(running.log.complaints).toHaveLength(1);
    });

    it('cuts the connection if the store stops in the middle', async () => {
      timeoutMs = 1000; // enough for what comes before, on a loaded machine too
      store.interferences.push(
        onRead((_, response) => {
          response.writeHead(206, { 'content-range': 'bytes 0-4999999/9000000', ...versionHeaders() });
          response.write(BYTES.subarray(0, 1_000_000));
          return true;
        }),
      );
      const response = await get(kind, range('bytes=0-4999999'));
      expect(response.isComplete).toBe(false);
      expect(running.log.complaints).toEqual([expect.stringContaining('no bytes arrived for 1000 ms')]);
    });
  });
});
