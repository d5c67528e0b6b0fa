import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Header, Headers, StreamableFile } from '@nestjs/common';
import { bytesSource, fileSource, folderSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import crypto from 'node:crypto';
import fs, { appendFileSync, createReadStream, renameSync } from 'node:fs';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import {
  fetchRaw,
  header,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const NAME = 'clip.mp4';
const path = fixtures.at(NAME);
const [ONE, TWO] = [pseudoRandomBytes(100_000, 1), pseudoRandomBytes(100_000, 2)];
const FOREIGN = pseudoRandomBytes(50_000, 3);

const LARGE = pseudoRandomBytes(1_100_000, 4);
let content = ONE;

const [plain, hashed] = [folderSource(fixtures.path), folderSource(fixtures.path, { etag: 'content' })];

/** A file in memory, whose descriptor has the number of a real one. */
const real = fs.openSync(process.execPath, 'r');
afterAll(() => fs.closeSync(real));
const memory = {
  open: (...rest: unknown[]) => process.nextTick(rest.at(-1) as () => void, null, real),
  close: (_fd: number, done: () => void) => process.nextTick(done, null),
  read(_fd: number, target: Uint8Array, offset: number, length: number, position: number, done: () => void) {
    const copied = FOREIGN.copy(target, offset, position, position + length);
    process.nextTick(done, null, copied, target);
  },
};
const inMemory = { fs: memory, start: 0 } as object;

@Controller()
@Ranged()
class Files {
  @Get('ranged-file')
  rangedFile() {
    return new RangedFile(fileSource(path));
  }

  @Get('root')
  root() {
    return new RangedFile(fileSource(NAME, { root: fixtures.path }));
  }

  @Get('content')
  content() {
    return new RangedFile(fileSource(path, { etag: 'content' }));
  }

  @Get('streamable-file')
  streamableFile() {
    return new StreamableFile(createReadStream(path));
  }

  @Get('folder')
  folder(@Headers('accept-encoding') acceptEncoding?: string) {
    return new RangedFile(plain(NAME, acceptEncoding));
  }

  @Get('hashed-folder')
  hashedFolder(@Headers('accept-encoding') acceptEncoding?: string) {
    return new RangedFile(hashed(NAME, acceptEncoding));
  }

  @Get('buffer')
  buffer() {
    return new StreamableFile(content);
  }

  @Get('bytes')
  bytes() {
    return new RangedFile(bytesSource(content));
  }

  @Get('blob')
  blob() {
    return new RangedFile(bytesSource(new Blob([content])));
  }

  @Get('large-buffer')
  largeBuffer() {
    return new StreamableFile(LARGE);
  }

  @Get('large-bytes')
  largeBytes() {
    return new RangedFile(bytesSource(LARGE, { etag: 'content' }));
  }

  @Get('own-tag')
  @Header('ETag', '"own"')
  ownTag() {
    return new StreamableFile(content);
  }

  @Get('no-tag')
  @Ranged({ etag: false })
  noTag() {
    return new StreamableFile(content);
  }

  @Get('memory')
  memory() {
    return new StreamableFile(createReadStream(path, inMemory));
  }

  @Get('memory-with-length')
  memoryWithLength() {
    return new StreamableFile(createReadStream(path, inMemory), { length: FOREIGN.length });
  }
}

type HeaderLines = readonly (readonly [string, string])[];
const ROUTES = ['/ranged-file', '/root', '/content', '/streamable-file', '/folder', '/hashed-folder'];
const FIRST: HeaderLines = [['Range', 'bytes=0-99']];

describe.each(ADAPTERS)('versions of a file on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());
  beforeEach(() => running.log.clear());

  const ask = (route: string, headers: HeaderLines = []): Promise<RawResponse> =>
    fetchRaw(running.port, route, headers);

  describe.each([
    ['1985-10-26T08:15:00Z', ROUTES],
    ['1980-01-01T00:00:00Z', ROUTES],
    ['1970-01-01T00:00:00Z', ROUTES],
    ['2024-01-01T00:00:00Z', ['/content', '/hashed-folder']],
  ])('that all have the same date, %s', (date, routes) => {
    const MODIFIED = new Date(date);

    it.each(routes)('%s: the tag of one version does not match another', async (route) => {
      for (const [suffix, coding] of [
        ['', 'identity'],
        ['.gz', 'gzip'],
      ] as const) {
        if (suffix !== '' && !route.includes('folder')) continue;
        const encoding: HeaderLines = [['Accept-Encoding', coding]];
        fixtures.write(NAME, ONE, MODIFIED);
        fixtures.write(`${NAME}${suffix}`, ONE, MODIFIED);
        const first = await ask(route, encoding);
        const tag = header(first, 'ETag') ?? '';
        expect(tag).toMatch(/^"[\w-]+"$/);
        expect(header(first, 'Last-Modified')).toBeUndefined();
        expect((await ask(route, [...encoding, ['If-None-Match', tag]])).status).toBe(304);
        const resumed = await ask(route, [...encoding, ...FIRST, ['If-Range', tag]]);
        expect(resumed.status).toBe(206);
        expect(resumed.body.equals(ONE.subarray(0, 100))).toBe(true);

        renameSync(fixtures.write('next', TWO, MODIFIED), `${path}${suffix}`);
        for (const condition of ['If-None-Match', 'If-Range']) {
          const response = await ask(route, [...encoding, ...FIRST, [condition, tag]]);
          expect(response.status).toBe(condition === 'If-Range' ? 200 : 206);
          expect(response.body.equals(condition === 'If-Range' ? TWO : TWO.subarray(0, 100))).toBe(true);
          expect(header(response, 'ETag')).not.toBe(tag);
        }
        expect((await ask(route, [...encoding, ['If-Match', tag]])).status).toBe(412);
      }
      fs.rmSync(`${path}.gz`, { force: true });
    });
  });

  describe.each(ROUTES)('a file that has just been written, by %s', (route) => {
    beforeEach(() => void fixtures.write(NAME, ONE, new Date()));

    it.each<[string, HeaderLines, number]>([
      ['as it is', [], 200],
      ['by a range', FIRST, 206],
      ['from its end, as VLC does', [['Range', 'bytes=99900-']], 206],
      ['by If-Range with a tag', [...FIRST, ['If-Range', '"any"']], 200],
      ['by If-Range with a date', [...FIRST, ['If-Range', new Date().toUTCString()]], 200],
      ['by If-Match with a tag', [['If-Match', '"any"']], 412],
      ['by If-Match with any', [...FIRST, ['If-Match', '*']], 206],
      ['by If-None-Match with a tag', [...FIRST, ['If-None-Match', '"any"']], 206],
      ['by If-Modified-Since', [['If-Modified-Since', new Date().toUTCString()]], 200],
      ['by If-Unmodified-Since', [['If-Unmodified-Since', new Date(0).toUTCString()]], 200],
    ])('%s: without validators', async (_, headers, status) => {
      const response = await ask(route, headers);
      expect(response.status).toBe(status);
      expect(header(response, 'Last-Modified')).toBeUndefined();
      if (status === 412) return;
      expect(header(response, 'ETag')).toBeUndefined();
      expect(header(response, 'Accept-Ranges')).toBe('bytes');
      expect(ONE.includes(response.body)).toBe(true);
    });

    it('plays as far as it has been recorded, and continues', async () => {
      const askYoung = (headers: HeaderLines = []): ReturnType<typeof ask> => {
        fs.utimesSync(path, new Date(), new Date()); // the last request may have taken longer than a file is young
        return ask(route, headers);
      };
      for (let size = ONE.length; size < ONE.length + 5000; size += 1000) {
        const [whole, range] = [await askYoung(), await askYoung([['Range', 'bytes=50000-']])];
        expect([whole.status, range.status]).toEqual([200, 206]);
        expect(whole.body.length).toBe(size);
        expect(header(range, 'Content-Range')).toBe(`bytes 50000-${size - 1}/${size}`);
        expect([header(whole, 'ETag'), header(range, 'ETag')]).toEqual([undefined, undefined]);
        appendFileSync(path, TWO.subarray(0, 1000));
      }
    });

    it('is read while it is being recorded, without a failure', async () => {
      const connections = await Promise.all(Array.from({ length: 4 }, () => RawConnection.open(running.port)));
      for (let i = 0; i < 25; i++) {
        for (const connection of connections) connection.send(requestText(route, [['Range', 'bytes=10-99999']]));
        const answers = connections.map((connection) => connection.next());
        for (let j = 0; j < 20; j++) await new Promise((resolve) => fs.appendFile(path, 'x', resolve));
        for (const { status, body } of await Promise.all(answers)) {
          expect(status).toBe(206);
          expect(body.equals(ONE.subarray(10))).toBe(true);
        }
      }
      for (const connection of connections) connection.socket.destroy();
      expect(running.log.complaints).toEqual([]);
    });
  });

  it.each(['/buffer', '/bytes', '/blob'])(
    '%s has a tag of its content, which matches no other content',
    async (route) => {
      content = ONE;
      const tag = header(await ask(route), 'ETag') ?? '';
      expect(tag).toMatch(/^"[\w-]+"$/);
      expect((await ask(route, [['If-None-Match', tag]])).status).toBe(304);
      const resumed = await ask(route, [...FIRST, ['If-Range', tag]]);
      expect([resumed.status, header(resumed, 'ETag')]).toEqual([206, tag]);
      content = TWO;
      const other = await ask(route, [...FIRST, ['If-Range', tag]]);
      expect(other.status).toBe(200);
      expect(other.body.equals(TWO)).toBe(true);
      expect(header(other, 'ETag')).not.toBe(tag);
    },
  );

  it('bytes over 1 MiB have a tag only if the app asks for one', async () => {
    expect(header(await ask('/large-buffer'), 'ETag')).toBeUndefined();
    const tag = header(await ask('/large-bytes'), 'ETag') ?? '';
    expect(tag).toMatch(/^"[\w-]+"$/);
    expect((await ask('/large-bytes', [['If-None-Match', tag]])).status).toBe(304);
  });

  it.each([
    ['/own-tag', '"own"'],
    ['/no-tag', undefined],
  ])('the bytes of %s are not hashed', async (route, tag) => {
    const hash = jest.spyOn(crypto.Hash.prototype, 'update');
    try {
      expect(header(await ask(route), 'ETag')).toBe(tag);
      expect(hash).not.toHaveBeenCalled();
      await ask('/buffer');
      expect(hash).toHaveBeenCalledTimes(1);
    } finally {
      hash.mockRestore();
    }
  });

  it('a file with a date in the future has no Last-Modified', async () => {
    fixtures.write(NAME, ONE, new Date(Date.now() + 3_600_000));
    for (const route of ROUTES) expect(header(await ask(route), 'Last-Modified')).toBeUndefined();
  });

  it('a stream over another file system is read through that, whatever lies at its path', async () => {
    const [whole, known] = [
      await ask('/memory', FIRST),
      await ask('/memory-with-length', [['Range', 'bytes=100-199']]),
    ];
    expect(whole.status).toBe(200);
    expect(whole.body.equals(FOREIGN)).toBe(true);
    expect(known.status).toBe(206);
    expect(header(known, 'Content-Range')).toBe('bytes 100-199/50000');
    expect(known.body.equals(FOREIGN.subarray(100, 200))).toBe(true);
    expect(header(known, 'ETag')).toBeUndefined();
    expect(running.log.complaints).toEqual([]);
  });
});
