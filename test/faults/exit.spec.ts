import { afterAll, describe, expect, it } from '@jest/globals';
import { FixtureDirectory, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { RawConnection, requestText } from '../support/connections/raw-client.js';
import { ADAPTERS } from '../support/apps/test-app.js';
import { startApp } from './support/fault-app.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const LARGE = pseudoRandomBytes(24 * 1024 * 1024);
const file = fixtures.write('large.bin', LARGE);

describe.each(ADAPTERS)('a process whose app is closed, on %s', (adapter) => {
  it.each(['/file', '/plain'])('finishes its response for %s, and exits by itself', async (path) => {
    const app = await startApp(adapter, file);
    const client = await RawConnection.open(app.port);
    client.send(requestText(path));
    await client.head();
    client.socket.pause();
    const end = app.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.socket.resume();
    const { body } = await client.next();
    expect(body.equals(LARGE)).toBe(true);
    expect(await end).toBe(0);
    expect(app.complaints).toBe('');
  });
});
