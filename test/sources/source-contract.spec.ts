import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rangeSourceContract, type SourceContractOptions, type SourceUnderTest } from 'nestjs-range/testing';
import { createReadStream } from 'node:fs';
import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import { azureBlobSource } from '../../src/sources/azure-blob-source.js';
import { bytesSource } from '../../src/sources/bytes-source.js';
import { fileSource } from '../../src/sources/file-source.js';
import { gcsSource } from '../../src/sources/gcs-source.js';
import { gridFsSource } from '../../src/sources/gridfs-source.js';
import { httpSource } from '../../src/sources/http-source.js';
import { readStreamSource } from '../../src/sources/read-stream-source.js';
import { s3Source } from '../../src/sources/s3-source.js';
import { streamSource } from '../../src/sources/stream-source.js';
import { FakeStore } from '../support/fake-store.js';
import { FixtureDirectory, pseudoRandomBytes } from '../support/fixtures.js';
import { FakeAzureBlobClient, FakeGcsBucket, FakeGridFsBucket, FakeS3Client } from '../support/store-clients.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const BYTES = pseudoRandomBytes(1_200_001);
const path = fixtures.write('clip.mp4', BYTES);
const emptyPath = fixtures.write('empty.mp4', '');
let store: FakeStore;
const gridFs = new FakeGridFsBucket();
beforeAll(async () => {
  store = await FakeStore.start();
  store.put('clip.mp4', BYTES);
  store.put('empty.mp4', Buffer.alloc(0));
  gridFs.put('clip', BYTES);
  gridFs.put('empty', Buffer.alloc(0));
});
afterAll(() => store.stop());

interface Subject extends SourceContractOptions {
  readonly make: () => SourceUnderTest;
}

/** Nothing is waited for here: a replacement shows because what is remembered is checked against the store. */
async function replaceInStore(bytes: Uint8Array): Promise<void> {
  if (bytes !== BYTES) original ??= store.objects.get('clip.mp4');
  if (bytes === BYTES && original !== undefined) store.restore('clip.mp4', original);
  else store.put('clip.mp4', bytes);
}
let original: ReturnType<FakeStore['objects']['get']>;

const inStore = (of: (name: string) => SourceUnderTest['source']): Subject => ({
  make: () => ({ source: of('clip.mp4'), bytes: BYTES, replace: replaceInStore }),
  missing: () => of('missing.mp4'),
  empty: () => of('empty.mp4'),
  resourcesInUse: () => store.underWay,
});

const inPieces = (): Readable =>
  Readable.from(
    Array.from({ length: Math.ceil(BYTES.length / 70_000) }, (_, i) => BYTES.subarray(i * 70_000, (i + 1) * 70_000)),
  );

let s3: FakeS3Client;
let gcs: FakeGcsBucket;
const credential = {};
let azureAgent: Agent;
beforeAll(() => {
  s3 = new FakeS3Client(store);
  gcs = new FakeGcsBucket(store);
  azureAgent = FakeAzureBlobClient.agent();
});

const SUBJECTS: readonly (readonly [name: string, subject: Subject])[] = [
  [
    'bytesSource',
    { make: () => ({ source: bytesSource(BYTES), bytes: BYTES }), empty: () => bytesSource(Buffer.alloc(0)) },
  ],
  [
    'bytesSource of a Blob',
    { make: () => ({ source: bytesSource(new Blob([BYTES])), bytes: BYTES }), empty: () => bytesSource(new Blob([])) },
  ],
  [
    'fileSource',
    {
      make: () => ({ source: fileSource(path), bytes: BYTES }),
      missing: () => fileSource(fixtures.at('missing')),
      empty: () => fileSource(emptyPath),
    },
  ],
  [
    'fileSource below a root',
    {
      make: () => ({ source: fileSource('clip.mp4', { root: fixtures.path }), bytes: BYTES }),
      missing: () => fileSource('../clip.mp4', { root: fixtures.path }),
      empty: () => fileSource('empty.mp4', { root: fixtures.path }),
    },
  ],
  ['streamSource', { make: () => ({ source: streamSource(inPieces(), { size: BYTES.length }), bytes: BYTES }) }],
  ['streamSource without a size', { make: () => ({ source: streamSource(inPieces()), bytes: BYTES }) }],
  [
    'readStreamSource',
    {
      make: () => ({ source: readStreamSource(createReadStream(path), {}), bytes: BYTES }),
      missing: () => readStreamSource(createReadStream(fixtures.at('missing')), {}),
      empty: () => readStreamSource(createReadStream(emptyPath), {}),
    },
  ],
  ['httpSource', inStore((name) => httpSource(`${store.url}/http/files/${name}`))],
  [
    'httpSource without a memory',
    inStore((name) => httpSource(`${store.url}/http/files/${name}`, { metadataTtlMs: 0 })),
  ],
  ['s3Source', inStore((Key) => s3Source(s3, { Bucket: 'bucket', Key }))],
  ['azureBlobSource', inStore((name) => azureBlobSource(new FakeAzureBlobClient(store, name, azureAgent, credential)))],
  ['gcsSource', inStore((name) => gcsSource(gcs.file(name)))],
  [
    'gridFsSource',
    {
      make: () => ({ source: gridFsSource(gridFs, 'clip'), bytes: BYTES, replace: replaceInGridFs }),
      missing: () => gridFsSource(gridFs, 'missing'),
      empty: () => gridFsSource(gridFs, 'empty'),
      resourcesInUse: () => gridFs.openCursors,
    },
  ],
];

let uploaded: ReturnType<FakeGridFsBucket['files']['get']>;
function replaceInGridFs(bytes: Uint8Array): void {
  if (bytes !== BYTES) uploaded ??= gridFs.files.get('clip');
  if (bytes === BYTES && uploaded !== undefined) gridFs.files.set('clip', uploaded);
  else gridFs.put('clip', bytes);
}

describe.each(SUBJECTS)('%s keeps the contract', (_, { make, ...options }) => {
  const checks = rangeSourceContract(make, options).map(({ name, run }) => [name, run] as const);
  it.each(checks)('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
