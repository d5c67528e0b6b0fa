import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { rangeSourceContract } from 'nestjs-range/testing';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { fileHandles } from '../../../src/sources/descriptors/descriptor-cache.js';
import { fileSource } from '../../../src/sources/file/file-source.js';
import { folderSource, type FolderSourceOptions } from '../../../src/sources/file/folder-source.js';
import type { Representation } from '../../../src/sources/source.js';
import { BR, type Coding, CODINGS, GZIP, ZSTD } from '../../support/connections/codings.js';
import { FixtureDirectory, MODIFIED } from '../../support/sources/fixtures.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { until } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
afterEach(async () => {
  await fileHandles.closeIdle();
  await untilClosed(fixtures);
});

const ROOT = fixtures.at('root');
mkdirSync(fixtures.at('root/docs'), { recursive: true });
const { signal } = new AbortController();

const TEXT = Buffer.from('let it be compressed; '.repeat(5000));

function writeSibling(name: string, { suffix, encode }: Coding, modified = MODIFIED, bytes = TEXT): Buffer {
  const encoded = encode(bytes);
  fixtures.write(`root/${name}${suffix}`, encoded, modified);
  return encoded;
}

fixtures.write('root/app.js', TEXT);
for (const coding of CODINGS) writeSibling('app.js', coding);
fixtures.write('root/plain.css', TEXT);
fixtures.write('root/index.html', 'the index');
fixtures.write('root/docs/index.html', 'the index of docs');
fixtures.write('root/docs/home.htm', 'the home of docs');
writeSibling('docs/index.html', BR, MODIFIED, Buffer.from('the index of docs'));

/** What is chosen, and its bytes. */
async function choose(
  name: string,
  acceptEncoding?: string,
  options: FolderSourceOptions = {},
): Promise<{ representation: Representation; bytes: Buffer }> {
  const representation = await folderSource(ROOT, options)(name, acceptEncoding).resolve(signal);
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await representation.open(undefined, signal)) chunks.push(Buffer.from(chunk));
    return { representation, bytes: Buffer.concat(chunks) };
  } finally {
    await representation.close?.();
  }
}

async function codingOf(name: string, acceptEncoding?: string, options?: FolderSourceOptions): Promise<string> {
  const { representation } = await choose(name, acceptEncoding, options);
  return representation.headers?.['content-encoding'] ?? 'identity';
}

const cacheControlOf = async (name: string, options: FolderSourceOptions, acceptEncoding?: string) =>
  (await choose(name, acceptEncoding, options)).representation.headers?.['cache-control'];

const NOT_FOUND = { code: 'SOURCE_NOT_FOUND' };

describe('which file is sent', () => {
  it.each([
    ['a browser', 'gzip, deflate, br, zstd', 'br'],
    ['a browser without TLS', 'gzip, deflate', 'gzip'],
    ['a client without the header', undefined, 'identity'],
    ['a client with an empty header', '', 'identity'],
    ['a media element', 'identity;q=1, *;q=0', 'identity'],
    ['a client that accepts anything', '*', 'br'],
    ['a client that accepts Zstandard', 'zstd', 'zstd'],
    ['a client that accepts Zstandard or gzip', 'gzip, zstd', 'zstd'],
    ['a client with weights', 'br;q=0.2, gzip;q=0.8', 'gzip'],
    ['a client that prefers no coding to gzip', 'gzip;q=0.2, identity', 'identity'],
    ['a client that accepts only missing codings', 'compress', 'identity'],
    ['a client that refuses identity', 'identity;q=0, gzip', 'gzip'],
    ['a client that refuses identity and accepts a missing coding', 'identity;q=0, compress', 'identity'],
    ['a client that refuses everything', '*;q=0', 'identity'],
  ])('to %s', async (_, acceptEncoding, expected) => {
    expect(await codingOf('app.js', acceptEncoding)).toBe(expected);
  });

  it.each(CODINGS)('in $name: its own bytes and size, and the type of the original', async (coding) => {
    const { representation, bytes } = await choose('app.js', coding.name);
    const { size, type, lastModified, headers } = representation;
    expect({ size, type, lastModified, headers }).toEqual({
      size: coding.encode(TEXT).length,
      type: 'text/javascript; charset=utf-8',
      lastModified: undefined,
      headers: { 'content-encoding': coding.name, vary: 'Accept-Encoding', 'cache-control': 'max-age=60' },
    });
    expect(bytes.equals(coding.encode(TEXT))).toBe(true);
    expect(coding.decode(bytes).equals(TEXT)).toBe(true);
  });

  it('the file itself: with the metadata of fileSource, and Vary', async () => {
    const { representation, bytes } = await choose('app.js');
    const { size, type, etag, lastModified, headers } = representation;
    const plain = await fileSource('app.js', { root: ROOT }).resolve(signal);
    await plain.close?.();
    expect({ size, type, etag, lastModified }).toEqual({
      size: plain.size,
      type: plain.type,
      etag: plain.etag,
      lastModified: MODIFIED,
    });
    expect(headers).toEqual({ vary: 'Accept-Encoding', 'cache-control': 'max-age=60' });
    expect(bytes.equals(TEXT)).toBe(true);
  });

  it('with Vary, even if there is no sibling yet', async () => {
    const { representation } = await choose('plain.css', 'br, gzip');
    expect(representation.headers).toEqual({ vary: 'Accept-Encoding', 'cache-control': 'max-age=60' });
  });

  it('never a sibling, and without Vary, if precompressed is false', async () => {
    const { representation } = await choose('app.js', 'br', { precompressed: false });
    expect(representation.headers).toEqual({ 'cache-control': 'max-age=60' });
  });

  it('the next best sibling, if the best is missing', async () => {
    fixtures.write('root/some.css', TEXT);
    writeSibling('some.css', GZIP);
    expect(await codingOf('some.css', 'gzip, br, zstd')).toBe('gzip');
  });

  it('a sibling that appears later, after a second', async () => {
    fixtures.write('root/late.css', TEXT);
    const assets = folderSource(ROOT);
    const codingNow = async (): Promise<string | undefined> => {
      const { headers, close } = await assets('late.css', 'br').resolve(signal);
      await close?.();
      return headers?.['content-encoding'];
    };
    expect(await codingNow()).toBeUndefined();
    writeSibling('late.css', BR);
    const now = performance.now.bind(performance);
    const clock = jest.spyOn(performance, 'now');
    try {
      expect(await codingNow()).toBeUndefined();
      clock.mockImplementation(() => now() + 1000);
      expect(await codingNow()).toBe('br');
    } finally {
      clock.mockRestore();
    }
  });

  it('a sibling without an original, to clients that accept it', async () => {
    writeSibling('lone.svg', GZIP);
    const { representation, bytes } = await choose('lone.svg', 'gzip;q=0.1, identity');
    expect(representation).toMatchObject({ type: 'image/svg+xml', headers: { 'content-encoding': 'gzip' } });
    expect(GZIP.decode(bytes).equals(TEXT)).toBe(true);
    await expect(choose('lone.svg')).rejects.toMatchObject(NOT_FOUND);
    await expect(choose('lone.svg', 'br')).rejects.toMatchObject(NOT_FOUND);
  });

  it('a sibling by its own name, as the file that it is', async () => {
    const { representation, bytes } = await choose('app.js.gz', 'gzip');
    expect(representation.type).toBe('application/gzip');
    expect(representation.headers).not.toHaveProperty('content-encoding');
    expect(bytes.equals(GZIP.encode(TEXT))).toBe(true);
  });

  it('the current version: a rewritten original is not sent as its old sibling', async () => {
    fixtures.write('root/built.js', TEXT);
    writeSibling('built.js', BR);
    expect(await codingOf('built.js', 'br')).toBe('br');
    const later = new Date(MODIFIED.getTime() + 5000);
    fixtures.write('root/built.js', 'new', later);
    expect((await choose('built.js', 'br')).bytes.toString()).toBe('new');
    writeSibling('built.js', BR, later, Buffer.from('new'));
    const { representation, bytes } = await choose('built.js', 'br');
    expect(representation.headers?.['content-encoding']).toBe('br');
    expect(BR.decode(bytes).toString()).toBe('new');
  });
});

describe('how old a sibling may be', () => {
  it.each([
    ['as old as the original, as the compressors leave it', 0, 'gzip'],
    ['younger', 3_600_000, 'gzip'],
    ['cut to the second, as some tools copy times', -789, 'gzip'],
    ['written by the same build, a moment earlier', -990, 'gzip'],
    ['more than a second older', -1010, 'identity'],
    ['a day older', -86_400_000, 'identity'],
  ])('%s', async (name, difference, expected) => {
    const file = `${name.replaceAll(' ', '-')}.css`;
    fixtures.write(`root/${file}`, TEXT);
    writeSibling(file, GZIP, new Date(MODIFIED.getTime() + difference));
    expect(await codingOf(file, 'gzip')).toBe(expected);
  });

  it('one that is too old is skipped for the next', async () => {
    fixtures.write('root/mixed.css', TEXT);
    writeSibling('mixed.css', BR, new Date(MODIFIED.getTime() - 60_000));
    writeSibling('mixed.css', GZIP);
    expect(await codingOf('mixed.css', 'br, gzip')).toBe('gzip');
  });
});

describe('entity tags', () => {
  const tagOf = async (name: string, acceptEncoding?: string) =>
    (await choose(name, acceptEncoding)).representation.etag;

  it('are strong, and different in each coding', async () => {
    const tags = await Promise.all([undefined, 'br', 'zstd', 'gzip'].map((coding) => tagOf('app.js', coding)));
    expect(new Set(tags).size).toBe(4);
    for (const tag of tags) expect(tag).toMatch(/^"[\w-]{16,}"$/);
  });

  it('are different even for files of the same size and time', async () => {
    for (const suffix of ['', '.br', '.zst', '.gz']) fixtures.write(`root/twin.bin${suffix}`, 'same size');
    const tags = await Promise.all([undefined, 'br', 'zstd', 'gzip'].map((coding) => tagOf('twin.bin', coding)));
    expect(new Set(tags).size).toBe(4);
  });

  it('change with the sibling', async () => {
    fixtures.write('root/changing.js', TEXT);
    writeSibling('changing.js', GZIP);
    const before = await tagOf('changing.js', 'gzip');
    writeSibling('changing.js', GZIP, new Date(MODIFIED.getTime() + 60_000));
    expect(await tagOf('changing.js', 'gzip')).not.toBe(before);
  });

  it('are none while the sibling is young', async () => {
    fixtures.write('root/young.js', TEXT);
    writeSibling('young.js', GZIP, new Date());
    expect(await tagOf('young.js', 'gzip')).toBeUndefined();
    expect(await tagOf('young.js')).toMatch(/^"/);
  });
});

describe('files with meaningless times', () => {
  const NPM = new Date('1985-10-26T08:15:00Z');
  const tagsOf = async (name: string, of: ReturnType<typeof folderSource>): Promise<(string | undefined)[]> => {
    const tags: (string | undefined)[] = [];
    for (const coding of [undefined, 'gzip']) {
      const { etag, lastModified, close } = await of(name, coding).resolve(signal);
      expect(lastModified).toBeUndefined();
      await close?.();
      tags.push(etag);
    }
    return tags;
  };

  it.each<[string, Date, FolderSourceOptions]>([
    ['that npm has installed', NPM, {}],
    ["of a build with one date, with etag: 'content'", MODIFIED, { etag: 'content' }],
  ])('%s have tags of their content, and so have their siblings', async (_, date, options) => {
    const of = folderSource(ROOT, options);
    const write = (text: string): void => {
      fixtures.write('root/packed.js', text, date);
      fixtures.write('root/packed.js.gz', `${text} in gzip`, date);
    };
    write('version 1');
    const first = await tagsOf('packed.js', of);
    for (const tag of first) expect(tag).toMatch(/^"[\w-]{22,}"$/);
    expect(first[1]).toMatch(/-gzip"$/);
    write('version 2');
    const second = await tagsOf('packed.js', of);
    expect(new Set([...first, ...second]).size).toBe(4);
    write('version 1');
    expect(await tagsOf('packed.js', of)).toEqual(first);
  });

  it('do not hide that a sibling is outdated, nor does a file that has just been written', async () => {
    fixtures.write('root/rebuilt.js', TEXT, new Date());
    writeSibling('rebuilt.js', GZIP, new Date(Date.now() - 60_000));
    expect(await codingOf('rebuilt.js', 'gzip')).toBe('identity');
    fixtures.write('root/repacked.js', TEXT, NPM);
    writeSibling('repacked.js', GZIP, NPM);
    expect(await codingOf('repacked.js', 'gzip')).toBe('gzip');
    writeSibling('repacked.js', GZIP, new Date(0));
    expect(await codingOf('repacked.js', 'gzip')).toBe('identity');
  });
});

describe('the index', () => {
  it.each([
    ['', 'the index'],
    ['docs/', 'the index of docs'],
    ['docs/index.html', 'the index of docs'],
  ])('"%s" is served', async (name, expected) => {
    const { representation, bytes } = await choose(name);
    expect(bytes.toString()).toBe(expected);
    expect(representation.type).toBe('text/html; charset=utf-8');
  });

  it('is compressed as well', async () => {
    const { representation, bytes } = await choose('docs/', 'br');
    expect(representation).toMatchObject({ type: 'text/html; charset=utf-8', headers: { 'content-encoding': 'br' } });
    expect(BR.decode(bytes).toString()).toBe('the index of docs');
  });

  it('may have another name', async () => {
    expect((await choose('docs/', undefined, { index: 'home.htm' })).bytes.toString()).toBe('the home of docs');
    await expect(choose('', undefined, { index: 'home.htm' })).rejects.toMatchObject(NOT_FOUND);
  });

  it.each(['', 'docs/', '/'])('false: "%s" is not served', async (name) => {
    await expect(choose(name, 'br', { index: false })).rejects.toMatchObject(NOT_FOUND);
  });

  it.each(['docs', '/', '//', './', 'docs//', '../', 'missing/', 'app.js/'])('"%s" is not served', async (name) => {
    await expect(choose(name, 'br, gzip, zstd')).rejects.toMatchObject(NOT_FOUND);
  });
});

describe('how long clients keep it', () => {
  fixtures.write('root/app.0a1b2c3d.js', TEXT);
  writeSibling('app.0a1b2c3d.js', BR);
  const YEAR = 'public, max-age=31536000, immutable';

  it.each<[string, FolderSourceOptions, string, string]>([
    ['a minute', {}, 'app.0a1b2c3d.js', 'max-age=60'],
    ['as the app says', { maxAge: 3600 }, 'app.js', 'max-age=3600'],
    ['not at all', { maxAge: 0 }, 'app.js', 'max-age=0'],
    ['a year, by a pattern', { immutable: /\.[0-9a-f]{8,}\./ }, 'app.0a1b2c3d.js', YEAR],
    ['a minute beside it', { immutable: /\.[0-9a-f]{8,}\./ }, 'app.js', 'max-age=60'],
    ['a year, by a function', { immutable: (name) => name.startsWith('docs/') }, 'docs/index.html', YEAR],
    ['a year, by the name of the index', { immutable: (name) => name === 'docs/index.html' }, 'docs/', YEAR],
  ])('%s', async (_, options, name, expected) => {
    expect(await cacheControlOf(name, options)).toBe(expected);
    expect(await cacheControlOf(name, options, 'br')).toBe(expected);
  });

  it('a stateful pattern has the same result each time', async () => {
    for (const immutable of [/\.[0-9a-f]{8}\./g, /app\./y]) {
      const assets = folderSource(ROOT, { immutable });
      for (let i = 0; i < 3; i++) {
        const { headers, close } = await assets('app.0a1b2c3d.js').resolve(signal);
        await close?.();
        expect(headers?.['cache-control']).toBe(YEAR);
      }
    }
  });

  it('a function is called only for existing files, and its error is passed on', async () => {
    const asked: string[] = [];
    const immutable = (name: string): boolean => {
      asked.push(name);
      throw new RangeError('from the app');
    };
    await expect(choose('missing.js', 'br', { immutable })).rejects.toMatchObject(NOT_FOUND);
    expect(asked).toEqual([]);
    for (const coding of [undefined, 'br']) {
      await expect(choose('app.js', coding, { immutable })).rejects.toThrow('from the app');
    }
    expect(asked).toEqual(['app.js', 'app.js']);
  });

  it('a function that returns a promise is an error', async () => {
    const immutable = (async () => false) as never;
    await expect(choose('app.js', 'br', { immutable })).rejects.toThrow('must return true or false, not a promise');
  });
});

describe('names', () => {
  fixtures.write('secret.txt', 'secret');
  fixtures.write('secret.txt.br', BR.encode(Buffer.from('secret')));
  fixtures.write('root/.env', 'secret');
  fixtures.write('root/.env.br', BR.encode(Buffer.from('secret')));
  fixtures.write('root/dot..br', BR.encode(Buffer.from('secret')));
  fixtures.write('root/docs/...br', BR.encode(Buffer.from('secret')));
  fixtures.write('root/.br', BR.encode(Buffer.from('secret')));
  symlinkSync('../secret.txt', fixtures.at('root/link-out'));

  it.each([
    '../secret.txt',
    '..\\secret.txt',
    '%2e%2e/secret.txt',
    'docs/../app.js',
    'docs/..',
    './app.js',
    '/app.js',
    fixtures.at('secret.txt'),
    'app.js\0',
    'app.js\0.css',
    'app.js ',
    'app.js.',
    'app.js::$DATA',
    'docs/.',
    'C:\\secret.txt',
    'NUL',
    'com1.txt',
    '.env',
    'docs',
    'link-out',
    'missing.js',
    'app.js/x',
    'x'.repeat(300),
    `${'x/'.repeat(3000)}x`,
  ])('nothing is served for %j, in no coding', async (name) => {
    for (const acceptEncoding of [undefined, 'br, gzip, zstd']) {
      await expect(choose(name, acceptEncoding)).rejects.toMatchObject(NOT_FOUND);
    }
  });

  it('that are only a suffix are not served either', async () => {
    const options: FolderSourceOptions = { index: false, dotfiles: 'allow' };
    for (const name of ['', 'docs/', 'docs/..', 'docs/.']) {
      await expect(choose(name, 'br', options)).rejects.toMatchObject(NOT_FOUND);
    }
  });

  it('with a dot at the end are those of files', async () => {
    expect(await codingOf('dot.', 'br')).toBe('br'); // the file itself is gone
    await expect(choose('dot.', undefined)).rejects.toMatchObject(NOT_FOUND);
  });

  it('with a leading dot are served only if allowed', async () => {
    expect(await codingOf('.env', 'br', { dotfiles: 'allow' })).toBe('br');
    await expect(choose('.env', 'br', { dotfiles: 'deny' })).rejects.toMatchObject(NOT_FOUND);
  });

  it.each<[string, (path: string) => void]>([
    ['a link that leads out of the folder', (path) => symlinkSync('../secret.txt.br', path)],
    ['a link to nothing', (path) => symlinkSync('nowhere', path)],
    ['a directory', (path) => mkdirSync(path)],
    ['a FIFO', (path) => execFileSync('mkfifo', [path])],
    ['a device', (path) => symlinkSync('/dev/zero', path)],
  ])('%s is no sibling', async (_, make) => {
    fixtures.write('root/guarded.css', TEXT);
    const path = fixtures.at('root/guarded.css.br');
    make(path);
    try {
      expect(await codingOf('guarded.css', 'br')).toBe('identity');
    } finally {
      rmSync(path, { recursive: true });
    }
  });

  it.each<[string, (path: string) => void]>([
    ['a directory', (path) => mkdirSync(path)],
    ['a link that leads out of the folder', (path) => symlinkSync('../secret.txt', path)],
    ['a link to nothing', (path) => symlinkSync('nowhere', path)],
    ['a FIFO', (path) => execFileSync('mkfifo', [path])],
  ])('of %s have no siblings: what is beside it is an archive', async (_, make) => {
    for (const coding of CODINGS) writeSibling('backup', coding);
    const path = fixtures.at('root/backup');
    make(path);
    try {
      for (const header of ['br', 'zstd', 'gzip', undefined]) {
        for (const index of ['index.html', false] as const) {
          await expect(choose('backup', header, { index })).rejects.toMatchObject(NOT_FOUND);
          await expect(choose('backup/', header, { index })).rejects.toMatchObject(NOT_FOUND);
        }
      }
    } finally {
      rmSync(path, { recursive: true });
    }
    expect(await codingOf('backup', 'gzip')).toBe('gzip'); // a file that is gone
  });

  it('that are no strings are a mistake of the app', () => {
    expect(() => folderSource(ROOT)(['docs', 'index.html'] as never)).toThrow(
      /the name must be a string, not the array .*name\.join\('\/'\)/,
    );
  });
});

describe('open files', () => {
  it('nothing before the source is resolved, and then one file', async () => {
    const source = folderSource(ROOT)('app.js', 'br');
    expect(fixtures.openDescriptors()).toEqual([]);
    const { close } = await source.resolve(signal);
    await fileHandles.closeIdle();
    await until(() => fixtures.openDescriptors().length === 1, 'the original, which nobody reads, to be closed');
    expect(fixtures.openDescriptors()).toEqual([fixtures.at('root/app.js.br')]);
    await close?.();
  });

  it('no sibling is looked for that the client does not take', async () => {
    const { close } = await folderSource(ROOT)('app.js', 'zstd').resolve(signal);
    expect(fixtures.openDescriptors().sort()).toEqual([fixtures.at('root/app.js'), fixtures.at('root/app.js.zst')]);
    await close?.();
  });
});

describe.each([
  ['as it is', undefined, TEXT],
  ['in a coding', ZSTD.name, ZSTD.encode(TEXT)],
])('a file of a folder, %s, keeps the contract', (_, acceptEncoding, bytes) => {
  fixtures.write('root/empty.js', '');
  const assets = folderSource(ROOT);
  const checks = rangeSourceContract(() => ({ source: assets('app.js', acceptEncoding), bytes }), {
    missing: () => assets('missing.js', acceptEncoding),
    empty: () => assets('empty.js', acceptEncoding),
  });
  it.each(checks.map(({ name, run }) => [name, run] as const))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

describe('options', () => {
  it.each<[string, unknown, string]>([
    ['an empty root', '', '"root"'],
    ['no root', undefined, '"root"'],
    ['a URL as root', new URL('file:///tmp'), '"root"'],
  ])('%s is refused at once', (_, root, named) => {
    expect(() => folderSource(root as string)).toThrow(TypeError);
    expect(() => folderSource(root as string)).toThrow(named);
  });

  it.each<[string, object]>([
    ['"maxage"', { maxage: 60 }],
    ['"toString"', { toString: 1 }],
    ['"index"', { index: '' }],
    ['"index"', { index: true }],
    ['"precompressed"', { precompressed: 'br' }],
    ['"immutable"', { immutable: '\\.[0-9a-f]+\\.' }],
    ['"immutable"', { immutable: true }],
    ['"maxAge"', { maxAge: -1 }],
    ['"maxAge"', { maxAge: 0.5 }],
    ['"maxAge"', { maxAge: NaN }],
    ['"maxAge"', { maxAge: '60' }],
    ['"dotfiles"', { dotfiles: 'ignore' }],
  ])('%s is named: %j', (named, options) => {
    expect(() => folderSource(ROOT, options as FolderSourceOptions)).toThrow(TypeError);
    expect(() => folderSource(ROOT, options as FolderSourceOptions)).toThrow(`folderSource: `);
    expect(() => folderSource(ROOT, options as FolderSourceOptions)).toThrow(named);
  });
});
