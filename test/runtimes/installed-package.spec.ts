import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { checkRangedEndpoint } from 'nestjs-range/testing';
import { mkdirSync, readdirSync, readlinkSync, renameSync, truncateSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expectOutcome } from '../e2e/responses/rows/expect-outcome.js';
import { range } from '../e2e/responses/rows/outcome.js';
import { ROW_SIZES, ROW_TABLES, ROW_TYPE, ROW_VALIDATORS } from '../e2e/responses/rows/row-tables.js';
import { AppProcess } from '../support/apps/app-process.js';
import { RUNTIME } from '../support/apps/runtime.js';
import { Arrivals } from '../support/connections/arrivals.js';
import { fetchRaw, header, RawConnection, requestText } from '../support/connections/raw-client.js';
import { createMedium, FILE_KINDS } from '../support/sources/file-kinds.js';
import { FixtureDirectory, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { readZip } from '../support/sources/zip-reader.js';
import { until } from '../support/until.js';

jest.setTimeout(120_000); // for a loaded machine: nothing waits this long by itself

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const LARGE = pseudoRandomBytes(24 * 1024 * 1024);
const PAGE = 'the page of a single-page app, which is served wherever a browser wants HTML and there is no such file. ';
const media = new Map(ROW_SIZES.map((size) => [size, createMedium(fixtures, size).bytes]));
for (const directory of ['assets', 'spool']) mkdirSync(fixtures.at(directory));
fixtures.write('large.bin', LARGE);
fixtures.write('assets/index.html', PAGE.repeat(3));
fixtures.write('assets/clip.mp4', LARGE.subarray(0, 100_000));

/** Formats differ in how they are loaded, and adapters in how they answer: each is had once. */
const APPS = [
  { adapter: 'express', format: 'esm' },
  { adapter: 'fastify', format: 'cjs' },
] as const;

describe.each(APPS)(`on ${RUNTIME.name}, $adapter, $format`, ({ adapter, format }) => {
  let app: AppProcess;
  beforeAll(async () => {
    const script = new URL(`../../build/runtimes/${format}/test/runtimes/app/main.js`, import.meta.url);
    app = await AppProcess.start(script, [adapter, fixtures.path]);
  });
  afterAll(() => app.kill());

  const get = (path: string, headers = range('bytes=5-9')) => fetchRaw(app.port, path, headers);

  /** What was just generated has no date yet, and would have one in the middle of a check. */
  async function validated(path: string): Promise<void> {
    for (let isOld = path !== '/generated'; !isOld; await pause(100)) {
      isOld = header(await get(path), 'Last-Modified') !== undefined;
    }
  }

  /** The files below the fixtures that the app has open. */
  const openFiles = (): string[] =>
    readdirSync(`/proc/${app.pid}/fd`)
      .map((fd) => targetOf(`/proc/${app.pid}/fd/${fd}`))
      .filter((target) => target.startsWith(fixtures.path));

  const kinds = FILE_KINDS.map((kind, index) => ({ kind, index, name: kind.name }));
  describe.each(kinds)('$name', ({ kind, index }) => {
    it.each(ROW_TABLES)('is served $what', async ({ route, size, rows }) => {
      const served = { bytes: media.get(size)!, type: ROW_TYPE, isSeekable: kind.isSeekable, ...ROW_VALIDATORS[route] };
      const path = `/${route}/${index}/${size}`;
      const connection = await RawConnection.open(app.port);
      for (const [sentence, headers, outcome] of rows) {
        for (const method of ['GET', 'HEAD']) {
          connection.send(requestText(path, headers, method));
          const response = await connection.next(method);
          named(`${method}: ${sentence}`, () => expectOutcome(response, outcome, served, method));
        }
      }
      connection.finish();
    });
  });

  it.each([
    '/file/clip-10000.mp4',
    '/assets/clip.mp4',
    '/assets/',
    '/archive.zip',
    '/generated',
    '/upstream',
    '/responder',
    '/strong/0/300007',
  ])('%s has no fault', async (path) => {
    await validated(path);
    const findings = await checkRangedEndpoint(`http://127.0.0.1:${app.port}${path}`);
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.length).toBeGreaterThan(50);
  });

  it('an archive has its entries', async () => {
    const { body } = await get('/archive.zip', []);
    expect(readZip(body).map(({ name, bytes }) => [name, bytes])).toEqual(
      [0, 1, 300_007].map((size) => [`clips/clip-${size}.mp4`, media.get(size)]),
    );
  });

  it('a page of a single-page app is served for its routes, not for its files', async () => {
    const asPage = [['Accept', 'text/html']] as const;
    expect(await get('/assets/users/7', asPage)).toMatchObject({ status: 200, body: Buffer.from(PAGE.repeat(3)) });
    expect((await get('/assets/missing.js', [])).status).toBe(404);
  });

  it('a limited response comes no faster than its limit', async () => {
    const arrivals = new Arrivals(8_000_000, 10_000_000);
    const connection = arrivals.watch(await RawConnection.open(app.port));
    connection.send(requestText('/paced', range('bytes=0-23999999')));
    const { body } = await connection.next();
    connection.finish();
    expect(body.equals(LARGE.subarray(0, 24_000_000))).toBe(true);
    expect(arrivals.tooEarly).toEqual([]);
  });

  it.each([
    ['unresolved', 410],
    ['unopened', 500],
    ['silent', 504],
  ])('a source that is %s is an error of its own', async (name, status) => {
    const response = await get(`/fault/${name}`, []);
    expect(response).toMatchObject({ status, isComplete: true });
    expect(header(response, 'Accept-Ranges')).toBeUndefined();
  });

  it.each(['/fault/broken', '/fault/short', '/fault/long', '/unsized-fault'])('%s is cut off', async (path) => {
    const response = await get(path, []);
    expect(response).toMatchObject({ status: 200, isComplete: false });
  });

  it('a client of HTTP/1.0 is reset where content of unknown length breaks', async () => {
    const connection = await RawConnection.open(app.port);
    connection.send(requestText('/unsized-fault', [], 'GET', '1.0'));
    expect(await connection.next()).toMatchObject({ framing: 'close', isComplete: false });
    expect(connection.failure).toBe('ECONNRESET');
  });

  it.each<[what: string, change: (path: string) => void, isComplete: boolean]>([
    ['is replaced, as it was', (path) => renameSync(fixtures.write('new.bin', LARGE.subarray(1)), path), true],
    ['is truncated, not at all', (path) => truncateSync(path, 100_000), false],
  ])('a file is sent that %s', async (_, change, isComplete) => {
    const path = fixtures.write('changing.bin', LARGE);
    const connection = await RawConnection.open(app.port);
    connection.send(requestText('/file/changing.bin'));
    await connection.head();
    connection.socket.pause();
    change(path);
    connection.socket.resume();
    const { body, ...response } = await connection.next();
    connection.finish();
    expect(response.isComplete).toBe(isComplete);
    expect(body.equals(LARGE.subarray(0, body.length))).toBe(true);
  });

  it('pipelined requests are answered in their order', async () => {
    const paths = ['/file/large.bin', '/responder', '/fault/none', '/strong/0/300007', '/strong/4/300007'];
    const connection = await RawConnection.open(app.port);
    const asked = Array.from({ length: 50 }, (_, i) => ({ path: paths[i % paths.length]!, firstPos: i * 11 }));
    connection.send(
      asked.map(({ path, firstPos }) => requestText(path, range(`bytes=${firstPos}-${firstPos + 2000}`))).join(''),
    );
    for (const { path, firstPos } of asked) {
      const bytes = path.startsWith('/strong') ? media.get(300_007)! : LARGE;
      const response = await connection.next();
      expect(response.status).toBe(206);
      expect(response.body.equals(bytes.subarray(firstPos, firstPos + 2001))).toBe(true);
    }
    connection.finish();
  });

  it.each(['/file/large.bin', '/responder', '/generated', '/upstream', '/fault/none'])(
    'a client that stops, and goes on, gets all of %s',
    async (path) => {
      const connection = await RawConnection.open(app.port);
      connection.send(requestText(path));
      await connection.head();
      connection.socket.pause();
      await pause(500); // longer than a chunk is kept ready
      connection.socket.resume();
      const { body } = await connection.next();
      connection.finish();
      expect(body.equals(LARGE)).toBe(true);
    },
  );

  it('no file is open afterwards', async () => {
    await until(() => openFiles().length === 0, 'every descriptor to be closed');
  });

  it('sends what it is sending when it is closed, and ends by itself', async () => {
    const connection = await RawConnection.open(app.port);
    connection.send(requestText('/file/large.bin'));
    await connection.head();
    const end = app.close();
    const { body } = await connection.next();
    expect(body.equals(LARGE)).toBe(true);
    expect(await end).toBe(0);
  });
});

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // closed meanwhile
  }
}

/** Runs a check whose failure says which row it was. */
function named(sentence: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Error(`${sentence}: ${(error as Error).message}`, { cause: error });
  }
}
