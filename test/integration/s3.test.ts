import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { s3Source } from 'nestjs-range/s3';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.js';
import { describeStore, type Store } from './store-suite.js';

const SCRIPTS = join(import.meta.dirname, '..', '..', 'swift');

async function startSwift(): Promise<Store> {
  const directory = mkdtempSync(join(tmpdir(), 'nestjs-range-swift-'));
  const stop = (): void => {
    execFileSync('bash', [join(SCRIPTS, 'stop.sh'), directory]);
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  try {
    const port = await freePorts(30);
    const args = [join(SCRIPTS, 'start.sh'), directory, String(port)];
    const endpoint = execFileSync('bash', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
    const client = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test:tester', secretAccessKey: 'testing' },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    await client.send(new CreateBucketCommand({ Bucket: 'media' }));
    return {
      async put(Key, Body) {
        const fields = { ContentType: 'video/mp4', CacheControl: 'max-age=60' };
        await client.send(new PutObjectCommand({ Bucket: 'media', Key, Body, ...fields }));
      },
      source: (Key) => s3Source(client, { Bucket: 'media', Key }),
      async stop() {
        client.destroy();
        stop();
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

describeStore('s3Source, by the AWS SDK, on OpenStack Swift', startSwift);
