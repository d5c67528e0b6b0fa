import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, HttpException, Param } from '@nestjs/common';
import { generatedSource, type GeneratedSourceOptions, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { readdirSync, rmSync } from 'node:fs';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import { FixtureDirectory } from '../../support/sources/fixtures.js';
import {
  fetchRaw,
  header,
  headersOf,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import { gatedAt, Studio } from '../../support/studio.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { Gate, settle, until } from '../../support/until.js';
import { type HeaderLines, range } from '../responses/rows/outcome.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const LONG_AGO = 'Thu, 29 Feb 2024 12:34:56 GMT';
const SIZE = 300_001;
const CHUNK = 16 * 1024;
/** Long enough for what answers, also on a loaded machine. */
const TIMEOUT_MS = 1500;

/** By key. A request that comes late, of a client that has left, finds those of its own test. */
const orders = new Map<string, Omit<GeneratedSourceOptions, 'key'>>();

@Controller()
class Speech {
  @Get('speech/:text')
  @Ranged({ cacheControl: 'max-age=60' })
  speech(@Param('text') key: string) {
    return new RangedFile(generatedSource({ key, ...orders.get(key)! }));
  }

  @Get('impatient/:text')
  @Ranged({ sourceTimeoutMs: TIMEOUT_MS })
  impatient(@Param('text') key: string) {
    return this.speech(key);
  }

  @Get('plain/:text')
  @Ranged(false)
  plain(@Param('text') key: string) {
    return this.speech(key);
  }
}

let directories = 0;
let studio: Studio;
let key: string;
let dir: string;
const files = (): string[] => {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
};
const nothingLeft = (): Promise<void> => until(() => files().length === 0, 'nothing to be left behind');

describe.each(ADAPTERS)('generated content, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Speech] });
  });
  afterAll(() => running.close());
  beforeEach(() => {
    key = `hello-${directories}`;
    dir = fixtures.at(`spool-${directories++}`);
    play(new Studio(SIZE));
  });
  afterEach(async () => {
    await untilClosed(fixtures);
    running.log.clear();
  });

  const play = (next: Studio, abandonAfterMs = 0): void => {
    studio = next;
    orders.set(key, { dir, type: 'audio/mpeg', abandonAfterMs, generate: next.generate });
  };
  /** From now on a generation stops before its n-th chunk. */
  const stopAt = (index: number, abandonAfterMs?: number): Gate => {
    const { gate, onChunk } = gatedAt(index);
    play(new Studio(SIZE, { chunkSize: CHUNK, onChunk }), abandonAfterMs);
    return gate;
  };

  const get = (headers: HeaderLines = [], method = 'GET', route = 'speech'): Promise<RawResponse> =>
    fetchRaw(running.port, `/${route}/${key}`, headers, method);
  const ask = async (headers: HeaderLines = [], method = 'GET', route = 'speech'): Promise<RawConnection> => {
    const connection = await RawConnection.open(running.port);
    connection.send(requestText(`/${route}/${key}`, [...headers, ['Connection', 'close']], method));
    return connection;
  };
  const firstBytes = (connection: RawConnection): Promise<void> => connection.untilReceived(CHUNK);

  describe('while it is generated', () => {
    it.each<[what: string, headers: HeaderLines]>([
      ['a plain GET', []],
      ['all of it by a range, as players ask', range('bytes=0-')],
      ['a GET for a tag of another time', [['If-None-Match', '"other"']]],
    ])('%s gets at once what has been generated', async (_, headers) => {
      const gate = stopAt(2);
      const connection = await ask(headers);
      await until(() => connection.unread.includes(studio.last.subarray(CHUNK, 2 * CHUNK)), 'two chunks');
      expect(studio.ended).toBe(0);
      gate.open();
      const response = await connection.next();
      expect(response.status).toBe(200);
      expect(response.framing).toBe('chunked');
      expect(response.isComplete).toBe(true);
      expect(response.body.equals(studio.last)).toBe(true);
      expect(headersOf(response)).toEqual({
        'accept-ranges': 'none',
        'cache-control': 'max-age=60, no-transform',
        'content-type': 'audio/mpeg',
        etag: expect.stringMatching(/^"[\da-f]{32}"$/),
        'transfer-encoding': 'chunked',
        'x-content-type-options': 'nosniff',
      });
    });

    it.each<[what: string, headers: HeaderLines, method: string, check: (response: RawResponse) => void]>([
      [
        'a range',
        range('bytes=5-200004'),
        'GET',
        (response) => {
          expect(response.status).toBe(206);
          expect(header(response, 'Content-Range')).toBe(`bytes 5-200004/${SIZE}`);
          expect(response.body.equals(studio.last.subarray(5, 200_005))).toBe(true);
        },
      ],
      [
        "Safari's probe",
        range('bytes=0-1'),
        'GET',
        (response) => {
          expect(header(response, 'Content-Range')).toBe(`bytes 0-1/${SIZE}`);
          expect(response.body.equals(studio.last.subarray(0, 2))).toBe(true);
        },
      ],
      [
        'several ranges',
        range('bytes=0-9,200000-200009'),
        'GET',
        (response) => {
          const parts = readByteranges(header(response, 'Content-Type') ?? '', response.body);
          expect(parts.map(({ firstPos, size }) => [firstPos, size])).toEqual([
            [0, SIZE],
            [200_000, SIZE],
          ]);
          for (const { firstPos, lastPos, content } of parts) {
            expect(content.equals(studio.last.subarray(firstPos, lastPos + 1))).toBe(true);
          }
        },
      ],
      [
        'a range behind the end',
        range(`bytes=${SIZE}-`),
        'GET',
        (response) => {
          expect(response.status).toBe(416);
          expect(header(response, 'Content-Range')).toBe(`bytes */${SIZE}`);
        },
      ],
      [
        'a HEAD',
        [],
        'HEAD',
        (response) => {
          expect(response.status).toBe(200);
          expect(header(response, 'Content-Length')).toBe(String(SIZE));
          expect(header(response, 'Accept-Ranges')).toBe('bytes');
        },
      ],
      [
        'a date to compare',
        [['If-Unmodified-Since', 'Thu, 29 Feb 2024 12:34:56 GMT']],
        'GET',
        (response) => expect([200, 412]).toContain(response.status), // 200: its second is not over
      ],
    ])('%s waits for the size', async (_, headers, method, check) => {
      const gate = stopAt(2);
      const waiting = await ask(headers, method);
      const streaming = await ask();
      await firstBytes(streaming);
      await settle();
      expect(waiting.unread.length).toBe(0);
      gate.open();
      const response = await waiting.next(method);
      check(response);
      const whole = await streaming.next();
      expect(whole.body.equals(studio.last)).toBe(true);
      if (response.status < 400) expect(header(response, 'ETag')).toBe(header(whole, 'ETag'));
      expect(studio.takes).toHaveLength(1);
    });

    /** With the tag of what is being made, where one is to be filled in. */
    it.each<[what: string, headers: (etag: string) => HeaderLines, method: string, status: number]>([
      ['a range for another version', () => [...range('bytes=5-9'), ['If-Range', '"other"']], 'GET', 200],
      ['a range for a weak tag', (etag) => [...range('bytes=5-9'), ['If-Range', `W/${etag}`]], 'GET', 200],
      ['a range for nonsense', () => [...range('bytes=5-9'), ['If-Range', 'other']], 'GET', 200],
      ['a range of what the client has', (etag) => [...range('bytes=5-9'), ['If-None-Match', etag]], 'GET', 304],
      ['a range of another version', () => [...range('bytes=5-9'), ['If-Match', '"other"']], 'GET', 412],
      ['a HEAD of what the client has', (etag) => [['If-None-Match', etag]], 'HEAD', 304],
      ['a HEAD of another version', () => [['If-Match', '"other"']], 'HEAD', 412],
      ['a date that is none', () => [['If-Unmodified-Since', 'yesterday']], 'GET', 200],
      [
        'a date where a tag decides',
        () => [
          ['If-Match', '"other"'],
          ['If-Modified-Since', LONG_AGO],
        ],
        'GET',
        412,
      ],
    ])('%s waits for nothing', async (_, headers, method, status) => {
      const gate = stopAt(2);
      const streaming = await ask();
      const [, etag = ''] = /ETag: (.*)\r\n/i.exec(await streaming.head()) ?? [];
      const connection = await ask(headers(etag), method);
      expect(await connection.head()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(studio.ended).toBe(0);
      gate.open();
      const response = await connection.next(method);
      if (status === 200) expect(response.body.equals(studio.last)).toBe(true);
      expect((await streaming.next()).body.equals(studio.last)).toBe(true);
      expect(studio.takes).toHaveLength(1);
    });

    it('no client loses anything if the directory is removed', async () => {
      const gate = stopAt(2);
      const streaming = await ask();
      await firstBytes(streaming);
      const waiting = await ask(range('bytes=9-,5-6'));
      await settle();
      rmSync(dir, { recursive: true });
      gate.open();
      expect((await streaming.next()).body.equals(studio.last)).toBe(true);
      const parts = await waiting.next();
      expect(parts.status).toBe(206);
      expect(parts.body.equals(studio.last.subarray(5))).toBe(true); // the two ranges lie near each other
      expect(studio.takes).toHaveLength(1);
      const again = await get(range('bytes=-9'));
      expect(again.body.equals(studio.last.subarray(-9))).toBe(true);
      expect(studio.takes).toHaveLength(2);
      expect(running.log.complaints).toEqual([]);
    });

    it('conditions on its tag are answered at once', async () => {
      const gate = stopAt(2);
      const streaming = await ask();
      const [, etag = ''] = /ETag: (.*)\r\n/i.exec(await streaming.head()) ?? [];
      expect((await get([['If-Match', '"other"']])).status).toBe(412);
      const same = await get([['If-None-Match', etag]]);
      expect(same.status).toBe(304);
      expect(header(same, 'ETag')).toBe(etag);
      expect(studio.ended).toBe(0);
      gate.open();
      expect((await streaming.next()).isComplete).toBe(true);
    });

    it('twenty clients share one generation, and each gets all of its content', async () => {
      const gate = stopAt(4);
      const connections: RawConnection[] = [];
      for (let i = 0; i < 20; i++) {
        connections.push(await ask(i % 4 === 3 ? range('bytes=1-') : []));
        if (i === 10) await firstBytes(connections[0]!);
      }
      connections[1]?.socket.pause();
      await firstBytes(connections[16]!);
      gate.open();
      await until(() => studio.ended === 1, 'the generation to end, though one client has stopped');
      connections[1]?.socket.resume();
      for (const [i, connection] of connections.entries()) {
        const response = await connection.next();
        expect(response.isComplete).toBe(true);
        expect(response.status).toBe(i % 4 === 3 ? 206 : 200);
        expect(response.body.equals(studio.last.subarray(i % 4 === 3 ? 1 : 0))).toBe(true);
      }
      expect(studio.takes).toHaveLength(1);
      expect(files()).toHaveLength(1);
    });

    it('a client that has stopped reading delays no other', async () => {
      play(new Studio(24 * 1024 * 1024, { chunkSize: 256 * 1024 }));
      const stopped = await ask();
      await stopped.head();
      stopped.socket.pause();
      await until(() => studio.ended === 1, 'the generation to end');
      await until(() => files().some((name) => name.endsWith(`.${studio.size}`)), 'the file');
      const part = await get(range('bytes=-10'));
      expect(part.body.equals(studio.last.subarray(-10))).toBe(true);
      stopped.socket.resume();
      expect((await stopped.next()).body.equals(studio.last)).toBe(true);
    });
  });

  describe('when the generation is complete', () => {
    const made = async (): Promise<string> => {
      const head = await get([], 'HEAD');
      return header(head, 'ETag') ?? '';
    };

    it('is served like a file', async () => {
      const etag = await made();
      const whole = await get();
      expect(whole.status).toBe(200);
      expect(whole.body.equals(studio.last)).toBe(true);
      const { 'last-modified': _, ...headers } = headersOf(whole); // not in its own second
      expect(headers).toEqual({
        'accept-ranges': 'bytes',
        'cache-control': 'max-age=60, no-transform',
        'content-length': String(SIZE),
        'content-type': 'audio/mpeg',
        etag,
        'x-content-type-options': 'nosniff',
      });
      const part = await get(range('bytes=-10'));
      expect(part.status).toBe(206);
      expect(part.body.equals(studio.last.subarray(-10))).toBe(true);
      expect((await get(range('bytes=0-'))).status).toBe(206);
      const parts = await get(range('bytes=0-9,200000-200009'));
      expect(readByteranges(header(parts, 'Content-Type') ?? '', parts.body)).toHaveLength(2);
      expect((await get([['If-None-Match', etag]])).status).toBe(304);
      expect((await get([['If-Match', '"other"']])).status).toBe(412);
      expect((await get(range(`bytes=${SIZE}-`))).status).toBe(416);
      expect((await get([...range('bytes=5-9'), ['If-Range', etag]])).status).toBe(206);
      expect((await get([...range('bytes=5-9'), ['If-Range', '"other"']])).status).toBe(200);
      expect(studio.takes).toHaveLength(1);
    });

    it('a download interrupted during the generation resumes where it stopped', async () => {
      const gate = stopAt(4);
      const broken = await ask();
      const staying = await ask();
      await firstBytes(broken);
      const [, etag = ''] = /ETag: (.*)\r\n/i.exec(await broken.head()) ?? [];
      broken.reset();
      gate.open();
      const whole = await staying.next();
      const rest = await get([...range('bytes=10000-'), ['If-Range', etag]]);
      expect(rest.status).toBe(206);
      expect(rest.body.equals(whole.body.subarray(10_000))).toBe(true);
    });

    it('a download is not spliced with what is generated later', async () => {
      const etag = await made();
      const before = studio.last;
      dir = fixtures.at(`spool-${directories++}`);
      play(studio);
      const rest = await get([...range('bytes=10000-'), ['If-Range', etag]]);
      expect(rest.status).toBe(200);
      expect(rest.body.equals(studio.last)).toBe(true);
      expect(rest.body.equals(before)).toBe(false);
    });

    it('is sent whole without an interceptor', async () => {
      const first = await get([], 'GET', 'plain');
      expect(first.body.equals(studio.last)).toBe(true);
      const second = await get([], 'GET', 'plain');
      expect(second.body.equals(studio.last)).toBe(true);
      expect(studio.takes).toHaveLength(1);
    });
  });

  describe('a generation that fails', () => {
    it.each<[what: string, error: unknown, status: number]>([
      ['with an error', new Error('out of paint'), 500],
      ['with an HttpException', new HttpException('no credit', 402), 402],
    ])('%s before its first bytes reaches the exception filters, for all requests', async (_, error, status) => {
      const gate = new Gate();
      const failing = new Studio(SIZE, { onChunk: () => gate.passed });
      play(failing);
      const connections = [await ask(), await ask(range('bytes=0-1')), await ask([], 'HEAD'), await ask()];
      await until(() => failing.takes.length > 0, 'the generation');
      await settle();
      gate.fail(error);
      for (const [i, connection] of connections.entries()) {
        const response = await connection.next(i === 2 ? 'HEAD' : 'GET');
        expect(response.status).toBe(status);
        for (const name of ['Accept-Ranges', 'Content-Range', 'Last-Modified']) {
          expect(header(response, name)).toBeUndefined();
        }
        expect(header(response, 'Cache-Control')).toBe('no-store');
        expect(header(response, 'Content-Type')).not.toBe('audio/mpeg');
      }
      await nothingLeft();
      play(new Studio(SIZE));
      expect((await get()).body.equals(studio.last)).toBe(true);
    });

    it('in the middle cuts off clients that received bytes, and sends an error to those that wait', async () => {
      const gate = stopAt(3);
      const streaming = await ask();
      const waiting = await ask(range('bytes=0-1'));
      await firstBytes(streaming);
      const { last } = studio;
      await settle();
      gate.fail(new Error('out of paint'));
      const cut = await streaming.next();
      expect(cut.isComplete).toBe(false);
      expect(last.subarray(0, cut.body.length).equals(cut.body)).toBe(true);
      expect((await waiting.next()).status).toBe(500);
      await nothingLeft();
      await until(() => running.log.complaints.length === 2, 'both to be logged');
      expect(running.log.complaints).toEqual(
        expect.arrayContaining([
          `GET /speech/${key} was cut off: out of paint`,
          expect.stringMatching(/^(Error: )?out of/),
        ]),
      );
      play(new Studio(SIZE));
      const again = await get(range('bytes=0-1'));
      expect(again.body.equals(studio.last.subarray(0, 2))).toBe(true);
    });
  });

  describe('clients that disconnect', () => {
    it('the last of them ends the generation, which leaves nothing behind', async () => {
      stopAt(2);
      const leaving = [await ask(), await ask(range('bytes=0-1')), await ask()];
      await firstBytes(leaving[0]!);
      leaving[0]?.reset();
      leaving[1]?.reset();
      await settle(200);
      expect(studio.signals[0]?.aborted).toBe(false);
      await firstBytes(leaving[2]!);
      leaving[2]?.reset();
      await until(() => studio.ended === 1, 'the generation to end');
      expect(studio.signals[0]?.aborted).toBe(true);
      await nothingLeft();
      expect(running.log.complaints).toEqual([]);
      play(new Studio(SIZE));
      expect((await get()).body.equals(studio.last)).toBe(true);
    });

    it('do not end it for those who stay', async () => {
      const gate = stopAt(2);
      const leaving = await ask();
      await firstBytes(leaving);
      const staying = await ask();
      await firstBytes(staying);
      leaving.reset();
      await settle(200);
      gate.open();
      expect((await staying.next()).body.equals(studio.last)).toBe(true);
      expect(studio.takes).toHaveLength(1);
    });

    it('find it again when they return, as players do for another part', async () => {
      const gate = stopAt(2, 60_000);
      const player = await ask(range('bytes=0-'));
      await firstBytes(player);
      player.reset();
      const back = await ask(range('bytes=100000-'));
      await settle(200);
      gate.open();
      const response = await back.next();
      expect(response.status).toBe(206);
      expect(response.body.equals(studio.last.subarray(100_000))).toBe(true);
      expect(studio.takes).toHaveLength(1);
    });

    it('leave nothing open, by the hundred', async () => {
      for (let round = 0; round < 10; round++) {
        stopAt(2);
        const connections = await Promise.all(
          Array.from({ length: 20 }, (_, i) => ask(i % 3 === 0 ? range('bytes=9-') : [], i % 7 === 0 ? 'HEAD' : 'GET')),
        );
        if (round % 2 === 0) await firstBytes(connections[1]!);
        for (const connection of connections) connection.reset();
        await until(() => studio.ended === studio.takes.length, 'the generation to end');
      }
      await nothingLeft();
      expect(running.log.complaints).toEqual([]);
    });
  });

  it('a wait for the size beyond sourceTimeoutMs is a 504, and the generation continues', async () => {
    const gate = new Gate();
    const onChunk = (index: number): unknown => {
      if (index < 2) return undefined;
      return Promise.race([gate.passed, new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS / 10))]);
    };
    play(new Studio(SIZE * 4, { chunkSize: CHUNK, onChunk })); // 74 chunks, which together take five times as long
    const streaming = await ask([], 'GET', 'impatient');
    await firstBytes(streaming);
    const late = await get(range('bytes=0-1'), 'GET', 'impatient');
    expect(late.status).toBe(504);
    expect(studio.ended).toBe(0);
    gate.open();
    const whole = await streaming.next();
    expect(whole.isComplete).toBe(true);
    expect(whole.body.equals(studio.last)).toBe(true);
    expect((await get(range('bytes=0-1'), 'GET', 'impatient')).status).toBe(206);
    expect(studio.takes).toHaveLength(1);
  });
});
