import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, StreamableFile } from '@nestjs/common';
import {
  bytesSource,
  type CutResponse,
  fileSource,
  onRangeResponse,
  Ranged,
  RangedFile,
  type RangedResponseMessage,
  RangeModule,
  SourceNotFoundError,
  streamSource,
} from 'nestjs-range';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createReadStream } from 'node:fs';
import type { Server } from 'node:http';
import { inPieces } from '../../support/sources/file-kinds.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { heldByKernel } from '../../support/connections/kernel-queues.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { fetchRaw, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { until } from '../../support/until.js';

const MiB = 1024 * 1024;
const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const SMALL = pseudoRandomBytes(10_000);
const LARGE = pseudoRandomBytes(24 * MiB);
const smallPath = fixtures.write('small.bin', SMALL);
const largePath = fixtures.write('large.bin', LARGE);

@Controller()
@Ranged()
class Files {
  @Get('small')
  small() {
    return new RangedFile(fileSource(smallPath));
  }

  @Get('large')
  large() {
    return new RangedFile(fileSource(largePath));
  }

  @Get('plain')
  plain() {
    return new StreamableFile(createReadStream(largePath));
  }

  @Get('memory')
  memory() {
    return new RangedFile(bytesSource(SMALL, { etag: '"v1"' }));
  }

  @Get('large-memory')
  largeMemory() {
    return new RangedFile(bytesSource(LARGE, { etag: '"v1"' }));
  }

  @Get('endless')
  endless() {
    return new RangedFile(streamSource(inPieces(SMALL)));
  }

  @Get('missing')
  missing() {
    return new RangedFile(fileSource(fixtures.at('missing.bin')));
  }

  @Get('broken')
  broken() {
    return new RangedFile(
      new ProbeSource(SMALL, {
        chunkSize: 1000,
        onChunk: (index) => {
          if (index === 3) throw new Error('the disk is gone');
        },
      }),
    );
  }

  @Get('gone')
  gone() {
    return new RangedFile({
      resolve: () => {
        throw new SourceNotFoundError('no row has this id');
      },
    });
  }
}

describe.each(ADAPTERS)('reports on responses, on %s', (adapter) => {
  const failures: (readonly [unknown, CutResponse])[] = [];
  let onError = (error: unknown, response: CutResponse): void => void failures.push([error, response]);
  let running: TestApp;
  beforeAll(async () => {
    const imports = [RangeModule.forRoot({ onError: (error, response) => onError(error, response) })];
    running = await startApp(adapter, { imports, controllers: [Files] });
  });
  afterAll(() => running.close());

  describe('by the diagnostics channel nestjs-range:response', () => {
    const messages: RangedResponseMessage[] = [];
    const listen = (message: unknown): void => void messages.push(message as RangedResponseMessage);
    beforeAll(() => subscribe('nestjs-range:response', listen));
    afterAll(() => void unsubscribe('nestjs-range:response', listen));
    afterEach(() => void messages.splice(0));

    const RANGE = (value: string) => ['Range', value] as const;
    type Row = readonly [
      what: string,
      target: string,
      headers: readonly (readonly [string, string])[],
      told: Partial<RangedResponseMessage>,
      method?: string,
    ];

    it.each<Row>([
      ['a 200', '/small', [], { status: 200, disposition: 'full', bytesPlanned: 10_000 }],
      [
        'a long 200',
        '/large',
        [],
        { status: 200, disposition: 'full', bytesPlanned: LARGE.length, completeLength: LARGE.length },
      ],
      [
        'a stream',
        '/plain',
        [],
        { status: 200, disposition: 'full', bytesPlanned: LARGE.length, completeLength: LARGE.length },
      ],
      ['a HEAD', '/small', [], { status: 200, disposition: 'full', bytesPlanned: 0 }, 'HEAD'],
      [
        'a 206',
        '/small',
        [RANGE('bytes=10-19')],
        { status: 206, disposition: 'partial', ranges: [{ firstPos: 10, lastPos: 19 }], bytesPlanned: 10 },
      ],
      [
        'a 206 from memory',
        '/memory?token=secret',
        [RANGE('bytes=-5')],
        { status: 206, disposition: 'partial', ranges: [{ firstPos: 9995, lastPos: 9999 }], bytesPlanned: 5 },
      ],
      ['a 304', '/memory', [['If-None-Match', '"v1"']], { status: 304, disposition: 'not-modified', bytesPlanned: 0 }],
      ['a 412', '/memory', [['If-Match', '"v2"']], { status: 412, disposition: 'precondition-failed' }],
      ['a 416', '/memory', [RANGE('bytes=10000-')], { status: 416, disposition: 'range-not-satisfiable' }],
    ])('%s', async (_, target, headers, told, method = 'GET') => {
      const response = await fetchRaw(running.port, target, headers, method);
      await until(() => messages.length > 0, 'a message');
      expect(messages).toHaveLength(1);
      const { request, durationMs, ...message } = messages[0]!;
      expect(message).toEqual({
        method,
        path: target.split('?', 1)[0],
        ranges: [],
        outcome: 'complete',
        completeLength: SMALL.length,
        bytesPlanned: 0,
        bytesSent: told.bytesPlanned ?? 0,
        ...told,
      });
      expect(request.headers['host']).toBe('media.example');
      expect(durationMs).toBeGreaterThan(0);
      if (told.bytesPlanned !== undefined) expect(response.body).toHaveLength(told.bytesPlanned);
    });

    it('several ranges, with the bytes around them', async () => {
      const response = await fetchRaw(running.port, '/small', [RANGE('bytes=0-9,5000-5009')]);
      await until(() => messages.length > 0, 'a message');
      expect(messages[0]).toMatchObject({
        disposition: 'multipart',
        ranges: [
          { firstPos: 0, lastPos: 9 },
          { firstPos: 5000, lastPos: 5009 },
        ],
        completeLength: SMALL.length,
        bytesPlanned: response.body.length,
        bytesSent: response.body.length,
      });
    });

    it('what has no length', async () => {
      await fetchRaw(running.port, '/endless');
      await until(() => messages.length > 0, 'a message');
      expect(messages[0]).toMatchObject({
        outcome: 'complete',
        completeLength: undefined,
        bytesPlanned: undefined,
        bytesSent: SMALL.length,
      });
    });

    it.each([
      ['a file', ['/large']],
      ['a stream', ['/plain']],
      ['bytes that are written at once', ['/large-memory']],
      ['a file, on a connection that had answers before', ['/small', '/small', '/large']],
    ])('counts what the kernel took of %s before the client left, to the byte', async (_, targets) => {
      const connection = await stalledClient(running.port, ...targets);
      const { length: lengthOfHead } = await connection.head();
      const taken = takenByKernel(connection) - lengthOfHead;
      connection.reset();
      await until(() => messages.length === targets.length, 'a message each');
      expect(messages.at(-1)).toMatchObject({ outcome: 'aborted', bytesPlanned: LARGE.length, bytesSent: taken });
      expect(taken).toBeGreaterThan(0);
      expect(taken).toBeLessThan(LARGE.length);
    });

    it.each(['/large', '/plain'])('counts no chunk of %s if it is unknown how much of it was sent', async (target) => {
      const connection = await stalledClient(running.port, target);
      const { length: lengthOfHead } = await connection.head();
      const taken = takenByKernel(connection) - lengthOfHead;
      (running.app.getHttpServer() as Server).closeAllConnections();
      await until(() => messages.length > 0, 'a message');
      connection.finish();
      const [{ outcome, bytesSent }] = messages as [RangedResponseMessage];
      expect(outcome).toBe('aborted');
      expect(bytesSent).toBeLessThanOrEqual(taken);
      expect(bytesSent).toBeGreaterThanOrEqual(taken - MiB);
    });

    it('what failed after the head', async () => {
      const { body } = await fetchRaw(running.port, '/broken');
      await until(() => messages.length > 0, 'a message');
      expect(messages).toHaveLength(1);
      expect(messages[0]).toMatchObject({ status: 200, disposition: 'full', outcome: 'failed', bytesPlanned: 10_000 });
      expect(messages[0]!.error).toMatchObject({ message: 'the disk is gone' });
      expect(messages[0]!.bytesSent).toBe(body.length);
    });

    it.each(['/missing', '/gone'])('what failed before it: %s', async (target) => {
      await fetchRaw(running.port, target);
      await until(() => messages.length > 0, 'a message');
      expect(messages).toHaveLength(1);
      expect(messages[0]).toMatchObject({ status: 404, disposition: 'error', outcome: 'failed', bytesSent: 0 });
      expect(messages[0]!.error).toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    });

    it('one report for each pipelined request, also if its client did not wait', async () => {
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/large').repeat(5));
      await connection.untilReceived(100_000);
      connection.reset();
      await until(() => messages.length === 5, 'five messages');
      expect(messages.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => 'aborted'));
    });
  });

  describe('by onError', () => {
    const failing = async (): Promise<void> => {
      running.log.clear();
      failures.length = 0;
      const response = await fetchRaw(running.port, '/broken?token=secret');
      expect(response.isComplete).toBe(false);
    };

    it('a response that was cut off, once, as in the log', async () => {
      await failing();
      await until(() => failures.length > 0, 'the hook to be called');
      expect(failures).toHaveLength(1);
      const [error, { request, method, path }] = failures[0]!;
      expect(error).toMatchObject({ message: 'the disk is gone' });
      expect({ method, path, host: request.headers.host }).toEqual({
        method: 'GET',
        path: '/broken',
        host: 'media.example',
      });
      expect(running.log.complaints).toEqual(['GET /broken was cut off: the disk is gone']);
    });

    it('whose own errors are logged, and harm nothing else', async () => {
      const before = onError;
      onError = () => {
        throw new Error('the tracker is down');
      };
      await failing();
      onError = before;
      await until(() => running.log.complaints.length === 2, 'both to be logged');
      expect(running.log.complaints[1]).toContain('the tracker is down');
      expect((await fetchRaw(running.port, '/small')).status).toBe(200);
    });

    it('neither clients that leave nor errors that filters have handled', async () => {
      failures.length = 0;
      running.log.clear();
      await fetchRaw(running.port, '/missing');
      await fetchRaw(running.port, '/memory', [['Range', 'bytes=10000-']]);
      const connection = await RawConnection.open(running.port);
      connection.send(requestText('/large'));
      await connection.untilReceived(100_000);
      connection.reset();
      await untilClosed(fixtures);
      expect(failures).toEqual([]);
      expect(running.log.complaints).toEqual([]);
    });
  });
});

describe.each(ADAPTERS)('reports on responses that the shutdown cuts, on %s', (adapter) => {
  it.each(['/large', '/plain'])('counts what the client receives of %s, to the byte', async (target) => {
    const messages: RangedResponseMessage[] = [];
    const stop = onRangeResponse((message) => messages.push(message));
    const { port, close } = await startApp(
      adapter,
      { imports: [RangeModule.forRoot({ shutdownTimeoutMs: 100 })], controllers: [Files] },
      { nest: { forceCloseConnections: false } },
    );
    const connection = await stalledClient(port, target);
    await close();
    connection.socket.resume();
    const { body } = await connection.next();
    stop();
    expect(messages).toMatchObject([{ outcome: 'aborted', bytesSent: body.length }]);
  });
});

/** A client that has stopped reading, when the server cannot send it any more. */
async function stalledClient(port: number, ...targets: readonly string[]): Promise<RawConnection> {
  const connection = await RawConnection.open(port);
  for (const target of targets) {
    if (connection.unread.length > 0) await connection.next();
    connection.send(requestText(target));
    await connection.untilReceived(100);
  }
  connection.socket.pause();
  let taken = 0;
  let since = 0;
  await until(() => {
    const before = taken;
    taken = takenByKernel(connection);
    if (taken !== before) since = Date.now();
    return Date.now() - since > 200;
  }, 'the server to be stuck');
  return connection;
}

function takenByKernel({ unread, socket }: RawConnection): number {
  return unread.length + socket.readableLength + heldByKernel(socket);
}
