import type { RangeSource } from 'nestjs-range';
import { checkRangedEndpoint, rangeSourceContract } from 'nestjs-range/testing';
import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'node:test';
import { pseudoRandomBytes } from '../support/sources/fixtures.js';
import { type Endpoint, leaveAfter, type Reading, readSlowly, startEndpoint } from './endpoint.js';

/** A store, by its real client. */
export interface Store {
  put(name: string, bytes: Buffer): Promise<void>;
  source(name: string): RangeSource;
  /** How many responses or cursors are open on its side, where that can be told. */
  readonly inUse?: () => number;
  stop(): Promise<void>;
}

const BYTES = pseudoRandomBytes(1_200_001);
const LARGE = pseudoRandomBytes(12_000_000, 3);
/** More than fits into all buffers between a store and a client that reads slowly; and what is put in its place. */
export const HUGE = pseudoRandomBytes(64_000_000, 4);
export const OTHER_HUGE = pseudoRandomBytes(64_000_000, 5);

async function untilUnused({ inUse = () => 0 }: Store): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (inUse() > 0) {
    assert(performance.now() < deadline, `${inUse()} of what was opened stay open`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

/** A date is sent when its second is over, and some stores round theirs up: until then two answers may differ in it. */
export async function untilDateIsOver(source: RangeSource): Promise<void> {
  const representation = await source.resolve(AbortSignal.timeout(30_000));
  await representation.close?.();
  const left = (representation.lastModified?.getTime() ?? 0) + 1000 - Date.now();
  await new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, left));
  });
}

/** Of what was there when it began: all of it, or less where the answer was cut. Never a mixture. */
export function assertOneVersion({ bytes, isComplete }: Reading, before: Buffer): void {
  assert(isComplete ? bytes.equals(before) : before.subarray(0, bytes.length).equals(bytes));
}

/** A store that is running, and a server over it. */
interface Running<S extends Store> {
  readonly store: S;
  readonly endpoint: Endpoint;
}

/**
 * What every store must show through its real client.
 *
 * @param further defines tests of this store alone
 */
export function describeStore<S extends Store>(
  name: string,
  start: () => Promise<S>,
  further: (running: () => Running<S>) => void = () => {},
): void {
  describe(name, { timeout: 600_000 }, () => {
    let store: S;
    let endpoint: Endpoint;
    before(async () => {
      store = await start();
      await store.put('clip', BYTES);
      await store.put('large', LARGE);
      await store.put('empty', Buffer.alloc(0));
      endpoint = await startEndpoint((path) => store.source(path));
    });
    after(async () => {
      await endpoint?.stop();
      await store?.stop();
    });

    const make = () => ({ source: store.source('clip'), bytes: BYTES });
    const checks = rangeSourceContract(make, {
      replace: (bytes) => store.put('clip', Buffer.from(bytes)),
      missing: () => store.source('missing'),
      empty: () => store.source('empty'),
      resourcesInUse: () => store.inUse?.() ?? 0,
    });
    for (const { name, run } of checks) it(`keeps the contract: ${name}`, run);

    it('is an endpoint without a fault', async () => {
      await untilDateIsOver(store.source('clip'));
      const findings = await checkRangedEndpoint(`${endpoint.url}/clip`, { bytes: BYTES });
      assert.deepEqual(
        findings.filter(({ ok }) => !ok),
        [],
      );
      assert(findings.length > 50);
    });

    const ask = async (path: string, firstPos: number, lastPos: number): Promise<Buffer> => {
      const headers = { range: `bytes=${firstPos}-${lastPos}` };
      const response = await fetch(`${endpoint.url}/${path}`, { headers });
      assert.equal(response.status, 206);
      return Buffer.from(await response.arrayBuffer());
    };

    it('serves an empty object, and is a 404 for a missing one', async () => {
      const empty = await fetch(`${endpoint.url}/empty`);
      assert.deepEqual([empty.status, empty.headers.get('content-length')], [200, '0']);
      assert.equal((await fetch(`${endpoint.url}/missing`)).status, 404);
    });

    it('serves a replaced object at once, and never a mixture', async () => {
      const [one, other] = [Buffer.alloc(500_000, 1), Buffer.alloc(700_000, 2)];
      await store.put('changing', one);
      for (const bytes of [other, one, other]) {
        await store.put('changing', bytes);
        assert((await ask('changing', 400_000, 499_999)).equals(bytes.subarray(400_000, 500_000)));
      }
    });

    it('sends the whole new object if the next range is requested with If-Range', async () => {
      const [one, other] = [Buffer.alloc(500_000, 1), Buffer.alloc(700_000, 2)];
      await store.put('resumed', one);
      const first = await fetch(`${endpoint.url}/resumed`, { headers: { range: 'bytes=0-99999' } });
      assert.equal((await first.arrayBuffer()).byteLength, 100_000);
      const etag = first.headers.get('etag') ?? '';
      await store.put('resumed', other);
      const headers = { range: 'bytes=100000-199999', 'if-range': etag };
      const next = await fetch(`${endpoint.url}/resumed`, { headers });
      assert(Buffer.from(await next.arrayBuffer()).equals(other));
      assert.equal(next.status, 200);
      assert.notEqual(next.headers.get('etag'), etag);
    });

    it('sends one version, or cuts the response, if the object is replaced meanwhile', async () => {
      for (const at of [1, 1_000_000, 30_000_000]) {
        await store.put('replaced', HUGE);
        let isReplaced = false;
        const reading = await readSlowly(`${endpoint.url}/replaced`, { range: 'bytes=1000-' }, async (received) => {
          if (isReplaced || received < at) return;
          isReplaced = true;
          await store.put('replaced', OTHER_HUGE);
        });
        assert.equal(reading.status, 206);
        assertOneVersion(reading, HUGE.subarray(1000));
        assert((await ask('replaced', 5000, 9999)).equals(OTHER_HUGE.subarray(5000, 10_000)));
      }
    });

    it('releases the store when five hundred clients disconnect, and serves the next fifty', async () => {
      for (let round = 0; round < 20; round++) {
        const leaving = Array.from({ length: 25 }, (_, i) => leaveAfter((i % 5) * 5000, `${endpoint.url}/large`));
        await Promise.all(leaving);
      }
      await untilUnused(store);
      const good = Array.from({ length: 50 }, async (_, i) => {
        assert((await ask('large', i * 1000, i * 1000 + 99_999)).equals(LARGE.subarray(i * 1000, i * 1000 + 100_000)));
      });
      await Promise.all(good);
      await untilUnused(store);
    });

    it('continues for the other clients when some disconnect', async () => {
      const whole = Array.from({ length: 4 }, async () => {
        const response = await fetch(`${endpoint.url}/large`);
        assert(Buffer.from(await response.arrayBuffer()).equals(LARGE));
      });
      await Promise.all(Array.from({ length: 20 }, (_, i) => leaveAfter(i * 1000, `${endpoint.url}/large`)));
      await Promise.all(whole);
    });

    further(() => ({ store, endpoint }));

    it('has sent no server error', () => {
      assert.deepEqual(
        endpoint.errors.filter((status) => status >= 500),
        [],
      );
    });
  });
}
