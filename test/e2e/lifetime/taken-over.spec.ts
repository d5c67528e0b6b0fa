import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  type NestInterceptor,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { Ranged, RangedFile, RangeModule, RangeResponder, type RangeSource } from 'nestjs-range';
import type { ServerResponse } from 'node:http';
import { type Observable, tap } from 'rxjs';
import { startApp, type TestApp } from '../../support/apps/test-app.js';
import { fetchRaw, headersOf } from '../../support/connections/raw-client.js';
import { until } from '../../support/until.js';

interface Reply {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let reply: Reply;
/** When the app takes the reply over. */
let moment = '';
let closed = 0;

/** The app's own response comes later than ours would. */
function takeOver(now: string): void {
  if (now !== moment) return;
  reply.hijack();
  setTimeout(() => reply.raw.end('own'), 50);
}

const source = (open: () => AsyncIterable<Uint8Array>): RangeSource => ({
  async resolve() {
    await turn();
    takeOver('while the source is resolved');
    return {
      size: 10,
      etag: '"v1"',
      async open() {
        await turn();
        takeOver('while the source is opened');
        return open();
      },
      close: () => void closed++,
    };
  },
});

async function* digits(): AsyncGenerator<Uint8Array> {
  await turn();
  takeOver('while the first bytes are read');
  yield Buffer.from('123');
}

async function* failing(): AsyncGenerator<Uint8Array> {
  await turn();
  takeOver('while the first bytes are read');
  yield* [];
  throw new Error('the source failed');
}

class TakingOver implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(tap(() => takeOver('after the negotiation')));
  }
}

@Controller()
@UseInterceptors(TakingOver)
class Files {
  constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

  @Get('returned')
  @Ranged()
  returned(@Res({ passthrough: true }) own: Reply) {
    return this.file(own, digits);
  }

  @Get('failing')
  @Ranged()
  failing(@Res({ passthrough: true }) own: Reply) {
    return this.file(own, failing);
  }

  @Get('sent')
  async sent(@Req() request: unknown, @Res() own: Reply) {
    await this.responder.send(request, own, this.file(own, digits));
  }

  private file(own: Reply, open: () => AsyncIterable<Uint8Array>): RangedFile {
    reply = own;
    takeOver('by the handler');
    return new RangedFile(source(open));
  }
}

const BEFORE_ALL = 'by the handler';
const WHEN_RESOLVED = 'while the source is resolved';
const MOMENTS = [BEFORE_ALL, WHEN_RESOLVED, 'while the source is opened', 'while the first bytes are read'];

type Row = readonly [path: string, range: string, moments: readonly string[]];
const ROWS: readonly Row[] = [
  ['returned', 'bytes=1-3', [...MOMENTS, 'after the negotiation']],
  ['failing', 'bytes=1-3', MOMENTS],
  ['sent', 'bytes=1-3', MOMENTS],
  ['returned', 'bytes=10-', [BEFORE_ALL, WHEN_RESOLVED]],
  ['sent', 'bytes=10-', [BEFORE_ALL, WHEN_RESOLVED]],
];
const CASES = ROWS.flatMap(([path, range, moments]) => moments.map((when) => [path, range, when] as const));

describe('a reply of Fastify that the app hijacks is left to the app', () => {
  let running: TestApp;
  beforeEach(async () => {
    closed = 0;
    running = await startApp('fastify', { imports: [RangeModule], controllers: [Files] });
  });
  afterEach(() => running.close());

  it.each(CASES)('%s, of %s, %s', async (path, range, when) => {
    moment = when;
    const response = await fetchRaw(running.port, `/${path}`, [['Range', range]]);
    expect([response.status, response.body.toString()]).toEqual([200, 'own']);
    expect(Object.keys(headersOf(response))).toEqual(['content-length']);
    if (when !== BEFORE_ALL) await until(() => closed === 1, 'the source is closed');
    expect(closed).toBe(when === BEFORE_ALL ? 0 : 1);
    expect(running.log.complaints).toEqual([]);
  });
});
