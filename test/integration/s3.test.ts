import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { s3Source } from 'nestjs-range/s3';
import { checkRangedEndpoint } from 'nestjs-range/testing';
import { zipSource } from 'nestjs-range/zip';
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { readZip } from '../support/sources/zip-reader.js';
import { startS3Example, startSampleApp } from './app-process.js';
import { type Reading, readSlowly, startEndpoint } from './endpoint.js';
import { freePorts } from './free-ports.js';
import { ObjectServers } from './object-servers.js';
import { assertOneVersion, describeStore, HUGE, OTHER_HUGE, type Store, untilDateIsOver } from './store-suite.js';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..', '..');
const SCRIPTS = join(REPOSITORY, 'test', 'integration', 'swift');

interface Swift extends Store {
  /** By which another process finds it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly objectServers: ObjectServers;
}

async function startSwift(): Promise<Swift> {
  const directory = mkdtempSync(join(tmpdir(), 'nestjs-range-swift-'));
  const stop = (): void => {
    execFileSync('bash', [join(SCRIPTS, 'stop.sh'), directory]);
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  try {
    const port = await freePorts(30);
    const args = [join(SCRIPTS, 'start.sh'), directory, String(port)];
    const endpoint = execFileSync('bash', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
    const agent = new Agent({ keepAlive: true, maxSockets: 50 }); // as the SDK's own, but it can be counted
    const client = new S3Client({
      endpoint,
      requestHandler: { httpAgent: agent },
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test:tester', secretAccessKey: 'testing' },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    await client.send(new CreateBucketCommand({ Bucket: 'media' }));
    return {
      environment: {
        S3_BUCKET: 'media',
        S3_ENDPOINT: endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test:tester',
        AWS_SECRET_ACCESS_KEY: 'testing',
      },
      async put(Key, Body) {
        const headers = { ContentType: 'video/mp4', CacheControl: 'max-age=60' };
        await client.send(new PutObjectCommand({ Bucket: 'media', Key, Body, ...headers }));
      },
      source: (Key) => s3Source(client, { Bucket: 'media', Key }),
      inUse: () => Object.values(agent.sockets).reduce((sum, sockets = []) => sum + sockets.length, 0),
      objectServers: new ObjectServers(directory, port),
      async stop() {
        client.destroy();
        agent.destroy();
        stop();
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Reads what one storage node feeds, kills that, and checks that another feeds the rest. */
async function readDespiteKill({ objectServers }: Swift, url: string, firstPos: number): Promise<Reading> {
  let killed: number | undefined;
  const feeding = new Set<number>();
  try {
    const headers = firstPos === 0 ? {} : { range: `bytes=${firstPos}-` };
    const reading = await readSlowly(url, headers, async (received) => {
      if (received < 1_000_000) return;
      if (killed === undefined) killed = await objectServers.killFeeding();
      else objectServers.feeding().forEach((node) => feeding.add(node));
    });
    assert(feeding.size > 0, 'another server has fed the rest');
    assert(killed !== undefined && !feeding.has(killed));
    return reading;
  } finally {
    await objectServers.revive();
  }
}

describeStore('s3Source, by the AWS SDK, on OpenStack Swift', startSwift, (running) => {
  for (const [what, firstPos] of [
    ['all of an object', 0],
    ['a range', 1_000_001],
  ] as const) {
    it(`sends ${what} completely although the storage node is killed halfway`, async () => {
      const { store, endpoint } = running();
      await store.put('huge', HUGE);
      const { bytes, isComplete } = await readDespiteKill(store, `${endpoint.url}/huge`, firstPos);
      assert(isComplete);
      assert(bytes.equals(HUGE.subarray(firstPos)));
    });
  }

  it('sends an archive and a range of it completely although the storage node of an entry is killed halfway', async () => {
    const { store } = running();
    const small = OTHER_HUGE.subarray(0, 1_000_000);
    await store.put('huge', HUGE);
    await store.put('small', small);
    await untilDateIsOver(store.source('small'));
    const crcs = { get: () => undefined, set: () => {} }; // each request computes them anew
    const entries = ['huge', 'small'].map((name) => ({ name, source: store.source(name) }));
    const archive = await startEndpoint(() => zipSource(entries, { crcs }));
    try {
      const whole = await readDespiteKill(store, archive.url, 0);
      assert(whole.isComplete);
      const [first, second] = readZip(whole.bytes);
      assert(first?.bytes.equals(HUGE) && second?.bytes.equals(small));
      const range = await readDespiteKill(store, archive.url, 1_000_001);
      assert(range.isComplete);
      assert(range.bytes.equals(whole.bytes.subarray(1_000_001)));
    } finally {
      await archive.stop();
    }
  });

  for (const adapter of ['express', 'fastify']) {
    it(`serves the media of the sample app, on ${adapter}`, async () => {
      const { store } = running();
      const clip = readFileSync(join(REPOSITORY, 'sample-app', 'media', 'clip.mp4'));
      await store.put('clip.mp4', clip);
      await untilDateIsOver(store.source('clip.mp4'));
      const app = await startSampleApp(adapter, store.environment);
      try {
        assert.deepEqual(await (await fetch(`${app.url}/sources`)).json(), [
          'media',
          'memory',
          'generated',
          'upstream',
          's3',
        ]);
        const findings = await checkRangedEndpoint(`${app.url}/s3/clip.mp4`, { bytes: clip });
        assert.deepEqual(
          findings.filter(({ ok }) => !ok),
          [],
        );
        assert.equal((await fetch(`${app.url}/s3/missing.mp4`)).status, 404);
      } finally {
        await app.stop();
      }
    });
  }

  it('serves docs/examples/s3-media', async () => {
    const { store } = running();
    const clip = readFileSync(join(REPOSITORY, 'sample-app', 'media', 'clip.mp4'));
    await store.put('clip one.mp4', clip);
    await untilDateIsOver(store.source('clip one.mp4'));
    const app = await startS3Example(store.environment);
    try {
      const listed = (await (await fetch(`${app.url}/media`)).json()) as { key: string }[];
      assert.deepEqual(
        listed.find(({ key }) => key === 'clip one.mp4'),
        { key: 'clip one.mp4', size: clip.length, url: '/media/clip%20one.mp4' },
      );
      const findings = await checkRangedEndpoint(`${app.url}/media/clip%20one.mp4`, { bytes: clip });
      assert.deepEqual(
        findings.filter(({ ok }) => !ok),
        [],
      );
      assert.equal((await fetch(`${app.url}/media/missing.mp4`)).status, 404);
    } finally {
      await app.stop();
    }
  });

  it('sends no mixture if the object is replaced and the storage node of the old one is killed', async () => {
    const { store, endpoint } = running();
    await store.put('huge', HUGE);
    let isReplaced = false;
    try {
      const reading = await readSlowly(`${endpoint.url}/huge`, {}, async (received) => {
        if (isReplaced || received < 1_000_000) return;
        isReplaced = true;
        await store.put('huge', OTHER_HUGE);
        await store.objectServers.killFeeding();
      });
      assertOneVersion(reading, HUGE);
      assert(!reading.isComplete, 'nobody has the rest of the old one');
    } finally {
      await store.objectServers.revive();
    }
    const { bytes, isComplete } = await readSlowly(`${endpoint.url}/huge`, {}, () => {});
    assert(isComplete && bytes.equals(OTHER_HUGE));
  });
});
