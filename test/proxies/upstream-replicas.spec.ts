import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param } from '@nestjs/common';
import { httpSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { mkdirSync } from 'node:fs';
import { FixtureDirectory, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { fetchRaw, header } from '../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../support/apps/test-app.js';
import { freePorts } from '../integration/free-ports.js';
import { Nginx, openToNginx } from './nginx.js';

const BYTES = pseudoRandomBytes(1_000_003);
const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
for (const [replica, date] of [
  ['first', '2024-01-01T00:00:00Z'],
  ['second', '2024-01-01T00:00:07Z'], // deployed a moment later: another tag, and another date
] as const) {
  mkdirSync(fixtures.at(replica));
  fixtures.write(`${replica}/clip.mp4`, BYTES, new Date(date));
}

let origin: string;

@Controller()
class Relay {
  @Get(':pinned')
  @Ranged()
  relay(@Param('pinned') pinned: string) {
    const url = `${origin}/clip.mp4`;
    return new RangedFile(httpSource(url, { metadataTtlMs: 0, pinVersion: pinned === 'pinned' }));
  }
}

describe.each(ADAPTERS)('nginx in front of two nginx whose copies are of another second, on %s', (adapter) => {
  let nginx: Nginx;
  let running: TestApp;
  beforeAll(async () => {
    openToNginx(fixtures);
    const [one, two] = await freePorts(2).then((first) => [first, first + 1]);
    const replica = (name: string, port: number | undefined): string =>
      `server { listen 127.0.0.1:${port}; root ${fixtures.at(name)}; }`;
    nginx = await Nginx.start(
      (port) => `
        ${replica('first', one)} ${replica('second', two)}
        upstream replicas { server 127.0.0.1:${one}; server 127.0.0.1:${two}; }
        server { listen 127.0.0.1:${port}; location / { proxy_pass http://replicas; } }`,
    );
    origin = `http://127.0.0.1:${nginx.port}`;
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Relay] });
  });
  afterAll(async () => {
    await running?.close();
    await nginx?.close();
  });
  beforeEach(() => running.log.clear());

  it('without pinned versions, each range is served from the file', async () => {
    for (let first = 0; first < 1_000_000; first += 100_000) {
      const piece = await fetchRaw(running.port, '/any', [['Range', `bytes=${first}-${first + 99_999}`]]);
      expect(piece.status).toBe(206);
      expect(piece.body.equals(BYTES.subarray(first, first + 100_000))).toBe(true);
      expect(header(piece, 'ETag')).toBeUndefined();
    }
    expect(running.log.complaints).toEqual([]);
  });

  it('with pinned versions, no range mixes two versions, and the log says why', async () => {
    const statuses = new Set<number>();
    for (let i = 0; i < 10; i++) {
      const piece = await fetchRaw(running.port, '/pinned', [['Range', 'bytes=100-199']]);
      statuses.add(piece.status);
      if (piece.status === 206) expect(piece.body.equals(BYTES.subarray(100, 200))).toBe(true);
    }
    expect([...statuses].filter((status) => status !== 206 && status !== 503)).toEqual([]);
    const said = running.log.complaints.filter((line) => !line.includes('pinVersion: false'));
    expect(said).toEqual([]);
  });
});
