import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, StreamableFile } from '@nestjs/common';
import { bytesSource, fileSource, Ranged, RangedFile, RangeModule, streamSource } from 'nestjs-range';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import { createCertificate } from '../../support/connections/certificate.js';
import { inPieces } from '../../support/sources/file-kinds.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { fetchRaw, header, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { Gate, until } from '../../support/until.js';
import { range } from '../responses/rows/outcome.js';

const MiB = 1024 * 1024;
const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const LARGE = pseudoRandomBytes(6 * MiB + 333);
const SMALL = LARGE.subarray(0, 10_000);
const largePath = fixtures.write('large.bin', LARGE);
const credentials = createCertificate(fixtures);

const probes: ProbeSource[] = [];
let nextProbe = (): ProbeSource => new ProbeSource(SMALL);

@Controller()
@Ranged({ etag: '"v1"' })
class Files {
  @Get('plain')
  plain() {
    return new StreamableFile(createReadStream(largePath));
  }

  @Get('file')
  file() {
    return new RangedFile(fileSource(largePath));
  }

  @Get('readable')
  readable() {
    return new StreamableFile(inPieces(LARGE, 100_000), { length: LARGE.length });
  }

  @Get('bytes')
  bytes() {
    return new RangedFile(bytesSource(SMALL));
  }

  @Get('unknown')
  unknown() {
    return new RangedFile(streamSource(inPieces(SMALL)));
  }

  @Get('probe')
  probe() {
    const probe = nextProbe();
    probes.push(probe);
    return new RangedFile(probe);
  }
}

const metadata = { imports: [RangeModule], controllers: [Files] };

beforeEach(() => {
  probes.length = 0;
  nextProbe = () => new ProbeSource(SMALL);
});

describe('Express over TLS', () => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp('express', metadata, { nest: { httpsOptions: credentials } });
  });
  afterAll(() => running.close());

  async function connect(): Promise<RawConnection> {
    const socket: TLSSocket = connectTls({ port: running.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return RawConnection.over(socket);
  }

  it.each(['plain', 'file', 'readable'])('sends %s whole, in part, in parts and as a 304', async (path) => {
    const connection = await connect();
    connection.send(requestText(`/${path}`));
    expect((await connection.next()).body.equals(LARGE)).toBe(true);
    connection.send(requestText(`/${path}`, range('bytes=65000-5000000')));
    const partial = await connection.next();
    expect(partial.status).toBe(206);
    expect(partial.body.equals(LARGE.subarray(65_000, 5_000_001))).toBe(true);
    connection.send(requestText(`/${path}`, range('bytes=10-2000000,5000000-5999999')));
    const multipart = await connection.next();
    const parts = readByteranges(header(multipart, 'Content-Type') ?? '', multipart.body);
    expect(
      parts.map(({ firstPos, content }) => content.equals(LARGE.subarray(firstPos, firstPos + content.length))),
    ).toEqual([true, true]);
    connection.send(requestText(`/${path}`, [['If-None-Match', '"v1"']]));
    expect((await connection.next()).status).toBe(304);
    connection.finish();
    await untilClosed(fixtures);
  });

  it('leaves nothing open when clients leave', async () => {
    for (let i = 0; i < 40; i++) {
      const connection = await connect();
      connection.send(requestText(i % 2 === 0 ? '/plain' : '/file'));
      await connection.untilReceived(i * 10_000);
      connection.finish();
    }
    await untilClosed(fixtures);
    expect(running.log.complaints).toEqual([]);
  });

  it('cuts a connection short when the source breaks off', async () => {
    nextProbe = () => new ProbeSource(SMALL, { chunkSize: 1000, surplus: -1 });
    const connection = await connect();
    connection.send(requestText('/probe'));
    const isComplete = await connection.next().then(
      (response) => response.isComplete,
      () => false,
    );
    expect(isComplete).toBe(false);
    running.log.clear();
  });
});

interface Http2Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** The code of the RST_STREAM that ended it; 0: it ended as it should. */
  readonly resetCode: number;
}

describe.each([
  ['without TLS', {}, 'http'],
  ['over TLS', { https: credentials }, 'https'],
])('Fastify with HTTP/2 %s', (_, options, scheme) => {
  let running: TestApp;
  let session: ClientHttp2Session;
  beforeAll(async () => {
    running = await startApp('fastify', metadata, { fastify: { http2: true, ...options } as never });
    session = connectHttp2(`${scheme}://127.0.0.1:${running.port}`, { rejectUnauthorized: false });
    await once(session, 'connect');
  });
  afterAll(async () => {
    session.close();
    await running.close();
  });

  const open = (path: string, headers: Record<string, string> = {}, method = 'GET'): ClientHttp2Stream =>
    session.request({ ':path': `/${path}`, ':method': method, ...headers });

  async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Http2Response> {
    const stream = open(path, headers, method);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {}); // the code tells
    let received: Record<string, unknown> = {};
    stream.on('response', (headers) => {
      received = { ...headers };
    });
    await new Promise((resolve) => stream.once('close', resolve));
    return {
      status: Number(received[':status']),
      headers: received,
      body: Buffer.concat(chunks),
      resetCode: stream.rstCode ?? 0,
    };
  }

  it.each(['plain', 'file', 'readable'])('sends %s whole and in part', async (path) => {
    const whole = await get(path);
    expect({ status: whole.status, resetCode: whole.resetCode }).toEqual({ status: 200, resetCode: 0 });
    expect(whole.headers).toMatchObject({
      'content-length': String(LARGE.length),
      'accept-ranges': 'bytes',
      etag: '"v1"',
    });
    expect(whole.body.equals(LARGE)).toBe(true);
    const partial = await get(path, { range: 'bytes=65000-5000000' });
    expect(partial.status).toBe(206);
    expect(partial.headers['content-range']).toBe(`bytes 65000-5000000/${LARGE.length}`);
    expect(partial.body.equals(LARGE.subarray(65_000, 5_000_001))).toBe(true);
    await untilClosed(fixtures);
  });

  it('answers several requests at once, each with its bytes', async () => {
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, i) => get('file', { range: `bytes=${i * 1000}-${i * 100_000 + 200_000}` })),
    );
    responses.forEach(({ status, body }, i) => {
      expect(status).toBe(206);
      expect(body.equals(LARGE.subarray(i * 1000, i * 100_000 + 200_001))).toBe(true);
    });
  });

  it('sends parts, 304, 412, 416, HEAD and content of unknown length', async () => {
    const multipart = await get('bytes', { range: 'bytes=0-9,5000-5009' });
    expect(readByteranges(String(multipart.headers['content-type']), multipart.body)).toHaveLength(2);
    expect((await get('bytes', { 'if-none-match': '"v1"' })).status).toBe(304);
    expect((await get('bytes', { 'if-match': '"v2"' })).status).toBe(412);
    const unsatisfiable = await get('bytes', { range: 'bytes=10000-' });
    expect(unsatisfiable.status).toBe(416);
    expect(unsatisfiable.headers['content-range']).toBe('bytes */10000');
    const head = await get('bytes', { range: 'bytes=0-9' }, 'HEAD');
    expect({ status: head.status, length: head.headers['content-length'], bytes: head.body.length }).toEqual({
      status: 200,
      length: '10000',
      bytes: 0,
    });
    const unknown = await get('unknown');
    expect(unknown.headers['accept-ranges']).toBe('none');
    expect(unknown.body.equals(SMALL)).toBe(true);
  });

  it('releases everything when a stream is reset, and the session goes on', async () => {
    const reached = new Gate();
    nextProbe = () =>
      new ProbeSource(SMALL, {
        chunkSize: 1000,
        onChunk: async (index, signal) => {
          if (index < 3) return;
          reached.open();
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        },
      });
    const stream = open('probe');
    stream.on('error', () => {});
    stream.resume();
    await reached.passed;
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => probes[0]!.isReleased, 'the probe to be released');
    for (let i = 0; i < 20; i++) {
      const other = open(i % 2 === 0 ? 'plain' : 'file');
      other.on('error', () => {});
      await once(other, 'data');
      other.close(constants.NGHTTP2_CANCEL);
    }
    await untilClosed(fixtures);
    expect((await get('bytes', { range: 'bytes=0-9' })).status).toBe(206);
    expect(running.log.complaints).toEqual([]);
  });

  it('resets the stream with an error when the source breaks off, and nothing but the stream', async () => {
    running.log.clear();
    nextProbe = () =>
      new ProbeSource(SMALL, {
        chunkSize: 1000,
        onChunk: (index) => {
          if (index === 3) throw new Error('the disk is gone');
        },
      });
    const response = await get('probe');
    expect(response.resetCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(response.body.length).toBeLessThan(SMALL.length);
    expect((await get('bytes', { range: 'bytes=0-9' })).status).toBe(206);
    expect(running.log.complaints).toEqual([expect.stringContaining('the disk is gone')]);
  });

  it('responds to a source that fails before its first byte as over HTTP/1', async () => {
    nextProbe = () =>
      new ProbeSource(SMALL, {
        onOpen: () => {
          throw new Error('not today');
        },
      });
    const response = await get('probe', { range: 'bytes=0-9' });
    expect(response.status).toBe(500);
    expect(response.headers['content-range']).toBeUndefined();
    expect(response.headers['etag']).toBeUndefined();
  });
});

it.each(ADAPTERS)('fetch understands it all on %s', async (adapter) => {
  const running = await startApp(adapter, metadata);
  try {
    const ask = (path: string, headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${running.port}${path}`, { headers });
    const response = await ask('/file', { range: 'bytes=100-199' });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes 100-199/${LARGE.length}`);
    expect(LARGE.subarray(100, 200).equals(Buffer.from(await response.arrayBuffer()))).toBe(true);
    const whole = await ask('/plain', {});
    expect(LARGE.equals(Buffer.from(await whole.arrayBuffer()))).toBe(true);
    expect((await ask('/bytes', { 'if-none-match': '"v1"' })).status).toBe(304);
  } finally {
    await running.close();
  }
});

describe.each(ADAPTERS)('many requests at once on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, metadata);
  });
  afterAll(() => running.close());

  it('get their own bytes, while other clients leave', async () => {
    const answers = Array.from({ length: 36 }, async (_, i) => {
      const path = ['plain', 'file', 'readable'][i % 3]!;
      const firstPos = (i * 7919) % 1_000_000;
      const lastPos = firstPos + 500_000 + ((i * 104_729) % 4_000_000);
      const connection = await RawConnection.open(running.port);
      connection.send(requestText(`/${path}`, range(`bytes=${firstPos}-${lastPos}`)));
      if (i % 4 === 3) {
        await connection.untilReceived(i * 10_000);
        return connection.reset();
      }
      if (i % 4 === 2) {
        connection.socket.on('data', () => {
          connection.socket.pause();
          setImmediate(() => connection.socket.resume());
        });
      }
      const response = await connection.next();
      expect(response.status).toBe(206);
      expect(response.body.equals(LARGE.subarray(firstPos, lastPos + 1))).toBe(true);
      connection.finish();
    });
    await Promise.all(answers);
    await untilClosed(fixtures);
    expect(running.log.complaints).toEqual([]);
  });

  it('get their own bytes over one connection, if responses are small', async () => {
    const connection = await RawConnection.open(running.port);
    for (let i = 0; i < 100; i++) {
      const firstPos = i * 37;
      connection.send(requestText(i % 2 === 0 ? '/file' : '/plain', range(`bytes=${firstPos}-${firstPos + 4095}`)));
      const { body } = await connection.next();
      expect(body.equals(LARGE.subarray(firstPos, firstPos + 4096))).toBe(true);
    }
    connection.finish();
  });

  it('leave nothing open if a client leaves while the closing server waits for its transfer', async () => {
    const other = await startApp(adapter, metadata);
    const connection = await RawConnection.open(other.port);
    connection.send(requestText('/plain'));
    await connection.head();
    connection.socket.pause();
    const closed = other.close();
    connection.reset();
    await closed;
    await untilClosed(fixtures);
    expect((await fetchRaw(running.port, '/bytes', range('bytes=0-9'))).status).toBe(206);
  });
});
