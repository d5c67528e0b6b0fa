import { expect, it } from '@jest/globals';
import { copyFile, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { openLossyLine } from '../support/connections/lossy-line.js';
import { run } from './command.js';
import { describeClient } from './describe-client.js';
import { BIG_FILE, FILES, lengthOf, sha256 } from './download-site.js';

/** Asks for the length before anything else: then every GET is for a piece, however fast the server is. */
const HEAD_FIRST = '--use-head=true';

describeClient('aria2c', (at) => {
  /** Continues the file of that name in the folder over four connections, each for a megabyte or more. */
  const resume = async (url: string, ...args: readonly string[]) => {
    const log = join(at.folder, 'log');
    await rm(log, { force: true });
    const pieces = ['-c', '-x4', '-s4', '-k1M', '--file-allocation=none', '--max-tries=1'];
    const { exitCode } = await run(
      'aria2c',
      [...pieces, '-q', `--log=${log}`, '--log-level=info', ...args, url],
      at.folder,
    );
    const statuses = [...(await readFile(log, 'latin1')).matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status);
    return { exitCode, statuses };
  };

  it.each([
    { file: 'clip.mp4', pieces: 3 },
    { file: 'tone.mp3', pieces: 1 },
    { file: 'book.pdf', pieces: 2 },
    { file: BIG_FILE, pieces: 4 },
  ])('-x4 fetches $file in $pieces pieces or more', async ({ file, pieces }) => {
    const line = await openLossyLine(at.site.url);
    try {
      const { exitCode, statuses } = await resume(line.url + at.site.path(file), HEAD_FIRST);
      expect(exitCode).toBe(0);
      expect(statuses).toEqual(['200', ...statuses.slice(1).fill('206')]);
      expect(new Set(line.ranges().slice(1)).size).toBeGreaterThanOrEqual(pieces);
    } finally {
      await line.close();
    }
    expect(await sha256(join(at.folder, file))).toBe(await sha256(at.site.original(file)));
  });

  it.each(FILES)('-c -x4 completes %s after every connection was cut', async (file) => {
    const size = await lengthOf(at.site.original(file));
    const breaking = await openLossyLine(at.site.url, Array(4).fill(Math.floor(size / 9) | 1));
    const lasting = await openLossyLine(at.site.url);
    try {
      expect((await resume(breaking.url + at.site.path(file))).exitCode).not.toBe(0);

      const { exitCode, statuses } = await resume(lasting.url + at.site.path(file), HEAD_FIRST);
      expect(exitCode).toBe(0);
      expect(statuses).toEqual(['200', '206', ...statuses.slice(2).fill('206')]);
      const [, ...ranges] = lasting.ranges();
      expect(ranges).toEqual(ranges.map(() => expect.stringMatching(/^bytes=[1-9]\d*-/)));
    } finally {
      await breaking.close();
      await lasting.close();
    }
    expect(await sha256(join(at.folder, file))).toBe(await sha256(at.site.original(file)));
  });

  it.each(FILES)('-c completes the half of %s that another client has left', async (file) => {
    const copy = join(at.folder, file);
    await copyFile(at.site.original(file), copy);
    await truncate(copy, Math.floor((await lengthOf(copy)) / 2) | 1);
    const { exitCode, statuses } = await resume(at.site.url + at.site.path(file));
    expect(exitCode).toBe(0);
    expect(statuses).toContain('206');
    expect(await sha256(copy)).toBe(await sha256(at.site.original(file)));
  });
});
