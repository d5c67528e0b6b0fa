import { S3Client } from '@aws-sdk/client-s3';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { Storage } from '@google-cloud/storage';
import { httpSource, type RangeSource } from 'nestjs-range';
import { azureBlobSource } from 'nestjs-range/azure';
import { gcsSource } from 'nestjs-range/gcs';
import { s3Source } from 'nestjs-range/s3';
import { strict as assert } from 'node:assert';
import { Agent as HttpAgent } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { Agent, fetch as undiciFetch } from 'undici';
import { answering, FakeStore, type Interference } from '../support/stores/fake-store.js';
import { pseudoRandomBytes } from '../support/sources/fixtures.js';
import { CUTS, SILENCES, SILENT_REFUSAL } from '../support/stores/silences.js';
import { until } from '../support/until.js';
import { type Endpoint, leaveAfter, startEndpoint } from './endpoint.js';

type Kind = 's3' | 'azure' | 'gcs' | 'http';
const KINDS: readonly Kind[] = ['s3', 'azure', 'gcs', 'http'];
type Options = Parameters<typeof httpSource>[1];

const BYTES = pseudoRandomBytes(600_000);
const KEY = Buffer.alloc(32, 1).toString('base64');

/** What the real clients do with a store on the loopback that speaks just as much as they ask for. */
describe('the real clients', { timeout: 120_000 }, () => {
  let store: FakeStore;
  let endpoint: Endpoint;
  let dispatcher: Agent;
  let sources: Record<Kind, (options?: Options) => RangeSource>;
  let serve: () => RangeSource;

  before(async () => {
    store = await FakeStore.start();
    dispatcher = new Agent({ connections: 10 });
    sources = makeSources(store, dispatcher);
    endpoint = await startEndpoint(() => serve());
  });
  after(async () => {
    await endpoint.stop();
    await dispatcher.close();
    await store.stop();
  });
  beforeEach(() => {
    store.interferences.length = 0;
    store.requests.length = 0;
    store.put('clip', BYTES);
  });

  const get = (headers: Record<string, string> = {}): Promise<Response> => fetch(`${endpoint.url}/clip`, { headers });

  async function assertServed(bytes: Buffer | undefined): Promise<void> {
    const whole = await get();
    const body = Buffer.from(await whole.arrayBuffer());
    assert.equal(whole.status, bytes === undefined ? 404 : 200);
    if (bytes === undefined) return;
    assert(body.equals(bytes));
    const part = await get({ range: 'bytes=0-9' });
    assert.equal(part.status, bytes.length === 0 ? 200 : 206);
    assert(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(0, 10)));
  }

  for (const kind of KINDS) {
    describe(kind, () => {
      for (const [where, silence] of [...SILENCES, SILENT_REFUSAL]) {
        const isOfHead = where === SILENT_REFUSAL[0] && kind === 'http';
        it(`gives up a store that is silent ${where}, and keeps no connection`, async () => {
          serve = () => sources[kind]({ metadataTtlMs: 0, timeoutMs: 300 });
          store.interferences.push(silence);
          const response = await get({ range: 'bytes=0-9' });
          await response.arrayBuffer();
          assert.equal(response.status, isOfHead ? 404 : 504);
          await until(() => store.underWay === 0, 'the store to be released');
        });

        it(`keeps no connection to a store that is silent ${where} where the client leaves`, async () => {
          serve = () => sources[kind]({ metadataTtlMs: 0, timeoutMs: 3_600_000 });
          store.interferences.push(silence);
          const leaving = fetch(`${endpoint.url}/clip`, { signal: AbortSignal.timeout(300) });
          await leaving.then(
            (response) => response.arrayBuffer(),
            () => {},
          );
          await until(() => store.underWay === 0, 'the store to be released');
        });
      }

      for (const [where, cut] of CUTS) {
        it(`does not wait for a store that ends the connection ${where}`, async () => {
          serve = () => sources[kind]({ metadataTtlMs: 0, timeoutMs: 3_600_000 });
          const isRequestedAgain = kind === 'http' && where.includes('the head');
          store.interferences.push(cut, ...(isRequestedAgain ? [cut] : []));
          const response = await get({ range: 'bytes=0-399999' });
          const isComplete = await response.arrayBuffer().then(
            () => true,
            () => false,
          );
          assert.equal(store.interferences.length, 0);
          if (response.status === 206) assert(!isComplete);
          else assert([502, 503].includes(response.status), String(response.status));
        });
      }

      if (kind === 'http') {
        for (const [where, cut] of CUTS.filter(([name]) => name.includes('the head'))) {
          it(`requests once more where the store ends the connection ${where}`, async () => {
            serve = () => sources[kind]({ metadataTtlMs: 0 });
            store.interferences.push(cut);
            const response = await get({ range: 'bytes=0-399999' });
            assert(Buffer.from(await response.arrayBuffer()).equals(BYTES.subarray(0, 400_000)));
            assert.equal(store.interferences.length, 0);
          });
        }
      }

      for (const [what, bytes] of [
        ['something shorter', BYTES.subarray(0, 1000)],
        ['something longer', pseudoRandomBytes(700_000, 2)],
        ['an empty object', Buffer.alloc(0)],
        ['no object', undefined],
      ] as const) {
        for (const how of ['remembered', 'given', 'given without a tag']) {
          it(`serves a replaced object at once if its metadata is ${how}: ${what}`, async () => {
            const { size = 0, etag } = await sources[kind]({ metadataTtlMs: 0 }).resolve(AbortSignal.timeout(9000));
            const metadata = how === 'given' ? { size, ...(etag === undefined ? {} : { etag }) } : { size };
            serve = () => sources[kind](how === 'remembered' ? {} : { metadata, metadataTtlMs: 0 });
            await (await get()).arrayBuffer();
            if (bytes === undefined) store.objects.clear();
            else store.put('clip', bytes);
            await assertServed(bytes);
          });
        }
      }

      for (const [status, expected] of [
        [400, 500],
        [401, 500],
        [403, 404],
        [404, 404],
        [416, 503],
        [503, 503],
      ] as const) {
        it(`makes a ${expected} of the store's ${status}`, async () => {
          serve = () => sources[kind]({ metadataTtlMs: 0 });
          const refuse: Interference = answering(status, { 'content-type': 'application/json' });
          store.interferences.push(...Array.from({ length: 8 }, () => refuse)); // retries
          const response = await get({ range: 'bytes=0-9' });
          await response.arrayBuffer();
          assert.equal(response.status, kind === 'http' && status === 416 ? 503 : expected);
        });
      }
    });
  }

  it('read objects and ranges with the default checksums of the AWS SDK, even if the store sends them with ranges', async () => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(BYTES));
    store.put('clip', BYTES, { 'x-amz-checksum-crc32': sum.toString('base64'), 'x-amz-checksum-type': 'FULL_OBJECT' });
    serve = sources.s3;
    await assertServed(BYTES);
    await leaveAfter(1000, `${endpoint.url}/clip`);
    await until(() => store.underWay === 0, 'the store to be released');
    assert(store.requests.some(({ headers }) => headers['x-amz-checksum-mode'] === 'ENABLED'));
  });

  it('send the settings of their objects with each request', async () => {
    const s3 = s3Source(s3Client(store), { ...OBJECT, SSECustomerAlgorithm: 'AES256', SSECustomerKey: KEY });
    serve = () => s3;
    await assertServed(BYTES);
    for (const { headers } of store.requests) assert.equal(headers['x-amz-server-side-encryption-customer-key'], KEY);
    store.requests.length = 0;
    const file = storageOf(store).bucket('media', { userProject: 'payer' });
    serve = () => gcsSource(file.file('clip', { encryptionKey: Buffer.from(KEY, 'base64') }));
    await assertServed(BYTES);
    assert(store.requests.length > 0);
    for (const { headers, path, query } of store.requests) {
      assert.equal(headers['x-goog-encryption-key'], KEY, path);
      assert(query.includes('userProject=payer'), query);
    }
  });

  it('fail before they reach the store, and this is not a 404', async () => {
    const missing = async (): Promise<never> => {
      throw Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', syscall: 'open', path: '/token' });
    };
    const refused = async (): Promise<never> => {
      throw Object.assign(new Error('not yours'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    };
    for (const credentials of [missing, refused]) {
      serve = () => s3Source(s3Client(store, credentials), OBJECT);
      const response = await get();
      await response.arrayBuffer();
      assert.equal(response.status, 500);
    }
    const keyless = new Storage({ keyFilename: '/nowhere/key.json', projectId: 'project' });
    serve = () => gcsSource(keyless.bucket('media').file('clip'));
    const response = await get();
    await response.arrayBuffer();
    assert.equal(response.status, 500);
    assert.deepEqual(store.requests, []);
  });
});

const OBJECT = { Bucket: 'media', Key: 'clip' };

function s3Client(
  store: FakeStore,
  credentials: NonNullable<NonNullable<ConstructorParameters<typeof S3Client>[0]>['credentials']> = {
    accessKeyId: 'a',
    secretAccessKey: 'b',
  },
): S3Client {
  const requestHandler = { httpAgent: new HttpAgent({ keepAlive: true }) };
  const endpoint = `${store.url}/s3`;
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
    requestHandler,
    maxAttempts: 1,
  });
}

function storageOf(store: FakeStore): Storage {
  return new Storage({ apiEndpoint: store.url, projectId: 'project', retryOptions: { autoRetry: false } });
}

function makeSources(store: FakeStore, dispatcher: Agent): Record<Kind, (options?: Options) => RangeSource> {
  const s3 = s3Client(store);
  const credential = new StorageSharedKeyCredential('account', KEY);
  const azure = new BlobServiceClient(`${store.url}/azure`, credential, { retryOptions: { maxTries: 1 } });
  const container = azure.getContainerClient('media');
  const storage = storageOf(store);
  return {
    s3: (options) => s3Source(s3, OBJECT, options),
    azure: (options) => azureBlobSource(container.getBlobClient('clip'), options),
    gcs: (options) => gcsSource(storage.bucket('media').file('clip'), options),
    http: (options) => httpSource(`${store.url}/http/files/clip`, { ...options, fetch: undiciFetch, dispatcher }),
  };
}
