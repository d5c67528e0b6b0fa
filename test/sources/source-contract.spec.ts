import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { rangeSourceContract, type SourceContractOptions, type SourceUnderTest } from 'nestjs-range/testing';
import { zipSource } from 'nestjs-range/zip';
import { createReadStream, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { Agent, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { azureBlobSource } from '../../src/sources/stores/azure/azure-blob-source.js';
import { compositeSource } from '../../src/sources/composite/composite-source.js';
import type { RangeSource } from '../../src/sources/source.js';
import { bytesSource } from '../../src/sources/memory/bytes-source.js';
import { fileSource } from '../../src/sources/file/file-source.js';
import { folderSource } from '../../src/sources/file/folder-source.js';
import { generatedSource, type GeneratedSourceOptions } from '../../src/sources/generated/generated-source.js';
import { gcsSource } from '../../src/sources/stores/gcs/gcs-source.js';
import { gridFsSource } from '../../src/sources/stores/gridfs/gridfs-source.js';
import { httpSource } from '../../src/sources/stores/http/http-source.js';
import { readStreamSource } from '../../src/sources/read-stream/read-stream-source.js';
import { s3Source } from '../../src/sources/stores/s3/s3-source.js';
import { streamSource } from '../../src/sources/stream/stream-source.js';
import { answering, FakeStore, type Interference, when } from '../support/stores/fake-store.js';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { isRead, SILENCES } from '../support/stores/silences.js';
import { FakeAzureBlobClient, FakeGcsBucket, FakeGridFsBucket, FakeS3Client } from '../support/stores/store-clients.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const BYTES = pseudoRandomBytes(1_200_001);
const path = fixtures.write('clip.mp4', BYTES);
const tailPath = fixtures.write('tail.mp4', BYTES.subarray(600_000));
const emptyPath = fixtures.write('empty.mp4', '');
let store: FakeStore;
const gridFs = new FakeGridFsBucket();
beforeAll(async () => {
  store = await FakeStore.start();
  store.put('clip.mp4', BYTES);
  store.put('empty.mp4', Buffer.alloc(0));
  store.put('other.mp4', OTHER);
  gridFs.put('clip', BYTES);
  gridFs.put('empty', Buffer.alloc(0));
});
afterAll(() => store.stop());

interface Subject extends SourceContractOptions {
  readonly make: () => SourceUnderTest;
  /** Checks that do not apply. */
  readonly except?: RegExp;
}

/** Nothing is waited for here: a replacement shows because what is remembered is checked against the store. */
async function replaceInStore(bytes: Uint8Array): Promise<void> {
  if (bytes !== BYTES) original ??= store.objects.get('clip.mp4');
  if (bytes === BYTES && original !== undefined) store.restore('clip.mp4', original);
  else store.put('clip.mp4', bytes);
}
let original: ReturnType<FakeStore['objects']['get']>;

const inStore = (of: (name: string) => SourceUnderTest['source']): Subject => ({
  make: () => ({ source: of('clip.mp4'), bytes: BYTES }),
  replace: replaceInStore,
  remove: () => void store.objects.delete('clip.mp4'),
  missing: () => of('missing.mp4'),
  empty: () => of('empty.mp4'),
  failing: {
    'a store that hangs up': { source: () => interferingWith(of, hangUp, hangUp), status: 503 },
    'a store that hangs up on reading': {
      source: () => interferingWith(of, when(isRead, hangUp), when(isRead, hangUp)),
      status: 503,
    },
    'a store that breaks off': () => interferingWith(of, when(isRead, breakOff)),
    'a store that sends something else': {
      source: () => interferingWith(of, when(isRead, sendOtherRange)),
      status: 502,
    },
    'a store that sends too little': { source: () => interferingWith(of, when(isRead, sending(-1))), status: 502 },
    'a store that sends too much': { source: () => interferingWith(of, when(isRead, sending(1))), status: 502 },
  },
  refusing: (status, requests) => {
    const refuse = requests === 'all' ? answering(status) : when(isRead, answering(status));
    return interferingWith(of, ...Array.from({ length: 4 }, () => refuse));
  },
  silent: Object.fromEntries(SILENCES.map(([where, silence]) => [where, () => interferingWith(of, silence)])),
  others: {
    'another object': () => ({ source: of('other.mp4'), bytes: OTHER }),
  },
  secrets: [SECRET],
  resourcesInUse: () => store.underWay,
});

/** A source over an object that nothing is known of, whose store does something else, as often as is given. */
function interferingWith(of: (name: string) => RangeSource, ...interferences: readonly Interference[]): RangeSource {
  const name = `fresh-${fresh++}.mp4`;
  store.put(name, BYTES);
  store.interferences.splice(0, Infinity, ...interferences);
  return of(name);
}
afterEach(() => void store.interferences.splice(0));
let fresh = 0;

const hangUp: Interference = (request) => {
  request.socket.destroy();
  return true;
};

const breakOff: Interference = (_, response) => {
  writeHead(response, `bytes 0-${BYTES.length - 1}/${BYTES.length}`, BYTES.length);
  response.write(BYTES.subarray(0, 70_000), () => response.destroy());
  return true;
};

/** The right head, and so many bytes more or less than it says, in chunks. */
function sending(more: number): Interference {
  return ({ headers }, response) => {
    const range = headers['x-ms-range'] ?? headers.range;
    const [, first = '', last = ''] = /bytes=(\d+)-(\d+)/.exec(String(range)) ?? [];
    const etag = headers['if-match'];
    const head = { 'content-range': `bytes ${first}-${last}/${BYTES.length}`, ...(etag === undefined ? {} : { etag }) };
    response.writeHead(206, head);
    response.flushHeaders(); // without a length
    response.end(Buffer.alloc(Number(last) - Number(first) + 1 + more));
    return true;
  };
}

const sendOtherRange: Interference = (_, response) => {
  writeHead(response, `bytes 1-10/${BYTES.length}`, 10);
  response.end(BYTES.subarray(1, 11));
  return true;
};

function writeHead(response: ServerResponse, contentRange: string, length: number): void {
  response.writeHead(206, { 'content-range': contentRange, 'content-length': length });
}

const OTHER = pseudoRandomBytes(70_007);
const SECRET = 'hunter2';

const composite = (middle: RangeSource): RangeSource =>
  compositeSource([BYTES.subarray(0, 5), bytesSource(BYTES.subarray(5, 90_000)), middle, fileSource(tailPath)]);

const archive = (name: string): RangeSource =>
  zipSource([
    { name: 'clips/' },
    { name: 'clips/first.mp4', source: bytesSource(BYTES.subarray(0, 90_000)) },
    { name: 'clips/second.mp4', source: s3Source(s3, { Bucket: 'bucket', Key: name }) },
    { name: 'clips/third.mp4', source: fileSource(tailPath) },
  ]);
let archived: Buffer;

const inPieces = (): Readable =>
  Readable.from(
    Array.from({ length: Math.ceil(BYTES.length / 70_000) }, (_, i) => BYTES.subarray(i * 70_000, (i + 1) * 70_000)),
  );

/** A file that changes as `write` says, and is dated a second later each time. */
function changingFile(name: string, write: (path: string, bytes: Uint8Array) => void): Subject {
  const changing = fixtures.write(name, BYTES);
  let changes = 0;
  const replace = (bytes: Uint8Array): void => {
    write(changing, bytes);
    const date = new Date(MODIFIED.getTime() + ++changes * 1000);
    utimesSync(changing, date, date);
  };
  return {
    make: () => ({ source: fileSource(changing), bytes: BYTES }),
    replace,
    remove: () => rmSync(changing),
  };
}

/** Without a generator of its own: what is made already. */
function generated(bytes: Uint8Array, generate?: GeneratedSourceOptions['generate']): RangeSource {
  return generatedSource({
    key: generate === undefined ? `${bytes.length}` : `generation ${generations++}`,
    generate: generate ?? (() => Readable.from([bytes])),
    dir: fixtures.at('spool'),
    abandonAfterMs: 0,
  });
}
let generations = 0;
beforeAll(async () => {
  for (const bytes of [BYTES, OTHER, Buffer.alloc(0)]) {
    const { signal } = new AbortController();
    const representation = await generated(bytes).resolve(signal);
    await (await representation.whenSized?.(signal))?.close?.();
    await representation.close?.();
  }
});

async function* brokenOff(): AsyncGenerator<Uint8Array> {
  yield BYTES.subarray(0, 70_000);
  throw new Error('broken off');
}

let s3: FakeS3Client;
let gcs: FakeGcsBucket;
const credential = {};
let azureAgent: Agent;
beforeAll(() => {
  s3 = new FakeS3Client(store);
  gcs = new FakeGcsBucket(store);
  azureAgent = FakeAzureBlobClient.agent();
});
beforeAll(async () => {
  const { open } = await archive('clip.mp4').resolve(new AbortController().signal);
  const chunks: Uint8Array[] = [];
  for await (const chunk of await open(undefined, new AbortController().signal)) chunks.push(chunk);
  archived = Buffer.concat(chunks);
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
  ['fileSource of a file that is written to', changingFile('written.mp4', (path, bytes) => writeFileSync(path, bytes))],
  [
    'fileSource of a file that is replaced',
    changingFile('replaced.mp4', (path, bytes) => {
      writeFileSync(`${path}.new`, bytes);
      renameSync(`${path}.new`, path);
    }),
  ],
  [
    'folderSource',
    {
      make: () => ({ source: folderSource(fixtures.path)('clip.mp4', 'gzip'), bytes: BYTES }),
      missing: () => folderSource(fixtures.path)('missing', undefined),
      empty: () => folderSource(fixtures.path)('empty.mp4', undefined),
    },
  ],
  [
    'generatedSource while it is made',
    {
      make: () => ({ source: generated(BYTES, inPieces), bytes: BYTES }),
      except: /^the metadata is the same/, // each is another generation
    },
  ],
  [
    'generatedSource',
    {
      make: () => ({ source: generated(BYTES), bytes: BYTES }),
      empty: () => generated(Buffer.alloc(0)),
      failing: {
        'a generator that fails': () => generated(BYTES, () => Promise.reject(new Error('it fails'))),
        'a generator that breaks off': () => generated(BYTES, brokenOff),
      },
      silent: {
        'a generator that does not begin': () => generated(BYTES, () => new Promise(() => {})),
        'a generator that stops': () => generated(BYTES, () => new Readable({ read() {} })),
      },
      others: { 'another key': () => ({ source: generated(OTHER), bytes: OTHER }) },
    },
  ],
  [
    'compositeSource',
    {
      make: () => ({ source: composite(bytesSource(BYTES.subarray(90_000, 600_000))), bytes: BYTES }),
      missing: () => composite(fileSource(fixtures.at('missing'))),
      empty: () => compositeSource([new Uint8Array(0), fileSource(emptyPath), bytesSource(Buffer.alloc(0))]),
    },
  ],
  [
    'zipSource',
    {
      make: () => ({ source: archive('clip.mp4'), bytes: archived }),
      missing: () => archive('missing.mp4'),
      resourcesInUse: () => store.underWay,
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
    'httpSource with credentials',
    inStore((name) => httpSource(`${store.url.replace('//', `//app:${SECRET}@`)}/http/files/${name}?key=${SECRET}`)),
  ],
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
      make: () => ({ source: gridFsSource(gridFs, 'clip'), bytes: BYTES }),
      replace: replaceInGridFs,
      remove: () => void gridFs.files.delete('clip'),
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

describe.each(SUBJECTS)('%s keeps the contract', (_, { make, except, ...options }) => {
  const checks = rangeSourceContract(make, options)
    .filter(({ name }) => except?.test(name) !== true)
    .map(({ name, run }) => [name, run] as const);
  it.each(checks)('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
