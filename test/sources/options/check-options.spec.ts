import { describe, expect, it } from '@jest/globals';
import { fileSource } from '../../../src/sources/file/file-source.js';
import { folderSource } from '../../../src/sources/file/folder-source.js';
import { httpSource } from '../../../src/sources/stores/http/http-source.js';

describe('the options of a source', () => {
  it.each<[options: unknown, message: string]>([
    [null, 'fileSource: the options must be an object, not null'],
    ['/srv', 'fileSource: the options must be an object, not "/srv"'],
    [
      { rot: '/srv' },
      'fileSource: unknown option "rot" (did you mean "root"?); known options are root, dotfiles, offload, etag',
    ],
    [{ constructor: '/srv' }, 'fileSource: unknown option "constructor"'],
    [{ root: '' }, 'fileSource: option "root" must be the path of a directory, not ""'],
    [{ root: undefined }, 'fileSource: option "root" must be the path of a directory, not undefined'],
    [{ root: '/srv\0' }, 'fileSource: option "root" must be the path of a directory, not "/srv\\u0000"'],
    [{ dotfiles: 'ignore' }, `fileSource: option "dotfiles" must be 'deny' or 'allow', not "ignore"`],
  ])('of a file: %j', (options, message) => {
    const make = () => fileSource('clip.mp4', options as object);
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError' }));
    expect(make).toThrow(message);
  });

  it('may be left undefined', () => {
    const options = { index: undefined, precompressed: undefined, immutable: undefined, maxAge: undefined };
    expect(() => folderSource('/srv', options as object)).not.toThrow();
  });

  it.each<[options: unknown, message: string]>([
    [{ headers: 'Authorization: x' }, 'httpSource: option "headers" must be an object of headers'],
    [{ fetch: 'undici' }, 'httpSource: option "fetch" must be a function, not "undici"'],
    [{ dispatcher: 5 }, 'httpSource: option "dispatcher" must be a Dispatcher of undici, not 5'],
    [{ dispatcher: 'http://anna:secret@proxy:3128' }, 'must be a Dispatcher of undici, not "http://…"'],
    [{ dispatcher: 'http://proxy:3128/?token=secret' }, 'must be a Dispatcher of undici, not "http://proxy:3128/"'],
    [{ timeoutMs: 0 }, 'httpSource: option "timeoutMs" must be a time in ms from 1 to 2147483647, not 0'],
  ])('of an upstream: %j', (options, message) => {
    expect(() => httpSource('http://a.example', options as object)).toThrow(message);
  });
});
