import { describe, expect, it } from '@jest/globals';
import { azureBlobSource } from '../../../src/sources/stores/azure/azure-blob-source.js';
import { gcsSource } from '../../../src/sources/stores/gcs/gcs-source.js';
import { gridFsSource } from '../../../src/sources/stores/gridfs/gridfs-source.js';
import { httpSource } from '../../../src/sources/stores/http/http-source.js';
import { s3Source } from '../../../src/sources/stores/s3/s3-source.js';
import type { RangeSource } from '../../../src/sources/source.js';
import type { StoreOptions } from '../../../src/sources/stores/store-options.js';

/** Clients that nobody may ask: options are checked when a source is made. */
const unasked = (): never => {
  throw new Error('nobody asks');
};
const file = {
  name: 'k',
  bucket: { name: 'b', storage: {}, file: unasked },
  getMetadata: unasked,
  createReadStream: unasked,
};
const make: Readonly<Record<string, (options: StoreOptions) => RangeSource>> = {
  s3Source: (options) => s3Source({ send: unasked }, { Bucket: 'b', Key: 'k' }, options),
  azureBlobSource: (options) =>
    azureBlobSource({ url: 'https://a.test/c/b', getProperties: unasked, download: unasked }, options),
  gcsSource: (options) => gcsSource(file, options),
  gridFsSource: (options) => gridFsSource({ find: unasked, openDownloadStream: unasked }, 'k', options),
  httpSource: (options) => httpSource('https://a.test/b', options),
};

const size = 1234;

describe.each(Object.keys(make))('metadata that %s is given', (name) => {
  it.each<[metadata: unknown, message: string]>([
    [
      { size: '1234' },
      'not { size: \'1234\' }: the size is "1234", which is not a whole number from 0 but a string; pg returns',
    ],
    [{ size: '1234' }, 'write Number(row.size)'],
    [{ size: 5n }, 'the size is 5n, which is not a whole number from 0 but a bigint: write Number(row.size)'],
    [{ size: null }, 'the size is null'],
    [{ size: undefined }, 'the size is undefined'],
    [{ size: true }, 'the size is true'],
    [{ size: [] }, 'the size is []'],
    [{ size: {} }, 'the size is {}'],
    [{ size: Number.NaN }, 'the size is NaN'],
    [{ size: Infinity }, 'the size is Infinity'],
    [{ size: -1 }, 'the size is -1'],
    [{ size: 1.5 }, 'the size is 1.5'],
    [{ size: 2 ** 53 }, 'the size is 9007199254740992'],
    [{ size: '' }, 'the size is ""'],
    [{ size: new Date(5) }, 'the size is 1970'],
    [{}, 'the size is undefined'],
    [{ size, etag: 'v1' }, 'the etag is "v1", which is not an entity tag; write it with its quotes, \'"v1"\''],
    [{ size, etag: 7 }, 'the etag is 7'],
    [{ size, etag: null }, 'the etag is null, which is not an entity tag: write ?? undefined'],
    [{ size, etag: '"a"b"' }, 'the etag is'],
    [{ size, lastModified: '2024-02-29' }, 'lastModified is "2024-02-29", which is not a valid Date: write new Date('],
    [{ size, lastModified: 1_700_000_000_000 }, 'lastModified is 1700000000000'],
    [{ size, lastModified: new Date('nonsense') }, 'lastModified is Invalid Date'],
    [{ size, lastModified: null }, 'lastModified is null'],
    [{ size, type: null }, 'the type is null'],
    [{ size, type: 'video/mp4\r\nx: y' }, 'the type is "video/mp4\\r\\nx: y"'],
    [{ size, type: '' }, 'the type is ""'],
    [{ size, headers: [] }, 'headers is []'],
    [{ size, headers: new Headers({ vary: 'accept' }) }, 'write Object.fromEntries(headers)'],
    [{ size, headers: new Map([['vary', 'accept']]) }, 'write Object.fromEntries(headers)'],
    [{ size, headers: null }, 'headers is null'],
    [{ size, headers: { 'cache control': 'x' } }, 'the header "cache control" is "x"'],
    [{ size, headers: { expires: 0 } }, 'the header "expires" is 0'],
    [null, 'not null'],
    ['1234', 'not "1234"'],
    [[{ size }], 'not ['],
    [1234, 'not 1234'],
  ])('is refused at once: %p', (metadata, message) => {
    const making = (): unknown => make[name]!({ metadata: metadata as never });
    expect(making).toThrow(TypeError);
    expect(making).toThrow(`${name}: option "metadata" must be the object's metadata, with its size in bytes, not `);
    expect(making).toThrow(message);
  });

  it.each<[metadata: object]>([
    [{ size: 0 }],
    [{ size: Number.MAX_SAFE_INTEGER }],
    [{ size, etag: 'W/"v1"', type: 'text/plain; charset=utf-8', lastModified: new Date(0), headers: { expires: '0' } }],
    [{ size, etag: undefined, type: undefined, lastModified: undefined, headers: undefined }],
    [{ size, id: 7, owner: null, created_at: '2024' }],
  ])('is taken: %p', (metadata) => {
    expect(() => make[name]!({ metadata: metadata as never })).not.toThrow();
  });
});
