import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AppProcess } from '../support/apps/app-process.js';
import { FixtureDirectory } from '../support/sources/fixtures.js';
import { fetchRaw, header, RawConnection, requestText } from '../support/connections/raw-client.js';
import { ADAPTERS } from '../support/apps/test-app.js';
import { startApp } from './support/fault-app.js';

jest.setTimeout(60_000); // for a loaded machine: nothing waits this long by itself

const LENGTH = 24 * 1024 * 1024;
const COUNT = Buffer.from(Uint32Array.from({ length: LENGTH / 4 }, (_, i) => i).buffer);

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

describe.each(ADAPTERS)('a process that is killed while it generates content, on %s', (adapter) => {
  const spool = fixtures.at(`spool-${adapter}`);
  let app: AppProcess;
  afterEach(() => app.kill());

  const start = async (): Promise<void> => {
    app = await startApp(adapter, '', spool);
  };
  const left = (): string[] => readdirSync(spool);

  it('leaves nothing that is taken for the whole, and what a later one has made survives the next', async () => {
    await start();
    const connection = await RawConnection.open(app.port);
    connection.send(requestText('/generated'));
    await connection.untilReceived(1_000_000);
    app.kill();
    expect((await connection.next()).isComplete).toBe(false);
    const [part = '', ...others] = left();
    expect(others).toEqual([]);

    await start();
    const remade = await fetchRaw(app.port, '/generated', [['Range', 'bytes=-5000000']]);
    expect(remade.status).toBe(206); // there is room for one: what the first has left counts no more
    expect(remade.body.equals(COUNT.subarray(-5_000_000))).toBe(true);
    expect(existsSync(join(spool, part))).toBe(false);
    expect(left()).toHaveLength(1);
    app.kill();

    await start();
    const kept = await fetchRaw(app.port, '/generated');
    expect([kept.status, kept.isComplete, kept.body.length]).toEqual([200, true, LENGTH]);
    expect(kept.body.equals(COUNT)).toBe(true);
    expect(header(kept, 'ETag')).toBe(header(remade, 'ETag'));
    expect(left()).toHaveLength(1);
    expect(await app.close()).toBe(0);
    expect(app.complaints).toBe('');
  });
});
