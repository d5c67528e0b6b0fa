import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { copyFileSync, linkSync, mkdirSync, symlinkSync, truncateSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileSource, type FileSourceOptions } from '../../src/sources/file-source.js';
import type { Representation } from '../../src/sources/source.js';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../support/fixtures.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000); // for a loaded machine: nothing waits this long by itself

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const BYTES = pseudoRandomBytes(700_001);
const path = fixtures.write('clip.mp4', BYTES);
mkdirSync(fixtures.at('root/inner'), { recursive: true });
const ROOT = fixtures.at('root');
const { signal } = new AbortController();

async function withFile<T>(
  name: string,
  options: FileSourceOptions,
  use: (representation: Representation) => T | Promise<T>,
): Promise<T> {
  const representation = await fileSource(name, options).resolve(signal);
  try {
    return await use(representation);
  } finally {
    await representation.close?.();
  }
}

const read = (name: string, options: FileSourceOptions = {}, range?: [number, number]): Promise<Buffer> =>
  withFile(name, options, async (representation) => {
    const chunks: Uint8Array[] = [];
    const asked = range === undefined ? undefined : { firstPos: range[0], lastPos: range[1] };
    for await (const chunk of await representation.open(asked, signal)) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  });

const etag = (name: string): Promise<string | undefined> => withFile(name, {}, (representation) => representation.etag);

describe('fileSource', () => {
  it.each<[string, [number, number] | undefined]>([
    ['all of it', undefined],
    ['all of it by a range', [0, 700_000]],
    ['the first octet', [0, 0]],
    ['the last octet', [700_000, 700_000]],
    ['across chunks', [262_140, 600_000]],
  ])('reads %s', async (_, range) => {
    const [firstPos, lastPos] = range ?? [0, 700_000];
    expect((await read(path, {}, range)).equals(BYTES.subarray(firstPos, lastPos + 1))).toBe(true);
  });

  it('says size, type and date, and opens nothing before it is resolved', async () => {
    await until(() => fixtures.openDescriptors().length === 0, 'those of other tests to be closed');
    const source = fileSource(path);
    expect(fixtures.openDescriptors()).toEqual([]);
    const { size, type, lastModified, close } = await source.resolve(signal);
    expect({ size, type, lastModified }).toEqual({ size: 700_001, type: 'video/mp4', lastModified: MODIFIED });
    expect(fixtures.openDescriptors()).toHaveLength(1);
    await close?.();
    await until(() => fixtures.openDescriptors().length === 0, 'the descriptor to be closed');
  });

  it.each([
    ['a.txt', 'text/plain; charset=utf-8'],
    ['a.html', 'text/html; charset=utf-8'],
    ['a.mp3', 'audio/mpeg'],
    ['a.PDF', 'application/pdf'],
    ['a.json', 'application/json; charset=utf-8'],
    ['no-extension', undefined],
    ['mp4', undefined],
    ['a.unheard-of', undefined],
  ])('takes %s for %s', async (name, expected) => {
    fixtures.write(name, 'text');
    expect(await withFile(fixtures.at(name), {}, ({ type }) => type)).toBe(expected);
  });

  it('fails where the file is cut while it is read, rather than to end early', async () => {
    const cut = fixtures.write('cut.bin', BYTES);
    await withFile(cut, {}, async (representation) => {
      const chunks = (await representation.open(undefined, signal))[Symbol.asyncIterator]();
      await chunks.next();
      truncateSync(cut, 1000);
      const rest = async (): Promise<void> => {
        for (let result = await chunks.next(); result.done !== true;) result = await chunks.next();
      };
      await expect(rest()).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    });
  });
});

describe('the validators of a file', () => {
  it('are a strong tag that needs no escaping, and neither size nor time can be read in it', async () => {
    const tag = await etag(path);
    expect(tag).toMatch(/^"[\w-]{16,}"$/);
    expect(tag).not.toContain('700001');
    expect(tag).not.toContain(String(MODIFIED.getTime()));
  });

  it('are weak while the file is younger than two seconds', async () => {
    const young = fixtures.write('young.bin', 'x', new Date());
    expect(await etag(young)).toMatch(/^W\/"/);
    const inFuture = fixtures.write('future.bin', 'x', new Date(Date.now() + 3_600_000));
    expect(await etag(inFuture)).toMatch(/^W\/"/);
    const settled = new Date(Date.now() - 3000);
    utimesSync(young, settled, settled);
    expect(await etag(young)).toMatch(/^"/);
  });

  it('are the same for a copy with the same size and time, as on another replica', async () => {
    mkdirSync(fixtures.at('replica'));
    const copy = fixtures.at('replica/other-name.mp4');
    copyFileSync(path, copy);
    utimesSync(copy, MODIFIED, MODIFIED);
    expect(await etag(copy)).toBe(await etag(path));
  });

  it('differ with the size', async () => {
    const shorter = fixtures.write('shorter.mp4', BYTES.subarray(1));
    expect(await etag(shorter)).not.toBe(await etag(path));
  });

  it('differ with the time, to the nanosecond', async () => {
    const touch = (name: string, time: string): string => {
      const file = fixtures.write(name, 'same');
      execFileSync('touch', ['-d', time, file]);
      return file;
    };
    const tags = await Promise.all(
      ['00:00:00.000000001', '00:00:00.000000002', '00:00:00.001', '00:00:01'].map((time, i) =>
        etag(touch(`ns-${i}`, `2024-01-01 ${time} UTC`)),
      ),
    );
    expect(new Set(tags).size).toBe(4);
    expect(tags.every((tag) => tag?.startsWith('"'))).toBe(true);
  });

  it('stay as they are while the file does', async () => {
    expect(await etag(path)).toBe(await etag(path));
  });
});

describe('a root', () => {
  fixtures.write('root/clip.mp4', BYTES);
  fixtures.write('root/inner/deep.mp4', BYTES);
  fixtures.write('root/.env', 'secret');
  fixtures.write('secret.txt', 'secret');
  symlinkSync(fixtures.at('secret.txt'), join(ROOT, 'link-out'));
  symlinkSync('../secret.txt', join(ROOT, 'relative-link-out'));
  symlinkSync(fixtures.path, join(ROOT, 'directory-out'));
  symlinkSync('clip.mp4', join(ROOT, 'link-in'));
  symlinkSync('nowhere', join(ROOT, 'dangling'));
  symlinkSync('loop', join(ROOT, 'loop'));
  linkSync(join(ROOT, 'clip.mp4'), join(ROOT, 'hard-link'));
  execFileSync('mkfifo', [join(ROOT, 'fifo')]);
  symlinkSync('/dev/zero', join(ROOT, 'zero'));
  symlinkSync(ROOT, fixtures.at('root-by-link'));

  it.each(['clip.mp4', 'inner/deep.mp4', 'link-in', 'hard-link'])('serves %s', async (name) => {
    expect((await read(name, { root: ROOT }, [5, 9])).equals(BYTES.subarray(5, 10))).toBe(true);
  });

  it('may be a link itself, or relative to the working directory', async () => {
    expect(await read('clip.mp4', { root: fixtures.at('root-by-link') }, [0, 4])).toHaveLength(5);
    const relativeRoot = `${'../'.repeat(process.cwd().split('/').length)}${ROOT.slice(1)}`;
    expect(await read('clip.mp4', { root: relativeRoot }, [0, 4])).toHaveLength(5);
  });

  it('serves dotfiles only where that is wanted', async () => {
    expect((await read('.env', { root: ROOT, dotfiles: 'allow' })).toString()).toBe('secret');
    await expect(read('.env', { root: ROOT })).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    await expect(read('.env', { root: ROOT, dotfiles: 'deny' })).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it.each([
    ['a way up', '../secret.txt'],
    ['a way up that comes back', '../root/clip.mp4'],
    ['an absolute path', path],
    ['a link that leads out', 'link-out'],
    ['a relative link that leads out', 'relative-link-out'],
    ['a link to a directory outside', 'directory-out/secret.txt'],
    ['a link that leads out and back in', 'directory-out/root/../secret.txt'],
    ['a link to nothing', 'dangling'],
    ['a link to itself', 'loop'],
    ['a FIFO, without waiting for its writer', 'fifo'],
    ['a device', 'zero'],
    ['a directory', 'inner'],
    ['what is not there', 'missing.mp4'],
    ['a file as if it were a directory', 'clip.mp4/x'],
    ['a name that is too long', 'x'.repeat(5000)],
    ['a NUL', 'clip.mp4\0'],
  ])('does not serve %s', async (_, name) => {
    await expect(read(name, { root: ROOT })).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    await until(() => fixtures.openDescriptors().length === 0, 'no descriptor to be left');
  });

  it.each([
    ['a FIFO', 'root/fifo'],
    ['a directory', 'root'],
    ['what is not there', 'missing'],
  ])('without a root too: %s is nothing to serve', async (_, name) => {
    await expect(read(fixtures.at(name))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it('a file that was served by its path is still refused below a root that it is not in', async () => {
    const outside = fixtures.at('secret.txt');
    expect((await read(outside)).toString()).toBe('secret');
    await expect(read('link-out', { root: ROOT })).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    expect((await read(join(ROOT, 'link-out'))).toString()).toBe('secret');
    await expect(read('link-out', { root: ROOT })).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });
});
