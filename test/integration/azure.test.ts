import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { azureBlobSource } from 'nestjs-range/azure';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { freePorts } from './free-ports.js';
import { describeStore, type Store } from './store-suite.js';

/** The account that every Azurite has. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

async function startAzurite(): Promise<Store> {
  const azurite = dirname(createRequire(import.meta.url).resolve('azurite/package.json'));
  const port = await freePorts(1);
  const main = join(azurite, 'dist', 'src', 'blob', 'main.js');
  const options = ['--inMemoryPersistence', '--silent', '--skipApiVersionCheck', '--disableTelemetry'];
  const server = spawn(process.execPath, [main, ...options, '--blobPort', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server.stdout, 'data'); // that it listens
  const credential = new StorageSharedKeyCredential(ACCOUNT, KEY);
  const container = new BlobServiceClient(`http://127.0.0.1:${port}/${ACCOUNT}`, credential).getContainerClient(
    'media',
  );
  await container.create();
  return {
    async put(name, bytes) {
      const headers = { blobContentType: 'video/mp4', blobCacheControl: 'max-age=60' };
      await container.getBlockBlobClient(name).uploadData(bytes, { blobHTTPHeaders: headers });
    },
    source: (name) => azureBlobSource(container.getBlobClient(name)),
    async stop() {
      server.kill();
      await once(server, 'exit');
    },
  };
}

describeStore('azureBlobSource, by the Azure SDK, on Azurite', startAzurite);
