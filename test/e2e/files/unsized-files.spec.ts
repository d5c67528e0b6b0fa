import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { fileSource, folderSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { execFileSync } from 'node:child_process';
import { createReadStream, openSync, readFileSync, truncateSync, utimesSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { FixtureDirectory, MODIFIED, openDescriptors } from '../../support/sources/fixtures.js';
import { fetchRaw, headersOf } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

/** Made up by the kernel while they are read: one has the size 0, the other that of a page. */
const FILES = ['/proc/version', '/sys/devices/system/cpu/online'];

const folder = (path: string) => folderSource(dirname(path))(basename(path));
const fixtures = new FixtureDirectory();
const sparse = fixtures.write('sparse', Buffer.alloc(0));
truncateSync(sparse, 100_000);
utimesSync(sparse, MODIFIED, MODIFIED);
const empty = fixtures.write('empty', '');

afterAll(() => fixtures.remove());

const MAKES: Readonly<Record<string, (path: string) => StreamableFile>> = {
  fileSource: (path) => new RangedFile(fileSource(path)),
  'fileSource with a root': (path) => new RangedFile(fileSource(basename(path), { root: dirname(path) })),
  'fileSource tagged by content': (path) => new RangedFile(fileSource(path, { etag: 'content' })),
  folderSource: (path) => new RangedFile(folder(path)),
  'a ReadStream': (path) => new StreamableFile(createReadStream(path)),
  'a ReadStream from its beginning': (path) => new StreamableFile(createReadStream(path, { start: 0 })),
  'a ReadStream of a descriptor': (path) => {
    return new StreamableFile(createReadStream('', { fd: openSync(path, 'r'), start: 0 }));
  },
  'a ReadStream of text': (path) => new StreamableFile(createReadStream(path, { encoding: 'ascii' })),
};

/** A FIFO has no positions to begin at. */
const OF_FIFOS = ['fileSource', 'fileSource with a root', 'folderSource', 'a ReadStream', 'a ReadStream of text'];

@Controller()
@Ranged()
class Files {
  @Get()
  send(@Query('make') make: string, @Query('path') path: string) {
    return MAKES[make]?.(path);
  }
}

describe.each(ADAPTERS)('files of unknown size, on %s', (adapter) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(adapter, { imports: [RangeModule.forRoot({})], controllers: [Files] });
  });
  afterAll(async () => {
    await app.close();
  });

  const get = (make: string, path: string, range?: string) => {
    const headers = range === undefined ? [] : [['Range', range] as const];
    return fetchRaw(app.port, `/?make=${encodeURIComponent(make)}&path=${path}`, headers);
  };

  describe.each(FILES)('%s', (path) => {
    const cases = Object.keys(MAKES).flatMap((make) =>
      [undefined, 'bytes=0-', 'bytes=1-2', 'bytes=-1'].map((range) => [make, range] as const),
    );

    it.each(cases)('%s is sent to its end, whatever the range: %s', async (make, range) => {
      const response = await get(make, path, range);
      expect([response.status, response.isComplete, String(response.body)]).toEqual([
        200,
        true,
        readFileSync(path, 'utf8'),
      ]);
      expect(headersOf(response)).toMatchObject({ 'accept-ranges': 'none' });
      expect(headersOf(response)).not.toHaveProperty('etag');
    });

    it('leaves no descriptor open', async () => {
      await app.close();
      expect(openDescriptors().filter((target) => target === path)).toEqual([]);
      app = await startApp(adapter, { imports: [RangeModule.forRoot({})], controllers: [Files] });
    });
  });

  it.each(OF_FIFOS)('nothing written to a FIFO is lost by %s', async (make) => {
    const path = fixtures.at(`${adapter}-${make}`.replaceAll(' ', '-'));
    execFileSync('mkfifo', [path]);
    let isOpened = false;
    const writing = open(path, 'w').then(async (writer) => {
      isOpened = true; // as soon as somebody reads
      await writer.writeFile('for its reader').finally(() => writer.close());
    });
    const response = await get(make, path);
    if (response.status === 404) {
      expect([isOpened, await readFile(path, 'utf8')]).toEqual([false, 'for its reader']);
    } else {
      expect([response.status, String(response.body)]).toEqual([200, 'for its reader']);
    }
    await writing;
  });

  it.each([
    [empty, undefined, 200, ''],
    [sparse, 'bytes=1-2', 206, '\0\0'],
  ])('an ordinary file that occupies no blocks has its size: %s', async (path, range, status, content) => {
    const response = await get('fileSource', path, range);
    expect([response.status, response.framing, String(response.body)]).toEqual([status, 'length', content]);
    expect(headersOf(response)).toMatchObject({ 'accept-ranges': 'bytes' });
  });
});
