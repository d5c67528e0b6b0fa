import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, StreamableFile } from '@nestjs/common';
import { fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { execFileSync } from 'node:child_process';
import { closeSync, createReadStream, open, openSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { ADAPTERS, type AdapterName, startApp, type TestApp } from '../../support/apps/test-app.js';
import { fetchRaw, header } from '../../support/connections/raw-client.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { until } from '../../support/until.js';

const SIZE = 200_000;
const [ONE, TWO] = [pseudoRandomBytes(SIZE, 1), pseudoRandomBytes(SIZE, 2)];

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const path = fixtures.at('clip.mp4');
beforeEach(() => void fixtures.write('clip.mp4', ONE));

@Controller()
@Ranged()
class Files {
  @Get('ranged-file')
  rangedFile() {
    return new RangedFile(fileSource(path));
  }

  @Get('streamable-file')
  streamableFile() {
    return new StreamableFile(createReadStream(path));
  }

  @Get('plain')
  plain() {
    return 'plain';
  }
}

function start(adapter: AdapterName, residentReads: boolean): Promise<TestApp> {
  return startApp(adapter, { imports: [RangeModule.forRoot({ residentReads })], controllers: [Files] });
}

/** It is the process'. */
afterAll(async () => (await start('express', true)).close());

describe.each(ADAPTERS)('on %s', (adapter) => {
  describe.each([true, false])('with residentReads: %p', (residentReads) => {
    let running: TestApp;
    beforeAll(async () => {
      running = await start(adapter, residentReads);
    });
    afterAll(() => running.close());

    const get = (route: string, range?: string) =>
      fetchRaw(running.port, `/${route}`, range === undefined ? [] : [['Range', range]]);

    describe.each(['ranged-file', 'streamable-file'])('a %s', (route) => {
      it.each([
        ['a byte', 7, 7],
        ['a page', 4096, 8191],
        ['across pages', 4000, 9000],
        ['64 KiB', 1000, 1000 + 65_535],
        ['a byte more', 1000, 1000 + 65_536],
        ['the end', SIZE - 10, SIZE - 1],
      ])('%s is the same each time', async (_, firstPos, lastPos) => {
        for (let time = 0; time < 4; time++) {
          const response = await get(route, `bytes=${firstPos}-${lastPos}`);
          expect(response.status).toBe(206);
          expect(header(response, 'content-range')).toBe(`bytes ${firstPos}-${lastPos}/${SIZE}`);
          expect(response.body.equals(ONE.subarray(firstPos, lastPos + 1))).toBe(true);
        }
      });

      it('has its headers alone for a HEAD', async () => {
        for (let time = 0; time < 2; time++) {
          const response = await fetchRaw(running.port, `/${route}`, [], 'HEAD');
          expect([response.status, header(response, 'content-length')]).toEqual([200, String(SIZE)]);
          expect(response.body.byteLength).toBe(0);
        }
        expect(running.log.complaints).toEqual([]);
      });

      const changes: [name: string, change: () => void, now: Buffer][] = [
        ['was replaced', () => replace(TWO), TWO],
        ['was overwritten', () => writeFileSync(path, TWO, { flag: 'r+' }), TWO],
        ['shrank', () => truncateSync(path, 100), ONE.subarray(0, 100)],
      ];
      it.each(changes)('that %s is the new one', async (_, change, now) => {
        for (let time = 0; time < 3; time++) await get(route, 'bytes=0-99');
        change();
        for (let time = 0; time < 3; time++) {
          const response = await get(route, 'bytes=0-99');
          expect(header(response, 'content-range')).toBe(`bytes 0-99/${now.byteLength}`);
          expect(response.body.equals(now.subarray(0, 100))).toBe(true);
        }
      });
    });

    describe('while the thread pool is busy', () => {
      afterEach(() => void jest.restoreAllMocks());

      it(`a range that was read a moment ago is ${residentReads ? '' : 'not '}sent`, async () => {
        for (let time = 0; time < 3; time++) await get('ranged-file', 'bytes=0-99');
        const now = performance.now();
        jest.spyOn(performance, 'now').mockReturnValue(now); // the path is looked up again after a second, in the pool
        await get('ranged-file', 'bytes=0-99');
        const release = occupyThreadPool();
        let isSent = false;
        const response = get('ranged-file', 'bytes=0-99').finally(() => (isSent = true));
        if (residentReads) await until(() => isSent, 'the range is sent');
        else for (let time = 0; time < 3; time++) await get('plain');
        expect(isSent).toBe(residentReads);
        await release();
        expect((await response).body.equals(ONE.subarray(0, 100))).toBe(true);
      });
    });
  });
});

function replace(bytes: Buffer): void {
  writeFileSync(fixtures.at('next'), bytes);
  renameSync(fixtures.at('next'), path);
}

/** Opens pipes without a writer, for which each thread waits. Returns what ends that. */
function occupyThreadPool(): () => Promise<void> {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
  const pipes = Array.from({ length: threads }, (_, i) => fixtures.at(`pipe-${i}`));
  for (const pipe of pipes) execFileSync('mkfifo', [pipe]);
  let opened = 0;
  const descriptors: number[] = [];
  for (const pipe of pipes) {
    open(pipe, 'r', (error, fd) => {
      if (error === null) descriptors.push(fd);
      opened++;
    });
  }
  return async () => {
    for (const pipe of pipes) descriptors.push(openSync(pipe, 'r+'));
    await until(() => opened === threads, 'the pipes are open');
    for (const fd of descriptors) closeSync(fd);
    for (const pipe of pipes) rmSync(pipe);
  };
}
