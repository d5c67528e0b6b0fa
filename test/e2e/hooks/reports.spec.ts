import fastifyEtag from '@fastify/etag';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, ForbiddenException, Get } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  classifyResponse,
  onRangeResponse,
  Ranged,
  RangedFile,
  type RangedResponseMessage,
  RangeModule,
} from 'nestjs-range';
import { PassThrough, Readable } from 'node:stream';
import { fetchRaw } from '../../support/connections/raw-client.js';
import { startApp, type TestApp } from '../../support/apps/test-app.js';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { until } from '../../support/until.js';
import { type HeaderLines, range } from '../responses/rows/outcome.js';

const BYTES = pseudoRandomBytes(300_000);

@Controller()
class Files {
  @Get()
  @Ranged()
  file() {
    return new RangedFile(new ProbeSource(BYTES, { etag: '"v1"' }));
  }
}

interface Reply {
  code(status: number): unknown;
}

type Hook = (payload: unknown, reply: Reply) => unknown;

const SMALL = range('bytes=5-9');
const LARGE = range('bytes=100-200099');

const OWN = { disposition: 'delegated', ranges: [], completeLength: undefined, bytesPlanned: 0, bytesSent: 0 };
const failing: Hook = (_, reply) => {
  reply.code(200);
  throw new ForbiddenException();
};

describe('a report on a response whose content a hook of Fastify', () => {
  const messages: RangedResponseMessage[] = [];
  let stop: () => void;
  let hook: Hook;
  let running: TestApp;
  beforeAll(async () => {
    stop = onRangeResponse((message) => messages.push(message));
    running = await startApp(
      'fastify',
      { imports: [RangeModule], controllers: [Files] },
      {
        configure: async (app) => {
          await (app as NestFastifyApplication).register(fastifyEtag as never);
          (app as NestFastifyApplication)
            .getHttpAdapter()
            .getInstance()
            .addHook('onSend', async (_request, reply, payload) =>
              reply.statusCode < 400 ? hook(payload, reply) : payload,
            );
        },
      },
    );
  });
  afterAll(async () => {
    stop();
    await running.close();
  });
  afterEach(() => void messages.splice(0));

  it.each<[what: string, hook: Hook, headers: HeaderLines, told: Partial<RangedResponseMessage>, as: string]>([
    ['replaces by its own', () => Readable.from(['own']), [], { status: 200, ...OWN } as never, 'delegated'],
    [
      'replaces by its own, of a part',
      () => Readable.from(['own']),
      LARGE,
      { status: 200, ...OWN } as never,
      'delegated',
    ],
    [
      'replaces by its own, of a small part, with a status',
      (_, reply) => (reply.code(202), 'own'),
      SMALL,
      { status: 202, ...OWN } as never,
      'delegated',
    ],
    [
      'replaces by nothing, since the client has it',
      (_, reply) => (reply.code(304), ''),
      SMALL,
      { status: 304, disposition: 'not-modified', bytesSent: 0 },
      'not-modified',
    ],
    ['forbids', failing, SMALL, { status: 403, disposition: 'error', bytesSent: 0 }, 'refused'],
    ['forbids in large', failing, LARGE, { status: 403, disposition: 'error', bytesSent: 0 }, 'refused'],
    [
      'copies',
      (payload) => (payload instanceof Readable ? payload.pipe(new PassThrough()) : payload),
      LARGE,
      { status: 206, disposition: 'partial', bytesSent: 200_000 },
      'partial',
    ],
    [
      'may not make something of',
      (payload) => Readable.from([payload as Buffer]).map((chunk: Buffer) => chunk.toString('hex')),
      SMALL,
      { status: 500, disposition: 'error', outcome: 'failed', bytesSent: 0 },
      'failed',
    ],
  ])('%s', async (_, used, headers, told, as) => {
    hook = used;
    await fetchRaw(running.port, '/', headers);
    await until(() => messages.length > 0, 'a message');
    expect(messages).toMatchObject([told]);
    expect(classifyResponse(messages[0] as RangedResponseMessage)).toBe(as);
  });
});
