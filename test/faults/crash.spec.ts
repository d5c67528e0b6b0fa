import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AppProcess } from '../support/apps/app-process.js';
import { FixtureDirectory } from '../support/sources/fixtures.js';
import { fetchRaw, header, RawConnection, type RawResponse, requestText } from '../support/connections/raw-client.js';
import { RUNTIME } from '../support/apps/runtime.js';
import { ADAPTERS } from '../support/apps/test-app.js';
import { type KilledAt, startApp } from './support/fault-app.js';

const LENGTH = 24 * 1024 * 1024;
const COUNT = Buffer.from(Uint32Array.from({ length: LENGTH / 4 }, (_, i) => i).buffer);

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const POINTS: [point: KilledAt, left: RegExp][] = [
  ['half of its bytes', /\.part$/],
  ['the last of its bytes', /\.part$/],
  ['the name of its file', new RegExp(`\\.${LENGTH}$`)],
];

/** Bun runs the sources, whose import of `rename()` the app cannot patch to kill itself there. */
const REACHED = RUNTIME.name === 'bun' ? POINTS.slice(0, 1) : POINTS;

describe.each(ADAPTERS)('a process that is killed while it generates content, on %s', (adapter) => {
  let spools = 0;
  let spool: string;
  let app: AppProcess;
  afterEach(() => app.kill());

  const start = async (killedAt: KilledAt | '' = ''): Promise<void> => {
    app = await startApp(adapter, '', spool, killedAt);
  };
  const left = (): string[] => readdirSync(spool);
  /** Requests a range, which is answered when all bytes are there, of a process that kills itself before. */
  const crash = async (killedAt: KilledAt): Promise<void> => {
    await start(killedAt);
    await expect(fetchRaw(app.port, '/generated', [['Range', 'bytes=0-9']])).rejects.toThrow('ended before a head');
    expect(await app.ended()).toBe('SIGKILL');
  };
  const kill = async (): Promise<void> => {
    app.kill();
    await app.ended();
  };
  const expectBytes = ({ status, isComplete, body }: RawResponse, expected: [status: number, bytes: Buffer]): void => {
    const [expectedStatus, bytes] = expected;
    expect([status, isComplete, body.length, app.complaints]).toEqual([expectedStatus, true, bytes.length, '']);
    expect(body.equals(bytes)).toBe(true);
  };

  it.each(REACHED)('at %s leaves nothing that is taken for the whole but the whole', async (point, leftName) => {
    spool = fixtures.at(`spool-${adapter}-${spools++}`);
    await crash(point);
    const [first = '', ...others] = left();
    expect(first).toMatch(leftName);
    expect(others).toEqual([]);
    const isWhole = point === 'the name of its file';
    if (!isWhole) await crash(point); // there is room for one: what the first has left counts no more
    expect(left()).toHaveLength(1);
    expect(existsSync(join(spool, first))).toBe(isWhole);

    await start();
    const made = await fetchRaw(app.port, '/generated', [['Range', 'bytes=-5000000']]);
    expectBytes(made, [206, COUNT.subarray(-5_000_000)]);
    expect(left()).toHaveLength(1);
    await kill();

    await start();
    const kept = await fetchRaw(app.port, '/generated');
    expectBytes(kept, [200, COUNT]);
    expect(header(kept, 'ETag')).toBe(header(made, 'ETag'));
    expect(left()).toHaveLength(1);
    expect(await app.close()).toBe(0);
    expect(app.complaints).toBe('');
  });

  it('sends what it has made, and its client learns that this is not the whole', async () => {
    spool = fixtures.at(`spool-${adapter}-${spools++}`);
    await start('an order, halfway');
    const connection = await RawConnection.open(app.port);
    connection.send(requestText('/generated'));
    await connection.untilReceived(1_000_000);
    app.kill();
    const { isComplete, body } = await connection.next();
    expect(isComplete).toBe(false);
    expect(body.equals(COUNT.subarray(0, body.length))).toBe(true);
  });
});
