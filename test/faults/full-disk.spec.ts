import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param } from '@nestjs/common';
import { generatedSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchRaw, header, type RawResponse } from '../support/connections/raw-client.js';
import { SmallDisk } from '../support/sources/small-disk.js';
import { Studio } from '../support/studio.js';
import { ADAPTERS, startApp, type TestApp } from '../support/apps/test-app.js';
import { until } from '../support/until.js';

const KIB = 1024;
/** Of the disk, and of what is made. */
const DISK_KIB = 1024;
const SIZE = 300 * KIB;

const studios = new Map<string, Studio>();
let dir: string;
let maxBytes: number;

@Controller()
class Speech {
  @Get(':key')
  @Ranged()
  speech(@Param('key') key: string) {
    const studio = studios.get(key) ?? new Studio(SIZE);
    studios.set(key, studio);
    return new RangedFile(generatedSource({ key, dir, maxBytes, generate: studio.generate }));
  }
}

describe.each(ADAPTERS)('a disk that is full, on %s', (adapter) => {
  let running: TestApp;
  let disk: SmallDisk;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Speech] });
  });
  afterAll(() => running.close());
  beforeEach(() => {
    disk = new SmallDisk(DISK_KIB);
    dir = join(disk.path, 'spool');
    maxBytes = 1024 ** 3;
    studios.clear();
    running.log.clear();
  });
  afterEach(async () => {
    await until(() => readdirSync(dir).every((name) => !name.endsWith('.part')), 'all to be let go');
    await until(() => tryTo(() => disk.remove()), 'the disk to be used by nobody');
  });

  /** A range, whose answer comes when all is made and kept. */
  const get = (key: string): Promise<RawResponse> => fetchRaw(running.port, `/${key}`, [['Range', 'bytes=-1000']]);
  const expectPart = (response: RawResponse, key: string): void => {
    expect(response.status).toBe(206);
    expect(response.body.equals(studios.get(key)!.last.subarray(-1000))).toBe(true);
  };

  it('loses the least recently used content, although the directory may hold more', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) expectPart(await get(key), key);
    expectPart(await get('f'), 'f');
    expect(studios.get('f')?.takes).toHaveLength(1);
    expect(running.log.complaints).toEqual([]);
  });

  it('has room within its limit, although the removed content was just read', async () => {
    maxBytes = 3 * SIZE; // of which the disk has 124 KiB more
    for (let i = 0; i < 12; i++) {
      const key = `key-${i}`;
      expectPart(await get(key), key);
      expectPart(await get(key), key);
    }
    expect(running.log.complaints).toEqual([]);
  });

  it('because of other files is a 503 with Retry-After and one log line, and recovers', async () => {
    const filling = join(disk.path, 'filling');
    tryTo(() => writeFileSync(filling, Buffer.alloc(2 * DISK_KIB * KIB)));
    for (const headers of [[], [['Range', 'bytes=0-9']] as const]) {
      running.log.clear();
      const full = await fetchRaw(running.port, '/a', headers);
      expect(full.status).toBe(503);
      expect(header(full, 'Retry-After')).toBe('5');
      expect(running.log.complaints).toEqual([
        expect.stringContaining(`GET /a: ${dir} cannot store generated content at the moment`),
      ]);
    }
    rmSync(filling);
    expectPart(await get('a'), 'a');
  });

  it('because content is larger than the disk is a 503 for all waiting clients, and keeps nothing', async () => {
    studios.set('large', new Studio(2 * DISK_KIB * KIB));
    expectPart(await get('a'), 'a');
    const full = await get('large');
    expect(full.status).toBe(503);
    expect(header(full, 'Retry-After')).toBe('5');
    await until(() => readdirSync(dir).length === 0, 'nothing to be kept');
    expectPart(await get('b'), 'b');
  });

  it('that is read-only serves the existing files, and reports why it cannot make others', async () => {
    await get('a');
    disk.setReadOnly(true);
    expectPart(await get('a'), 'a');
    expect((await get('b')).status).toBe(500);
    expect(running.log.complaints).toEqual([expect.stringContaining('EROFS')]);
    disk.setReadOnly(false);
    expectPart(await get('b'), 'b');
    expectPart(await get('a'), 'a');
    expect(studios.get('a')?.takes).toHaveLength(1);
  });
});

function tryTo(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
