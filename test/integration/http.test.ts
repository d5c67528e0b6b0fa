import { httpSource } from 'nestjs-range';
import { Agent, fetch as undiciFetch } from 'undici';
import { FakeStore } from '../support/stores/fake-store.js';
import { describeStore, type Store } from './store-suite.js';

async function startUpstream(): Promise<Store> {
  const upstream = await FakeStore.start();
  const dispatcher = new Agent({ connections: 10 });
  return {
    async put(name, bytes) {
      upstream.put(name, bytes);
    },
    source: (name) => httpSource(`${upstream.url}/http/files/${name}`, { fetch: undiciFetch, dispatcher }),
    inUse: () => upstream.underWay,
    async stop() {
      await dispatcher.close();
      await upstream.stop();
    },
  };
}

describeStore('httpSource, by undici with ten connections', startUpstream);
