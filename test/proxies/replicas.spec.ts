import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync } from 'node:fs';
import { FixtureDirectory, MODIFIED_HEADER, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { fetchRaw, header, headersOf, type RawResponse } from '../support/connections/raw-client.js';
import type { AppProcess } from '../support/apps/app-process.js';
import { startApp } from './proxied-app.js';
import { Nginx } from './nginx.js';

const PIECES = 50;
const AT_ONCE = 4;
const BYTES = pseudoRandomBytes(5_000_011);
const OTHER = pseudoRandomBytes(5_000_011, 2);

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
for (const replica of ['first', 'second', 'outdated']) mkdirSync(fixtures.at(replica));
fixtures.write('first/clip.mp4', BYTES);
fixtures.write('second/clip.mp4', BYTES);
fixtures.write('outdated/clip.mp4', OTHER, new Date('2024-01-01'));

/** A round robin over two replicas, which tells who has answered. */
const startNginx = (replicas: readonly AppProcess[]): Promise<Nginx> =>
  Nginx.start(
    (port) => `
      upstream app {
        ${replicas.map(({ address }) => `server ${address};`).join(' ')}
      }
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://app;
          proxy_http_version 1.1;
          add_header X-Served-By $upstream_addr always;
        }
      }`,
  );

/** One download, cut into pieces of which some are asked for at once. */
async function downloadInPieces(port: number, condition: string): Promise<RawResponse[]> {
  const length = Math.ceil(BYTES.length / PIECES);
  const piece = (index: number): Promise<RawResponse> =>
    fetchRaw(port, '/file?name=clip.mp4', [
      ['Range', `bytes=${index * length}-${(index + 1) * length - 1}`],
      ['If-Range', condition],
    ]);
  const pieces: RawResponse[] = [];
  while (pieces.length < PIECES) {
    const indices = Array.from({ length: Math.min(AT_ONCE, PIECES - pieces.length) }, (_, i) => pieces.length + i);
    pieces.push(...(await Promise.all(indices.map(piece))));
  }
  return pieces;
}

function countBy(responses: readonly RawResponse[], name: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const response of responses) {
    const value = header(response, name) ?? '';
    counts[value] = (counts[value] ?? 0) + 1;
  }
  return counts;
}

describe('two replicas in turn, one on Express and one on Fastify', () => {
  let first: AppProcess;
  let second: AppProcess;
  let nginx: Nginx;
  beforeAll(async () => {
    [first, second] = await Promise.all([
      startApp('express', fixtures.at('first')),
      startApp('fastify', fixtures.at('second')),
    ]);
    nginx = await startNginx([first, second]);
  });
  afterAll(async () => {
    await nginx?.close();
    await Promise.all([first?.closeWithoutComplaint(), second?.closeWithoutComplaint()]);
  });

  it('the same file has the same headers on both, including validators', async () => {
    const [one, other] = await Promise.all(
      [first, second].map(async ({ port }) => headersOf(await fetchRaw(port, '/file?name=clip.mp4', [], 'HEAD'))),
    );
    expect(one).toEqual(other);
    expect(one).toMatchObject({ etag: expect.stringMatching(/^"/), 'last-modified': MODIFIED_HEADER });
  });

  it.each(['ETag', 'Last-Modified'])('a download in 50 pieces under If-Range with the %s is the file', async (name) => {
    const head = await fetchRaw(nginx.port, '/file?name=clip.mp4', [], 'HEAD');
    const pieces = await downloadInPieces(nginx.port, header(head, name) ?? '');
    expect(pieces.map(({ status }) => status)).toEqual(Array(PIECES).fill(206));
    expect(Buffer.concat(pieces.map(({ body }) => body)).equals(BYTES)).toBe(true);
    expect(countBy(pieces, 'X-Served-By')).toEqual({ [first.address]: PIECES / 2, [second.address]: PIECES / 2 });
  });

  it('a replica with another version never sends a range of it, but a 200 with the whole file', async () => {
    const outdated = await startApp('express', fixtures.at('outdated'));
    const mixed = await startNginx([second, outdated]);
    try {
      const head = await fetchRaw(second.port, '/file?name=clip.mp4', [], 'HEAD');
      const pieces = await downloadInPieces(mixed.port, header(head, 'ETag') ?? '');
      const [ours, theirs] = [second, outdated].map(({ address }) =>
        pieces.filter((piece) => header(piece, 'X-Served-By') === address),
      );
      expect(new Set(ours?.map(({ status }) => status))).toEqual(new Set([206]));
      expect(new Set(theirs?.map(({ status }) => status))).toEqual(new Set([200]));
      expect(theirs?.every(({ body }) => body.equals(OTHER))).toBe(true);
    } finally {
      await mixed.close();
      await outdated.closeWithoutComplaint();
    }
  });
});
