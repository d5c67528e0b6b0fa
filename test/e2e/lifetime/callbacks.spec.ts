import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import {
  bytesSource,
  folderSource,
  httpSource,
  onRangeResponse,
  Ranged,
  RangedFile,
  RangeModule,
  RangeParser,
  type RangeSource,
  redirectSource,
  streamSource,
} from 'nestjs-range';
import { setTimeout as pause } from 'node:timers/promises';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { settle, until } from '../../support/until.js';
import { range } from '../responses/rows/outcome.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
fixtures.write('a.txt', 'text');
const BYTES = pseudoRandomBytes(300_000);

/** What a function of the app does in place of its work; each is given what to do once. */
type Fault = () => never;
const fault = (act: () => unknown): Fault => act as Fault; // whatever it returns is not what its type promises

const FAULTS: readonly (readonly [what: string, fault: Fault])[] = [
  ['throws', fault(() => raise())],
  ['rejects', fault(async () => raise())],
  ['rejects late', fault(() => later().then(raise))],
  ['throws what is no error', fault(() => raise(null))],
  ['throws what cannot be read', fault(() => raise(unreadable()))],
  ['returns nothing', fault(() => {})],
  ['returns nonsense', fault(() => Object.freeze({ done: false, nonsense: 42, value: 42 }))],
  ['resolves late', fault(() => later())],
  ['never settles', fault(() => new Promise(() => {}))],
  // oxlint-disable-next-line unicorn/no-thenable -- what it forbids is what is tried
  ['returns a thenable that settles twice', fault(() => ({ then: settleTwice }))],
  // oxlint-disable-next-line unicorn/no-thenable -- as above
  ['returns a thenable that throws', fault(() => ({ then: () => raise() }))],
];

/** What has yet to happen of that. */
const pending: Promise<void>[] = [];

function later(): Promise<void> {
  const passed = pause(30);
  pending.push(passed);
  return passed;
}

function raise(error: unknown = new Error('hostile')): never {
  throw error;
}

function unreadable(): Error {
  return Object.defineProperty(new Error('unreadable'), 'code', { get: () => raise() });
}

function settleTwice(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  resolve(undefined);
  reject(new Error('second'));
  resolve(undefined);
}

let current: Fault = fault(() => {});

class HostileParser extends RangeParser {
  override parse(text: string): ReturnType<RangeParser['parse']> {
    return text === 'bytes=1-2' ? super.parse(text) : current();
  }
}

const SOURCES: Readonly<Record<string, () => RangeSource>> = {
  resolve: () => ({ resolve: () => current() }),
  open: () => ({ resolve: () => ({ size: BYTES.length, open: () => current() }) }),
  close: () => ({
    resolve: () => ({
      size: BYTES.length,
      close: () => current(),
      async *open() {
        yield BYTES;
      },
    }),
  }),
  'close of a little': () => ({
    resolve: () => ({
      size: 3,
      close: () => current(),
      async *open() {
        yield BYTES.subarray(0, 3);
      },
    }),
  }),
  next: () => ({
    resolve: () => ({
      size: BYTES.length,
      open: () => ({ [Symbol.asyncIterator]: () => ({ next: () => current() }) }),
    }),
  }),
  return: () => ({
    resolve: () => ({
      size: BYTES.length,
      open: () => ({
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: true, value: undefined }),
          return: () => current(),
        }),
      }),
    }),
  }),
  iterator: () => ({
    resolve: () => ({ size: BYTES.length, open: () => ({ [Symbol.asyncIterator]: () => current() }) }),
  }),
  stream: () => streamSource({ [Symbol.asyncIterator]: () => ({ next: () => current() }) }, { size: BYTES.length }),
  sized: () => ({
    resolve: () => ({ open: () => bytesOf(), whenSized: () => current() }),
  }),
  signer: () => redirectSource(() => current()),
  immutable: () => folderSource(fixtures.path, { immutable: () => current() })('a.txt'),
  fetch: () => httpSource('http://upstream.example/clip.mp4', { fetch: () => current(), timeoutMs: 200 }),
};

async function* bytesOf(): AsyncGenerator<Uint8Array> {
  yield BYTES;
}

@Controller()
class Files {
  @Get('ok')
  @Ranged()
  ok() {
    return new RangedFile(bytesSource(BYTES));
  }

  @Get('breaking')
  @Ranged()
  breaking() {
    return new RangedFile({
      resolve: () => ({
        size: BYTES.length,
        async *open() {
          yield BYTES.subarray(0, 100_000);
          await pause(1);
          raise();
        },
      }),
    });
  }
}

const paths = Object.entries(SOURCES).map(([name, make]) => {
  @Controller()
  class Hostile {
    @Get(name.replaceAll(' ', '-'))
    @Ranged({ sourceTimeoutMs: 100 })
    file() {
      return new RangedFile(make());
    }
  }
  return Hostile;
});

describe.each(ADAPTERS)('callbacks of the app, on %s', (adapter) => {
  let running: TestApp;
  const unhandled: unknown[] = [];
  const record = (error: unknown): void => void unhandled.push(error);
  let stop: () => void;
  beforeAll(async () => {
    process.on('unhandledRejection', record).on('uncaughtException', record);
    stop = onRangeResponse(() => current());
    running = await startApp(adapter, {
      imports: [RangeModule.forRoot({ parser: HostileParser, onError: () => current(), shutdownTimeoutMs: 200 })],
      controllers: [Files, ...paths],
    });
  });
  afterAll(async () => {
    stop();
    await running.close();
    process.off('unhandledRejection', record).off('uncaughtException', record);
  });
  beforeEach(() => {
    unhandled.length = 0;
  });

  describe.each(FAULTS)('that %s', (_, act) => {
    beforeEach(() => {
      current = act;
    });

    /** Others are served, and nothing was left to end the process. */
    async function expectNoHarm(): Promise<void> {
      const next = await fetchRaw(running.port, '/ok', range('bytes=1-2'));
      expect(next.status).toBe(206);
      expect(next.body.equals(BYTES.subarray(1, 3))).toBe(true);
      await Promise.all(pending.splice(0));
      await settle();
      expect(unhandled).toEqual([]);
    }

    it.each(Object.keys(SOURCES))('ends nothing but its own request, as a part of a source: %s', async (name) => {
      for (const headers of [[], range('bytes=1-2')]) {
        const connection = await RawConnection.open(running.port);
        connection.send(requestText(`/${name.replaceAll(' ', '-')}`, [...headers, ['Connection', 'close']]));
        await connection.untilEnd(); // answered, or cut
        connection.finish();
      }
      await expectNoHarm();
    });

    it('ends nothing but its own request, if its client leaves', async () => {
      for (const name of Object.keys(SOURCES)) {
        const connection = await RawConnection.open(running.port);
        connection.send(requestText(`/${name.replaceAll(' ', '-')}`));
        await settle(3);
        connection.reset();
      }
      await expectNoHarm();
    });

    it('ends nothing but its own request, as a parser', async () => {
      const response = await fetchRaw(running.port, '/ok', range('bytes=5-9'));
      expect([200, 500]).toContain(response.status);
      if (response.status === 200) expect(response.body.equals(BYTES)).toBe(true);
      await expectNoHarm();
    });

    it('ends nothing, as onError or a listener of responses', async () => {
      const response = await fetchRaw(running.port, '/breaking');
      expect(response.isComplete).toBe(false);
      await until(() => running.log.complaints.length > 0, 'the report of the failure');
      await expectNoHarm();
    });

    it('ends nothing but its own request, as onError beside a logger that throws', async () => {
      const { log } = running;
      const { error } = log;
      log.error = raise;
      try {
        const response = await fetchRaw(running.port, '/breaking');
        expect(response.isComplete).toBe(false);
        await expectNoHarm();
      } finally {
        log.error = error;
      }
    });
  });
});
