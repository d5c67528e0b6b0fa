import { expect, it } from '@jest/globals';
import { copyFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { openLossyLine } from '../support/connections/lossy-line.js';
import { run } from './command.js';
import { describeClient } from './describe-client.js';
import { FILES, HEADS_LENGTH, lengthOf, sha256 } from './download-site.js';

describeClient('wget', (at) => {
  /** Continues the file of that name in the folder, retries at once, and prints the status line of each answer. */
  const resume = async (url: string) => {
    const { exitCode, stderr } = await run('wget', ['-c', '-S', '-nv', '--tries=5', '--waitretry=0', url], at.folder);
    const statuses = [...stderr.matchAll(/^ *HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status);
    return { exitCode, statuses };
  };

  it.each(FILES)('-c completes %s over a line that breaks three times', async (file) => {
    const copy = join(at.folder, file);
    const size = await lengthOf(at.site.original(file));
    const line = await openLossyLine(at.site.url, [Math.floor(size / 5) | 1, Math.floor(size / 3) | 1, 7]);
    try {
      expect(await resume(line.url + at.site.path(file))).toEqual({ exitCode: 0, statuses: ['200', '206', '206'] });
      expect(line.ranges()).toEqual([undefined, ...Array(3).fill(expect.stringMatching(/^bytes=[1-9]\d*-$/))]);
      expect(line.bytesCarried()).toBeLessThan(size + HEADS_LENGTH);
    } finally {
      await line.close();
    }
    expect(await sha256(copy)).toBe(await sha256(at.site.original(file)));
  });

  it.each(FILES)('-c completes a copy of %s with one byte, with half and with one too few', async (file) => {
    const copy = join(at.folder, file);
    const size = await lengthOf(at.site.original(file));
    const digest = await sha256(at.site.original(file));
    for (const lengthHeld of [1, Math.floor(size / 2) | 1, size - 1]) {
      await copyFile(at.site.original(file), copy);
      await truncate(copy, lengthHeld);
      expect(await resume(at.site.url + at.site.path(file))).toEqual({ exitCode: 0, statuses: ['206'] });
      expect(await sha256(copy)).toBe(digest);
    }
  });

  it.each(FILES)('-c leaves a complete copy of %s as it is', async (file) => {
    const copy = join(at.folder, file);
    await copyFile(at.site.original(file), copy);
    expect(await resume(at.site.url + at.site.path(file))).toEqual({ exitCode: 0, statuses: ['416'] });
    expect(await sha256(copy)).toBe(await sha256(at.site.original(file)));
  });
});
