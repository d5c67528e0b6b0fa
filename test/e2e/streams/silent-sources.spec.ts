import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, StreamableFile } from '@nestjs/common';
import { Ranged, RangedFile, RangeModule, type RangeSource } from 'nestjs-range';
import { Readable } from 'node:stream';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { type ProbeBehaviour, ProbeSource } from '../../support/sources/probe-source.js';
import { fetchRaw, header, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { until } from '../../support/until.js';

const BYTES = pseudoRandomBytes(10_000);
/** Long enough for what answers, also on a loaded machine. */
const TIMEOUT_MS = 400;
/** Where nothing but silence is expected. */
const SHORT_TIMEOUT_MS = 50;

let probe: ProbeSource;
let readable: Readable;
let source: RangeSource;

@Controller()
@Ranged({ etag: '"v1"', cacheControl: 'max-age=60' })
class Files {
  @Get('source')
  source() {
    return new RangedFile(source);
  }

  @Get('readable')
  readable() {
    return new StreamableFile(readable, { length: BYTES.length });
  }

  @Get('patient')
  @Ranged({ sourceTimeoutMs: 0 })
  patient() {
    return new RangedFile(source);
  }
}

/** Never answers, and ends only when its signal aborts. */
const silence = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe.each(ADAPTERS)('a source that falls silent, on %s', (adapter) => {
  let running: TestApp;
  const start = async (behaviour: ProbeBehaviour = {}, sourceTimeoutMs = TIMEOUT_MS) => {
    probe = new ProbeSource(BYTES, { chunkSize: 1000, ...behaviour });
    source = probe;
    const imports = [RangeModule.forRoot({ sourceTimeoutMs })];
    running = await startApp(adapter, { imports, controllers: [Files] });
  };
  afterEach(() => running.close());

  it.each<[when: string, behaviour: ProbeBehaviour]>([
    ['when it is resolved', { onResolve: silence }],
    ['when it is opened', { onOpen: (_, signal) => silence(signal) }],
    ['before its first bytes', { onChunk: (_, signal) => silence(signal) }],
  ])('%s: 504, with nothing of the file', async (_, behaviour) => {
    await start(behaviour, SHORT_TIMEOUT_MS);
    const response = await fetchRaw(running.port, '/source', [['Range', 'bytes=0-9']]);
    expect(response.status).toBe(504);
    expect(header(response, 'Cache-Control')).toBe('no-store');
    expect(header(response, 'ETag')).not.toBe('"v1"');
    expect(['Content-Range', 'Accept-Ranges'].map((name) => header(response, name))).toEqual([undefined, undefined]);
    await until(() => probe.isReleased, 'the source to be released');
    expect(probe.signals[0]?.aborted).toBe(true);
  });

  it('before its first bytes, and ignores its signal too: 504', async () => {
    await start({ onChunk: () => new Promise(() => {}) }, SHORT_TIMEOUT_MS);
    const response = await fetchRaw(running.port, '/source');
    expect(response.status).toBe(504);
  });

  it('and answers later: what it returns then is released', async () => {
    let answer: () => void = () => {};
    await start({ onResolve: () => new Promise<void>((resolve) => (answer = resolve)) }, SHORT_TIMEOUT_MS);
    expect((await fetchRaw(running.port, '/source')).status).toBe(504);
    answer();
    await until(() => probe.resolved === 1 && probe.isReleased, 'the source to be released');
    expect(probe.opened).toBe(0);
  });

  it('in the middle: the response is cut off, and the log says why, once', async () => {
    await start({ onChunk: (index, signal) => (index === 3 ? silence(signal) : undefined) });
    const response = await fetchRaw(running.port, '/source');
    expect(response.status).toBe(200);
    expect(response.isComplete).toBe(false);
    expect(BYTES.subarray(0, response.body.length).equals(response.body)).toBe(true);
    await until(() => probe.isReleased, 'the source to be released');
    expect(running.log.complaints).toEqual([
      expect.stringMatching(/^GET \/source was cut off: .* 400 ms \(option "sourceTimeoutMs"\)$/),
    ]);
  });

  it.each(['before its first bytes', 'in the middle'])('as a stream, %s', async (when) => {
    await start();
    readable = new Readable({ read() {} });
    if (when === 'in the middle') readable.push(BYTES.subarray(0, 5000));
    const response = await fetchRaw(running.port, '/readable');
    expect({ status: response.status, isComplete: response.isComplete }).toEqual(
      when === 'in the middle' ? { status: 200, isComplete: false } : { status: 504, isComplete: true },
    );
    await until(() => readable.destroyed, 'the stream to be destroyed');
  });

  it('for less than the limit, again and again, is waited for', async () => {
    await start({ chunkSize: 2000, onChunk: () => new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS / 4)) });
    const response = await fetchRaw(running.port, '/source');
    expect(response.body.equals(BYTES)).toBe(true);
    expect(running.log.complaints).toEqual([]);
  });

  it('is not a source whose client reads slowly', async () => {
    const large = pseudoRandomBytes(24 * 1024 * 1024);
    await start();
    source = new ProbeSource(large, { chunkSize: 1024 * 1024 });
    const connection = await RawConnection.open(running.port);
    connection.send(requestText('/source', [['Connection', 'close']]));
    await connection.head();
    connection.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 3 * TIMEOUT_MS));
    connection.socket.resume();
    const response = await connection.next();
    expect(response.body.equals(large)).toBe(true);
  });

  it('on a route without a limit is waited for', async () => {
    let answer: () => void = () => {};
    await start({ onResolve: () => new Promise<void>((resolve) => (answer = resolve)) });
    const asking = fetchRaw(running.port, '/patient');
    await new Promise((resolve) => setTimeout(resolve, 2 * TIMEOUT_MS));
    answer();
    expect((await asking).body.equals(BYTES)).toBe(true);
  });
});
