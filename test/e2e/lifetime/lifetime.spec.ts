import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, HttpException, StreamableFile } from '@nestjs/common';
import {
  bytesSource,
  fileSource,
  Ranged,
  RangedFile,
  RangeModule,
  SourceChangedError,
  SourceNotFoundError,
  SourceProtocolError,
  SourceTimeoutError,
  SourceUnavailableError,
} from 'nestjs-range';
import { createReadStream } from 'node:fs';
import type { Server } from 'node:http';
import { Readable } from 'node:stream';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import { inPieces } from '../../support/sources/file-kinds.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { type ProbeBehaviour, ProbeSource } from '../../support/sources/probe-source.js';
import {
  fetchRaw,
  header,
  headersOf,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { Gate, settle, until } from '../../support/until.js';
import { type HeaderLines, range } from '../responses/rows/outcome.js';

const MiB = 1024 * 1024;
const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

/** Larger than what the kernel buffers between two sockets. */
const LARGE = pseudoRandomBytes(24 * MiB + 17);
const SMALL = LARGE.subarray(0, 10_000);
const largePath = fixtures.write('large.bin', LARGE);
const smallPath = fixtures.write('small.bin', SMALL);

/** What the probe routes serve next, and what they have served. */
let nextProbe: () => ProbeSource = () => new ProbeSource(SMALL);
const probes: ProbeSource[] = [];
const readables: Readable[] = [];

@Controller()
@Ranged()
class Files {
  @Get('plain')
  plain() {
    return new StreamableFile(createReadStream(largePath));
  }

  @Get('plain-small')
  plainSmall() {
    return new StreamableFile(createReadStream(smallPath));
  }

  @Get('file')
  file() {
    return new RangedFile(fileSource(largePath));
  }

  @Get('file-small')
  fileSmall() {
    return new RangedFile(fileSource(smallPath));
  }

  @Get('readable')
  readable() {
    const readable = inPieces(LARGE, 60_000);
    readables.push(readable);
    return new StreamableFile(readable, { length: LARGE.length });
  }

  @Get('buffer')
  buffer() {
    return new StreamableFile(LARGE);
  }

  @Get('plain-missing')
  plainMissing() {
    return new StreamableFile(createReadStream(fixtures.at('missing.bin')));
  }

  @Get('file-missing')
  fileMissing() {
    return new RangedFile(fileSource(fixtures.at('missing.bin')));
  }

  @Get('plain-directory')
  plainDirectory() {
    return new StreamableFile(createReadStream(fixtures.path));
  }

  @Get('file-directory')
  fileDirectory() {
    return new RangedFile(fileSource(fixtures.path));
  }

  @Get('tagged')
  @Ranged({ etag: '"v1"' })
  tagged() {
    return new RangedFile(bytesSource(SMALL));
  }

  @Get('probe')
  probe() {
    const probe = nextProbe();
    probes.push(probe);
    return new RangedFile(probe);
  }
}

const metadata = { imports: [RangeModule], controllers: [Files] };

/** Numbers from 0 to below 1 that look random and are the same in every run. */
function* pseudoRandom(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

describe.each(ADAPTERS)('the lifetime of a response on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, metadata);
  });
  afterAll(() => running.close());
  beforeEach(() => {
    nextProbe = () => new ProbeSource(SMALL);
    probes.length = 0;
    readables.length = 0;
    running.log.clear();
  });

  const get = (path: string, headers: HeaderLines = [], method?: string) =>
    fetchRaw(running.port, path, headers, method);

  /** Everything that requests have acquired is given back. */
  async function everythingReleased(): Promise<void> {
    await untilClosed(fixtures);
    await until(() => probes.every(({ isReleased }) => isReleased), 'every probe to be released');
    await until(() => readables.every(({ destroyed }) => destroyed), 'every stream to be destroyed');
  }

  async function connectionsClosed(): Promise<void> {
    const server = running.app.getHttpServer() as Server;
    let count = -1;
    await until(() => {
      server.getConnections((_, current) => {
        count = current;
      });
      return count === 0;
    }, 'the server to have no connection left');
  }

  describe('a client that goes away', () => {
    const KINDS = ['plain', 'file', 'readable', 'probe'] as const;
    /** About two for each request, point and way to leave; ten thousand leave in test/faults. */
    const PER_KIND = 100;
    const AT_ONCE = 25;
    const REQUESTS: readonly HeaderLines[] = [
      [],
      range('bytes=1000-'),
      range('bytes=0-9999999,12000000-'),
      range('bytes=-9000000'),
      range('bytes=100-199,5000000-9000000,10000000-20000000'),
    ];

    it.each(KINDS)(`leaves nothing of a %s behind, ${PER_KIND} times at random points`, async (kind) => {
      nextProbe = () => new ProbeSource(LARGE, { chunkSize: 64 * 1024, etag: '"v1"' });
      const random = pseudoRandom(KINDS.indexOf(kind) + 1);
      const pick = <T>(items: readonly T[]): T => items[Math.floor(random.next().value * items.length)]!;
      const leaveOnce = async (): Promise<void> => {
        const headers = pick(REQUESTS);
        const end = pick(['finish', 'reset'] as const);
        const point = pick(['sent', 'head', 'bytes', 'bytes', 'many bytes'] as const);
        const wanted = {
          sent: 0,
          head: 1,
          bytes: random.next().value * 100_000,
          'many bytes': random.next().value * 3e6,
        };
        const connection = await RawConnection.open(running.port);
        connection.send(requestText(`/${kind}`, headers));
        await connection.untilReceived(wanted[point]);
        connection[end]();
      };
      for (let left = PER_KIND; left > 0; left -= AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, leaveOnce));
      }
      await connectionsClosed();
      await everythingReleased();
      expect(running.log.complaints).toEqual([]);
      if (kind === 'probe') expect(probes.some(({ opened }) => opened > 0)).toBe(true);
      expect((await get('/file-small', range('bytes=0-9'))).status).toBe(206);
    });

    it.each<[when: string, behaviour: (pause: () => Promise<void>) => ProbeBehaviour, headers: HeaderLines]>([
      ['resolve is pending', (pause) => ({ onResolve: pause }), range('bytes=0-9')],
      ['open is pending', (pause) => ({ onOpen: pause }), range('bytes=0-9')],
      ['the first bytes are awaited', (pause) => ({ onChunk: pause }), range('bytes=0-9')],
      [
        'the third chunk is awaited',
        (pause) => ({ chunkSize: 10, onChunk: (i) => (i === 2 ? pause() : undefined) }),
        [],
      ],
      [
        'the second part is to be opened',
        (pause) => ({ onOpen: (asked) => (asked?.firstPos === 5000 ? pause() : undefined) }),
        range('bytes=0-9,5000-5009'),
      ],
    ])('while %s has its source told and released', async (_, behaviour, headers) => {
      const reached = new Gate();
      const pending = new Gate();
      nextProbe = () =>
        new ProbeSource(
          SMALL,
          behaviour(async () => {
            reached.open();
            await pending.passed;
          }),
        );
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/probe', headers));
      await reached.passed;
      const [probe] = probes;
      expect(probe?.signals[0]?.aborted).toBe(false);
      connection.reset();
      await until(() => probe?.signals[0]?.aborted === true, 'the signal to abort');
      pending.open();
      await until(() => probe?.resolved === 1 && probe.isReleased, 'the probe to be released');
      expect(running.log.complaints).toEqual([]);
    });

    it('is no error even if the source fails because of the abort', async () => {
      const reached = new Gate();
      nextProbe = () =>
        new ProbeSource(SMALL, {
          onChunk: (_, signal) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(new Error('the store was told to stop')));
              reached.open();
            }),
        });
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/probe'));
      await reached.passed;
      connection.reset();
      await everythingReleased();
      await settle();
      expect(running.log.complaints).toEqual([]);
    });

    it('ends a stream of the source that ignores the signal', async () => {
      const deaf = new Readable({ read() {} });
      readables.push(deaf);
      deaf.push(Buffer.alloc(10, 1));
      nextProbe = () =>
        Object.assign(new ProbeSource(SMALL), { resolve: () => ({ size: 10_000, open: () => deaf }) }) as ProbeSource;
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/probe'));
      await connection.head();
      connection.reset();
      await until(() => deaf.destroyed, 'the stream to be destroyed');
      expect(running.log.complaints).toEqual([]);
    });
  });

  describe('pipelined requests', () => {
    const COUNT = 100;

    it('open nothing before their turn, and leave nothing when the client goes', async () => {
      const first = new Gate();
      const reached = new Gate();
      nextProbe = () =>
        probes.length === 0
          ? new ProbeSource(SMALL, {
              onChunk: async () => {
                reached.open();
                await first.passed;
              },
            })
          : new ProbeSource(SMALL);
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/probe', range('bytes=0-9')).repeat(COUNT));
      await reached.passed;
      await settle();
      expect(probes.length).toBeGreaterThan(1);
      expect(probes.map(({ resolved }) => resolved)).toEqual([1, ...probes.slice(1).map(() => 0)]);
      connection.reset();
      await until(() => probes[0]?.signals[0]?.aborted === true, 'the server to notice');
      first.open();
      await everythingReleased();
      await settle();
      expect(probes.slice(1).map(({ resolved, opened }) => resolved + opened)).toEqual(probes.slice(1).map(() => 0));
      expect(running.log.complaints).toEqual([]);
    });

    it.each(['plain', 'file', 'readable', 'plain-small', 'file-small'])(
      `${COUNT} for %s, of which the client awaits few, leave nothing`,
      async (path) => {
        for (const end of ['reset', 'finish'] as const) {
          const connection = await RawConnection.open(running.port);
          connection.send(requestText(`/${path}`, range('bytes=0-5999')).repeat(COUNT));
          await connection.untilReceived(20_000);
          connection[end]();
          await connectionsClosed();
          await everythingReleased();
        }
        expect(running.log.complaints).toEqual([]);
      },
    );

    it('are answered in their order, each with its bytes', async () => {
      const paths = ['plain-small', 'file-small', 'probe', 'readable', 'buffer', 'tagged'];
      const asked = Array.from({ length: 48 }, (_, i) => ({
        path: paths[i % paths.length]!,
        firstPos: i * 11,
        lastPos: 2000 + i * 13,
      }));
      const connection = await RawConnection.open(running.port);
      connection.send(
        asked
          .map(({ path, firstPos, lastPos }) => requestText(`/${path}`, range(`bytes=${firstPos}-${lastPos}`)))
          .join(''),
      );
      for (const { firstPos, lastPos } of asked) {
        const response = await connection.next();
        expect(response.status).toBe(206);
        expect(header(response, 'Content-Range')).toMatch(`bytes ${firstPos}-${lastPos}/`);
        expect(response.body.equals(LARGE.subarray(firstPos, lastPos + 1))).toBe(true);
      }
      expect(connection.unread).toHaveLength(0);
      connection.finish();
      await everythingReleased();
    });
  });

  describe('a client that is slow or peculiar', () => {
    it.each(['plain', 'file', 'readable', 'buffer', 'probe'])(
      'gets all of a %s, however slowly it reads',
      async (path) => {
        nextProbe = () => new ProbeSource(LARGE, { chunkSize: 256 * 1024 });
        const connection = await RawConnection.open(running.port);
        connection.socket.on('data', () => {
          connection.socket.pause();
          setImmediate(() => connection.socket.resume());
        });
        connection.send(requestText(`/${path}`, [['Connection', 'close']]));
        const response = await connection.next();
        expect(response.isComplete).toBe(true);
        expect(response.body.equals(LARGE)).toBe(true);
      },
    );

    it('holds the source back', async () => {
      nextProbe = () => new ProbeSource(LARGE, { chunkSize: 64 * 1024 });
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/probe'));
      await connection.head();
      connection.socket.pause();
      let read = -1;
      await until(() => {
        const isStill = probes[0]?.bytesRead === read;
        read = probes[0]?.bytesRead ?? -1;
        return isStill;
      }, 'the source to pause');
      await settle(300);
      expect(probes[0]!.bytesRead).toBeLessThan(LARGE.length);
      connection.socket.resume();
      const response = await connection.next();
      expect(response.body.equals(LARGE)).toBe(true);
      connection.finish();
      await everythingReleased();
    });

    it.each(['plain', 'file', 'readable', 'probe', 'plain-small', 'file-small'])(
      'that closes its side leaves nothing of a %s open',
      async (path) => {
        const connection = await RawConnection.open(running.port);
        connection.socket.end(requestText(`/${path}`));
        await connection.untilEnd(); // Node.js drops what was not written by then
        await everythingReleased();
        expect(running.log.complaints).toEqual([]);
      },
    );

    it('may send another request on the same connection, whatever it received', async () => {
      const requests: readonly (readonly [number, HeaderLines, string])[] = [
        [206, range('bytes=0-9'), 'GET'],
        [304, [['If-None-Match', '"v1"']], 'GET'],
        [416, range('bytes=10000-'), 'GET'],
        [200, [], 'HEAD'],
        [412, [['If-Match', '"v2"']], 'GET'],
        [304, [['If-None-Match', '"v1"']], 'HEAD'],
        [412, [['If-Match', '"v2"']], 'HEAD'],
        [206, range('bytes=0-9,5000-5009'), 'GET'],
        [200, [], 'GET'],
      ];
      const connection = await RawConnection.open(running.port);
      for (const [status, headers, method] of [...requests, ...requests]) {
        connection.send(requestText('/tagged', headers, method));
        const response = await connection.next(method);
        expect(response.status).toBe(status);
        expect(response.isComplete).toBe(true);
        if (status === 206 && header(response, 'Content-Range') === undefined) {
          expect(readByteranges(header(response, 'Content-Type') ?? '', response.body)).toHaveLength(2);
        }
      }
      expect(connection.unread).toHaveLength(0);
      connection.finish();
    });

    it('of HTTP/1.0 is answered like any other', async () => {
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/tagged', range('bytes=0-9'), 'GET', '1.0'));
      const response = await connection.next();
      expect(response.status).toBe(206);
      expect(response.body.equals(SMALL.subarray(0, 10))).toBe(true);
      await connection.untilEnd();
    });
  });

  describe('a source that fails before its first byte', () => {
    const validators = { etag: '"v1"', lastModified: new Date(0), type: 'video/mp4', headers: { vary: 'Cookie' } };
    const refuse = (error: unknown) => () => {
      throw error;
    };
    const secret = 'disk7/secret.mp4';

    it.each<[what: string, status: number, behaviour: ProbeBehaviour]>([
      ['resolve rejects', 500, { onResolve: refuse(new Error(secret)) }],
      ['there is nothing', 404, { onResolve: refuse(new SourceNotFoundError(secret)) }],
      ['it cannot answer now', 503, { onResolve: refuse(new SourceUnavailableError(secret)) }],
      ['it does not answer in time', 504, { onResolve: refuse(new SourceTimeoutError(secret)) }],
      ['it answers nonsense', 502, { ...validators, onOpen: refuse(new SourceProtocolError(secret)) }],
      ['it throws an exception of Nest', 402, { onResolve: refuse(new HttpException('pay', 402)) }],
      ['open rejects', 500, { ...validators, onOpen: refuse(new Error(secret)) }],
      ['open finds nothing', 404, { ...validators, onOpen: refuse(new SourceNotFoundError(secret)) }],
      ['the store is down', 503, { ...validators, onOpen: refuse(new SourceUnavailableError(secret)) }],
      ['the first chunk rejects', 500, { ...validators, onChunk: refuse(new Error(secret)) }],
      ['it gives nothing', 500, { ...validators, surplus: -10_000 }],
      ['its only chunk is long', 500, { ...validators, surplus: 1 }],
      ['its tag has no quotes', 500, { ...validators, etag: 'v1' }],
      ['it changes with each look', 503, { ...validators, onOpen: refuse(new SourceChangedError(secret)) }],
    ])('results in an error, with nothing of the file: %s', async (_, status, behaviour) => {
      for (const headers of [[], range('bytes=0-9999'), range('bytes=0-9999'), range('bytes=-9000')]) {
        running.log.clear();
        nextProbe = () => new ProbeSource(SMALL, behaviour);
        const response = await get('/probe', headers);
        expect(response.status).toBe(status);
        expect(running.log.complaints).toHaveLength(status >= 500 ? 1 : 0);
        expect(response.body.toString()).not.toContain('secret');
        expect(headersOf(response)).toEqual({
          'cache-control': 'no-store',
          'content-type': 'application/json; charset=utf-8',
          'content-length': String(response.body.length),
        });
        await everythingReleased();
      }
    });

    it('that says when to try again has this sent as Retry-After', async () => {
      nextProbe = () => {
        const busy = new SourceUnavailableError(secret, { retryAfterSeconds: 7 });
        return new ProbeSource(SMALL, { onOpen: refuse(busy) });
      };
      const response = await get('/probe', range('bytes=0-9'));
      expect(response.status).toBe(503);
      expect(header(response, 'Retry-After')).toBe('7');
      await everythingReleased();
    });

    it('is resolved again, once, if it has changed meanwhile', async () => {
      for (const at of ['onOpen', 'onChunk'] as const) {
        let attempts = 0;
        nextProbe = () =>
          new ProbeSource(SMALL, {
            etag: '"v2"',
            [at]: () => {
              if (attempts++ === 0) throw new SourceChangedError('it is another version now');
            },
          });
        const response = await get('/probe', range('bytes=0-9'));
        expect(response.status).toBe(206);
        expect(response.body.equals(SMALL.subarray(0, 10))).toBe(true);
        await everythingReleased();
        expect(probes.at(-1)).toMatchObject({ resolved: 2, closed: 2 });
        expect(running.log.complaints).toEqual([]);
      }
    });

    it('is resolved twice at most', async () => {
      nextProbe = () =>
        new ProbeSource(SMALL, {
          onOpen: () => {
            throw new SourceChangedError('it never stays the same');
          },
        });
      expect((await get('/probe')).status).toBe(503);
      expect(probes.at(-1)).toMatchObject({ resolved: 2, closed: 2 });
    });

    it.each(['plain-missing', 'file-missing', 'plain-directory', 'file-directory'])(
      'a missing file is a 404: %s',
      async (path) => {
        const response = await get(`/${path}`, range('bytes=0-9'));
        expect(response.status).toBe(404);
        expect(response.body.toString()).not.toContain(fixtures.path);
        expect(header(response, 'Content-Range')).toBeUndefined();
        expect(running.log.complaints).toEqual([]);
      },
    );
  });

  describe('a source that breaks off after the head', () => {
    const CHUNK = 1000;
    const breakAtFourth = (index: number): void => {
      if (index === 3) throw new Error('the disk is gone');
    };

    function expectCutOff(response: RawResponse, announced: number, expected: Buffer): void {
      expect(response.isComplete).toBe(false);
      expect(response.body.length).toBeLessThan(announced);
      expect(expected.subarray(0, response.body.length).equals(response.body)).toBe(true);
    }

    it.each<[what: string, behaviour: ProbeBehaviour, message: RegExp]>([
      ['fails in the middle', { onChunk: breakAtFourth }, /the disk is gone/],
      ['is short by one byte', { surplus: -1 }, /./],
      ['is short by many', { surplus: -5500 }, /./],
      ['is longer by one byte', { surplus: 1 }, /./],
      ['is longer by many', { surplus: 5000 }, /./],
      [
        'changed in the middle',
        {
          onChunk: (index) => {
            if (index === 3) throw new SourceChangedError('another version');
          },
        },
        /another version/,
      ],
    ])('and %s cuts the connection, with one line in the log', async (_, behaviour, message) => {
      for (const [headers, status, announced, firstPos] of [
        [[], 200, 10_000, 0],
        [range('bytes=1000-8999'), 206, 8000, 1000],
      ] as const) {
        running.log.clear();
        nextProbe = () => new ProbeSource(SMALL, { chunkSize: CHUNK, ...behaviour });
        const connection = await RawConnection.open(running.port);
        connection.send(requestText('/probe?token=secret', headers));
        const response = await connection.next();
        await connection.untilEnd();
        expect(response.status).toBe(status);
        expect(header(response, 'Content-Length')).toBe(String(announced));
        expectCutOff(response, announced, SMALL.subarray(firstPos));
        expect(connection.unread).toHaveLength(0);
        await everythingReleased();
        expect(running.log.complaints).toEqual([expect.stringMatching(message)]);
        expect(running.log.complaints[0]).toContain('GET /probe');
        expect(running.log.complaints[0]).not.toContain('secret');
        expect(probes.at(-1)?.resolved).toBe(1);
      }
    });

    it.each<[what: string, headers: HeaderLines, status: number, isComplete: boolean]>([
      ['cuts a multipart response too', range('bytes=0-99999,200000-299999'), 206, false],
      ['is an error if the parts are small, and read before the head', range('bytes=0-99,200000-200099'), 500, true],
    ])('%s', async (_, headers, status, isComplete) => {
      nextProbe = () =>
        new ProbeSource(LARGE, {
          chunkSize: CHUNK,
          onOpen: (asked) => {
            if (asked?.firstPos === 200_000) throw new Error('the second part is gone');
          },
        });
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/probe', headers));
      const response = await connection.next();
      expect([response.status, response.isComplete]).toEqual([status, isComplete]);
      await everythingReleased();
      expect(running.log.complaints).toEqual([expect.stringContaining('the second part is gone')]);
    });

    it.each(['1.1', '1.0'])('of unknown length does not look complete to an HTTP/%s client', async (version) => {
      const received = new Gate();
      nextProbe = () =>
        Object.assign(new ProbeSource(SMALL), {
          resolve: () => ({
            async *open() {
              yield SMALL.subarray(0, 1000);
              yield SMALL.subarray(1000, 2000);
              // What arrives together with a reset, Node.js' client takes for an orderly end.
              await received.passed;
              throw new Error('the stream is gone');
            },
          }),
        }) as ProbeSource;
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/probe', [], 'GET', version));
      await connection.untilReceived((await connection.head()).length + 2000);
      received.open();
      const response = await connection.next();
      expect(response.status).toBe(200);
      expect(response.isComplete).toBe(false);
      if (version === '1.0') expect(connection.failure).toBe('ECONNRESET');
      expect(running.log.complaints).toEqual([expect.stringContaining('the stream is gone')]);
    });
  });
});
