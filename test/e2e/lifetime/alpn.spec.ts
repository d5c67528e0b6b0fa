import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import type { IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as requestHttps } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { createCertificate } from '../../support/connections/certificate.js';
import { startApp, type TestApp } from '../../support/apps/test-app.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';

const BYTES = pseudoRandomBytes(300_000);
const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const path = fixtures.write('clip.bin', BYTES);
const credentials = createCertificate(fixtures);

@Controller()
class Files {
  @Get('file')
  @Ranged()
  file() {
    return new RangedFile(fileSource(path));
  }
}

describe('a Fastify app that speaks HTTP/2 and HTTP/1.1 by ALPN', () => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(
      'fastify',
      { imports: [RangeModule], controllers: [Files] },
      { fastify: { http2: true, https: { ...credentials, allowHTTP1: true } } as never },
    );
  });
  afterAll(() => running.close());

  it.each([
    ['bytes=5-9', 206, 5, 10],
    ['bytes=0-', 206, 0, 300_000],
    ['bytes=900000-', 416, 0, 0],
  ])('sends %s over both', async (range, status, from, to) => {
    const session = connectHttp2(`https://127.0.0.1:${running.port}`, { rejectUnauthorized: false });
    const stream = session.request({ ':path': '/file', range });
    const head = await new Promise<Record<string, unknown>>((resolve) => void stream.once('response', resolve));
    const body = await buffer(stream);
    session.close();
    expect(head[':status']).toBe(status);
    if (status === 206) expect(body.equals(BYTES.subarray(from, to))).toBe(true);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const { port } = running;
      const options = {
        port,
        path: '/file',
        headers: { range },
        rejectUnauthorized: false,
        ALPNProtocols: ['http/1.1'],
      };
      requestHttps(options as object, resolve)
        .on('error', reject)
        .end();
    });
    expect([answer.httpVersion, answer.statusCode]).toEqual(['1.1', status]);
    const bytes = await buffer(answer);
    if (status === 206) expect(bytes.equals(BYTES.subarray(from, to))).toBe(true);
  });
});
