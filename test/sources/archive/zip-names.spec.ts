import { describe, expect, it } from '@jest/globals';
import { faultAmong, faultOfName } from '../../../src/sources/archive/zip-names.js';

describe('a name in an archive', () => {
  it.each([
    'a',
    'a.txt',
    'trip/day 1/ä.jpg',
    'trip/',
    '日本語/写真.jpg',
    '😀.png',
    '.hidden',
    '..a',
    'a..',
    'a/...b/c',
    'what: ever?.txt',
    '-rf',
    '~/x',
    'x'.repeat(65_535),
  ])('%j is valid', (name) => {
    expect(faultOfName(name)).toBeUndefined();
  });

  it.each([
    ['', /is empty/],
    ['/', /absolute/],
    ['/etc/passwd', /absolute/],
    ['//host/share', /absolute/],
    ['..', /leads out/],
    ['../a', /leads out/],
    ['a/../b', /leads out/],
    ['a/..', /leads out/],
    ['a/../', /leads out/],
    ['./a', /segment '\.'/],
    ['a/.', /segment '\.'/],
    ['a/./b', /segment '\.'/],
    ['./', /segment '\.'/],
    ['a//b', /empty segment/],
    ['a//', /empty segment/],
    ['a\\b', /backslash/],
    ['..\\a', /backslash/],
    ['C:/windows', /drive/],
    ['c:a', /drive/],
    ['a\0b', /control/],
    ['a\nb', /control/],
    ['a\x7f', /control/],
    ['a\ud800b', /surrogate/],
    ['x'.repeat(65_536), /has 65536 bytes, where 65535 is the most/],
    ['ä'.repeat(32_768), /has 65536 bytes/],
  ])('%j is not valid', (name, fault) => {
    expect(faultOfName(name)).toMatch(fault);
  });
});

describe('several names', () => {
  it.each([
    [[]],
    [['a', 'b']],
    [['a', 'A']],
    [['a/', 'a/b']],
    [['a/b', 'a/']],
    [['a/b/c', 'a/b/d', 'a/c']],
    [['a', 'a.b', 'ab']],
  ])('%j are valid', (names) => {
    expect(faultAmong(names)).toBeUndefined();
  });

  it.each([
    [['a', 'b', 'a'], 'a', /twice/],
    [['a/', 'a/'], 'a/', /twice/],
    [['a', 'a/'], 'a/', /twice/],
    [['a', 'a/b'], 'a', /a file, and a directory/],
    [['a/b/c/d', 'x', 'a/b'], 'a/b', /a file, and a directory/],
  ])('%j are not valid, because of %j', (names, name, fault) => {
    expect(faultAmong(names)).toEqual({ name, fault: expect.stringMatching(fault) });
  });
});
