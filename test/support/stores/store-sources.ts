import { httpSource, type RangeSource } from 'nestjs-range';
import { azureBlobSource } from '../../../src/sources/stores/azure/azure-blob-source.js';
import { gcsSource } from '../../../src/sources/stores/gcs/gcs-source.js';
import { gridFsSource } from '../../../src/sources/stores/gridfs/gridfs-source.js';
import { s3Source } from '../../../src/sources/stores/s3/s3-source.js';
import type { StoreOptions } from '../../../src/sources/stores/store-options.js';
import type { FakeStore } from './fake-store.js';
import { FakeAzureBlobClient, FakeGcsBucket, type FakeGridFsBucket, FakeS3Client } from './store-clients.js';

export type SourceMakers = Record<string, (options?: StoreOptions) => RangeSource>;

/** Makes sources of the object `clip` in each store. All of a store share new clients, and what is remembered of these. */
export function storeSources(store: FakeStore, gridFs: FakeGridFsBucket): SourceMakers {
  const [s3, gcs, agent, credential] = [
    new FakeS3Client(store),
    new FakeGcsBucket(store),
    FakeAzureBlobClient.agent(),
    {},
  ];
  const fetcher = (...args: Parameters<typeof fetch>): ReturnType<typeof fetch> => fetch(...args);
  return {
    s3: (options) => s3Source(s3, { Bucket: 'bucket', Key: 'clip' }, options),
    azure: (options) => azureBlobSource(new FakeAzureBlobClient(store, 'clip', agent, credential), options),
    gcs: (options) => gcsSource(gcs.file('clip'), options),
    gridfs: (options) => gridFsSource(gridFs, 'clip', options),
    http: (options) => httpSource(`${store.url}/http/files/clip`, { ...options, fetch: fetcher }),
  };
}
