import { Storage } from '@google-cloud/storage';
import { gcsSource } from 'nestjs-range/gcs';
import { FakeStore } from '../support/stores/fake-store.js';
import { describeStore, type Store } from './store-suite.js';

/** There is no emulator to be had: this speaks as much of the JSON API as the client asks for when it reads. */
async function startFake(): Promise<Store> {
  const fake = await FakeStore.start();
  const storage = new Storage({ apiEndpoint: fake.url, projectId: 'project', retryOptions: { autoRetry: false } });
  return {
    async put(name, bytes) {
      fake.put(name, bytes);
    },
    source: (name) => gcsSource(storage.bucket('media').file(name)),
    inUse: () => fake.underWay,
    stop: () => fake.stop(),
  };
}

describeStore("gcsSource, by Google's client", startFake);
