import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type AzureBlobClientLike, azureBlobSource } from '../../../src/sources/stores/azure/azure-blob-source.js';
import { type GcsFileLike, gcsSource } from '../../../src/sources/stores/gcs/gcs-source.js';
import { type GridFsBucketLike, gridFsSource } from '../../../src/sources/stores/gridfs/gridfs-source.js';
import { httpSource } from '../../../src/sources/stores/http/http-source.js';
import { type S3Object, s3Source } from '../../../src/sources/stores/s3/s3-source.js';
import type { RangeSource } from '../../../src/sources/source.js';
import type { StoreOptions } from '../../../src/sources/stores/store-options.js';
import { FakeStore } from '../../support/stores/fake-store.js';
import { FakeAzureBlobClient, FakeGcsBucket, FakeS3Client } from '../../support/stores/store-clients.js';

const { signal } = new AbortController();
const FOR_EVER: StoreOptions = { metadataTtlMs: 3_600_000 };

/** What two tenants have under one name, in two stores: told apart by its size. */
let ours: FakeStore;
let theirs: FakeStore;
beforeAll(async () => {
  [ours, theirs] = [await FakeStore.start(), await FakeStore.start()];
});
afterAll(() => Promise.all([ours.stop(), theirs.stop()]));
beforeEach(() => {
  ours.put('clip', Buffer.alloc(100));
  theirs.put('clip', Buffer.alloc(7));
  ours.requests.length = 0;
});

async function sizeOf(source: RangeSource): Promise<number | undefined> {
  const representation = await source.resolve(signal);
  await representation.close?.();
  return representation.size;
}

describe('a tenant', () => {
  it.each<[what: string, make: () => (store: FakeStore) => RangeSource]>([
    ['a client of S3', () => (store) => s3Source(new FakeS3Client(store), { Bucket: 'b', Key: 'clip' }, FOR_EVER)],
    ['a client of Google', () => (store) => gcsSource(new FakeGcsBucket(store).file('clip'), FOR_EVER)],
    [
      'a credential of Azure, on one URL',
      () => (store) => azureBlobSource(disguised(new FakeAzureBlobClient(store, 'clip', agent, {})), FOR_EVER),
    ],
    [
      'a pipeline of Azure, with one credential and on one URL',
      () => {
        const credential = {};
        return (store) => {
          const client = disguised(new FakeAzureBlobClient(store, 'clip', agent, credential));
          return azureBlobSource(Object.assign(client, { pipeline: {} }), FOR_EVER);
        };
      },
    ],
    ['a bucket of GridFS', () => (store) => gridFsSource(gridFsOf(store), 'clip', FOR_EVER)],
    [
      'a fetch, for one URL',
      () => (store) =>
        httpSource('https://store.test/clip', {
          ...FOR_EVER,
          fetch: (_, init) => fetch(`${store.url}/http/files/clip`, init),
        }),
    ],
  ])('with %s sees nothing of another', async (_, make) => {
    const of = make();
    for (const [store, size] of [
      [ours, 100],
      [theirs, 7],
      [ours, 100],
    ] as const) {
      expect(await sizeOf(of(store))).toBe(size);
    }
  });
});

const agent = FakeAzureBlobClient.agent();

/** As where both are behind one host. */
function disguised(client: AzureBlobClientLike): AzureBlobClientLike {
  return {
    url: 'https://account.test/media/clip',
    ...(client.credential === undefined ? {} : { credential: client.credential }),
    getProperties: (options) => client.getProperties(options),
    download: (...args) => client.download(...args),
  };
}

function gridFsOf(store: FakeStore): GridFsBucketLike<unknown> {
  const length = store.objects.get('clip')!.bytes.length;
  return bucketOf(() => length);
}

function bucketOf(lengthOf: (id: unknown) => number): GridFsBucketLike<unknown> {
  return {
    find: ({ _id }) => ({
      limit: () => ({ toArray: async () => [{ length: lengthOf(_id), uploadDate: new Date(0) }] }),
    }),
    openDownloadStream: () => {
      throw new Error('nobody reads');
    },
  };
}

const bufferOf = (byte: number): ArrayBuffer => new Uint8Array(32).fill(byte).buffer;

describe('cached metadata', () => {
  const s3 = (): ((more: Partial<S3Object>) => RangeSource) => {
    const client = new FakeS3Client(ours);
    return (more) => s3Source(client, { Bucket: 'b', Key: 'clip', ...more }, FOR_EVER);
  };
  const azure = (): ((more: Parameters<typeof azureBlobSource>[1]) => RangeSource) => {
    const credential = {};
    return (more) =>
      azureBlobSource(new FakeAzureBlobClient(ours, 'clip', agent, credential), { ...FOR_EVER, ...more });
  };
  const gcs = (): ((more: object) => RangeSource) => {
    const bucket = new FakeGcsBucket(ours);
    return (more) => gcsSource(Object.assign(bucket.file('clip'), more) as GcsFileLike, FOR_EVER);
  };

  it.each<[what: string, make: () => (more: never) => RangeSource, members: readonly object[]]>([
    [
      'S3',
      s3,
      [
        {},
        { Bucket: 'c' },
        { VersionId: 'v1' },
        { ExpectedBucketOwner: '111122223333' },
        { RequestPayer: 'requester' },
        { SSECustomerAlgorithm: 'AES256', SSECustomerKey: 'one' },
        { SSECustomerAlgorithm: 'AES256', SSECustomerKey: 'other' },
        { SSECustomerAlgorithm: 'AES256', SSECustomerKey: bufferOf(1) },
        { SSECustomerAlgorithm: 'AES256', SSECustomerKey: bufferOf(2) },
        { SSECustomerAlgorithm: 'AES256', SSECustomerKey: new DataView(bufferOf(3)) },
        { SSECustomerAlgorithm: 'AES256', SSECustomerKey: new DataView(bufferOf(4)) },
      ],
    ],
    [
      'Azure',
      azure,
      [
        {},
        { customerProvidedKey: { encryptionKey: 'one' } },
        { customerProvidedKey: { encryptionKey: 'other' } },
        { conditions: { leaseId: 'one' } },
        { conditions: { tagConditions: '"a" = \'1\'' } },
      ],
    ],
    [
      'Google',
      gcs,
      [
        {},
        { generation: 7 },
        { userProject: 'one' },
        { userProject: 'other' },
        { encryptionKey: 'one' },
        { encryptionKey: Buffer.from('other') },
        { encryptionKey: bufferOf(1) },
        { encryptionKey: bufferOf(2) },
        { interceptors: [{ request: (options: object) => options }] },
      ],
    ],
  ])('of an object in %s is for what is asked for in just that way', async (_, make, members) => {
    const of = make();
    for (const more of members) await sizeOf(of(more as never));
    expect(ours.requests).toHaveLength(members.length);
    const again = members.filter((more) => !('interceptors' in more)); // a function may do anything
    for (const more of again) await sizeOf(of(more as never));
    expect(ours.requests).toHaveLength(members.length);
  });

  it('of an id in GridFS is not used for another id, whatever their types', async () => {
    const bson = (_bsontype: string, members: object): object => ({ _bsontype, ...members });
    const hex = '65e0c0ffee65e0c0ffee65e0';
    const numbers = [5, '5', 5n, '5n', true, 'true', '"5"', 'number 5', 5.5];
    const objectIds = [hex, `"${hex}"`, bson('ObjectId', { toHexString: () => hex }), `objectId ${hex}`];
    const dates = [new Date(5), new Date(5).toJSON(), 'date 5'];
    const binaries = [0, 4].map((subType) => bson('Binary', { sub_type: subType, toString: () => 'ff' }));
    const documents = [{ a: 5 }, { a: '5' }, { b: 5 }, { a: 5, b: 5 }, { b: 5, a: 5 }, { a: { b: 5 } }, '{"a":5}'];
    const others = [/a/, /b/, new Uint8Array([1]), new Uint8Array([2]), null, undefined, [5], ['5']];
    const ids: unknown[] = [numbers, objectIds, dates, binaries, documents, others].flat();
    const bucket = bucketOf((id) => ids.indexOf((id as { $eq?: unknown } | null)?.$eq ?? id) + 1000);
    for (let round = 0; round < 2; round++) {
      for (const [i, id] of ids.entries()) expect(await sizeOf(gridFsSource(bucket, id, FOR_EVER))).toBe(i + 1000);
    }
  });

  it('is looked up by the literal id, even if a request injected operators', async () => {
    const filters: unknown[] = [];
    const bucket: GridFsBucketLike<unknown> = {
      ...bucketOf(() => 1),
      find: (filter) => {
        filters.push(filter);
        return { limit: () => ({ toArray: async () => [] }) };
      },
    };
    await expect(sizeOf(gridFsSource(bucket, { $ne: null }))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    await expect(sizeOf(gridFsSource(bucket, [{ $ne: null }]))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    expect(filters).toEqual([{ _id: { $eq: { $ne: null } } }, { _id: { $eq: [{ $ne: null }] } }]);
  });

  it('is neither used nor written with metadataTtlMs: 0', async () => {
    const client = new FakeS3Client(ours);
    const of = (options: StoreOptions): RangeSource => s3Source(client, { Bucket: 'b', Key: 'clip' }, options);
    await sizeOf(of(FOR_EVER));
    ours.put('clip', Buffer.alloc(50));
    expect(await sizeOf(of({ metadataTtlMs: 0 }))).toBe(50);
    expect(await sizeOf(of(FOR_EVER))).toBe(100);
  });
});

describe('settings of an SDK object', () => {
  it('are sent with each request to S3, except those that request ranges', async () => {
    const inputs: object[] = [];
    const client = {
      send: async (command: { readonly input: object }) => {
        inputs.push(command.input);
        throw Object.assign(new Error('enough'), { $metadata: { httpStatusCode: 500 } });
      },
    };
    const more = { VersionId: 'v', SSECustomerKey: 'k', RequestPayer: 'requester', ExpectedBucketOwner: '1' } as const;
    const object = { Bucket: 'b', Key: 'k', ...more, ChecksumMode: 'ENABLED' } as const;
    const look = s3Source(client as never, object);
    await expect(look.resolve(signal)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    const read = await s3Source(client as never, object, { metadata: { size: 10, etag: '"1"' } }).resolve(signal);
    await expect(read.open(undefined, signal)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect(inputs).toEqual([object, { ...object, Range: 'bytes=0-9', IfMatch: '"1"' }]);
    for (const name of ['Range', 'PartNumber', 'IfMatch', 'IfNoneMatch', 'IfModifiedSince', 'IfUnmodifiedSince']) {
      const own = { Bucket: 'b', Key: 'k', [name]: 'x' };
      expect(() => s3Source(client as never, own)).toThrow(
        `s3Source: "${name}" cannot be set: the source itself requests`,
      );
    }
  });

  it('are sent with each request to Azure', async () => {
    const asked: unknown[] = [];
    const fail = async (...args: unknown[]): Promise<never> => {
      asked.push(args.at(-1));
      throw Object.assign(new Error('enough'), { code: 'ECONNRESET' });
    };
    const blob = { url: 'https://a.test/c/b', getProperties: fail, download: fail };
    const given = { customerProvidedKey: { encryptionKey: 'k' }, conditions: { leaseId: 'l', tagConditions: 't' } };
    await expect(azureBlobSource(blob, given).resolve(signal)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    const source = azureBlobSource(blob, { ...given, metadata: { size: 10, etag: '"1"' } });
    await expect((await source.resolve(signal)).open(undefined, signal)).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
    });
    expect(asked).toEqual([
      { ...given, abortSignal: expect.anything() },
      { ...given, conditions: { ...given.conditions, ifMatch: '"1"' }, abortSignal: expect.anything() },
    ]);
    expect(() => azureBlobSource(blob, { conditions: { ifMatch: '"1"' } as never })).toThrow(
      'leaseId or tagConditions',
    );
  });

  it('stay on the file of Google that is pinned to a generation', async () => {
    const made: object[] = [];
    const streamed: object[] = [];
    const [own, ofKey] = [{ request: () => ({}) }, { request: () => ({}) }];
    const file = {
      name: 'clip',
      userProject: 'payer',
      encryptionKey: 'key',
      kmsKeyName: 'kms',
      crc32cGenerator: () => 0,
      interceptors: [ofKey, own],
      encryptionKeyInterceptor: ofKey,
      bucket: {
        name: 'b',
        storage: {},
        file: (name: string, options: object) => {
          const pinned = { name, ...options, interceptors: [ofKey], bucket: file.bucket, createReadStream };
          made.push(pinned);
          return pinned;
        },
      },
      getMetadata: async () => [{ size: '10', generation: '17' }] as const,
      createReadStream,
    };
    function createReadStream(options: object): never {
      streamed.push(options);
      throw Object.assign(new Error('enough'), { code: 'ECONNRESET' });
    }
    const representation = await gcsSource(file as never).resolve(signal);
    await expect(representation.open(undefined, signal)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    const { userProject, encryptionKey, kmsKeyName, crc32cGenerator } = file;
    const kept = { userProject, encryptionKey, kmsKeyName, crc32cGenerator };
    expect(made).toEqual([
      expect.objectContaining({ name: 'clip', generation: '17', ...kept, interceptors: [ofKey, own] }),
    ]);
    expect(streamed).toEqual([{ start: 0, end: 9, decompress: false, userProject: 'payer' }]);
  });
});
