import { describe, expect, it } from '@jest/globals';
import { array, assert, constantFrom, property } from 'fast-check';
import path from 'node:path';
import { confinePath, isInside } from '../../../src/sources/descriptors/confine-path.js';
import { SourceNotFoundError } from '../../../src/sources/source-errors.js';

const PLATFORMS = [
  { platform: 'POSIX', rules: path.posix, root: '/srv/media' },
  { platform: 'Windows', rules: path.win32, root: 'C:\\srv\\media' },
];

describe.each(PLATFORMS)('confinePath on $platform', ({ rules, root }) => {
  it.each([
    ['a name', 'clip.mp4'],
    ['a path of several names', 'a/b/c.mp4'],
    ['dots inside a name', 'a..b...c'],
    ['blanks inside a name', 'a b.mp4'],
    ['what looks coded is taken as it is', '%2e%2e'],
    ['Unicode', 'Überblick €.pdf'],
    ['a name that begins like a device', 'console.mp4'],
    ['a name that ends like a device', 'my.aux'],
  ])('joins %s', (_, name) => {
    expect(confinePath(root, name, 'deny', rules)).toBe([root, ...name.split('/')].join(rules.sep));
  });

  it.each([
    ['nothing', ''],
    ['the root itself', '.'],
    ['the parent', '..'],
    ['a way up', '../secret'],
    ['a way up in the middle', 'a/../../secret'],
    ['a way up and back', 'a/../clip.mp4'],
    ['a way up at the end', 'a/..'],
    ['an absolute path', '/etc/passwd'],
    ['an absolute path with two slashes', '//etc/passwd'],
    ['an empty segment', 'a//b'],
    ['a slash at the end', 'a/'],
    ['this directory in the middle', 'a/./b'],
    ['a NUL', 'clip.mp4\0.txt'],
    ['a NUL alone', '\0'],
    ['a dotfile', '.env'],
    ['a file in a dot directory', '.git/config'],
    ['a dotfile in a directory', 'a/.htpasswd'],
  ])('refuses %s', (_, name) => {
    expect(() => confinePath(root, name, 'deny', rules)).toThrow(SourceNotFoundError);
  });

  it('allows dotfiles if asked to, but never ".."', () => {
    expect(confinePath(root, '.well-known/file', 'allow', rules)).toBe([root, '.well-known', 'file'].join(rules.sep));
    for (const name of ['..', '.', 'a/..', '../.env']) {
      expect(() => confinePath(root, name, 'allow', rules)).toThrow(SourceNotFoundError);
    }
  });

  it('no name leads outside, to the root itself, or to another name than it says', () => {
    const pieces = constantFrom(
      '/',
      '\\',
      '.',
      ':',
      '~',
      '\0',
      ' ',
      'a',
      '1',
      '..',
      '../',
      '..\\',
      'C:',
      '\\\\?\\',
      'nul',
      'é',
      '\ud800',
    );
    const names = array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
    assert(
      property(names, constantFrom('allow' as const, 'deny' as const), (name, dotfiles) => {
        let target: string;
        try {
          target = confinePath(root, name, dotfiles, rules);
        } catch (error) {
          return error instanceof SourceNotFoundError;
        }
        return rules.resolve(target) === target && rules.relative(root, target) === name.split('/').join(rules.sep);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Ordinary files on POSIX; on Windows other files, devices or nothing. */
const ORDINARY_ON_POSIX = [
  ['a time', '2024-01-01T10:00:00Z.mp4'],
  ['a directory with a dot at the end', 'Acme Inc./report.pdf'],
  ['a device with an extension', 'aux.mp3'],
  ['a backslash', 'AC\\DC.mp3'],
  ['a way up by backslashes', '..\\secret'],
  ['dots at the end', 'What now...'],
  ['dots alone', 'a/...'],
  ['a dot at the end', 'secret.'],
  ['a blank at the end', 'secret '],
  ['a blank alone', ' '],
  ['a drive', 'C:/secret'],
  ['a drive without a slash', 'C:secret'],
  ['an alternate data stream', 'clip.mp4::$DATA'],
  ['a share', '\\\\server\\share'],
  ['a device', 'CON'],
  ['a device in lower case with an extension', 'nul.txt'],
  ['a device in a directory', 'a/com1'],
  ['a device with a superscript digit', 'COM²'],
  ['a device with a blank behind it', 'con .txt'],
  ['the console for input', 'CONIN$'],
] as const;

describe('names that only Windows interprets differently', () => {
  it.each(ORDINARY_ON_POSIX)('on POSIX %s is a file', (_, name) => {
    expect(confinePath('/srv/media', name, 'allow', path.posix)).toBe(`/srv/media/${name}`);
  });

  it.each(ORDINARY_ON_POSIX)('on Windows %s is refused', (_, name) => {
    expect(() => confinePath('C:\\srv\\media', name, 'allow', path.win32)).toThrow(SourceNotFoundError);
  });

  it('the rules are those of the platform that runs', () => {
    const join = () => confinePath(path.resolve('media'), 'AC\\DC.mp3', 'deny');
    if (path.sep === '\\') expect(join).toThrow(SourceNotFoundError);
    else expect(join()).toBe(`${path.resolve('media')}/AC\\DC.mp3`);
  });
});

describe('isInside', () => {
  it.each([
    ['/srv/media', '/srv/media/a', true],
    ['/srv/media', '/srv/media/a/b', true],
    ['/', '/etc/passwd', true],
    ['/srv/media', '/srv/media', false],
    ['/srv/media', '/srv/media-secret/a', false],
    ['/srv/media', '/srv/media\\a', false],
    ['/srv/media', '/srv', false],
  ])('%s holds %s: %s', (root, inner, expected) => {
    expect(isInside(root, inner, path.posix)).toBe(expected);
    const toWindows = (posix: string): string => `C:${posix.replaceAll('\\', '!').replaceAll('/', '\\')}`;
    expect(isInside(toWindows(root), toWindows(inner), path.win32)).toBe(expected);
  });
});
