import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, StreamableFile } from '@nestjs/common';
import {
  bytesSource,
  fileSource,
  Ranged,
  RangedFile,
  RangeModule,
  SourceNotFoundError,
  streamSource,
} from 'nestjs-range';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createReadStream } from 'node:fs';
import { inPieces } from '../../support/sources/file-kinds.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { RawConnection, type RawResponse, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { until } from '../../support/until.js';
import { range } from './rows/outcome.js';

const BYTES = pseudoRandomBytes(300_000);
const fixtures = new FixtureDirectory();
const path = fixtures.write('media.bin', BYTES);
afterAll(() => fixtures.remove());

@Controller()
@Ranged({ etag: '"v1"' })
class Files {
  @Get('plain')
  plain() {
    return new StreamableFile(createReadStream(path));
  }

  @Get('file')
  file() {
    return new RangedFile(fileSource(path));
  }

  @Get('bytes')
  bytes() {
    return new RangedFile(bytesSource(BYTES));
  }

  @Get('stream')
  stream() {
    return new RangedFile(streamSource(inPieces(BYTES), { size: BYTES.length }));
  }

  @Get('broken')
  broken() {
    return new RangedFile(new ProbeSource(BYTES, { surplus: -1 }));
  }

  @Get('refused')
  refused() {
    return new RangedFile(
      new ProbeSource(BYTES, {
        onResolve: () => {
          throw new SourceNotFoundError('gone');
        },
      }),
    );
  }
}

@Controller('control')
class Control {
  @Get()
  @Ranged(false)
  file() {
    return new StreamableFile(BYTES);
  }
}

/** Versions that a client can write into the request line of HTTP/1, whatever it means by them. */
const VERSIONS = ['1.0', '1.1', '1.2', '2.0', '3.0', '0.9'];

describe.each(ADAPTERS)('a request line of HTTP/1 on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, {
      imports: [RangeModule.forRoot({ appInterceptor: true })],
      controllers: [Files, Control],
    });
  });
  afterAll(() => running.close());

  /** `undefined`: the server closed the connection without an answer. */
  async function ask(
    target: string,
    version: string,
    headers = range('bytes=10-19'),
  ): Promise<RawResponse | undefined> {
    const connection = await RawConnection.open(running.port);
    try {
      connection.send(requestText(target, [...headers, ['Connection', 'close']], 'GET', version));
      return await connection.next().catch(() => undefined);
    } finally {
      connection.finish();
    }
  }

  describe.each(VERSIONS)('with HTTP/%s', (version) => {
    /** What Node.js makes of the version decides whether anybody is asked. */
    const isServed = async (): Promise<boolean> => (await ask('/control', version))?.status === 200;

    it.each(['/plain', '/file', '/bytes', '/stream'])('gets the same response as any other: %s', async (target) => {
      const response = await ask(target, version);
      if (!(await isServed())) return expect(response?.status ?? 400).toBe(400);
      expect(response?.status).toBe(206);
      expect(response?.body.equals(BYTES.subarray(10, 20))).toBe(true);
      const whole = await ask(target, version, []);
      expect(whole?.status).toBe(200);
      expect(whole?.body.equals(BYTES)).toBe(true);
      const condition = [['If-None-Match', '"v1"']] as const;
      expect((await ask(target, version, condition))?.status).toBe(304);
      expect((await ask(target, version, range('bytes=300000-')))?.status).toBe(416);
    });

    it('never gets a short body that looks whole, and a refusal is a refusal', async () => {
      if (!(await isServed())) return expect((await ask('/broken', version, []))?.status ?? 400).toBe(400);
      const broken = await ask('/broken', version, []);
      expect(broken?.isComplete ?? false).toBe(false);
      expect((await ask('/refused', version, []))?.status).toBe(404);
    });

    it('is reported as complete to subscribers', async () => {
      const messages: { readonly outcome: string; readonly bytesSent: number }[] = [];
      const listen = (message: unknown): void => void messages.push(message as (typeof messages)[number]);
      subscribe('nestjs-range:response', listen);
      try {
        const response = await ask('/file', version);
        if (response?.status !== 206) return expect(await isServed()).toBe(false);
        await until(() => messages.length === 1, 'the message');
        expect(messages[0]).toMatchObject({ outcome: 'complete', bytesSent: 10 });
      } finally {
        unsubscribe('nestjs-range:response', listen);
      }
    });
  });

  it.each([
    ['GET /file\r\n', [200, 400]], // HTTP/0.9: Node.js 24 answers it, unless the client's FIN comes first
    ['GET /file\r\n\r\n', [200, 400]],
    ['GET /file HTTP/x\r\n\r\n', [400]],
  ])('%j is not HTTP/1, and the next connection gets its response', async (text, statuses) => {
    const connection = await RawConnection.open(running.port);
    connection.send(text);
    connection.socket.end();
    const response = await connection.next().catch(() => undefined);
    expect(statuses).toContain(response?.status ?? 400);
    if (response?.status === 200 && response.isComplete) expect(response.body.equals(BYTES)).toBe(true);
    expect((await ask('/file', '1.1'))?.status).toBe(206);
    connection.finish();
  });

  it('of any version waits for its turn after pipelined ones', async () => {
    for (const version of VERSIONS) {
      if ((await ask('/control', version))?.status !== 200) continue; // Node.js breaks the connection off itself
      const connection = await RawConnection.open(running.port);
      connection.send(
        requestText('/file', range('bytes=0-199999')) + requestText('/file', range('bytes=5-9'), 'GET', version),
      );
      expect((await connection.next()).body.equals(BYTES.subarray(0, 200_000))).toBe(true);
      const second = await connection.next().catch(() => undefined);
      if (second?.status === 206) expect(second.body.equals(BYTES.subarray(5, 10))).toBe(true);
      else expect(second?.status ?? 400).toBe(400);
      connection.finish();
    }
    await untilClosed(fixtures);
    expect(running.log.complaints.filter((line) => !line.includes('cut off'))).toEqual([]);
  });
});
