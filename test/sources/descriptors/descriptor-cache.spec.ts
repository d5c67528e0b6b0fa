import { afterAll, describe, expect, it } from '@jest/globals';
import {
  readSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { FileHandles, type FileLease } from '../../../src/sources/descriptors/descriptor-cache.js';
import { FixtureDirectory, MODIFIED } from '../../support/sources/fixtures.js';
import { settle, until } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const names = ['a', 'b', 'c', 'd'].map((name) => fixtures.write(name, `content of ${name}`));
const [a, b, c] = names as [string, string, string, string];

const open = (): string[] => fixtures.openDescriptors().sort();
const contentOf = ({ fd, version }: FileLease): string => {
  const buffer = Buffer.alloc(version.size);
  readSync(fd, buffer, 0, version.size, 0);
  return buffer.toString();
};
const noneOpen = (): Promise<void> => until(() => open().length === 0, 'every descriptor to be closed');

/** Opens a file once and reads it. */
async function contentAt(handles: FileHandles, path: string): Promise<string> {
  const lease = await handles.lease(path);
  try {
    return contentOf(lease);
  } finally {
    lease.release();
  }
}

describe('FileHandles that keep nothing', () => {
  it('close a descriptor with its lease', async () => {
    const handles = new FileHandles(0);
    const lease = await handles.lease(a);
    expect(open()).toEqual([a]);
    lease.release();
    await noneOpen();
  });

  it('give each lease its own descriptor, and release a lease only once', async () => {
    const handles = new FileHandles(0);
    const [one, other] = [await handles.lease(a), await handles.lease(a)];
    expect(open()).toEqual([a, a]);
    one.release();
    one.release();
    one.release();
    await until(() => open().length === 1, 'one of them to be closed');
    expect(contentOf(other)).toBe('content of a');
    other.release();
    await noneOpen();
  });

  it('leave nothing open after a failed open', async () => {
    const handles = new FileHandles(0);
    for (const path of [fixtures.at('missing'), fixtures.path]) {
      await expect(handles.lease(path)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    }
    await noneOpen();
  });
});

describe('FileHandles that keep two', () => {
  it('share a descriptor among the leases of a file, and keep it briefly for the next', async () => {
    const handles = new FileHandles(2);
    const [one, other] = [await handles.lease(a), await handles.lease(a)];
    expect(other.fd).toBe(one.fd);
    one.release();
    other.release();
    expect(open()).toEqual([a]);
    const next = await handles.lease(a);
    expect(next.fd).toBe(one.fd);
    next.release();
    await noneOpen(); // nobody has used it for a while
  });

  it('open a file once for simultaneous requests', async () => {
    const handles = new FileHandles(4);
    const leases = await Promise.all(Array.from({ length: 20 }, async () => handles.lease(a)));
    expect(new Set(leases.map(({ fd }) => fd)).size).toBe(1);
    expect(open()).toHaveLength(1);
    for (const lease of leases) lease.release();
    handles.resize(0);
    await until(() => open().length === 0, 'the descriptor to be closed');
  });

  it('close the least recently used descriptor', async () => {
    const handles = new FileHandles(2);
    for (const path of [a, b, a, c]) await contentAt(handles, path);
    await until(() => open().length <= 2, 'one to be closed');
    expect(open()).toEqual([a, c]);
    handles.resize(0);
    await noneOpen();
  });

  it('never close a descriptor under its reader', async () => {
    const handles = new FileHandles(2);
    const lease = await handles.lease(a);
    const others = await Promise.all(names.map(async (name) => handles.lease(name)));
    handles.resize(0);
    await settle();
    expect(contentOf(lease)).toBe('content of a');
    for (const other of others) expect(contentOf(other)).toMatch(/^content of [abcd]$/);
    for (const each of [lease, ...others]) each.release();
    await noneOpen();
  });

  it('hold no more than two, for any number of simultaneous requests', async () => {
    const handles = new FileHandles(2);
    await Promise.all(Array.from({ length: 40 }, (_, i) => contentAt(handles, names[i % 4]!)));
    await until(() => open().length <= 2, 'all but two to be closed');
    handles.resize(0);
    await noneOpen();
  });

  it.each<[what: string, change: (path: string) => void, expected: string]>([
    [
      'replaced by another with the same size and time',
      (path) => renameSync(fixtures.write('next', 'content of B'), path),
      'content of B',
    ],
    ['written anew in place', (path) => writeFileSync(path, 'content 2'), 'content 2'],
    [
      'written anew in place, with the same size and time',
      (path) => {
        writeFileSync(path, 'CONTENT OF A');
        utimesSync(path, MODIFIED, MODIFIED);
      },
      'CONTENT OF A',
    ],
    ['cut', (path) => truncateSync(path, 7), 'content'],
    [
      'moved away and made again',
      (path) => {
        renameSync(path, `${path}.old`);
        fixtures.write('changing', 'content of B');
      },
      'content of B',
    ],
    [
      'deleted and made again',
      (path) => {
        unlinkSync(path);
        fixtures.write('changing', 'content of B');
      },
      'content of B',
    ],
  ])('show a file that was %s as it is now', async (_, change, expected) => {
    const handles = new FileHandles(2);
    const path = fixtures.write('changing', 'content of a');
    const reader = await handles.lease(path);
    change(path);
    expect(await contentAt(handles, path)).toBe(expected);
    reader.release();
    handles.resize(0);
    await noneOpen();
  });

  it('serve the version with which a response began, if the file was replaced', async () => {
    const handles = new FileHandles(2);
    const path = fixtures.write('replaced', 'content of a');
    const reader = await handles.lease(path);
    renameSync(fixtures.write('next', 'content of B'), path);
    expect(await contentAt(handles, path)).toBe('content of B');
    expect(contentOf(reader)).toBe('content of a');
    reader.release();
    handles.resize(0);
  });

  it('find nothing if a file was deleted', async () => {
    const handles = new FileHandles(2);
    const path = fixtures.write('deleted', 'content');
    await contentAt(handles, path);
    rmSync(path);
    await expect(handles.lease(path)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it('check the root even for a file that is already open', async () => {
    const handles = new FileHandles(2);
    const root = fixtures.at('.');
    const link = fixtures.at('link');
    symlinkSync('/etc/hostname', link);
    await contentAt(handles, link);
    await expect(handles.lease(link, root)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    (await handles.lease(a, root)).release();
    handles.resize(0);
    await noneOpen();
  });

  it('count correctly under all of this at once', async () => {
    const handles = new FileHandles(2);
    const path = fixtures.write('busy', 'version 0');
    const reading = async (): Promise<void> => {
      for (let i = 0; i < 30; i++) expect(await contentAt(handles, path)).toMatch(/^version \d+$/);
    };
    const replacing = async (): Promise<void> => {
      for (let i = 1; i < 40; i++) {
        renameSync(fixtures.write('busy.next', `version ${i}`), path);
        await settle(2);
      }
    };
    await Promise.all([reading(), reading(), reading(), replacing()]);
    expect(await contentAt(handles, path)).toBe('version 39');
    handles.resize(0);
    await noneOpen();
  });
});
