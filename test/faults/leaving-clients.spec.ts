import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { setTimeout as pause } from 'node:timers/promises';
import { FixtureDirectory, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { fetchRaw, RawConnection, requestText } from '../support/connections/raw-client.js';
import { ADAPTERS } from '../support/apps/test-app.js';
import type { AppProcess } from '../support/apps/app-process.js';
import { type Report, reportOf, startApp } from './support/fault-app.js';

jest.setTimeout(300_000); // for a loaded machine: nothing waits this long by itself

const MiB = 1024 * 1024;
const ABORTS = 10_000;
const AT_ONCE = 50;
const PIPELINED = 300;
/** What may be kept for later, in bytes, however many have left. */
const POOLED = 32 * MiB;
/** Within this time after the last client has left. */
const AT_REST_AFTER_MS = 1000;

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const file = fixtures.write('large.bin', pseudoRandomBytes(24 * MiB));

type HeaderLines = readonly (readonly [string, string])[];
const range = (value: string): HeaderLines => [['Range', value]];
const PARTS = range('bytes=0-99999,200000-9999999,12000000-20000000');

/** When a client leaves: what it has sent, and how many bytes it has got by then. */
interface Point {
  readonly when: string;
  readonly text: string;
  readonly bytes: number;
}

const at = (when: string, path: string, headers: HeaderLines, bytes: number): Point => ({
  when,
  text: requestText(path, headers),
  bytes,
});

const POINTS: readonly Point[] = [
  { when: 'as soon as it is connected', text: '', bytes: 0 },
  { when: 'in the middle of a head', text: 'GET /file HTTP/1.1\r\nHost: a', bytes: 0 },
  at('when the request is sent', '/file', range('bytes=0-'), 0),
  at('before its source is resolved', '/slow-resolve', [], 0),
  at('before its source is opened', '/slow-open', range('bytes=5-'), 0),
  at('with the head of a file', '/file', [], 1),
  at('in the middle of a file', '/file', range('bytes=-9000000'), 100_000),
  at('in the middle of a stream over a file', '/plain', [], 100_000),
  at('in the middle of a stream', '/readable', range('bytes=1000-'), 50_000),
  at('in the middle of a source', '/source', [], 80_000),
  at('between the parts of a file', '/file', PARTS, 100_300),
  at('between the parts of a source', '/source', PARTS, 100_300),
];

/** Leaves once, by FIN or by RST. */
async function leave(port: number, { text, bytes }: Point, how: 'finish' | 'reset'): Promise<void> {
  const connection = await RawConnection.open(port);
  if (text !== '') connection.send(text);
  await connection.untilReceived(bytes);
  connection[how]();
}

describe('clients that disconnect', () => {
  let app: AppProcess;
  afterEach(() => app.kill());

  /** Waits until the app has given back what it had taken, but no longer than it may take for that. */
  async function rested(isAtRest: (report: Report) => boolean): Promise<Report> {
    let report = await reportOf(app);
    for (const since = performance.now(); !isAtRest(report) && performance.now() - since < AT_REST_AFTER_MS;) {
      await pause(50);
      report = await reportOf(app);
    }
    return report;
  }

  async function leaveAgainAndAgain(times: number): Promise<void> {
    for (let left = 0; left < times; left += AT_ONCE) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, i) =>
          leave(app.port, POINTS[(left + i) % POINTS.length]!, (left / AT_ONCE + i) % 2 === 0 ? 'finish' : 'reset'),
        ),
      );
    }
  }

  const isReleased = (before: Report) => (now: Report) =>
    now.connections === before.connections &&
    now.descriptors <= before.descriptors &&
    now.opened === now.ended &&
    now.resolved === now.closed;

  it.each(ADAPTERS)(`${ABORTS} times, at ${POINTS.length} points, leave nothing on %s`, async (adapter) => {
    app = await startApp(adapter, file);
    const idle = await reportOf(app);
    await leaveAgainAndAgain(1000); // what is done once is done
    const before = await rested(isReleased(idle));
    await leaveAgainAndAgain(ABORTS - 1000);
    const after = await rested(isReleased(idle));
    expect(after).toMatchObject({ connections: idle.connections, ended: after.opened, closed: after.resolved });
    expect(after.resolved).toBeGreaterThan(ABORTS / 12);
    expect(after.descriptors).toBeLessThanOrEqual(idle.descriptors);
    expect(after.handles.toSorted()).toEqual(idle.handles.toSorted());
    expect(after.heap - before.heap).toBeLessThan(4 * MiB);
    expect(after.buffers - before.buffers).toBeLessThan(4 * MiB + POOLED);
    expect(app.complaints).toBe('');
    expect((await fetchRaw(app.port, '/file', range('bytes=0-9'))).status).toBe(206);
  });

  it.each(ADAPTERS)(`with ${PIPELINED} requests on the connection leave nothing on %s`, async (adapter) => {
    app = await startApp(adapter, file);
    const idle = await reportOf(app);
    for (const path of ['/file', '/plain', '/readable', '/source', '/slow-resolve', '/slow-open']) {
      for (const how of ['finish', 'reset'] as const) {
        await leave(
          app.port,
          { when: '', text: requestText(path, range('bytes=0-9999')).repeat(PIPELINED), bytes: 50_000 },
          how,
        );
      }
    }
    const after = await rested(isReleased(idle));
    expect(after).toMatchObject({ connections: idle.connections, ended: after.opened, closed: after.resolved });
    expect(after.descriptors).toBeLessThanOrEqual(idle.descriptors);
    expect(after.handles.toSorted()).toEqual(idle.handles.toSorted());
    expect(app.complaints).toBe('');
  });

  it('leave nothing after RST_STREAM on HTTP/2', async () => {
    app = await startApp('fastify-http2', file);
    const idle = await reportOf(app);
    const paths = ['/file', '/plain', '/readable', '/source', '/slow-resolve', '/slow-open'];
    // Node.js ends a session that resets many streams in a row.
    for (let sessions = 0; sessions < 40; sessions++) {
      const session = connectHttp2(`http://127.0.0.1:${app.port}`);
      await once(session, 'connect');
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, i) => resetStream(session, paths[i % paths.length]!, i % 3)),
      );
      session.destroy();
    }
    const after = await rested(isReleased(idle));
    expect(after).toMatchObject({ connections: idle.connections, ended: after.opened, closed: after.resolved });
    expect(after.resolved).toBeGreaterThan(500);
    expect(after.descriptors).toBeLessThanOrEqual(idle.descriptors);
    expect(after.handles.toSorted()).toEqual(idle.handles.toSorted());
    expect(app.complaints).toBe('');
  });
});

/** At once, with the head, or with the first bytes. */
async function resetStream(session: ClientHttp2Session, path: string, point: number): Promise<void> {
  const stream = session.request({ ':path': path });
  stream.on('error', () => {}); // Node.js reports what it was told to do
  const closed = new Promise((resolve) => stream.once('close', resolve));
  if (point > 0) await once(stream, point === 1 ? 'response' : 'data');
  stream.close(constants.NGHTTP2_CANCEL);
  await closed;
}
