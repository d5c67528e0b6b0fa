import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  type NestInterceptor,
  type StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Ranged, RangedFile, RangeInterceptor, RangeModule } from 'nestjs-range';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { tap } from 'rxjs';
import { header, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { startApp, type TestApp } from '../../support/apps/test-app.js';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { settle, until } from '../../support/until.js';

const BYTES = pseudoRandomBytes(300_000);
let source: ProbeSource;
let heard: Buffer[] = [];

class Listening implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    const listen = (chunk: Buffer): unknown => heard.push(Buffer.from(chunk));
    return next.handle().pipe(tap((file: StreamableFile) => void file.getStream().on('data', listen)));
  }
}

@Controller()
class Files {
  @Get('file')
  @Ranged()
  file() {
    source = new ProbeSource(BYTES, { etag: '"v1"' });
    return new RangedFile(source);
  }

  @Get('listened')
  @UseInterceptors(Listening, RangeInterceptor)
  listened() {
    return this.file();
  }

  @Get('second')
  second() {
    return 'second';
  }
}

type Hook = (payload: Readable) => unknown;

const afterwards = async (payload: Readable): Promise<Readable> => {
  await settle();
  return payload;
};

const FAITHFUL: Record<string, Hook> = {
  'waits for a moment': async (payload) => {
    await Promise.resolve();
    return payload;
  },
  'waits for long': afterwards,
  'collects the content': buffer,
  'collects the content by listeners, after a while': async (payload) => {
    await settle();
    const chunks: Buffer[] = [];
    payload.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(payload, 'end');
    return Buffer.concat(chunks);
  },
  'pipes it on, after a while': async (payload) => (await afterwards(payload)).pipe(new PassThrough()),
};

const TAKING: Record<string, Hook> = {
  'listens to the content, and waits': (payload) => afterwards(payload.on('data', () => {})),
  'lets the content flow, and waits': (payload) => afterwards(payload.resume()),
  'pulls, and waits': (payload) => afterwards(payload.on('readable', () => {})),
  'pipes it elsewhere, and waits': (payload) => {
    payload.pipe(new PassThrough()).resume();
    return afterwards(payload);
  },
  'reads the first byte': async (payload) => {
    await once(payload, 'readable');
    payload.read(1);
    return payload;
  },
};

const REQUESTS: [range: string | undefined, first: number, length: number][] = [
  [undefined, 0, BYTES.length],
  ['bytes=5-9', 5, 5],
  ['bytes=100-200099', 100, 200_000],
];

describe.each(['/file', '/listened'])('a hook of Fastify that reads the content of %s', (path) => {
  let running: TestApp;
  let hook: Hook;
  beforeAll(async () => {
    running = await startApp(
      'fastify',
      { imports: [RangeModule], controllers: [Files] },
      {
        configure: (app) =>
          (app as NestFastifyApplication)
            .getHttpAdapter()
            .getInstance()
            .addHook('onSend', async (_request, _reply, payload) =>
              payload instanceof Readable ? hook(payload) : payload,
            ),
      },
    );
  });
  afterAll(() => running.close());
  beforeEach(() => {
    running.log.clear();
    heard = [];
  });

  async function ask(range: string | undefined) {
    const connection = await RawConnection.open(running.port);
    connection.send(requestText(path, range === undefined ? [] : [['Range', range]]));
    const response = await connection.next();
    connection.send(requestText('/second'));
    expect((await connection.next()).body.toString()).toBe('second');
    expect(connection.unread.length).toBe(0);
    connection.finish();
    await until(() => source.isReleased, 'the source to be closed');
    return response;
  }

  describe.each(Object.entries(FAITHFUL))('and %s changes nothing', (_, faithful) => {
    it.each(REQUESTS)('of %s', async (range, first, length) => {
      hook = faithful;
      const response = await ask(range);
      expect([response.status, header(response, 'ETag')]).toEqual([range === undefined ? 200 : 206, '"v1"']);
      expect(header(response, 'Content-Length')).toBe(String(length));
      expect(response.body.equals(BYTES.subarray(first, first + length))).toBe(true);
      if (path === '/listened') expect(Buffer.concat(heard).equals(response.body)).toBe(true);
      expect(running.log.complaints).toEqual([]);
    });
  });

  describe.each(Object.entries(TAKING))('and %s is an error', (_, taking) => {
    it.each(REQUESTS.filter(([range]) => path === '/listened' || range !== 'bytes=5-9'))('of %s', async (range) => {
      hook = taking;
      const response = await ask(range);
      expect([response.status, response.isComplete, header(response, 'ETag')]).toEqual([500, true, undefined]);
      expect(header(response, 'Content-Range')).toBeUndefined();
      expect(running.log.at('error')).toEqual([expect.stringMatching(/onSend hook has read the beginning/)]);
    });
  });
});
