import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { truncateSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { FixtureDirectory } from '../support/sources/fixtures.js';
import { fetchRaw, requestText } from '../support/connections/raw-client.js';
import { ADAPTERS } from '../support/apps/test-app.js';
import type { AppProcess } from '../support/apps/app-process.js';
import { RUNTIME } from '../support/apps/runtime.js';
import { reportOf, startApp } from './support/fault-app.js';

jest.setTimeout(120_000); // for a loaded machine: nothing waits this long by itself

const MiB = 1024 * 1024;
const READERS = 2000;
/** In bytes. Bun and Deno start with more, and keep a copy of what they write. */
const LIMIT = { node: 400 * MiB, bun: 800 * MiB, deno: 640 * MiB }[RUNTIME.name];

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const file = fixtures.write('sparse.bin', '');
truncateSync(file, 1024 * MiB);

describe(`${READERS} clients that ask for 1 GiB and read nothing`, () => {
  let app: AppProcess;
  afterEach(() => app.kill());

  it.each(ADAPTERS)(`leave the process under ${LIMIT / MiB} MiB and others served, on %s`, async (adapter) => {
    app = await startApp(adapter, file);
    const idle = await reportOf(app);
    const sockets: Socket[] = [];
    while (sockets.length < READERS) {
      sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => ask(app.port)))));
    }
    let report = await reportOf(app);
    for (let tries = 0; report.connections < idle.connections + READERS && tries < 100; tries++) {
      await pause(100);
      report = await reportOf(app);
    }
    expect(report.connections).toBe(idle.connections + READERS);
    const most = idle.descriptors + 1; // for the file, for all of them; Deno has another one for each read
    for (let tries = 0; (report.resident >= LIMIT || report.descriptors > most) && tries < 100; tries++) {
      await pause(200); // for reads to end, and for what is read ahead to be taken back
      report = await reportOf(app);
    }
    expect(report.resident).toBeLessThan(LIMIT);
    expect(report.descriptors).toBeLessThanOrEqual(most);
    const others = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        fetchRaw(app.port, '/file', [['Range', `bytes=${i * MiB}-${i * MiB + 99}`]]),
      ),
    );
    expect(others.map(({ status, body }) => [status, body.length])).toEqual(others.map(() => [206, 100]));
    for (const socket of sockets) socket.destroy();
  });
});

function ask(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.pause().write(requestText('/file'));
      resolve(socket);
    }).on('error', reject);
  });
}
