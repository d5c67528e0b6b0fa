import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { bytesSource, fileSource, Ranged, RangedFile, RangeModule, type RangeSource } from 'nestjs-range';
import { checkRangedEndpoint } from 'nestjs-range/testing';
import { type CrcStore, type ZipEntry, zipSource, type ZipSourceOptions } from 'nestjs-range/zip';
import { mkdirSync, rmSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import {
  fetchRaw,
  header,
  headersOf,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { type ProbeBehaviour, ProbeSource } from '../../support/sources/probe-source.js';
import { readZip } from '../../support/sources/zip-reader.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { Gate, until } from '../../support/until.js';
import { type HeaderLines, range } from '../responses/rows/outcome.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

/** Thirty times the descriptors that files share. */
const COUNT = 2000;
const bytesAt = (i: number): Buffer => Buffer.from(`photo ${i}\n`.repeat(1 + (i % 50)));
mkdirSync(fixtures.at('many'));
for (let i = 0; i < COUNT; i++) fixtures.write(`many/${i}`, bytesAt(i));

let entries: readonly ZipEntry[] = [];
let options: ZipSourceOptions = {};

@Controller()
class Downloads {
  @Get('trip.zip')
  @Ranged()
  trip() {
    return new RangedFile(zipSource(entries, options), { filename: 'trip.zip' });
  }

  @Get('impatient.zip')
  @Ranged({ sourceTimeoutMs: 300 })
  impatient() {
    return this.trip();
  }

  @Get('plain.zip')
  @Ranged(false)
  plain() {
    return this.trip();
  }
}

const PHOTO = pseudoRandomBytes(200_000, 1);
const NOTE = Buffer.from('what a trip\n');

let tags = 0;
const probe = (bytes: Uint8Array, behaviour: ProbeBehaviour = {}): ProbeSource =>
  new ProbeSource(bytes, { etag: `"of-archives-${tags++}"`, ...behaviour });

describe.each(ADAPTERS)('an archive on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Downloads] });
  });
  afterAll(() => running.close());
  beforeEach(() => {
    options = {};
    entries = [
      { name: 'trip/', lastModified: MODIFIED },
      { name: 'trip/photo.jpg', source: fileSource(fixtures.write('photo.jpg', PHOTO)) },
      { name: 'trip/note.txt', source: bytesSource(NOTE), lastModified: MODIFIED },
      { name: 'trip/nothing', source: bytesSource(Buffer.alloc(0)) },
    ];
  });
  afterEach(async () => {
    await untilClosed(fixtures);
    running.log.clear();
  });

  const get = (headers: HeaderLines = [], method = 'GET', path = '/trip.zip'): Promise<RawResponse> =>
    fetchRaw(running.port, path, headers, method);

  it('is sent whole, with its length and a strong entity tag', async () => {
    const response = await get();
    expect([response.status, response.framing, response.isComplete]).toEqual([200, 'length', true]);
    expect(headersOf(response)).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'no-transform',
      'content-disposition': 'attachment; filename=trip.zip',
      'content-length': String(response.body.length),
      'content-type': 'application/zip',
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
      'x-content-type-options': 'nosniff',
    });
    expect(readZip(response.body).map(({ name, bytes }) => [name, bytes])).toEqual([
      ['trip/', Buffer.alloc(0)],
      ['trip/photo.jpg', PHOTO],
      ['trip/note.txt', NOTE],
      ['trip/nothing', Buffer.alloc(0)],
    ]);
  });

  it('resumes from any point, by its entity tag', async () => {
    const whole = await get();
    const etag = header(whole, 'etag') ?? '';
    for (const from of [1, 36, 50, 100_000, 200_080, 200_090, whole.body.length - 23, whole.body.length - 1]) {
      const rest = await get([
        ['Range', `bytes=${from}-`],
        ['If-Range', etag],
      ]);
      expect(rest.status).toBe(206);
      expect(header(rest, 'content-range')).toBe(`bytes ${from}-${whole.body.length - 1}/${whole.body.length}`);
      expect(rest.body.equals(whole.body.subarray(from))).toBe(true);
    }
    const other = await get([
      ['Range', 'bytes=5-'],
      ['If-Range', '"other"'],
    ]);
    expect(other.status).toBe(200);
  });

  it('gives several ranges as parts', async () => {
    const whole = (await get()).body;
    const response = await get(range('bytes=0-9,100000-100009,-30'));
    expect(response.status).toBe(206);
    const parts = readByteranges(header(response, 'content-type') ?? '', response.body);
    expect(parts.map(({ content }) => content)).toEqual([
      whole.subarray(0, 10),
      whole.subarray(100_000, 100_010),
      whole.subarray(-30),
    ]);
  });

  it('passes the endpoint check for ranges and conditions', async () => {
    const findings = await checkRangedEndpoint(`http://127.0.0.1:${running.port}/trip.zip`);
    expect(findings.length).toBeGreaterThan(80);
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('is sent whole from a route without ranges', async () => {
    expect(readZip((await get([], 'GET', '/plain.zip')).body)).toHaveLength(4);
  });

  it.each<[what: string, method: string, headers: () => Promise<HeaderLines>, status: number]>([
    ['a HEAD', 'HEAD', async () => [], 200],
    ['a 304', 'GET', async () => [['If-None-Match', header(await get([], 'HEAD'), 'etag') ?? '']], 304],
    ['a 412', 'GET', async () => [['If-Match', '"other"']], 412],
    ['a 416', 'GET', async () => range('bytes=999999999-'), 416],
  ])('opens nothing for %s', async (_, method, headers, status) => {
    const photo = probe(PHOTO);
    entries = [{ name: 'photo.jpg', source: photo }];
    expect((await get(await headers(), method)).status).toBe(status);
    expect([photo.opened, photo.isReleased]).toEqual([0, true]);
  });

  describe(`of ${COUNT} files`, () => {
    const many = (wrap: (source: RangeSource) => RangeSource, known: (i: number) => Partial<ZipEntry> = () => ({})) =>
      Array.from({ length: COUNT }, (_, i) => ({
        name: `${i}.txt`,
        source: wrap(fileSource(fixtures.at(`many/${i}`))),
        ...known(i),
      }));

    it('is sent with few descriptors open', async () => {
      let most = 0;
      let resolved = 0;
      entries = many((source) => ({
        resolve: async (signal) => {
          const representation = await source.resolve(signal);
          if (resolved++ % 100 === 0) most = Math.max(most, fixtures.openDescriptors().length);
          return representation;
        },
      }));
      const { body } = await get();
      const read = readZip(body);
      expect(read).toHaveLength(COUNT);
      expect(read.every(({ name, bytes }, i) => name === `${i}.txt` && bytes.equals(bytesAt(i)))).toBe(true);
      expect(most).toBeLessThanOrEqual(64 + 3 * 8); // those that all files share, and those being opened, verified or closed
    });

    it('resumes in the middle, from what the app knows of its entries', async () => {
      let resolved = 0;
      const counting = (source: RangeSource): RangeSource => ({
        resolve: (signal) => (resolved++, source.resolve(signal)),
      });
      entries = many(counting, (i) => ({ size: bytesAt(i).length, lastModified: MODIFIED }));
      expect((await get([], 'HEAD')).status).toBe(200);
      expect(resolved).toBe(0);
      const rest = await get(range('bytes=300000-399999'));
      expect(rest.status).toBe(206);
      expect(resolved).toBeLessThan(500);
      entries = entries.map(({ name }, i) => ({ name, source: bytesSource(bytesAt(i)), lastModified: MODIFIED }));
      const whole = await get();
      expect(readZip(whole.body)).toHaveLength(COUNT);
      expect(rest.body.equals(whole.body.subarray(300_000, 400_000))).toBe(true);
    });
  });

  describe('with an entry that fails before the first byte', () => {
    it.each<[what: string, known: Partial<ZipEntry>]>([
      ['and is resolved', {}],
      ['and has a size from the app', { size: NOTE.length }],
    ])('is a 404 if the entry does not exist %s', async (_, known) => {
      entries = [{ name: 'gone.txt', source: fileSource(fixtures.at('gone.txt')), ...known }];
      const response = await get();
      expect(response.status).toBe(404);
      expect(header(response, 'content-disposition')).toBeUndefined();
    });

    it('is sent in its current version if an entry has changed: it is resolved again, once', async () => {
      const states = [probe(NOTE), probe(PHOTO)];
      let resolved = 0;
      const changing: RangeSource = { resolve: (signal) => states[Math.min(resolved++, 1)]!.resolve(signal) };
      // Five sources: of more than four none stays open.
      const others = [1, 2, 3, 4].map((i) => ({ name: `${i}`, source: probe(NOTE) }));
      entries = [{ name: 'changing', source: changing }, ...others];
      const { status, body } = await get();
      expect(status).toBe(200);
      expect(readZip(body)[0]?.bytes.equals(PHOTO)).toBe(true);
    });

    it('is a 503 if an entry never matches what the app says', async () => {
      entries = [{ name: 'other', source: probe(NOTE), size: NOTE.length, etag: '"old"' }];
      expect((await get()).status).toBe(503);
    });

    it('is a 503 if the store of CRCs fails', async () => {
      const crcs: CrcStore = { get: () => Promise.reject(new Error('no connection')), set: () => {} };
      options = { crcs };
      entries = [{ name: 'note.txt', source: probe(NOTE) }];
      expect((await get(range('bytes=-30'))).status).toBe(503);
      expect((await get()).status).toBe(200); // needs none
    });

    it('is a 504 if an entry that is read for its CRC stays silent', async () => {
      const photo = probe(PHOTO, { onChunk: () => new Promise(() => {}) });
      entries = [{ name: 'photo.jpg', source: photo }];
      expect((await get(range('bytes=-30'), 'GET', '/impatient.zip')).status).toBe(504);
    });
  });

  describe('with an entry that fails later is cut off', () => {
    const expectCut = async (): Promise<void> => {
      const response = await get();
      expect([response.status, response.isComplete]).toEqual([200, false]);
      expect(() => readZip(response.body)).toThrow(/signature|outside/);
    };

    it('if it has gone', async () => {
      const path = fixtures.write('later.txt', NOTE);
      const photo = probe(PHOTO, { onChunk: (index) => void (index === 1 && rmSync(path)) });
      const later = { name: 'later.txt', source: fileSource(path), size: NOTE.length };
      entries = [{ name: 'photo.jpg', source: photo }, later];
      await expectCut();
    });

    it.each([-1, 1])('if it has %d bytes too many', async (surplus) => {
      entries = [{ name: 'photo.jpg', source: probe(PHOTO, { surplus }) }];
      await expectCut();
    });

    it('if its CRC is not the given one', async () => {
      entries = [{ name: 'photo.jpg', source: probe(PHOTO), crc32: crc32(NOTE) }];
      await expectCut();
    });

    it('if it has another tag than the app says', async () => {
      entries = [
        { name: 'photo.jpg', source: probe(PHOTO) },
        { name: 'note.txt', source: probe(NOTE), size: NOTE.length, etag: '"old"' },
      ];
      await expectCut();
    });
  });

  it('a client that leaves ends the reading of an entry for its CRC', async () => {
    const gate = new Gate();
    const photo = probe(PHOTO, {
      onChunk: (_, signal) => {
        signal.addEventListener('abort', () => gate.fail(signal.reason), { once: true });
        return gate.passed;
      },
    });
    entries = [{ name: 'photo.jpg', source: photo }];
    const connection = await RawConnection.open(running.port);
    connection.send(requestText('/trip.zip', range('bytes=-30')));
    await until(() => photo.opened === 1, 'the entry to be read');
    connection.socket.destroy();
    await until(() => photo.isReleased, 'the entry to be released');
    expect(running.log.complaints).toEqual([]);
  });
});
