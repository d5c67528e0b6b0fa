import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
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
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  bytesSource,
  fileSource,
  Ranged,
  RangedFile,
  RangeInterceptor,
  RangeModule,
  RangeResponder,
} from 'nestjs-range';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { tap } from 'rxjs';
import { header, RawConnection, type RawResponse, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { FixtureDirectory } from '../../support/sources/fixtures.js';
import { settle } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

/** Two files of the same length, of nothing but one letter each. */
const LETTERS = ['a', 'b'] as const;
type Letter = (typeof LETTERS)[number];
const bytesOf = (letter: Letter): Buffer => Buffer.alloc(300_000, letter);
for (const letter of LETTERS) fixtures.write(letter, bytesOf(letter));

const FILES: Record<string, (letter: Letter) => StreamableFile> = {
  memory: (letter) => new RangedFile(bytesSource(bytesOf(letter), { etag: `"${letter}"` })),
  'a file': (letter) => new RangedFile(fileSource(fixtures.at(letter)), { etag: `"${letter}"` }),
  'a stream': (letter) => new StreamableFile(Readable.from([bytesOf(letter)]), { length: 300_000 }),
  'content of unknown length': (letter) => new StreamableFile(Readable.from([bytesOf(letter)])),
};
const KINDS = Object.keys(FILES);
const PAIRS = KINDS.flatMap((first) => KINDS.map((second) => [first, second] as const));

let pair: readonly [first: string, second: string] = ['memory', 'memory'];
const make = (index: 0 | 1): StreamableFile =>
  (FILES[pair[index]] as (letter: Letter) => StreamableFile)(LETTERS[index]);

let waits = 0;

/** Ends the response after some microtasks: between the answer's head and its first bytes, if anything fits there. */
class Ending implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const own = context.switchToHttp().getResponse<ServerResponse & { raw?: ServerResponse }>();
    return next.handle().pipe(tap(() => void this.end(own.raw ?? own)));
  }

  private async end(response: ServerResponse): Promise<void> {
    for (let i = 0; i < waits; i++) await Promise.resolve();
    response.end('own');
  }
}

@Controller()
class Files {
  constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

  @Get('sends')
  async sends(@Req() request: unknown, @Res() response: unknown) {
    await Promise.allSettled(([0, 1] as const).map((index) => this.responder.send(request, response, make(index))));
  }

  @Get('returns')
  @Ranged()
  returns(@Req() request: unknown, @Res({ passthrough: true }) response: unknown) {
    this.responder.send(request, response, make(0)).catch(() => {});
    return make(1);
  }

  @Get('ended')
  @UseInterceptors(Ending, RangeInterceptor)
  ended() {
    return make(0);
  }

  @Get('second')
  second() {
    return 'second';
  }
}

interface Hooks {
  addHook(name: 'onSend', hook: (request: unknown, reply: unknown, payload: unknown) => Promise<unknown>): void;
}

type Configure = (app: INestApplication) => unknown;

const wrapped: Configure = (app) =>
  app.use((_: IncomingMessage, response: ServerResponse, next: () => void) => {
    const write = response.write.bind(response) as (...args: unknown[]) => boolean;
    response.write = (...args: unknown[]) => write(...args);
    next();
  });

const hooked: Configure = (app) =>
  ((app as NestFastifyApplication).getHttpAdapter().getInstance() as unknown as Hooks).addHook(
    'onSend',
    async (_request, _reply, payload) => {
      await settle(3);
      return payload;
    },
  );

const SETUPS: [adapter: (typeof ADAPTERS)[number], what: string, configure: Configure][] = [
  ...ADAPTERS.flatMap((adapter): [typeof adapter, string, Configure][] => [
    [adapter, 'alone', () => {}],
    [adapter, 'with middleware that wraps the response', wrapped],
  ]),
  ['fastify', 'with a hook that waits', hooked],
];

/** Whether head and body are of the same file, or the client can tell that something failed. */
function isHonest({ status, isComplete, body, ...head }: RawResponse, range: string | undefined): boolean {
  if (!isComplete || status >= 400) return true;
  const text = body.toString('latin1');
  const letters = LETTERS.filter((letter) => text.includes(letter.repeat(3)));
  const etag = header({ status, isComplete, body, ...head }, 'ETag');
  const isWhole = status === 200 && body.length === 300_000;
  return (
    letters.length === 1 &&
    (etag ?? `"${letters[0]}"`) === `"${letters[0]}"` &&
    (range === undefined ? isWhole : status === 206 || isWhole)
  );
}

describe.each(SETUPS)('a response that is sent twice at once, on %s %s', (adapter, _, configure) => {
  let running: TestApp;
  const uncaught: unknown[] = [];
  const catchIt = (error: unknown): void => void uncaught.push(error);
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] }, { configure });
    process.on('uncaughtException', catchIt).on('unhandledRejection', catchIt);
  });
  afterAll(async () => {
    process.off('uncaughtException', catchIt).off('unhandledRejection', catchIt);
    await running.close();
  });
  beforeEach(() => void uncaught.splice(0));

  it.each(KINDS)('%s: is not ended by others with our head, however soon they do', async (kind) => {
    pair = [kind, kind];
    for (waits = 0; waits < 12; waits++) {
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/ended', [['Range', 'bytes=1-200000']]));
      const response = await connection.next().catch(() => undefined);
      const isOwn = response?.body.toString() === 'own';
      if (response !== undefined && isOwn) expect(header(response, 'Content-Range')).toBeUndefined();
      else if (response !== undefined) expect(isHonest(response, 'bytes=1-200000')).toBe(true);
      connection.finish();
      await settle();
      expect(uncaught).toEqual([]);
    }
  });

  describe.each(['/sends', '/returns'])('%s', (path) => {
    it.each(PAIRS)('%s and %s: has head and body of one of them, or is cut off', async (first, second) => {
      pair = [first, second];
      for (const range of [undefined, 'bytes=1-3', 'bytes=1-200000']) {
        const connection = await RawConnection.open(running.port);
        connection.send(requestText(path, range === undefined ? [] : [['Range', range]]));
        const response = await connection.next().catch(() => undefined);
        if (response !== undefined) {
          expect([range, header(response, 'ETag'), isHonest(response, range)]).toEqual([
            range,
            header(response, 'ETag'),
            true,
          ]);
        }
        if (response?.isComplete === true && header(response, 'Connection') !== 'close') {
          connection.send(requestText('/second'));
          const next = await connection.next().catch(() => undefined);
          if (next !== undefined) expect(next.body.toString()).toBe('second');
          expect(connection.unread.length).toBe(0);
        }
        connection.finish();
        await settle();
        expect(uncaught).toEqual([]);
      }
    });
  });
});
