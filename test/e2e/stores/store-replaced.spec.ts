import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { type ObjectMetadata, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import type { StoreOptions } from '../../../src/sources/stores/store-options.js';
import { FakeStore } from '../../support/stores/fake-store.js';
import { type SourceMakers, storeSources } from '../../support/stores/store-sources.js';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, header, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { FakeGridFsBucket } from '../../support/stores/store-clients.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { until } from '../../support/until.js';
import { range } from '../responses/rows/outcome.js';

/** Several chunks of GridFS, whose driver tells sizes apart by them. */
const BYTES = pseudoRandomBytes(600_000);
const LARGE = pseudoRandomBytes(9_000_000, 3);

let store: FakeStore;
let gridFs: FakeGridFsBucket;
let sourceIn: SourceMakers;
let options: StoreOptions;
let kind: string;

@Controller()
class Cloud {
  @Get('file')
  @Ranged()
  file() {
    return new RangedFile(sourceIn[kind]!(options)); // as a handler does it: one for each request
  }
}

beforeAll(async () => {
  store = await FakeStore.start();
});
afterAll(() => store.stop());

function put(bytes: Uint8Array): void {
  store.put('clip', bytes);
  gridFs.put('clip', bytes);
}

function remove(): void {
  store.objects.clear();
  gridFs.files.clear();
}

beforeEach(() => {
  store.interferences.length = 0;
  gridFs = new FakeGridFsBucket();
  put(BYTES);
  sourceIn = storeSources(store, gridFs);
});

const KNOWN = ['remembered', 'given with its tag', 'given without a tag'] as const;

/** What the app, or the memory, knows of the object as it is now. */
async function know(how: (typeof KNOWN)[number]): Promise<void> {
  options = { metadataTtlMs: 3_600_000 };
  const representation = await sourceIn[kind]!(options).resolve(new AbortController().signal);
  await representation.close?.();
  const { size = 0, type, etag } = representation;
  if (how === 'remembered') return;
  const metadata: ObjectMetadata = how === 'given with its tag' ? { size, type, etag } : { size, type };
  options = { metadata, metadataTtlMs: 0 };
}

const CHANGES: readonly (readonly [what: string, bytes: Buffer | undefined])[] = [
  ['one that is shorter', pseudoRandomBytes(100_000, 2)],
  ['one of a single byte', pseudoRandomBytes(1, 2)],
  ['an empty one', Buffer.alloc(0)],
  ['one that is longer', pseudoRandomBytes(700_000, 2)],
  ['one in another chunk', pseudoRandomBytes(599_999, 2)],
  ['nothing', undefined],
];

describe.each(ADAPTERS)('an object that is replaced, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Cloud] });
  });
  afterAll(() => running.close());
  afterEach(async () => {
    await until(() => store.underWay === 0 && gridFs.openCursors === 0, 'all that was opened to be let go');
    running.log.clear();
  });

  /** Whatever is asked for first, of what is there now. */
  async function expectServed(bytes: Buffer | undefined, firstPos: number, lastPos: number): Promise<void> {
    const response = await fetchRaw(running.port, '/file', range(`bytes=${firstPos}-${lastPos}`));
    if (bytes === undefined) {
      expect(response.status).toBe(404);
    } else if (bytes.length === 0) {
      expect({ status: response.status, length: header(response, 'Content-Length') }).toEqual({
        status: 200,
        length: '0',
      });
    } else if (firstPos >= bytes.length) {
      expect(response.status).toBe(416);
      expect(header(response, 'Content-Range')).toBe(`bytes */${bytes.length}`);
    } else {
      expect(response.status).toBe(206);
      expect(response.body.equals(bytes.subarray(firstPos, lastPos + 1))).toBe(true);
    }
    expect(running.log.complaints).toEqual([]);
  }

  describe.each(['s3', 'azure', 'gcs', 'gridfs', 'http'])('%s', (name) => {
    beforeEach(() => {
      kind = name;
    });

    it.each(CHANGES)('by %s while it is sent: all of the old one, or less and the connection cut', async (_, bytes) => {
      put(LARGE);
      options = {};
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/file', range('bytes=1000-')));
      await connection.untilReceived(100_000);
      if (bytes === undefined) remove();
      else put(bytes);
      const response = await connection.next();
      connection.reset();
      expect(response.status).toBe(206);
      const due = LARGE.subarray(1000);
      expect(
        response.isComplete ? due.equals(response.body) : due.subarray(0, response.body.length).equals(response.body),
      ).toBe(true);
      running.log.clear();
      await expectServed(bytes, 0, 9);
    });

    // What was known of an object is corrected below any adapter: one store shows it on the second.
    if (adapter !== 'express' && name !== 's3') return;
    describe.each(KNOWN)('whose metadata is %s', (how) => {
      it.each(CHANGES)('by %s: the current object is served', async (_, bytes) => {
        for (const [firstPos, lastPos] of [
          [0, 9],
          [590_000, 599_999],
          [0, 599_999],
          [50_000, 550_000],
        ] as const) {
          put(BYTES);
          await know(how);
          if (bytes === undefined) remove();
          else put(bytes);
          await expectServed(bytes, firstPos, lastPos);
          await expectServed(bytes, firstPos, lastPos); // what was out of date is so again where the app gives it
        }
      });

      it.each(CHANGES)('by %s, whole', async (_, bytes) => {
        await know(how);
        if (bytes === undefined) remove();
        else put(bytes);
        const response = await fetchRaw(running.port, '/file');
        expect(response.status).toBe(bytes === undefined ? 404 : 200);
        if (bytes !== undefined) expect(response.body.equals(bytes)).toBe(true);
        expect(running.log.complaints).toEqual([]);
      });

      it('by another one where it was empty', async () => {
        put(Buffer.alloc(0));
        await know(how);
        expect((await fetchRaw(running.port, '/file')).body).toHaveLength(0);
        put(BYTES);
        const response = await fetchRaw(running.port, '/file');
        expect(response.body.equals(BYTES)).toBe(true);
        await expectServed(BYTES, 0, 9);
        remove();
        expect((await fetchRaw(running.port, '/file')).status).toBe(404);
      });

      it('after it was deleted and created again', async () => {
        await know(how);
        remove();
        expect((await fetchRaw(running.port, '/file', range('bytes=0-9'))).status).toBe(404);
        const anew = pseudoRandomBytes(300, 7);
        put(anew);
        await expectServed(anew, 0, 9);
      });
    });
  });
});
