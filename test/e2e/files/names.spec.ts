import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Headers, Query, StreamableFile } from '@nestjs/common';
import { fileSource, folderSource, Ranged, RangedFile, RangeModule, RangeResponder } from 'nestjs-range';
import { execFileSync } from 'node:child_process';
import { chmodSync, createReadStream, mkdirSync, statSync, symlinkSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ORDINARY_NAMES } from '../../support/sources/ordinary-names.js';
import { fetchRaw, header, headersOf } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

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
for (const name of ORDINARY_NAMES) {
  mkdirSync(dirname(fixtures.at(`ordinary/${name}`)), { recursive: true });
  fixtures.write(`ordinary/${name}`, contentOf(name));
  fixtures.write(`ordinary/${name}.gz`, gzipSync(contentOf(name)));
}
mkdirSync(fixtures.at('ordinary/locked'));
for (const name of ['root/locked.mp4', 'ordinary/locked.mp4', 'ordinary/locked/clip.mp4', 'ordinary/first.mp4']) {
  fixtures.write(name, BYTES);
}
fixtures.write('ordinary/first.mp4.gz', gzipSync(BYTES));
for (const name of ['root/locked.mp4', 'ordinary/locked.mp4', 'ordinary/locked', 'ordinary/first.mp4.gz']) {
  chmodSync(fixtures.at(name), 0o000);
}
chmodSync(fixtures.path, 0o755);
execFileSync('mkfifo', [fixtures.at('root/fifo')]);
const socket = createServer().listen(fixtures.at('root/socket'));
afterAll(() => {
  socket.close();
  chmodSync(fixtures.at('ordinary/locked'), 0o755);
  fixtures.remove();
});

/** Its own for each name. */
function contentOf(name: string): string {
  return `the content of ${name}`;
}

const ordinary = folderSource(fixtures.at('ordinary'));

@Controller()
@Ranged({ etag: '"v1"', cacheControl: 'max-age=60', crossOriginResourcePolicy: 'cross-origin' })
class Files {
  @Get('file')
  file(@Query('name') name: string) {
    return new RangedFile(fileSource(name, { root }));
  }

  @Get('read-stream')
  readStream(@Query('name') name: string) {
    return new StreamableFile(createReadStream(fixtures.at(name)));
  }

  @Get('lost')
  lost(@Query('name') name: string) {
    return new RangedFile(fileSource(name, { root: fixtures.at('no-such-root') }));
  }

  @Get('lost-folder')
  lostFolder(@Query('name') name: string) {
    return new RangedFile(folderSource(fixtures.at('no-such-folder'))(name, 'br, gzip'));
  }

  @Get('relative')
  relative(@Query('name') name: string) {
    return new RangedFile(fileSource(name, { root: 'no-such-relative-root' }));
  }

  @Get('file-as-root')
  fileAsRoot(@Query('name') name: string) {
    return new RangedFile(fileSource(name, { root: fixtures.at('secret.txt') }));
  }

  @Get('ordinary')
  ordinary(@Query('name') name: string) {
    return new RangedFile(fileSource(name, { root: fixtures.at('ordinary') }));
  }

  @Get('folder')
  folder(@Query('name') name: string, @Headers('accept-encoding') acceptEncoding?: string) {
    return new RangedFile(ordinary(name, acceptEncoding));
  }

  @Get('offloaded')
  offloaded(@Query('name') name: string) {
    return new RangedFile(
      fileSource(name, { root: fixtures.at('ordinary'), offload: { accelRedirect: '/internal/' } }),
    );
  }
}

describe.each(ADAPTERS)('file names from users on %s', (adapter) => {
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

  const get = (name: string, headers: readonly (readonly [string, string])[] = []) =>
    fetchRaw(running.port, `/file?name=${encodeURIComponent(name)}`, headers);

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
    expect(headersOf(expected)['cache-control']).toBe('no-store');
    expect(header(expected, 'ETag')).not.toBe('"v1"');
    for (const name of REFUSED) {
      const response = await get(name);
      expect({ name, status: response.status, body: response.body.toString() }).toEqual({
        name,
        status: 404,
        body: expected.body.toString(),
      });
      expect(headersOf(response)).toEqual(headersOf(expected));
    }
    expect(expected.body.toString()).not.toMatch(/ENOENT|root|secret|\/tmp/);
    expect(running.log.complaints).toEqual([]);
  });

  it('no header and no error shows the path or the inode of a file', async () => {
    const { ino } = statSync(fixtures.at('root/clip.mp4'));
    for (const [status, headers] of [
      [200, []],
      [206, [['Range', 'bytes=0-9']]],
      [416, [['Range', 'bytes=10000-']]],
      [412, [['If-Match', '"v2"']]],
    ] as const) {
      const response = await get('clip.mp4', headers);
      expect(response.status).toBe(status);
      const told = JSON.stringify(response.lines) + (status >= 400 ? response.body.toString() : '');
      expect(told).not.toContain(fixtures.path);
      expect(told).not.toContain(String(ino));
    }
  });

  it('the boundaries of parts have 144 bits, and no two are alike', async () => {
    const boundaries = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const response = await get('clip.mp4', [['Range', 'bytes=0-9,5000-5009']]);
      boundaries.add(/boundary=([0-9a-f]{36})$/.exec(header(response, 'Content-Type') ?? '')?.[1] ?? 'none');
    }
    expect(boundaries.size).toBe(50);
    expect(boundaries.has('none')).toBe(false);
  });

  it('Cross-Origin-Resource-Policy is what the route says, on successes', async () => {
    for (const headers of [[], [['Range', 'bytes=0-9']]] as const) {
      expect(header(await get('clip.mp4', headers), 'Cross-Origin-Resource-Policy')).toBe('cross-origin');
    }
    expect(header(await get('missing.mp4'), 'Cross-Origin-Resource-Policy')).toBe('same-origin');
  });

  it('a name refused for its form is logged at debug, each time, and cannot forge a log line', async () => {
    await get('../secret.txt');
    await get('a/../\n[Nest] forged\0');
    await get('../secret.txt');
    expect(running.log.at('debug')).toEqual([
      `GET /file: 404, because the name "../secret.txt" is refused below ${root}: it has the segment ".."`,
      `GET /file: 404, because the name "a/../\\n[Nest] forged\\u0000" is refused below ${root}: it contains a NUL`,
      `GET /file: 404, because the name "../secret.txt" is refused below ${root}: it has the segment ".."`,
    ]);
  });

  it.each([
    ['lost', 'does not exist', fixtures.at('no-such-root')],
    ['lost-folder', 'does not exist', fixtures.at('no-such-folder')],
    ['relative', 'does not exist', resolve('no-such-relative-root')],
    ['file-as-root', 'is not a directory', fixtures.at('secret.txt')],
  ])('%s: an unusable root is warned of once', async (route, fault, path) => {
    for (let i = 0; i < 3; i++) {
      const response = await fetchRaw(running.port, `/${route}?name=clip${i}.mp4`);
      expect(response.status).toBe(404);
      expect(response.body.toString()).not.toContain(path);
    }
    expect(running.log.complaints).toEqual([
      `GET /${route}: 404, because the root ${path} ${fault}: give "root" an absolute path, or one from process.cwd(), which is ${process.cwd()} (logged once)`,
    ]);
  });

  it.each(ORDINARY_NAMES)('%j is a file like any other', async (name) => {
    const ask = (route: string, ...headers: (readonly [string, string])[]) =>
      fetchRaw(running.port, `/${route}?name=${encodeURIComponent(name)}`, headers);
    const content = Buffer.from(contentOf(name));
    for (const route of ['ordinary', 'folder']) {
      const whole = await ask(route);
      expect([whole.status, whole.body]).toEqual([200, content]);
      const part = await ask(route, ['Range', 'bytes=4-']);
      expect([part.status, part.body]).toEqual([206, content.subarray(4)]);
    }
    const sibling = await ask('folder', ['Accept-Encoding', 'gzip']);
    expect(header(sibling, 'Content-Encoding')).toBe('gzip');
    expect(sibling.body.equals(gzipSync(content))).toBe(true);
    const target = header(await ask('offloaded'), 'X-Accel-Redirect') ?? '';
    expect(target).toMatch(/^\/internal\/[\w.%!~*'()/-]+$/);
    expect(decodeURIComponent(target)).toBe(`/internal/${name}`);
  });
});

/** To root nothing is locked. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe.each(ADAPTERS)('a file that the user of the process may not read, on %s', (adapter) => {
  it.each([
    ['/file?name=locked.mp4', 'root/locked.mp4'],
    ['/read-stream?name=root/locked.mp4', 'root/locked.mp4'],
    ['/ordinary?name=locked.mp4', 'ordinary/locked.mp4'],
    ['/ordinary?name=locked/clip.mp4', 'ordinary/locked/clip.mp4'],
    ['/folder?name=locked.mp4', 'ordinary/locked.mp4'],
    ['/folder?name=locked/clip.mp4', 'ordinary/locked/clip.mp4'],
  ])('is a 404 to clients, and a warning that says why: %s', async (path, file) => {
    const { port, log, close } = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
    await asOrdinaryUser(async () => {
      for (const _ of [1, 2]) expect((await fetchRaw(port, path)).status).toBe(404);
    });
    expect(log.at('warn')).toEqual([
      `GET ${path.split('?')[0]}: 404, because access was refused (logged once a minute for this route): ` +
        `${fixtures.at(file)} cannot be opened: the user of this process lacks the permission (EACCES)`,
    ]);
    await close();
  });

  it('is warned of for each route, whatever was refused on others', async () => {
    const { port, log, close } = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
    const routes = ['file', 'ordinary', 'folder'];
    await asOrdinaryUser(async () => {
      for (const route of [...routes, ...routes]) await fetchRaw(port, `/${route}?name=locked.mp4`);
    });
    expect(log.at('warn').map((line) => line.split(':')[0])).toEqual(routes.map((route) => `GET /${route}`));
    await close();
  });

  it('is left out if it is only a precompressed sibling', async () => {
    const { port, log, close } = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
    await asOrdinaryUser(async () => {
      const response = await fetchRaw(port, '/folder?name=first.mp4', [['Accept-Encoding', 'gzip']]);
      expect([response.status, header(response, 'Content-Encoding')]).toEqual([200, undefined]);
    });
    expect(log.at('warn')).toEqual([]);
    await close();
  });
});

describe.each(ADAPTERS)('a missing file on %s', (adapter) => {
  const ONCE = ' (logged once in ten seconds for this route)';

  it('is logged at debug with its path, not again at once, and cannot forge a log line', async () => {
    const { port, log, close } = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
    const path = `/file?name=${encodeURIComponent('mis\n[Nest] forged.mp4')}`;
    for (const _ of [1, 2]) expect((await fetchRaw(port, path)).status).toBe(404);
    expect(log.at('debug')).toEqual([
      `GET /file: 404, because ${root}/mis\\n[Nest] forged.mp4 cannot be opened${ONCE}`,
    ]);
    await close();
  });

  it('is logged for each route, whatever was missing on others', async () => {
    const { port, log, close } = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
    const routes = ['file', 'ordinary', 'folder', 'read-stream'];
    for (const name of ['a', 'b']) {
      for (const route of routes) await fetchRaw(port, `/${route}?name=${name}.mp4`);
    }
    expect(log.at('debug').map((line) => line.split(':')[0])).toEqual(routes.map((route) => `GET /${route}`));
    await close();
  });

  it('is logged once where no route is known, whatever the names', async () => {
    const { port, log, close } = await startApp(
      adapter,
      { imports: [RangeModule] },
      {
        configure: (app) => {
          const responder = app.get(RangeResponder);
          app.use((request: IncomingMessage, response: ServerResponse) => {
            const name = request.url!.slice(1);
            void responder.send(request, response, new RangedFile(fileSource(name, { root })));
          });
        },
      },
    );
    for (const name of ['a.mp4', 'b.mp4']) expect((await fetchRaw(port, `/${name}`)).status).toBe(404);
    expect(log.at('debug')).toEqual([`GET /a.mp4: 404, because ${root}/a.mp4 cannot be opened${ONCE}`]);
    await close();
  });
});
