import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { renameSync } from 'node:fs';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { fetchRaw, header } from '../support/connections/raw-client.js';
import type { AppProcess } from '../support/apps/app-process.js';
import { requestsOf, startApp } from './proxied-app.js';
import { Nginx } from './nginx.js';

const MiB = 1024 * 1024;
const SLICES = 6;
const SIZE = (SLICES - 1) * MiB + 12_345;
const BYTES = pseudoRandomBytes(SIZE);
const REPLACED = pseudoRandomBytes(SIZE, 2);

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

/** Numbers below `limit`, the same in every run. */
function randomNumbers(count: number, limit: number): number[] {
  const bytes = pseudoRandomBytes(count * 4, 3);
  return Array.from({ length: count }, (_, i) => bytes.readUInt32LE(i * 4) % limit);
}

describe('nginx with slice and proxy_cache over two replicas', () => {
  let replicas: readonly AppProcess[];
  let nginx: Nginx;
  beforeAll(async () => {
    replicas = await Promise.all([startApp('express', fixtures.path), startApp('fastify', fixtures.path)]);
    nginx = await Nginx.start(
      (port) => `
        proxy_cache_path cache keys_zone=media:1m max_size=100m inactive=1h use_temp_path=off;
        upstream app {
          ${replicas.map(({ address }) => `server ${address};`).join(' ')}
        }
        server {
          listen 127.0.0.1:${port};
          location / {
            slice 1m;
            proxy_cache media;
            proxy_cache_key $uri$is_args$args$slice_range;
            proxy_cache_valid 200 206 1h;
            proxy_set_header Range $slice_range;
            proxy_http_version 1.1;
            proxy_pass http://app;
            add_header X-Cache $upstream_cache_status always;
          }
        }`,
    );
  });
  afterAll(async () => {
    await nginx?.close();
    await Promise.all((replicas ?? []).map((replica) => replica.closeWithoutComplaint()));
  });

  type HeaderLines = Parameters<typeof fetchRaw>[2];
  const get = (name: string, headers?: HeaderLines, method?: string) =>
    fetchRaw(nginx.port, `/file?name=${name}`, headers, method);
  const requests = (): Promise<number[]> => Promise.all(replicas.map((replica) => requestsOf(replica)));
  const total = async (): Promise<number> => (await requests()).reduce((sum, count) => sum + count, 0);

  it('ranges are exact; each slice is requested once, from either replica', async () => {
    fixtures.write('clip.mp4', BYTES);
    const before = await total();
    const positions = randomNumbers(80, SIZE);
    const spans = Array.from({ length: 40 }, (_, i) => positions.slice(2 * i, 2 * i + 2).sort((a, b) => a - b));
    const ranges = [...spans, [0, 0], [SIZE - 1, SIZE - 1], [0, SIZE - 1], [MiB - 1, MiB], [MiB, 2 * MiB - 1]];
    for (const [firstPos = 0, lastPos = 0] of ranges) {
      const response = await get('clip.mp4', [['Range', `bytes=${firstPos}-${lastPos}`]]);
      expect(response.status).toBe(206);
      expect(header(response, 'Content-Range')).toBe(`bytes ${firstPos}-${lastPos}/${SIZE}`);
      expect(response.body.equals(BYTES.subarray(firstPos, lastPos + 1))).toBe(true);
    }
    expect((await total()) - before).toBe(SLICES);
    expect((await requests()).every((count) => count > 0)).toBe(true);
  });

  it('what was a MISS becomes a HIT, and is still exact, whole or in part', async () => {
    fixtures.write('again.mp4', BYTES);
    const miss = await get('again.mp4', [['Range', 'bytes=10-20']]);
    const hit = await get('again.mp4', [['Range', 'bytes=15-30']]);
    expect([miss, hit].map((response) => header(response, 'X-Cache'))).toEqual(['MISS', 'HIT']);
    expect(hit.body.equals(BYTES.subarray(15, 31))).toBe(true);
    expect((await get('again.mp4')).body.equals(BYTES)).toBe(true);
    const before = await total();
    const whole = await get('again.mp4');
    const end = await get('again.mp4', [['Range', 'bytes=-12346']]);
    const head = await get('again.mp4', [], 'HEAD');
    expect([whole, end, head].map((response) => header(response, 'X-Cache'))).toEqual(['HIT', 'HIT', 'HIT']);
    expect(whole.body.equals(BYTES)).toBe(true);
    expect(end.body.equals(BYTES.subarray(-12_346))).toBe(true);
    expect(header(head, 'Content-Length')).toBe(String(SIZE));
    expect(await total()).toBe(before);
  });

  it('conditions are evaluated by the cache, with the validators of the app', async () => {
    fixtures.write('conditions.mp4', BYTES);
    const direct = await fetchRaw(replicas[0]!.port, '/file?name=conditions.mp4', [], 'HEAD');
    const etag = header(direct, 'ETag') ?? '';
    expect(header(await get('conditions.mp4'), 'ETag')).toBe(etag);
    expect((await get('conditions.mp4', [['If-None-Match', etag]])).status).toBe(304);
    const range = ['Range', `bytes=${MiB - 5}-${MiB + 4}`] as const;
    const resumed = await get('conditions.mp4', [range, ['If-Range', etag]]);
    expect(resumed.status).toBe(206);
    expect(resumed.body.equals(BYTES.subarray(MiB - 5, MiB + 5))).toBe(true);
    const anew = await get('conditions.mp4', [range, ['If-Range', '"another"']]);
    expect(anew.status).toBe(200);
    expect(anew.body.equals(BYTES)).toBe(true);
  });

  it('a range behind the end is a 416, a missing file a 404', async () => {
    fixtures.write('short.mp4', BYTES.subarray(0, 1000));
    const response = await get('short.mp4', [['Range', `bytes=${50 * MiB}-`]]);
    expect(response.status).toBe(416);
    expect(header(response, 'Content-Range')).toBe('bytes */1000');
    expect((await get('missing.mp4', [['Range', 'bytes=0-9']])).status).toBe(404);
  });

  it('a replaced file is never mixed: nginx breaks off if the entity tags differ', async () => {
    fixtures.write('replaced.mp4', BYTES);
    expect((await get('replaced.mp4', [['Range', 'bytes=0-99']])).body.equals(BYTES.subarray(0, 100))).toBe(true);
    fixtures.write('replaced.mp4.new', REPLACED, new Date(MODIFIED.getTime() + 1));
    renameSync(fixtures.at('replaced.mp4.new'), fixtures.at('replaced.mp4'));

    const broken = await get('replaced.mp4'); // its first slice is an old one of the cache
    expect(broken.isComplete).toBe(false);
    expect(broken.body.equals(BYTES.subarray(0, broken.body.length))).toBe(true);
    expect(nginx.log()).toContain('etag mismatch in slice response');

    const fresh = await get('replaced.mp4', [['Range', `bytes=${2 * MiB}-${4 * MiB}`]]); // none of it is cached
    expect(fresh.status).toBe(206);
    expect(fresh.body.equals(REPLACED.subarray(2 * MiB, 4 * MiB + 1))).toBe(true);

    const versioned = await get('replaced.mp4&v=2');
    expect(versioned.status).toBe(200);
    expect(versioned.body.equals(REPLACED)).toBe(true);
  });
});
