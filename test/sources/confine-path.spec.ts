import { describe, expect, it } from '@jest/globals';
import { confinePath, isInside } from '../../src/sources/confine-path.js';
import { SourceNotFoundError } from '../../src/sources/source-errors.js';

const ROOT = '/srv/media';

describe('confinePath', () => {
  it.each([
    ['a name', 'clip.mp4', '/srv/media/clip.mp4'],
    ['a path of several names', 'a/b/c.mp4', '/srv/media/a/b/c.mp4'],
    ['dots inside a name', 'a..b...c', '/srv/media/a..b...c'],
    ['blanks inside a name', 'a b.mp4', '/srv/media/a b.mp4'],
    ['what looks coded is taken as it is', '%2e%2e', '/srv/media/%2e%2e'],
    ['Unicode', 'Überblick €.pdf', '/srv/media/Überblick €.pdf'],
    ['a name that begins like a device', 'console.mp4', '/srv/media/console.mp4'],
  ])('joins %s', (_, name, expected) => {
    expect(confinePath(ROOT, name, 'deny')).toBe(expected);
  });

  it.each([
    ['nothing', ''],
    ['the root itself', '.'],
    ['the parent', '..'],
    ['a way up', '../secret'],
    ['a way up in the middle', 'a/../../secret'],
    ['a way up and back', 'a/../clip.mp4'],
    ['a way up at the end', 'a/..'],
    ['a way up by backslashes', '..\\secret'],
    ['a backslash', 'a\\b'],
    ['an absolute path', '/etc/passwd'],
    ['an absolute path with two slashes', '//etc/passwd'],
    ['an empty segment', 'a//b'],
    ['a slash at the end', 'a/'],
    ['this directory in the middle', 'a/./b'],
    ['a NUL', 'clip.mp4\0.txt'],
    ['a dot at the end', 'secret.'],
    ['a blank at the end', 'secret '],
    ['a directory with a dot at the end', 'a./b'],
    ['a drive', 'C:/secret'],
    ['a drive without a slash', 'C:secret'],
    ['an alternate data stream', 'clip.mp4::$DATA'],
    ['a device', 'CON'],
    ['a device in lower case with an extension', 'nul.txt'],
    ['a device in a directory', 'a/com1'],
    ['a device with a superscript digit', 'COM²'],
    ['a device with a blank behind it', 'con .txt'],
    ['the console for input', 'CONIN$'],
    ['a dotfile', '.env'],
    ['a file in a dot directory', '.git/config'],
    ['a dotfile in a directory', 'a/.htpasswd'],
  ])('refuses %s', (_, name) => {
    expect(() => confinePath(ROOT, name, 'deny')).toThrow(SourceNotFoundError);
  });

  it('allows dotfiles where that is wanted, and the ways up even then not', () => {
    expect(confinePath(ROOT, '.well-known/file', 'allow')).toBe('/srv/media/.well-known/file');
    for (const name of ['..', '.', 'a/..', '../.env', '...']) {
      expect(() => confinePath(ROOT, name, 'allow')).toThrow(name);
    }
  });
});

describe('isInside', () => {
  it.each([
    ['/srv/media', '/srv/media/a', true],
    ['/srv/media', '/srv/media/a/b', true],
    ['/', '/etc/passwd', true],
    ['/srv/media', '/srv/media', false],
    ['/srv/media', '/srv/media-secret/a', false],
    ['/srv/media', '/srv', false],
  ])('%s holds %s: %s', (root, path, expected) => {
    expect(isInside(root, path)).toBe(expected);
  });
});
