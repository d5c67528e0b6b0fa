import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  createReadStream,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileHandles } from '../../../src/sources/descriptors/descriptor-cache.js';
import { fileSource, type FileSourceOptions } from '../../../src/sources/file/file-source.js';
import type { FileValidators } from '../../../src/sources/file/file-validators.js';
import { readStreamSource } from '../../../src/sources/read-stream/read-stream-source.js';
import type { Representation } from '../../../src/sources/source.js';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { settle, until } from '../../support/until.js';

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
    ['the first byte', [0, 0]],
    ['the last byte', [700_000, 700_000]],
    ['across chunks', [262_140, 600_000]],
  ])('reads %s', async (_, range) => {
    const [firstPos, lastPos] = range ?? [0, 700_000];
    expect((await read(path, {}, range)).equals(BYTES.subarray(firstPos, lastPos + 1))).toBe(true);
  });

  it('returns size, type and date, and opens nothing before it is resolved', async () => {
    await untilClosed(fixtures);
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

  it('fails if the file is truncated while it is read', async () => {
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

describe('a file that changes while it is read', () => {
  const OTHER = pseudoRandomBytes(900_000, 2);
  const setBackTime = (target: string): void => utimesSync(target, MODIFIED, MODIFIED);
  const append = (target: string): void => appendFileSync(target, OTHER.subarray(0, 1000));

  /** Reads a range, or several one after the other, and lets the file change before the chunk of that number. */
  async function readAcross(
    ranges: readonly (readonly [number, number])[],
    at: number,
    change: (target: string) => void,
    modified = MODIFIED,
  ): Promise<Buffer> {
    const target = fixtures.write('changing.bin', BYTES, modified);
    return withFile(target, {}, async (representation) => {
      const chunks: Buffer[] = [];
      let isChanged = false;
      for (const [firstPos, lastPos] of ranges) {
        const bytes = (await representation.open({ firstPos, lastPos }, signal))[Symbol.asyncIterator]();
        for (;;) {
          if (chunks.length === at && !isChanged) change(target);
          isChanged ||= chunks.length === at;
          const result = await bytes.next();
          if (result.done === true) break;
          chunks.push(Buffer.from(result.value));
        }
      }
      return Buffer.concat(chunks);
    });
  }

  const WHOLE = [[0, 700_000]] as const;
  const PARTS = [
    [0, 99_999],
    [300_000, 399_999],
    [600_000, 700_000],
  ] as const;

  it.each<[what: string, change: (target: string) => void]>([
    ['overwritten, longer', (target) => writeFileSync(target, OTHER)],
    [
      'overwritten, with the same size and time',
      (target) => (writeFileSync(target, OTHER.subarray(0, 700_001)), setBackTime(target)),
    ],
    ['overwritten, longer, with the same time', (target) => (writeFileSync(target, OTHER), setBackTime(target))],
    ['overwritten, shorter', (target) => writeFileSync(target, OTHER.subarray(0, 600_000))],
    ['appended to, then overwritten', (target) => (append(target), writeFileSync(target, OTHER))],
  ])('and is %s yields no byte of another version', async (_, change) => {
    for (const ranges of [WHOLE, PARTS]) {
      for (const at of [0, 1, 2]) {
        await expect(readAcross(ranges, at, change)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
      }
    }
    await expect(readAcross([[5, 9]], 0, change)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it.each<[what: string, change: (target: string) => void]>([
    ['appended to', append],
    ['appended to, with the same time', (target) => (append(target), setBackTime(target))],
    ['given other permissions', (target) => chmodSync(target, 0o600)],
    ['deleted', (target) => rmSync(target)],
  ])('and is %s is read as it was', async (_, change) => {
    for (const at of [1, 2]) {
      expect((await readAcross(WHOLE, at, change)).equals(BYTES)).toBe(true);
      const parts = PARTS.map(([first, last]) => BYTES.subarray(first, last + 1));
      expect((await readAcross(PARTS, at, change)).equals(Buffer.concat(parts))).toBe(true);
    }
  });

  it('and grew before anything was read is another version, if it has a tag', async () => {
    await expect(readAcross(WHOLE, 0, append)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it('and is still being recorded is read up to its first size', async () => {
    const young = new Date();
    for (const ranges of [WHOLE, [[5, 9]]] as const) {
      const [[first, last]] = ranges;
      expect((await readAcross(ranges, 0, append, young)).equals(BYTES.subarray(first, last + 1))).toBe(true);
    }
  });
});

describe('the validators of a file', () => {
  it('are a strong tag that needs no escaping, and reveals neither size nor time', async () => {
    const tag = await etag(path);
    expect(tag).toMatch(/^"[\w-]{16,}"$/);
    expect(tag).not.toContain('700001');
    expect(tag).not.toContain(String(MODIFIED.getTime()));
  });

  const validators = (name: string, options: FileSourceOptions = {}): Promise<FileValidators> =>
    withFile(name, options, ({ etag: tag, lastModified }) => ({ etag: tag, lastModified }));
  const NONE = { etag: undefined, lastModified: undefined };
  const STRONG = expect.stringMatching(/^"[\w-]{22}"$/);

  afterEach(() => void jest.restoreAllMocks());

  /** Sets our clock, in ms against that of the file system. */
  function setClock(ms: number): void {
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + ms);
  }

  it('are none while the file is younger than two seconds', async () => {
    const young = fixtures.write('young.bin', 'x', new Date());
    expect(await validators(young)).toEqual(NONE);
    const settled = new Date(Date.now() - 3000);
    utimesSync(young, settled, settled);
    expect(await validators(young)).toEqual({ etag: STRONG, lastModified: expect.any(Date) });
  });

  it('are missing for a young file dated in the future, and strong two seconds after its last change', async () => {
    const inFuture = fixtures.write('future.bin', 'x', new Date(Date.now() + 3_600_000));
    expect(await validators(inFuture)).toEqual(NONE);
    setClock(1000);
    expect(await validators(inFuture)).toEqual(NONE);
    setClock(3000);
    expect(await validators(inFuture)).toMatchObject({ etag: STRONG });
  });

  it('are strong two seconds after a change was first seen, if our clock is behind the file system', async () => {
    const file = fixtures.write('ahead.bin', 'x', new Date());
    setClock(-3_600_000);
    expect(await validators(file)).toEqual(NONE);
    const now = performance.now();
    jest.spyOn(performance, 'now').mockReturnValue(now + 2000);
    expect(await validators(file)).toMatchObject({ etag: STRONG });
    appendFileSync(file, 'y');
    expect(await validators(file)).toEqual(NONE);
  });

  describe('if nobody has set the time', () => {
    const TIMES = [
      '1901-12-14',
      '1970-01-01',
      '1980-01-01',
      '1984-01-24',
      '1985-10-26T08:15:00Z',
      '1989-12-31T23:59:59Z',
    ];
    const LARGE = 8 * 1024 * 1024;

    it.each(TIMES)('(%s) are a tag of the content, and no date', async (time) => {
      const [one, copy, other] = [
        fixtures.write('undated.1', 'content 1', new Date(time)),
        fixtures.write('undated.2', 'content 1', new Date(time)),
        fixtures.write('undated.3', 'content 2', new Date(time)),
      ];
      const ofOne = await validators(one);
      expect(ofOne).toEqual({ etag: STRONG, lastModified: undefined });
      expect(await validators(copy)).toEqual(ofOne);
      expect((await validators(other)).etag).not.toBe(ofOne.etag);
      renameSync(other, one);
      expect((await validators(one)).etag).not.toBe(ofOne.etag);
      fixtures.write('undated.1', 'content 1', new Date(time));
      expect(await validators(one)).toEqual(ofOne);
      fixtures.write('undated.1', 'content 3', new Date(time)); // in place, with the same size and time
      expect((await validators(one)).etag).not.toBe(ofOne.etag);
    });

    it('are made from size and time from 1990 on', async () => {
      const [first] = [new Date('1990-01-01T00:00:00Z')];
      const one = fixtures.write('dated.1', 'content 1', first);
      expect(await validators(one)).toEqual({ etag: STRONG, lastModified: first });
      expect((await validators(fixtures.write('dated.2', 'content 2', first))).etag).toBe(await etag(one));
    });

    it.each([0, 1, 256 * 1024, 256 * 1024 + 1, LARGE])(
      'are a tag of all the content of a file of %s bytes',
      async (size) => {
        const bytes = pseudoRandomBytes(size, 9);
        const npm = new Date('1985-10-26T08:15:00Z');
        const tag = await etag(fixtures.write('sized.1', bytes, npm));
        expect(await etag(fixtures.write('sized.2', bytes, npm))).toBe(tag);
        for (const at of size === 0 ? [] : [0, size - 1]) {
          const changed = Buffer.from(bytes);
          changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
          expect(await etag(fixtures.write('sized.3', changed, npm))).not.toBe(tag);
        }
      },
    );

    it('are a tag of the inode for a file over 8 MiB', async () => {
      const bytes = Buffer.alloc(LARGE + 1, 'x');
      const [one, copy] = ['large.1', 'large.2'].map((name) => fixtures.write(name, bytes, new Date(0)));
      const tag = await validators(one!);
      expect(tag).toEqual({ etag: STRONG, lastModified: undefined });
      expect(await validators(one!)).toEqual(tag);
      expect((await validators(copy!)).etag).not.toBe(tag.etag);
      renameSync(copy!, one!);
      expect((await validators(one!)).etag).not.toBe(tag.etag);
    });

    it('are the same for a stream over the file', async () => {
      const file = fixtures.write('streamed.bin', 'content', new Date(0));
      const representation = await readStreamSource(createReadStream(file), {}).resolve(signal);
      expect(representation.etag).toBe(await etag(file));
      expect(representation.lastModified).toBeUndefined();
      await representation.close?.();
    });
  });

  describe("with etag: 'content'", () => {
    const options: FileSourceOptions = { etag: 'content' };

    it('are the same for the same content, whatever its time, and have no date', async () => {
      const [one, other] = [
        fixtures.write('built.1', 'content', MODIFIED),
        fixtures.write('built.2', 'content', new Date('2020-01-01')),
      ];
      const ofOne = await validators(one, options);
      expect(ofOne).toEqual({ etag: STRONG, lastModified: undefined });
      expect(await validators(other, options)).toEqual(ofOne);
      expect(await validators(fixtures.write('built.3', 'CONTENT', MODIFIED), options)).not.toEqual(ofOne);
      expect((await validators(one)).lastModified).toEqual(MODIFIED);
    });

    it('are none while the file is young', async () => {
      expect(await validators(fixtures.write('built.4', 'content', new Date()), options)).toEqual(NONE);
    });

    it('come later for a file over 8 MiB, and are the same for a copy', async () => {
      const bytes = Buffer.alloc(9 * 1024 * 1024, 'x');
      const files = ['built.5', 'built.6'].map((name) => fixtures.write(name, bytes, MODIFIED));
      setClock(3000); // what has just changed is not remembered
      const tags = await Promise.all(
        files.map(async (file) => {
          expect(await validators(file, options)).toEqual(NONE);
          for (;;) {
            const { etag: tag } = await validators(file, options);
            if (tag !== undefined) return tag;
            await settle(1);
          }
        }),
      );
      expect(tags[0]).toMatch(/^"/);
      expect(tags[1]).toBe(tags[0]);
    });

    it('knows no other way', () => {
      expect(() => fileSource(path, { etag: 'size' as never })).toThrow(/option "etag" must be 'content'/);
    });
  });

  describe('that are hashed', () => {
    /** Counts the hashes that are made, and how many at the same time. */
    function watchHashes(): { made: number; atOnce: number } {
      const seen = { made: 0, atOnce: 0 };
      let underWay = 0;
      const digest = webcrypto.subtle.digest.bind(webcrypto.subtle);
      jest.spyOn(webcrypto.subtle, 'digest').mockImplementation(async (...of) => {
        seen.made++;
        seen.atOnce = Math.max(seen.atOnce, ++underWay);
        try {
          return await digest(...of);
        } finally {
          underWay--;
        }
      });
      return seen;
    }

    it('are made once for a version, for any number of requests, even if it was closed meanwhile', async () => {
      const file = fixtures.write('hashed.bin', 'content', new Date(0));
      setClock(3000);
      const hashes = watchHashes();
      const tags = await Promise.all(Array.from({ length: 30 }, () => etag(file)));
      await fileHandles.closeIdle();
      tags.push(await etag(file), await etag(file));
      expect(new Set(tags).size).toBe(1);
      expect(hashes.made).toBe(1);
    });

    it('are made again if the file has just changed', async () => {
      const file = fixtures.write('changed.bin', 'content', new Date(0));
      const hashes = watchHashes();
      expect(await etag(file)).toBe(await etag(file));
      expect(hashes.made).toBe(2);
    });

    it('are made two at a time', async () => {
      const files = Array.from({ length: 12 }, (_, i) => fixtures.write(`many.${i}`, `content ${i}`, new Date(0)));
      const hashes = watchHashes();
      const tags = await Promise.all(files.map((file) => etag(file)));
      expect(new Set(tags).size).toBe(12);
      expect(hashes).toEqual({ made: 12, atOnce: 2 });
    });
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

  it('serves dotfiles only if allowed', async () => {
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
    ['a missing file', 'missing.mp4'],
    ['a file as if it were a directory', 'clip.mp4/x'],
    ['a name that is too long', 'x'.repeat(5000)],
    ['a NUL', 'clip.mp4\0'],
  ])('does not serve %s', async (_, name) => {
    await expect(read(name, { root: ROOT })).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    await untilClosed(fixtures);
  });

  it.each([
    ['a FIFO', 'root/fifo'],
    ['a directory', 'root'],
    ['a missing file', 'missing'],
  ])('without a root too: %s is not served', async (_, name) => {
    await expect(read(fixtures.at(name))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it('a file that was served by its path is still refused below another root', async () => {
    const outside = fixtures.at('secret.txt');
    expect((await read(outside)).toString()).toBe('secret');
    await expect(read('link-out', { root: ROOT })).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    expect((await read(join(ROOT, 'link-out'))).toString()).toBe('secret');
    await expect(read('link-out', { root: ROOT })).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });
});
