import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  type INestApplication,
  type NestInterceptor,
  Req,
  Res,
  type StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import { Ranged, RangedFile, RangeModule, RangeResponder } from 'nestjs-range';
import type { ServerResponse } from 'node:http';
import { type Observable, tap } from 'rxjs';
import { createCertificate } from '../../support/connections/certificate.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { createApp, type TestApp } from '../../support/apps/test-app.js';
import { TRANSPORTS } from '../../support/connections/transports.js';
import { Gate } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const credentials = createCertificate(fixtures);
const BYTES = pseudoRandomBytes(10_000);

/** Opened when the client has the first bytes. */
let received = new Gate();
/** The response of the request that is under way, as Node.js has it. */
let response: ServerResponse;
beforeEach(() => {
  received = new Gate();
});

/** Goes on only when something else had its chance. */
async function* bytes(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield BYTES.subarray(0, 2000);
  yield BYTES.subarray(2000, 4000);
  await received.passed;
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

const known = (): RangedFile =>
  new RangedFile({ resolve: (signal) => ({ size: BYTES.length, open: () => bytes(signal) }) });
const unknown = (): RangedFile => new RangedFile({ resolve: (signal) => ({ open: () => bytes(signal) }) });

/** Keeps the response for the test, and listens to the bytes where the path says so. */
class Watching implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const own = http.getResponse<ServerResponse & { raw?: ServerResponse }>();
    response = own.raw ?? own;
    const { url } = http.getRequest<{ url: string }>();
    const isObserved = url.startsWith('/observed');
    if (url.startsWith('/patched')) patch(response);
    return next.handle().pipe(
      tap((file: StreamableFile | undefined) => {
        if (isObserved) file?.getStream().on('data', () => {});
      }),
    );
  }
}

/** As middleware does it that counts bytes. */
function patch(own: ServerResponse): void {
  const write = own.write.bind(own) as (...args: unknown[]) => boolean;
  own.write = (...args: unknown[]) => write(...args);
}

@Controller()
@UseInterceptors(Watching)
class Files {
  constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

  @Get('known')
  @Ranged()
  known() {
    return known();
  }

  @Get('unknown')
  @Ranged()
  unknown() {
    return unknown();
  }

  @Get('observed')
  @Ranged()
  observed() {
    return unknown();
  }

  @Get('patched')
  @Ranged()
  patched() {
    return unknown();
  }

  @Get('fails-later')
  async failsLater(@Req() request: unknown, @Res() own: unknown) {
    void this.responder.send(request, own, unknown());
    await received.passed;
    throw new Error('the handler failed');
  }

  @Get('sent-twice')
  async sentTwice(@Req() request: unknown, @Res() own: unknown) {
    void this.responder.send(request, own, known());
    await received.passed;
    await this.responder.send(request, own, known());
  }

  @Get('whole')
  whole() {
    return unknown();
  }
}

const ROWS = TRANSPORTS.flatMap((transport) =>
  transport.adapters.flatMap((adapter) =>
    transport.versions.map((version) => ({ name: transport.name, version, adapter, transport })),
  ),
);

const ENDED = 'something else ended the response before all of its content was sent';
const WRITTEN = 'something else wrote to the response while its content was sent';

const FAILING_HANDLER = ['its handler fails later', '/fails-later', () => {}] as const;

/** Nest 11 does not see on Fastify that the head was sent, and replies again, which Fastify ignores: nothing ends the response. */
function isLeftToFastify(adapter: string): boolean {
  return process.env['NEST_MAJOR'] === '11' && adapter === 'fastify';
}

describe.each(ROWS)('over $name, HTTP/$version, on $adapter', ({ name, version, adapter, transport }) => {
  /** Only the end of its connection tells this client where content of unknown length ends. */
  const isBlind = version === '1.0' && transport.isUnix === true;
  let sockets = 0;

  async function start(): Promise<Omit<TestApp, 'port'>> {
    const startOptions = transport.options?.(adapter, credentials) ?? {};
    const { app, log } = await createApp(adapter, { imports: [RangeModule], controllers: [Files] }, startOptions);
    if (transport.isUnix === true) await listenOn(app, fixtures.at(`${adapter}-${version}-${++sockets}.sock`));
    else await app.listen(0, '127.0.0.1');
    return { app, log, close: () => app.close() };
  }

  async function expectCut(path: string, act: () => void): Promise<string[]> {
    const running = await start();
    const asked = await transport.ask(running.app, path, version);
    await asked.received(2000);
    act();
    received.open();
    const { isComplete } = await asked.end;
    expect(isComplete).toBe(isBlind && path !== '/known' && path !== '/sent-twice');
    asked.close();
    await running.close();
    return running.log.complaints;
  }

  it.each<[what: string, path: string, act: () => void]>([
    ['something ends it, of known length', '/known', () => response.end()],
    ['something ends it, of unknown length', '/unknown', () => response.end()],
    ['something ends it with bytes of its own', '/unknown', () => response.end('more')],
    ['something ends it several times', '/unknown', () => [1, 2, 3].map(() => response.end())],
    ['something ends it whose bytes an interceptor listens to', '/observed', () => response.end()],
    ...(isLeftToFastify(adapter) ? [] : [[...FAILING_HANDLER] as [string, string, () => void]]),
  ])('a response is cut off when %s', async (_, path, act) => {
    const complaints = await expectCut(path, act);
    expect(complaints.filter((text) => text.includes(ENDED))).toEqual([`GET ${path} was cut off: ${ENDED}`]);
  });

  it('a response is cut off when its handler sends it twice', async () => {
    const complaints = await expectCut('/sent-twice', () => {});
    expect(complaints.join()).toContain('GET /sent-twice was cut off: another response to this request has begun');
  });

  it('a response that was not negotiated is cut off when something ends it', async () => {
    await expectCut('/whole', () => response.end());
  });

  if (version === '2' || name === 'inject()') return; // there others have their hands on each write anyway
  it('a response that was not negotiated is cut off where something writes to it', async () => {
    await expectCut('/whole', () => response.write('more'));
  });

  it.each(['/known', '/unknown', '/observed', '/patched'])(
    'a response is cut off when something writes to it: %s',
    async (path) => {
      expect(await expectCut(path, () => response.write('more'))).toEqual([`GET ${path} was cut off: ${WRITTEN}`]);
    },
  );
});

function listenOn(app: INestApplication, path: string): Promise<unknown> {
  return app.listen({ path } as unknown as string); // its type knows ports and paths alone
}
