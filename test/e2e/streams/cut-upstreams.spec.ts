import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, StreamableFile } from '@nestjs/common';
import { Ranged, RangeModule } from 'nestjs-range';
import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { fetchRaw } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';

const BYTES = pseudoRandomBytes(300_000);
const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const path = fixtures.write('clip.bin', BYTES);

@Controller()
class Files {
  @Get('cut')
  @Ranged()
  cut() {
    const upstream = new PassThrough();
    for (let at = 0; at < 200_000; at += 10_000) upstream.write(BYTES.subarray(at, at + 10_000));
    setImmediate(() => upstream.destroy());
    return new StreamableFile(upstream.pipe(new PassThrough()), { length: BYTES.length });
  }

  @Get('cut-unsized')
  @Ranged()
  cutUnsized() {
    const upstream = createReadStream(path, { highWaterMark: 1000 });
    let seen = 0;
    upstream.on('data', (chunk: Buffer | string) => {
      seen += chunk.length;
      if (seen > 150_000) upstream.destroy();
    });
    return new StreamableFile(upstream.pipe(new PassThrough()));
  }
}

describe.each(ADAPTERS)('a stream that was piped from one that is cut, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, {
      imports: [RangeModule.forRoot({ sourceTimeoutMs: 500 })],
      controllers: [Files],
    });
  });
  afterAll(() => running.close());

  it.each(['/cut', '/cut-unsized'])('never looks complete: %s', async (target) => {
    const response = await fetchRaw(running.port, target);
    expect(response.status === 504 || !response.isComplete).toBe(true);
    expect(running.log.complaints.join()).toMatch(/sourceTimeoutMs/);
  });
});
