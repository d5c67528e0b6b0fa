import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Query } from '@nestjs/common';
import { fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { FixtureDirectory, pseudoRandomBytes } from '../support/fixtures.js';
import { fetchRaw, field, fieldsOf } from '../support/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../support/test-app.js';

jest.setTimeout(60_000); // for a loaded machine: nothing waits this long by itself

const fixtures = new FixtureDirectory();
const root = fixtures.at('root');
const BYTES = pseudoRandomBytes(10_000);
mkdirSync(root);
mkdirSync(fixtures.at('root/inner'));
fixtures.write('secret.txt', 'secret');
fixtures.write('root/clip.mp4', BYTES);
fixtures.write('root/.env', 'secret');
symlinkSync('../secret.txt', fixtures.at('root/link-out'));
symlinkSync('/proc/self/environ', fixtures.at('root/process'));
symlinkSync('loop', fixtures.at('root/loop'));
execFileSync('mkfifo', [fixtures.at('root/fifo')]);
const socket = createServer().listen(fixtures.at('root/socket'));
afterAll(() => {
  socket.close();
  fixtures.remove();
});

@Controller()
@Ranged({ etag: '"v1"', cacheControl: 'max-age=60', crossOriginResourcePolicy: 'cross-origin' })
class Files {
  @Get('file')
  file(@Query('name') name: string) {
    return new RangedFile(fileSource(name, { root }));
  }
}

describe.each(ADAPTERS)('names from users on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    const overridden = (_: unknown, response: { setHeader(name: string, value: string): void }, next: () => void) => {
      response.setHeader('Cross-Origin-Resource-Policy', 'same-origin'); // as helmet does
      next();
    };
    running = await startApp(
      adapter,
      { imports: [RangeModule], controllers: [Files] },
      { configure: (app) => app.use(overridden) },
    );
  });
  afterAll(() => running.close());
  afterEach(() => running.log.clear());

  const get = (name: string, fields: readonly (readonly [string, string])[] = []) =>
    fetchRaw(running.port, `/file?name=${encodeURIComponent(name)}`, fields);

  const REFUSED = [
    '../secret.txt',
    '..%2fsecret.txt',
    '%2e%2e/secret.txt',
    '..\\secret.txt',
    '....//secret.txt',
    fixtures.at('secret.txt'),
    `//${fixtures.at('secret.txt')}`,
    'C:\\secret.txt',
    '\\\\server\\share',
    'clip.mp4\0',
    'clip.mp4\0.txt',
    'clip.mp4.',
    'clip.mp4 ',
    'clip.mp4::$DATA',
    'NUL',
    'com1.txt',
    '.env',
    './clip.mp4',
    'inner',
    'inner/',
    'link-out',
    'process',
    'loop',
    'fifo',
    'socket',
    'missing.mp4',
    'clip.mp4/x',
    'x'.repeat(300),
    `${'x/'.repeat(3000)}x`,
  ];

  it('every refusal is the same 404', async () => {
    const expected = await get('missing.mp4');
    expect(expected.status).toBe(404);
    expect(fieldsOf(expected)['cache-control']).toBe('no-store');
    expect(field(expected, 'ETag')).not.toBe('"v1"');
    for (const name of REFUSED) {
      const response = await get(name);
      expect({ name, status: response.status, body: response.body.toString() }).toEqual({
        name,
        status: 404,
        body: expected.body.toString(),
      });
      expect(fieldsOf(response)).toEqual(fieldsOf(expected));
    }
    expect(expected.body.toString()).not.toMatch(/ENOENT|root|secret|\/tmp/);
    expect(running.log.complaints).toEqual([]);
  });

  it('neither a field nor a refusal of a part shows where the file lies, or its inode', async () => {
    const { ino } = statSync(fixtures.at('root/clip.mp4'));
    for (const [status, fields] of [
      [200, []],
      [206, [['Range', 'bytes=0-9']]],
      [416, [['Range', 'bytes=10000-']]],
      [412, [['If-Match', '"v2"']]],
    ] as const) {
      const response = await get('clip.mp4', fields);
      expect(response.status).toBe(status);
      const told = JSON.stringify(response.lines) + (status >= 400 ? response.body.toString() : '');
      expect(told).not.toContain(fixtures.path);
      expect(told).not.toContain(String(ino));
    }
  });

  it('the boundaries of parts are of 144 bits, and no two alike', async () => {
    const boundaries = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const response = await get('clip.mp4', [['Range', 'bytes=0-9,5000-5009']]);
      boundaries.add(/boundary=([0-9a-f]{36})$/.exec(field(response, 'Content-Type') ?? '')?.[1] ?? 'none');
    }
    expect(boundaries.size).toBe(50);
    expect(boundaries.has('none')).toBe(false);
  });

  it('Cross-Origin-Resource-Policy is what the route says, on successes', async () => {
    for (const fields of [[], [['Range', 'bytes=0-9']]] as const) {
      expect(field(await get('clip.mp4', fields), 'Cross-Origin-Resource-Policy')).toBe('cross-origin');
    }
    expect(field(await get('missing.mp4'), 'Cross-Origin-Resource-Policy')).toBe('same-origin');
  });

  it('a file that may not be read is refused like one that is not there', async () => {
    const path = fixtures.write('root/locked.mp4', BYTES);
    chmodSync(path, 0o000);
    const response = await get('locked.mp4');
    // To root nothing is locked.
    expect(response.status).toBe(process.getuid?.() === 0 ? 200 : 404);
  });
});
