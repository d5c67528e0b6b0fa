import { expect, it } from '@jest/globals';
import { copyFile, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { openLossyLine } from '../support/connections/lossy-line.js';
import { run } from './command.js';
import { describeClient } from './describe-client.js';
import { FILES, HEADS_LENGTH, lengthOf, sha256 } from './download-site.js';

describeClient('curl', (at) => {
  const curl = (...args: readonly string[]) => run('curl', ['-sS', ...args], at.folder);
  const resume = (copy: string, url: string) => curl('-C', '-', '-o', copy, '-w', '%{http_code}', url);

  it.each(FILES)('-C - completes %s over a line that breaks three times', async (file) => {
    const copy = join(at.folder, file);
    const size = await lengthOf(at.site.original(file));
    const line = await openLossyLine(at.site.url, [Math.floor(size / 5) | 1, 7, Math.floor(size / 3) | 1]);
    try {
      const lengthsHeld: number[] = [];
      const exitCodes: number[] = [];
      while (exitCodes.at(-1) !== 0 && exitCodes.length < 5) {
        lengthsHeld.push(await lengthOf(copy));
        exitCodes.push((await resume(copy, line.url + at.site.path(file))).exitCode);
      }
      expect(exitCodes).toEqual([18, expect.any(Number), 18, 0]);
      expect(line.ranges()).toEqual([undefined, ...lengthsHeld.slice(1).map((length) => `bytes=${length}-`)]);
      expect(line.bytesCarried()).toBeLessThan(size + HEADS_LENGTH);
    } finally {
      await line.close();
    }
    expect(await sha256(copy)).toBe(await sha256(at.site.original(file)));
  });

  it.each(FILES)('-C - completes a copy of %s with one byte, with half and with one too few', async (file) => {
    const size = await lengthOf(at.site.original(file));
    const digest = await sha256(at.site.original(file));
    for (const lengthHeld of [1, Math.floor(size / 2) | 1, size - 1]) {
      const copy = join(at.folder, `${lengthHeld}-${file}`);
      await copyFile(at.site.original(file), copy);
      await truncate(copy, lengthHeld);
      expect(await resume(copy, at.site.url + at.site.path(file))).toEqual({ exitCode: 0, stdout: '206', stderr: '' });
      expect(await sha256(copy)).toBe(digest);
    }
  });

  it.each(FILES)('-C - leaves a complete copy of %s as it is', async (file) => {
    const copy = join(at.folder, file);
    await copyFile(at.site.original(file), copy);
    expect((await resume(copy, at.site.url + at.site.path(file))).stdout).toBe('416');
    expect(await sha256(copy)).toBe(await sha256(at.site.original(file)));
  });

  it.each([
    ['0-0', 0, 1],
    ['1000-1999', 1000, 2000],
    ['960000-', 960_000, undefined],
    ['-333', -333, undefined],
    ['-99999999', 0, undefined],
    ['960000-99999999', 960_000, undefined],
  ])('-r %s fetches just that', async (range, start, end) => {
    const tone = await readFile(at.site.original('tone.mp3'), 'latin1');
    const { stdout } = await curl('-r', range, '-w', '%{http_code}', at.site.url + at.site.path('tone.mp3'));
    expect(stdout).toBe(`${tone.slice(start, end)}206`);
  });

  it('-r with several ranges fetches them as parts, in the requested order', async () => {
    const book = await readFile(at.site.original('book.pdf'), 'latin1');
    const { stdout } = await curl('-i', '-r', '5000-5999,0-99,-50', at.site.url + at.site.path('book.pdf'));
    const [head = '', ...rest] = stdout.split('\r\n\r\n');
    const boundary = /^content-type: multipart\/byteranges; *boundary="?([^"\r\n]+)"?$/im.exec(head)?.[1];
    expect(head).toMatch(/^HTTP\/1\.1 206 /);
    expect(head).toMatch(new RegExp(`^content-length: ${rest.join('\r\n\r\n').length}\r?$`, 'im'));

    const [before, ...parts] = rest.join('\r\n\r\n').split(`\r\n--${boundary}`);
    expect(before).toBe('');
    expect(parts.pop()).toMatch(/^--(\r\n)?$/);
    expect(parts.map(readPart)).toEqual([
      { range: `bytes 5000-5999/${book.length}`, type: 'application/pdf', bytes: book.slice(5000, 6000) },
      { range: `bytes 0-99/${book.length}`, type: 'application/pdf', bytes: book.slice(0, 100) },
      {
        range: `bytes ${book.length - 50}-${book.length - 1}/${book.length}`,
        type: 'application/pdf',
        bytes: book.slice(-50),
      },
    ]);
  });

  it('-z and --etag-compare get a 304 without content, or a 200 for another version', async () => {
    const url = at.site.url + at.site.path('tone.mp3');
    const tag = join(at.folder, 'tag');
    const copy = join(at.folder, 'tone.mp3');
    const status = ['-o', '/dev/null', '-w', '%{http_code} %{size_download}'];
    const size = await lengthOf(at.site.original('tone.mp3'));
    await curl('-R', '--etag-save', tag, '-o', copy, url);

    expect((await curl('-z', copy, ...status, url)).stdout).toBe('304 0');
    expect((await curl('--etag-compare', tag, ...status, url)).stdout).toBe('304 0');
    expect((await curl('-z', 'Thu, 01 Jan 1998 00:00:00 GMT', ...status, url)).stdout).toBe(`200 ${size}`);
    expect((await curl('-H', 'If-None-Match: "another"', ...status, url)).stdout).toBe(`200 ${size}`);
  });
});

function readPart(part: string): { range: string | undefined; type: string | undefined; bytes: string } {
  const end = part.indexOf('\r\n\r\n');
  const head = part.slice(0, end);
  return {
    range: /^content-range: *(.*)$/im.exec(head)?.[1],
    type: /^content-type: *(.*)$/im.exec(head)?.[1],
    bytes: part.slice(end + 4),
  };
}
