import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { azureBlobSource } from '../../../src/sources/stores/azure/azure-blob-source.js';
import { gcsSource } from '../../../src/sources/stores/gcs/gcs-source.js';
import { gridFsSource } from '../../../src/sources/stores/gridfs/gridfs-source.js';
import { s3Source } from '../../../src/sources/stores/s3/s3-source.js';
import type { RangeSource, Representation } from '../../../src/sources/source.js';
import type { StoreOptions } from '../../../src/sources/stores/store-options.js';
import { answering, FakeStore, type Interference, tagOf, when } from '../../support/stores/fake-store.js';
import { type SourceMakers, storeSources } from '../../support/stores/store-sources.js';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import {
  FakeAzureBlobClient,
  FakeGcsBucket,
  FakeGridFsBucket,
  FakeS3Client,
} from '../../support/stores/store-clients.js';
import { until } from '../../support/until.js';

const BYTES = pseudoRandomBytes(400_000);
const OTHER = pseudoRandomBytes(400_000, 2);
const { signal } = new AbortController();

let store: FakeStore;
let gridFs: FakeGridFsBucket;
beforeAll(async () => {
  store = await FakeStore.start();
});
afterAll(() => store.stop());

/** Fresh clients for each test: what they remember goes with them. */
let sourceIn: SourceMakers;
beforeEach(async () => {
  store.hangUp();
  await until(() => store.underWay === 0, 'what other tests left to be over');
  store.objects.clear();
  store.put('clip', BYTES);
  store.requests.length = 0;
  store.interferences.length = 0;
  gridFs = new FakeGridFsBucket();
  gridFs.put('clip', BYTES);
  sourceIn = storeSources(store, gridFs);
});

async function read(source: RangeSource, firstPos = 10, lastPos = 19): Promise<Buffer> {
  const representation = await source.resolve(signal);
  try {
    return await readFrom(representation, firstPos, lastPos);
  } finally {
    await representation.close?.();
  }
}

async function readFrom(representation: Representation, firstPos: number, lastPos: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await representation.open({ firstPos, lastPos }, signal)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** As a response does: what changed is resolved again, once. */
async function readOnceMore(source: RangeSource): Promise<Buffer> {
  await expect(read(source)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  return read(source);
}

const hasRange = ({ headers }: IncomingMessage): boolean =>
  headers.range !== undefined || headers['x-ms-range'] !== undefined;
const isLook = (request: IncomingMessage): boolean => !hasRange(request) || request.headers.range === 'bytes=0-0';
const ON_READ = (then: Interference): Interference => when((request) => !isLook(request), then);

describe.each(['s3', 'azure', 'gcs', 'http'])('a source over a store: %s', (kind) => {
  const make = (options?: StoreOptions): RangeSource => sourceIn[kind]!(options);

  it('returns the metadata of the object', async () => {
    store.put('clip', BYTES, {
      'content-type': 'audio/ogg',
      'cache-control': 'max-age=5',
      'content-disposition': 'inline; filename="a.ogg"',
      'content-language': 'cs',
    });
    const { size, type, etag, lastModified, headers } = await make().resolve(signal);
    const object = store.objects.get('clip')!;
    expect({ size, type, lastModified, headers }).toEqual({
      size: 400_000,
      type: 'audio/ogg',
      lastModified: object.modified,
      headers: {
        'cache-control': 'max-age=5',
        'content-disposition': 'inline; filename="a.ogg"',
        'content-language': 'cs',
      },
    });
    expect(etag).toBe(kind === 'gcs' ? `"${object.version}"` : tagOf(object));
  });

  it('looks the object up once, and then requests ranges of that version', async () => {
    for (const at of [0, 100, 200]) {
      expect((await read(make(), at, at + 9)).equals(BYTES.subarray(at, at + 10))).toBe(true);
    }
    expect(store.requests).toHaveLength(4);
    const [, ...reads] = store.requests;
    const ranges = reads.map(({ headers }) => headers['x-ms-range'] ?? headers['range']);
    expect(ranges).toEqual(['bytes=0-9', 'bytes=100-109', 'bytes=200-209']);
    if (kind !== 'gcs') {
      const tag = tagOf(store.objects.get('clip')!);
      expect(reads.map(({ headers }) => headers['if-match'])).toEqual([tag, tag, tag]);
    }
    for (const { headers } of store.requests) expect(headers).not.toHaveProperty('if-range');
  });

  it('looks the object up each time with metadataTtlMs: 0', async () => {
    const before = [make({ metadataTtlMs: 0 }), make({ metadataTtlMs: 0 })];
    for (const source of before) await read(source);
    expect(store.requests).toHaveLength(4);
  });

  it('looks the object up again when the cache entry is too old', async () => {
    await read(make({ metadataTtlMs: 1 }));
    const since = performance.now();
    await until(() => performance.now() > since + 2, 'two milliseconds');
    await read(make());
    expect(store.requests).toHaveLength(4);
  });

  it('does not look up an object that the app knows', async () => {
    const metadata = { size: BYTES.length, type: 'video/webm', headers: { expires: '0' } };
    const source = make({ metadata });
    expect(await source.resolve(signal)).toMatchObject(metadata);
    expect((await read(source)).equals(BYTES.subarray(10, 20))).toBe(true);
    expect(store.requests).toHaveLength(1);
  });

  it('accepts metadata from an entity, whose properties are getters of its class', async () => {
    class Entity {
      readonly #size = BYTES.length;
      get size(): number {
        return this.#size;
      }
      get type(): string {
        return 'video/webm';
      }
    }
    const representation = await make({ metadata: new Entity() }).resolve(signal);
    expect(representation).toMatchObject({ size: BYTES.length, type: 'video/webm' });
    expect((await readFrom(representation, 10, 19)).equals(BYTES.subarray(10, 20))).toBe(true);
    expect((await readFrom(representation, 100, 109)).equals(BYTES.subarray(100, 110))).toBe(true);
    await representation.close?.();
  });

  it('looks the object up once if the metadata of the app is out of date', async () => {
    const etag = kind === 'gcs' ? '"1"' : '"old"';
    const source = make({ metadata: { size: 100, etag } });
    expect((await readOnceMore(source)).equals(BYTES.subarray(10, 20))).toBe(true);
    expect((await source.resolve(signal)).size).toBe(BYTES.length);
    expect(store.requests).toHaveLength(kind === 'http' ? 4 : 3); // httpSource: and once without the condition
  });

  it('notices an outdated size if the app knows no version', async () => {
    expect((await readOnceMore(make({ metadata: { size: 100 } }))).equals(BYTES.subarray(10, 20))).toBe(true);
  });

  it('drops an outdated cache entry', async () => {
    await read(make());
    store.put('clip', OTHER);
    expect((await readOnceMore(make())).equals(OTHER.subarray(10, 20))).toBe(true);
    expect((await read(make())).equals(OTHER.subarray(10, 20))).toBe(true);
  });

  it('reads all ranges of a response from one version, even if the app knows none', async () => {
    const representation = await make({ metadata: { size: BYTES.length } }).resolve(signal);
    await readFrom(representation, 0, 9);
    store.put('clip', OTHER);
    await expect(readFrom(representation, 100, 109)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await representation.close?.();
  });

  it('is a SourceNotFoundError if the object is removed after the lookup', async () => {
    await read(make());
    store.objects.clear();
    const source = make();
    const failure = await read(source).catch((error: unknown) => error);
    // A generation that is gone may be that of an object which is still there.
    expect(failure).toMatchObject({ code: kind === 'gcs' ? 'SOURCE_CHANGED' : 'SOURCE_NOT_FOUND' });
    await expect(read(source)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it.each([
    [403, 'SOURCE_NOT_FOUND', {}],
    [404, 'SOURCE_NOT_FOUND', {}],
    [503, 'SOURCE_UNAVAILABLE', { retryAfterSeconds: 9 }],
    [500, 'SOURCE_UNAVAILABLE', { retryAfterSeconds: 9 }],
    [429, 'SOURCE_UNAVAILABLE', { retryAfterSeconds: 9 }],
    [504, 'SOURCE_TIMEOUT', {}],
  ])('takes a %d for %s, when it looks and when it reads', async (status, code, properties) => {
    store.interferences.push(answering(status, { 'retry-after': '9' }));
    await expect(make().resolve(signal)).rejects.toMatchObject({ code, ...properties });
    store.interferences.push(ON_READ(answering(status, { 'retry-after': '9' })));
    const expected = kind === 'gcs' && status === 404 ? 'SOURCE_CHANGED' : code;
    await expect(read(make())).rejects.toMatchObject({ code: expected, ...properties });
    await until(() => store.underWay === 0, 'the answers to be over');
  });

  it('requests positions beyond 2^32 exactly', async () => {
    const size = 6_000_000_000;
    store.interferences.push((_, response) => {
      const range = `bytes 5000000000-5000000009/${size}`;
      response.writeHead(206, { 'content-range': range, 'content-length': 10 }).end('0123456789');
      return true;
    });
    const bytes = await read(make({ metadata: { size } }), 5_000_000_000, 5_000_000_009);
    expect(bytes.toString()).toBe('0123456789');
    const [asked] = store.requests;
    expect(asked?.headers['x-ms-range'] ?? asked?.headers['range']).toBe('bytes=5000000000-5000000009');
  });

  it('treats a 416 as a changed version', async () => {
    store.interferences.push(ON_READ(answering(416, { 'content-range': 'bytes */5' })));
    expect((await readOnceMore(make())).equals(BYTES.subarray(10, 20))).toBe(true);
  });

  it('accepts the requested range without a complete length', async () => {
    store.interferences.push(
      ON_READ((_, response) => {
        const { version } = store.objects.get('clip')!;
        const head = kind === 'gcs' ? { 'x-goog-generation': String(version) } : { etag: `"v${version}"` };
        response.writeHead(206, { 'content-range': 'bytes 10-19/*', 'content-length': 10, ...head });
        response.end(BYTES.subarray(10, 20));
        return true;
      }),
    );
    expect((await read(make())).equals(BYTES.subarray(10, 20))).toBe(true);
  });

  it.each<[what: string, range: string, length: number]>([
    ['another range', 'bytes 11-20/400000', 10],
    ['a shorter range', 'bytes 10-18/400000', 9],
    ['a longer range', 'bytes 10-20/400000', 11],
    ['nonsense', 'bytes', 10],
    ['a length that is not that of the range', 'bytes 10-19/400000', 12],
  ])('refuses %s', async (_, range, length) => {
    store.interferences.push(
      ON_READ((_, response) => {
        const etag = kind === 'gcs' ? { 'x-goog-generation': String(store.objects.get('clip')!.version) } : {};
        response.writeHead(206, { 'content-range': range, 'content-length': length, ...etag });
        response.end(Buffer.alloc(length));
        return true;
      }),
    );
    await expect(read(make())).rejects.toMatchObject({ code: 'SOURCE_PROTOCOL' });
    await until(() => store.underWay === 0, 'the answer to be let go');
  });

  it('notices a store that ignores If-Match', async () => {
    await read(make());
    const { version } = store.objects.get('clip')!;
    store.interferences.push(
      ON_READ((_, response) => {
        const headers = { etag: '"another"', 'x-goog-generation': String(version + 7), 'content-length': 10 };
        response.writeHead(206, { ...headers, 'content-range': 'bytes 10-19/400000' }).end(OTHER.subarray(10, 20));
        return true;
      }),
    );
    expect((await readOnceMore(make())).equals(BYTES.subarray(10, 20))).toBe(true);
  });

  it('fails if the connection breaks halfway', async () => {
    store.interferences.push(
      ON_READ((_, response) => {
        const { version } = store.objects.get('clip')!;
        const headers = { etag: `"v${version}"`, 'x-goog-generation': String(version), 'content-length': 300_000 };
        response.writeHead(206, { ...headers, 'content-range': 'bytes 0-299999/400000' });
        response.write(BYTES.subarray(0, 100_000), () => response.destroy());
        return true;
      }),
    );
    await expect(read(make(), 0, 299_999)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  const silent: Interference = () => true;

  it('gives up on a store that does not respond, when it looks up and when it reads', async () => {
    const source = make({ timeoutMs: 50 });
    store.interferences.push(silent);
    await expect(source.resolve(signal)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' });
    const patient = make({ timeoutMs: 10_000 });
    await patient.resolve(signal);
    store.interferences.push(ON_READ(silent));
    await expect(read(make({ timeoutMs: 50 }))).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' });
  });

  it('gives up on a store that stops halfway', async () => {
    await make().resolve(signal);
    store.interferences.push(
      ON_READ((_, response) => {
        const { version } = store.objects.get('clip')!;
        const headers = { etag: `"v${version}"`, 'x-goog-generation': String(version), 'content-length': 300_000 };
        response.writeHead(206, { ...headers, 'content-range': 'bytes 0-299999/400000' });
        response.write(BYTES.subarray(0, 100_000));
        return true;
      }),
    );
    await expect(read(make({ timeoutMs: 100 }), 0, 299_999)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' });
    await until(() => store.underWay === 0, 'the answer to be let go');
  });

  it('releases content that nobody has read, when it is closed', async () => {
    store.put('clip', pseudoRandomBytes(9_000_000)); // more than a connection holds
    const representation = await make().resolve(signal);
    await representation.open(undefined, signal);
    expect(store.underWay).toBe(1);
    await representation.close?.();
    await until(() => store.underWay === 0, 'the answer to be let go');
  });

  it('does not wait for the store after an abort', async () => {
    for (const interference of [silent, ON_READ(silent)]) {
      const controller = new AbortController();
      const asked = store.requests.length;
      store.interferences.push(interference);
      const reading = (async () => {
        const representation = await make({ metadataTtlMs: 0 }).resolve(controller.signal);
        await representation.open({ firstPos: 10, lastPos: 19 }, controller.signal);
      })();
      await until(() => store.interferences.length === 0 && store.requests.length > asked, 'the store to be asked');
      controller.abort();
      await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    }
  });
});

describe.each(['s3', 'azure', 'http'])('a weak tag of %s', (kind) => {
  it('stays weak, and is not sent as If-Match, because it matches nothing', async () => {
    store.put('clip', BYTES, { etag: 'W/"1"' });
    const source = sourceIn[kind]!();
    expect((await source.resolve(signal)).etag).toBe('W/"1"');
    expect((await read(source)).equals(BYTES.subarray(10, 20))).toBe(true);
    store.put('clip', OTHER, { etag: 'W/"2"' });
    expect((await readOnceMore(source)).equals(OTHER.subarray(10, 20))).toBe(true);
  });
});

/** A client that says this of an object, and of its content, whatever is stored. */
const SAYING: Readonly<Record<string, (said: object) => RangeSource>> = {
  s3: (said) => s3Source({ send: async () => ({ Body: Readable.from([]), ...said }) }, { Bucket: 'b', Key: 'clip' }),
  azure: (said) => {
    const answer = async (): Promise<object> => said;
    return azureBlobSource({ url: 'https://account.test/b/clip', getProperties: answer, download: answer });
  },
  gcs: (said) => {
    const getMetadata = async (): Promise<[object]> => [said];
    return gcsSource(Object.assign(new FakeGcsBucket(store).file('clip'), { getMetadata }));
  },
  gridfs: (said) => {
    const found = { uploadDate: new Date(0), ...said } as never;
    const find = (): object => ({ limit: () => ({ toArray: async () => [found] }) });
    return gridFsSource(Object.assign(new FakeGridFsBucket(), { find }) as never, 'clip');
  },
};

describe('what a store says of an object that cannot be true or sent', () => {
  it.each<[kind: string, what: string, said: object]>([
    ['s3', 'no length', {}],
    ['azure', 'no length', {}],
    ['gcs', 'no size', {}],
    ['gcs', 'a size that is no number', { size: 'many' }],
    ['gridfs', 'no length', {}],
    ['s3', 'a negative length', { ContentLength: -1 }],
    ['azure', 'a length that is not whole', { contentLength: 1.5 }],
  ])('%s, of %s: is never an empty object', async (kind, _, said) => {
    await expect(SAYING[kind]!(said).resolve(signal)).rejects.toMatchObject({
      code: 'SOURCE_PROTOCOL',
      message: expect.stringMatching(/clip: the store did not send the length of the object$/),
    });
  });

  it.each<[kind: string, what: string, said: object]>([
    ['s3', 'a tag without quotes', { ContentLength: 5, ETag: 'abc' }],
    ['azure', 'a tag without quotes', { contentLength: 5, etag: 'abc' }],
    ['s3', 'a date that is none', { ContentLength: 5, LastModified: new Date(NaN) }],
    ['azure', 'a date that is none', { contentLength: 5, lastModified: new Date(NaN) }],
    ['gcs', 'a date that is none', { size: '5', updated: 'yesterday' }],
    ['s3', 'an empty type', { ContentLength: 5, ContentType: '' }],
    ['azure', 'a type with a line break', { contentLength: 5, contentType: 'a/b\r\nX: y' }],
    ['gcs', 'a type that is not ASCII', { size: '5', contentType: 'видео' }],
    ['gcs', 'a language that is not ASCII', { size: '5', contentLanguage: '日本語' }],
    ['gcs', 'a Cache-Control with a line break', { size: '5', cacheControl: 'private\nX: y' }],
    ['gcs', 'a name with a line break', { size: '5', contentDisposition: 'attachment; filename="a\r\nX: y"' }],
    ['s3', 'a date that is not a header', { ContentLength: 5, ExpiresString: 'never\n' }],
  ])('%s, %s: is left out', async (kind, _, said) => {
    const { size, type, etag, lastModified, headers } = await SAYING[kind]!(said).resolve(signal);
    expect({ size, type, etag, lastModified, headers }).toEqual({ size: 5, headers: {} });
  });

  it.each([5n, { _bsontype: 'Long', toString: () => '5' }])(
    'gridfs, a length that is a %p: is a number',
    async (length) => {
      expect(await SAYING['gridfs']!({ length }).resolve(signal)).toMatchObject({ size: 5 });
    },
  );

  it.each(['s3', 'azure'])('%s: tags without quotes, so dates tell versions apart', async (kind) => {
    store.put('clip', BYTES, { etag: 'abc' });
    const source = sourceIn[kind]!({ metadataTtlMs: 3_600_000 });
    expect((await read(source)).equals(BYTES.subarray(10, 20))).toBe(true);
    store.put('clip', OTHER, { etag: 'abc' });
    expect((await readOnceMore(source)).equals(OTHER.subarray(10, 20))).toBe(true);
  });
});

describe('s3Source', () => {
  const s3 = (options?: StoreOptions): RangeSource => sourceIn['s3']!(options);

  it('omits aws-chunked, the framing of an upload, from Content-Encoding', async () => {
    store.put('clip', BYTES, { 'content-encoding': 'aws-chunked,gzip' });
    expect((await s3().resolve(signal)).headers).toMatchObject({ 'content-encoding': 'gzip' });
    store.put('clip', BYTES, { 'content-encoding': 'aws-chunked' });
    expect((await s3({ metadataTtlMs: 0 }).resolve(signal)).headers).toBeDefined();
  });

  it('finds nothing if the given version is a delete marker', async () => {
    const source = s3Source(new FakeS3Client(store), { Bucket: 'bucket', Key: 'clip', VersionId: 'v7' });
    const refusal = answering(405, { 'x-amz-delete-marker': 'true', allow: 'DELETE' });
    store.interferences.push(refusal);
    await expect(source.resolve(signal)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND', isForbidden: false });
    store.interferences.push(ON_READ(refusal));
    await expect(read(source)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND', isForbidden: false });
    store.interferences.push(answering(405));
    await expect(source.resolve(signal)).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  });

  it.each([301, 307, 400])(
    'says in the log which region the client must be of, where it is refused: %d',
    async (status) => {
      const refusal = answering(status, { 'x-amz-bucket-region': 'eu-west-1' });
      const failure = {
        code: 'SOURCE_FAILED',
        message: expect.stringContaining('the bucket is in the region eu-west-1'),
      };
      store.interferences.push(refusal);
      await expect(s3({ metadataTtlMs: 0 }).resolve(signal)).rejects.toMatchObject(failure);
      store.interferences.push(ON_READ(refusal));
      await expect(read(s3({ metadataTtlMs: 0 }))).rejects.toMatchObject(failure);
    },
  );

  const refusing = (status: number, code: string): Interference => {
    return ({ method }, response) => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(method === 'HEAD' ? undefined : `<Error><Code>${code}</Code></Error>`);
      return true;
    };
  };

  it.each<[status: number, code: string, error: object]>([
    [
      403,
      'AccessDenied',
      {
        code: 'SOURCE_NOT_FOUND',
        isForbidden: true,
        message: expect.stringContaining('needs s3:GetObject, and s3:ListBucket'),
      },
    ],
    [403, 'SignatureDoesNotMatch', { code: 'SOURCE_FAILED', status: 403 }],
    [403, 'InvalidAccessKeyId', { code: 'SOURCE_FAILED', status: 403 }],
    [403, 'RequestTimeTooSkewed', { code: 'SOURCE_FAILED', status: 403 }],
    [400, 'ExpiredToken', { code: 'SOURCE_FAILED', status: 400, message: expect.stringContaining('ExpiredToken') }],
  ])('asks by a GET why a HEAD was refused, which has no body: %d %s', async (status, code, error) => {
    store.interferences.push(refusing(status, code), refusing(status, code));
    await expect(s3({ metadataTtlMs: 0 }).resolve(signal)).rejects.toMatchObject(error);
    expect(store.requests.map(({ method, headers }) => [method, headers['range']])).toEqual([
      ['HEAD', undefined],
      ['GET', 'bytes=0-0'],
    ]);
  });

  it('goes by the HEAD if only that is refused, and releases the content', async () => {
    store.interferences.push(refusing(403, ''));
    await expect(s3({ metadataTtlMs: 0 }).resolve(signal)).rejects.toMatchObject({ isForbidden: true });
    await until(() => store.underWay === 0, 'the answer to be let go');
  });

  it('releases content that a client returns too late, ignoring its signal', async () => {
    const Body = Readable.from([BYTES]);
    let answer: (output: object) => void = () => {};
    const client = { send: () => new Promise((resolve) => (answer = resolve)) };
    const metadata = { size: BYTES.length };
    const source = s3Source(client, { Bucket: 'bucket', Key: 'clip' }, { metadata, timeoutMs: 50 });
    await expect(read(source)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' });
    answer({ Body });
    await until(() => Body.destroyed, 'the content to be released');
  });

  it('finds nothing under an empty key', async () => {
    const source = s3Source(new FakeS3Client(store), { Bucket: 'bucket', Key: '' });
    await expect(source.resolve(signal)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    expect(store.requests).toEqual([]);
  });

  it('requests the given version', async () => {
    const source = s3Source(new FakeS3Client(store), { Bucket: 'bucket', Key: 'clip', VersionId: 'v7' });
    await read(source);
    expect(store.requests.map(({ headers }) => headers['x-version-id'])).toEqual(['v7', 'v7']);
  });

  it.each<[options: object, message: string]>([
    [{ ttl: 5 }, 's3Source: unknown option "ttl"; known options are metadata, metadataTtlMs, timeoutMs'],
    [{ metadataTtlMs: -1 }, 's3Source: option "metadataTtlMs" must be a time in ms from 0 to 2147483647, not -1'],
    [{ metadataTtlMs: 2 ** 31 }, 's3Source: option "metadataTtlMs" must be a time in ms'],
    [{ timeoutMs: 0 }, 's3Source: option "timeoutMs" must be a time in ms from 1 to 2147483647, not 0'],
    [{ timeoutMs: '5' }, 's3Source: option "timeoutMs" must be a time in ms'],
    [{ metadata: { size: 1.5 } }, 'metadata, with its size in bytes, not { size: 1.5 }'],
    [{ metadata: { etag: '"v"' } }, 's3Source: option "metadata" must be'],
  ])('refuses %j at once', (options, message) => {
    expect(() => s3(options)).toThrow(message);
  });
});

describe('azureBlobSource', () => {
  it('has no cached metadata for another credential', async () => {
    const agent = FakeAzureBlobClient.agent();
    for (const credential of [{}, {}]) {
      await read(azureBlobSource(new FakeAzureBlobClient(store, 'clip', agent, credential)));
    }
    expect(store.requests).toHaveLength(4);
  });
});

describe('gcsSource', () => {
  it('requests the given generation, and finds nothing if it is gone', async () => {
    const bucket = new FakeGcsBucket(store);
    const generation = String(store.objects.get('clip')!.version);
    const source = gcsSource(bucket.file('clip', { generation }));
    expect((await read(source)).equals(BYTES.subarray(10, 20))).toBe(true);
    store.put('clip', OTHER);
    await expect(read(source)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it('sends a name that is not ASCII as Google does, whose JSON has it as text', async () => {
    const disposition = 'attachment; filename="Grüße – 世界.mp4"';
    store.put('clip', BYTES, { 'content-disposition': disposition });
    const { headers } = await sourceIn['gcs']!().resolve(signal);
    expect(Buffer.from(headers!['content-disposition']!, 'latin1').toString('utf8')).toBe(disposition);
  });

  it('sends a compressed object as it is stored, with its Content-Encoding', async () => {
    store.put('clip', BYTES, { 'content-encoding': 'gzip' });
    const source = sourceIn['gcs']!();
    expect((await source.resolve(signal)).headers).toMatchObject({ 'content-encoding': 'gzip' });
    expect((await read(source)).equals(BYTES.subarray(10, 20))).toBe(true);
  });
});

describe('gridFsSource', () => {
  const source = (options?: StoreOptions): RangeSource => gridFsSource(gridFs, 'clip', options);

  it.each([
    [{}, 'video/mp4'],
    [{ filename: 'a.unheard-of' }, undefined],
    [{ metadata: { contentType: 'audio/ogg' } }, 'audio/ogg'],
    [{ contentType: 'audio/flac' }, 'audio/flac'],
    [{ metadata: { contentType: 7 }, filename: 'a' }, undefined],
    [{ metadata: { contentType: '' } }, 'video/mp4'],
    [{ metadata: { contentType: 'video/ogg\r\nX: y' } }, 'video/mp4'],
  ])('takes %j for the type %s', async (file, type) => {
    gridFs.put('clip', BYTES, file);
    expect((await source().resolve(signal)).type).toBe(type);
  });

  it('accepts metadata from an entity, whose properties are getters of its class', async () => {
    const entity = Object.create({
      get size() {
        return BYTES.length;
      },
    }) as { size: number };
    const representation = await source({ metadata: entity }).resolve(signal);
    expect((await readFrom(representation, 10, 19)).equals(BYTES.subarray(10, 20))).toBe(true);
    expect((await readFrom(representation, 100, 109)).equals(BYTES.subarray(100, 110))).toBe(true);
    await representation.close?.();
  });

  it('requests an exclusive end', async () => {
    await read(source());
    expect(gridFs.asked).toEqual(['find clip', 'read clip 10-20']);
  });

  it('requests only bytes if the app knows the file', async () => {
    await read(source({ metadata: { size: BYTES.length } }));
    expect(gridFs.asked).toEqual(['read clip 10-20']);
  });

  it('has another tag for another upload', async () => {
    const { etag } = await source().resolve(signal);
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    gridFs.put('clip', BYTES);
    expect((await source().resolve(signal)).etag).toBe(etag); // still remembered
    expect((await source({ metadataTtlMs: 0 }).resolve(signal)).etag).not.toBe(etag);
    expect((await gridFsSource(freshBucket(), 'clip').resolve(signal)).etag).not.toBe(etag);
  });

  function freshBucket(): FakeGridFsBucket {
    const bucket = new FakeGridFsBucket();
    for (const [id, file] of gridFs.files) bucket.files.set(id, file);
    return bucket;
  }

  it('notices a replaced file, and closes its cursor', async () => {
    const old = source();
    await old.resolve(signal);
    gridFs.put('clip', OTHER);
    expect((await readOnceMore(old)).equals(OTHER.subarray(10, 20))).toBe(true);
    await until(() => gridFs.openCursors === 0, 'the cursors to be closed');
  });

  it('is a SourceNotFoundError if the file is removed after the lookup', async () => {
    const old = source();
    await old.resolve(signal);
    gridFs.files.clear();
    await expect(read(old)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });
});
