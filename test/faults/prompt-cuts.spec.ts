import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { truncateSync } from 'node:fs';
import { FixtureDirectory, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { RawConnection, requestText } from '../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../support/apps/test-app.js';
import { Gate } from '../support/until.js';

const MOST_MS = 100;
/** An odd number: one pause of the machine must not decide. */
const TIMES = 15;
const LENGTH = 100_000;
const SENT = 30_000;

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const LARGE = pseudoRandomBytes(16 * 1024 * 1024);

/** What the source does when the client has got the first bytes. */
let proceed = new Gate();
let fault: () => Uint8Array | undefined;

@Controller()
@Ranged()
class Files {
  @Get('source')
  source() {
    return new RangedFile({
      resolve: () => ({
        size: LENGTH,
        etag: '"v1"',
        async *open() {
          yield new Uint8Array(SENT);
          await proceed.passed;
          const last = fault();
          if (last !== undefined) yield last;
        },
      }),
    });
  }

  @Get('file')
  file() {
    return new RangedFile(fileSource(fixtures.at('large.bin')));
  }
}

describe.each(ADAPTERS)('from the fault to the end of the connection, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());

  /** In ms. `provoke` is called when the client has the head and some bytes of an answer. */
  async function timeToCut(path: string, provoke: (connection: RawConnection) => unknown): Promise<number> {
    const connection = await RawConnection.open(running.port);
    connection.send(requestText(path));
    await connection.untilReceived(SENT);
    await provoke(connection);
    const brokenAt = performance.now();
    const response = await connection.next();
    await connection.untilEnd();
    expect({ status: response.status, isComplete: response.isComplete }).toEqual({ status: 200, isComplete: false });
    return performance.now() - brokenAt;
  }

  async function medianOf(measure: () => Promise<number>): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < TIMES; i++) times.push(await measure());
    return times.sort((a, b) => a - b)[(TIMES - 1) / 2]!;
  }

  it.each<[what: string, fault: () => Uint8Array | undefined]>([
    ['ends early', () => undefined],
    ['gives too much', () => new Uint8Array(LENGTH)],
    [
      'fails',
      () => {
        throw new Error('the disk is gone');
      },
    ],
  ])(`are at most ${MOST_MS} ms where a source %s`, async (_, nextFault) => {
    const median = await medianOf(() => {
      proceed = new Gate();
      fault = nextFault;
      return timeToCut('/source', () => proceed.open());
    });
    expect(median).toBeLessThan(MOST_MS);
  });

  it(`are at most ${MOST_MS} ms where a file is cut`, async () => {
    const median = await medianOf(async () => {
      const path = fixtures.write('large.bin', LARGE);
      return timeToCut('/file', (connection) => {
        connection.socket.pause();
        truncateSync(path, SENT);
        connection.socket.resume();
      });
    });
    expect(median).toBeLessThan(MOST_MS);
  });
});
