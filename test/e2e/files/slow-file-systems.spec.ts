import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, StreamableFile } from '@nestjs/common';
import { fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { appendFileSync, createReadStream, renameSync, writeFileSync } from 'node:fs';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { fetchRaw } from '../../support/connections/raw-client.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const [ONE, TWO] = [pseudoRandomBytes(100_000, 1), pseudoRandomBytes(100_000, 2)];
const path = fixtures.at('clip.mp4');

@Controller()
@Ranged()
class Files {
  @Get('ranged-file')
  rangedFile() {
    return new RangedFile(fileSource(path));
  }

  @Get('root')
  root() {
    return new RangedFile(fileSource('clip.mp4', { root: fixtures.path }));
  }

  @Get('streamable-file')
  streamableFile() {
    return new StreamableFile(createReadStream(path));
  }

  @Get('window')
  window() {
    return new StreamableFile(createReadStream(path, { start: 0, end: 200_000 }));
  }
}

/** Each look at a file seems to take two milliseconds, so that looks go to the thread pool. */
beforeEach(() => {
  const now = performance.now.bind(performance);
  let late = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now() + (late += 2));
  fixtures.write('clip.mp4', ONE);
});
afterEach(() => void jest.restoreAllMocks());

describe.each(ADAPTERS)('a file of a slow file system on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());

  const get = (route: string, range?: string) =>
    fetchRaw(running.port, `/${route}`, range === undefined ? [] : [['Range', range]]);

  describe.each(['ranged-file', 'root', 'streamable-file', 'window'])('as a %s', (route) => {
    /** By then the file is known to be slow. */
    async function warmUp(): Promise<void> {
      for (let request = 0; request < 4; request++) await get(route, 'bytes=0-9');
    }

    it('is sent whole, in ranges and in parts', async () => {
      await warmUp();
      expect((await get(route)).body.equals(ONE)).toBe(true);
      const range = await get(route, 'bytes=50000-');
      expect([range.status, range.body.equals(ONE.subarray(50_000))]).toEqual([206, true]);
      const parts = await get(route, 'bytes=0-1,90000-90001');
      expect(parts.status).toBe(206);
      expect(parts.body.includes(ONE.subarray(90_000, 90_002))).toBe(true);
    });

    it('is the new one after it was replaced', async () => {
      await warmUp();
      writeFileSync(fixtures.at('next'), TWO);
      renameSync(fixtures.at('next'), path);
      expect((await get(route, 'bytes=0-99')).body.equals(TWO.subarray(0, 100))).toBe(true);
    });

    it('is as long as it is after it grew', async () => {
      await warmUp();
      appendFileSync(path, 'more');
      expect((await get(route)).body.equals(Buffer.concat([ONE, Buffer.from('more')]))).toBe(true);
    });
  });

  it('complains about nothing in all of this', () => {
    expect(running.log.complaints).toEqual([]);
  });
});
