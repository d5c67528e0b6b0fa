import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param } from '@nestjs/common';
import { bytesSource, fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { type ZipEntry, zipSource } from 'nestjs-range/zip';
import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { ADAPTERS, startApp, type TestApp } from '../support/apps/test-app.js';
import { openLossyLine } from '../support/connections/lossy-line.js';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { type Client, type CommandResult, run } from './command.js';
import { lengthOf, sha256 } from './download-site.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const GIB = 1024 ** 3;
const SPARSE = 5 * GIB;
const LONG_AGO = new Date('2001-02-03T04:05:06Z');

const ARCHIVES: Readonly<Record<string, () => ZipEntry[]>> = {
  /** All that an archive can have. */
  trip: () => [
    { name: 'trip/', lastModified: MODIFIED },
    { name: 'trip/photo ä 日本.jpg', source: fileSource(fixtures.at('photo.jpg')) },
    { name: 'trip/private.txt', source: bytesSource(Buffer.from('mine\n')), lastModified: LONG_AGO, mode: 0o600 },
    { name: 'trip/run.sh', source: bytesSource(Buffer.from('#!/bin/sh\n')), lastModified: LONG_AGO, mode: 0o755 },
    { name: 'trip/nothing', source: bytesSource(Buffer.alloc(0)), lastModified: LONG_AGO },
    { name: 'trip/empty/', lastModified: LONG_AGO, mode: 0o700 },
  ],
  films: () => [1, 2, 3].map((i) => ({ name: `film-${i}.mp4`, source: fileSource(fixtures.at(`film-${i}.mp4`)) })),
  small: () => {
    return Array.from({ length: 10_000 }, (_, i) => ({
      name: `${i % 100}/${i}.txt`,
      source: fileSource(fixtures.at(`small/${i}`)),
    }));
  },
  crowd: () => {
    return Array.from({ length: 70_000 }, (_, i) => ({ name: `${i}.txt`, source: bytesSource(Buffer.from(`${i}\n`)) }));
  },
  sparse: () => [
    { name: 'before.txt', source: bytesSource(Buffer.from('before\n')) },
    { name: 'sparse.bin', source: fileSource(fixtures.at('sparse.bin')) },
    { name: 'behind.txt', source: bytesSource(Buffer.from('behind\n')) },
  ],
};

@Controller()
class Downloads {
  @Get(':name.zip')
  @Ranged()
  archive(@Param('name') name: string) {
    return new RangedFile(zipSource(ARCHIVES[name]!()));
  }
}

const PHOTO = pseudoRandomBytes(300_000);

beforeAll(async () => {
  fixtures.write('photo.jpg', PHOTO);
  for (const i of [1, 2, 3]) fixtures.write(`film-${i}.mp4`, pseudoRandomBytes(9_000_000, i));
  mkdirSync(fixtures.at('small'));
  for (let i = 0; i < 10_000; i++) fixtures.write(`small/${i}`, `the file ${i}\n`);
  const sparse = await open(fixtures.at('sparse.bin'), 'w');
  await sparse.write('begin');
  await sparse.write('end', SPARSE - 3);
  await sparse.close();
  await utimes(fixtures.at('sparse.bin'), MODIFIED, MODIFIED);
});

/** How each of them tests an archive. */
const TESTERS: readonly (readonly [client: Client, ...args: string[]])[] = [
  ['unzip', '-tq'],
  ['7zz', 't'],
  ['bsdtar', '-cf', '/dev/null', '--format=ustar'], // reads all that is in the archive of the last argument
  ['/usr/bin/python3', '-m', 'zipfile', '-t'],
];

/** How each of them unpacks one, and whether it keeps modes and dates. */
const UNPACKERS: readonly (readonly [client: Client, args: readonly string[], keeps: boolean])[] = [
  ['unzip', ['-q'], true],
  ['7zz', ['x'], true],
  ['bsdtar', ['-xf'], true],
  ['/usr/bin/python3', ['-m', 'zipfile', '-e'], false],
];

describe.each(ADAPTERS)('archives on %s', (adapter) => {
  let running: TestApp;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Downloads] });
    url = `http://127.0.0.1:${running.port}`;
  });
  afterAll(() => running.close());
  beforeEach(async () => {
    folder = await mkdtemp(fixtures.at('folder-'));
  });

  const fetched = async (name: string): Promise<string> => {
    const path = join(folder, `${name}.zip`);
    const { exitCode } = await run('curl', ['-sSf', '-o', path, `${url}/${name}.zip`], folder);
    expect(exitCode).toBe(0);
    return path;
  };
  const test = ([client, ...args]: (typeof TESTERS)[number], path: string): Promise<CommandResult> =>
    run(client, [...args, client === 'bsdtar' ? `@${path}` : path], folder);
  const expectFine = async (path: string, testers = TESTERS): Promise<void> => {
    for (const tester of testers) {
      const { exitCode, stdout, stderr } = await test(tester, path);
      expect({ tester, exitCode, stderr }).toEqual({ tester, exitCode: 0, stderr: '' });
      expect(stdout).not.toMatch(/warning|error(?!s detected)/i);
    }
  };

  it.each(['trip', 'films', 'small', 'crowd'])('%s: every program that reads archives accepts it', async (name) => {
    await expectFine(await fetched(name));
  });

  it.each(UNPACKERS)('%s unpacks it', async (client, args, keeps) => {
    const path = await fetched('trip');
    const { exitCode, stderr } = await run(
      client,
      client === '/usr/bin/python3' ? [...args, path, '.'] : [...args, path],
      folder,
    );
    expect([exitCode, stderr]).toEqual([0, '']);
    const trip = join(folder, 'trip');
    expect((await readdir(trip)).sort()).toEqual(['empty', 'nothing', 'photo ä 日本.jpg', 'private.txt', 'run.sh']);
    expect((await readFile(join(trip, 'photo ä 日本.jpg'))).equals(PHOTO)).toBe(true);
    expect(await readFile(join(trip, 'private.txt'), 'utf8')).toBe('mine\n');
    expect(await lengthOf(join(trip, 'nothing'))).toBe(0);
    if (!keeps) return;
    const found = async (name: string) => {
      const { mode, mtimeMs } = await stat(join(trip, name));
      return [(mode & 0o777).toString(8), new Date(mtimeMs - (mtimeMs % 1000)).toISOString()];
    };
    const long = LONG_AGO.toISOString();
    expect(await found('private.txt')).toEqual(['600', long]);
    expect(await found('run.sh')).toEqual(['755', long]);
    expect(await found('nothing')).toEqual(['644', long]);
    expect(await found('empty')).toEqual(['700', long]);
    expect(await found('photo ä 日本.jpg')).toEqual(['644', '2024-02-29T12:34:56.000Z']);
  });

  it('bsdtar unpacks it from a pipe', async () => {
    const input = await readFile(await fetched('trip'));
    const { exitCode, stderr } = await run('bsdtar', ['-xf', '-'], folder, { input });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect((await readFile(join(folder, 'trip', 'photo ä 日本.jpg'))).equals(PHOTO)).toBe(true);
    expect(existsSync(join(folder, 'trip', 'empty'))).toBe(true);
  });

  it('zipinfo shows what Info-ZIP itself would have written', async () => {
    const { exitCode, stdout, stderr } = await run('zipinfo', ['-v', await fetched('trip')], folder);
    expect([exitCode, stderr]).toEqual([0, '']);
    const about = stdout.split('trip/private.txt\n')[1]?.split('Central directory entry')[0] ?? '';
    expect(about).toMatch(/file system or operating system of origin: +Unix/);
    expect(about).toMatch(/version of encoding software: +3\.0/);
    expect(about).toMatch(/minimum software version required to extract: +1\.0/);
    expect(about).toMatch(/compression method: +none \(stored\)/);
    expect(about).toMatch(/extended local header: +yes/);
    expect(about).toMatch(/DOS date\/time\): +2001 Feb 3 04:05:06/);
    expect(about).toMatch(/modtime\): +2001 Feb 3 04:05:06 UTC/);
    expect(about).toMatch(/uncompressed size: +5 bytes/);
    expect(about).toMatch(/Unix file attributes \(100600 octal\): +-rw-------/);
    expect(stdout).not.toMatch(/warning|error/i);
  });

  it('curl -C - completes it after the connection broke at any point', async () => {
    const original = await fetched('films');
    const copy = join(folder, 'copy.zip');
    const line = await openLossyLine(url, [1000, 5_000_000, 9_000_000, 12_999_999, 100_000]);
    try {
      const exitCodes: number[] = [];
      while (exitCodes.at(-1) !== 0 && exitCodes.length < 8) {
        exitCodes.push((await run('curl', ['-sS', '-C', '-', '-o', copy, `${line.url}/films.zip`], folder)).exitCode);
      }
      expect(exitCodes.at(-1)).toBe(0);
      expect(line.ranges().slice(2)).toEqual(
        line
          .ranges()
          .slice(2)
          .map(() => expect.stringMatching(/^bytes=\d+-$/)),
      );
    } finally {
      await line.close();
    }
    expect(await sha256(copy)).toBe(await sha256(original));
    await expectFine(copy);
  });

  it('aria2c fetches it over eight connections', async () => {
    const original = await fetched('films');
    const pieces = ['-x8', '-s8', '-k1M', '--use-head=true', '--file-allocation=none', '-q', '-o', 'copy.zip'];
    const { exitCode } = await run('aria2c', [...pieces, `${url}/films.zip`], folder);
    expect(exitCode).toBe(0);
    const copy = join(folder, 'copy.zip');
    expect(await sha256(copy)).toBe(await sha256(original));
    await expectFine(copy, TESTERS.slice(0, 1));
  });
});

describe('an archive with an entry of 5 GiB', () => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp('fastify', { imports: [RangeModule], controllers: [Downloads] });
  });
  afterAll(() => running.close());

  const timeout = 300_000;
  it('every program that reads archives accepts it, and it resumes beyond 4 GiB', async () => {
    const folder = await mkdtemp(fixtures.at('folder-'));
    const path = join(folder, 'sparse.zip');
    const url = `http://127.0.0.1:${running.port}/sparse.zip`;
    const line = await openLossyLine(new URL(url).origin, [4.5 * GIB]);
    try {
      const broken = await run('curl', ['-sS', '-o', path, `${line.url}/sparse.zip`], folder, { timeout });
      expect(broken.exitCode).toBe(18);
      expect(await lengthOf(path)).toBeGreaterThan(4 * GIB);
      const rest = await run('curl', ['-sS', '-C', '-', '-o', path, '-w', '%{http_code}', url], folder, { timeout });
      expect(rest).toEqual({ exitCode: 0, stdout: '206', stderr: '' });
    } finally {
      await line.close();
    }
    expect(await lengthOf(path)).toBeGreaterThan(SPARSE);
    for (const [client, ...args] of TESTERS) {
      const target = client === 'bsdtar' ? `@${path}` : path;
      // Others than bsdtar read all of it; that would write 5 GiB to a pipe of its own.
      const command = client === 'bsdtar' ? ['-xOf', path, 'behind.txt'] : [...args, target];
      const { exitCode, stdout, stderr } = await run(client, command, folder, { timeout });
      expect({ client, exitCode, stderr }).toEqual({ client, exitCode: 0, stderr: '' });
      if (client === 'bsdtar') expect(stdout).toBe('behind\n');
    }
    const { stdout } = await run('zipinfo', [path], folder);
    expect(stdout).toMatch(/-rw-r--r-- +3\.0 unx 5368709120 bX stor 24-Feb-29 12:34 sparse\.bin/);
    await rm(folder, { recursive: true });
  }, 600_000);
});
