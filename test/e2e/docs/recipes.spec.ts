import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { formatResponse, onRangeResponse, RangeModule } from 'nestjs-range';
import { checkRangedEndpoint } from 'nestjs-range/testing';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { readZip } from '../../support/sources/zip-reader.js';
import { fetchRaw, header, headersOf } from '../../support/connections/raw-client.js';
import { until } from '../../support/until.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const CLIP = pseudoRandomBytes(200_000);
fixtures.write('clip.mp4', CLIP, MODIFIED);

// Before they are loaded, as an app's environment is.
process.env['MEDIA'] = fixtures.path;
process.env['SPEECH'] = fixtures.at('speech');
process.env['LINK_KEY'] = pseudoRandomBytes(32).toString('hex');
const { TripController } = await import('./archives/trip.controller.js');
const { AppModule } = await import('./getting-started/app.module.js');
const { MediaController } = await import('./getting-started/media.controller.js');
const { ArchiveController } = await import('./recipes/archive.controller.js');
const { DownloadsController } = await import('./recipes/downloads.controller.js');
const { faultsOf } = await import('./recipes/endpoint-check.js');
const { FileTable } = await import('./recipes/file-table.js');
const { HandWrittenController } = await import('./recipes/hand-written.controller.js');
const { LimitedController } = await import('./recipes/limited.controller.js');
const { PrivateController } = await import('./recipes/private.controller.js');
const { SignedController } = await import('./recipes/signed.controller.js');
const { SignedLinks } = await import('./recipes/signed-links.js');
const { Signer } = await import('./recipes/signer.js');
const { SpeechController } = await import('./recipes/speech.controller.js');
const { SuffixesOnlyParser } = await import('./recipes/suffixes-only.parser.js');
const { TicketsController } = await import('./recipes/tickets.controller.js');
const { VideoController } = await import('./recipes/video.controller.js');

const APP = {
  imports: [RangeModule],
  controllers: [
    ArchiveController,
    DownloadsController,
    HandWrittenController,
    LimitedController,
    PrivateController,
    SignedController,
    SpeechController,
    TicketsController,
    VideoController,
  ],
  providers: [FileTable, SignedLinks, Signer],
};

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs');
const docOf = (page: string): string => readFileSync(join(DOCS, `${page}.md`), 'utf8');
const STARTER = new Set(['app.controller.ts', 'app.service.ts']); // made by Nest, so no page shows them

describe.each(['recipes', 'getting-started', 'archives'])('docs/%s.md', (page) => {
  const directory = join(import.meta.dirname, page);
  const names = readdirSync(directory).filter((name) => !STARTER.has(name));

  it.each(names)('has %s as it is run here, below its name', (name) => {
    const code = readFileSync(join(directory, name), 'utf8').trim();
    expect(docOf(page)).toContain(`\`src/${name}\`:\n\n\`\`\`ts\n${code}\n\`\`\``);
  });
});

describe('docs/getting-started.md', () => {
  const directory = process.cwd();
  beforeAll(() => {
    mkdirSync(fixtures.at('media'), { recursive: true });
    fixtures.write('media/clip.mp4', CLIP, MODIFIED);
    process.chdir(fixtures.path);
  });
  afterAll(() => process.chdir(directory));

  it.each(ADAPTERS)('leads to an endpoint without a fault on %s', async (adapter) => {
    const running = await startApp(adapter, { imports: [AppModule] });
    try {
      expect(await faultsOf(`http://127.0.0.1:${running.port}/media/clip.mp4`)).toEqual([]);
    } finally {
      await running.close();
    }
  });

  it('shows the headers that its curl prints', async () => {
    fixtures.write('media/film.mp4', Buffer.alloc(4_053_964), MODIFIED);
    const [, head = ''] = /^```http\n(.*?)^```$/ms.exec(docOf('getting-started')) ?? [];
    const [statusLine, ...lines] = head.trim().split('\n');
    const shown = lines.map((line) => line.split(': ', 2) as [string, string]);
    const running = await startApp('express', { imports: [AppModule] });
    try {
      const response = await fetchRaw(running.port, '/media/film.mp4', [['Range', 'bytes=0-1']]);
      expect(statusLine).toBe(`HTTP/1.1 ${response.status} Partial Content`);
      expect(headersOf({ ...response, lines: shown })).toEqual({
        ...headersOf(response),
        etag: expect.stringMatching(/^"[\w-]+"$/), // of another runtime
      });
    } finally {
      await running.close();
    }
  });

  it('has tests that pass', async () => {
    const [, code = ''] = /^```ts\n(import \{ Test \}.*?)^```$/ms.exec(docOf('getting-started')) ?? [];
    const tests: (() => Promise<void>)[] = [];
    const it = (_: string, run: () => Promise<void>) => tests.push(run);
    const imported = { Test, checkRangedEndpoint, readFile, buffer, AppModule, MediaController };
    const surroundings = { ...imported, fetch, Buffer, expect, it };
    runInNewContext(code.replaceAll(/^import .*$/gm, ''), surroundings);
    expect(tests).toHaveLength(2);
    for (const run of tests) await run();
  });
});

describe.each(ADAPTERS)('the archive of docs/archives.md on %s', (adapter) => {
  const directory = process.cwd();
  const photos = ['b.jpg', 'a.jpg', 'notes.txt'].map((name, i) => ({ name, bytes: pseudoRandomBytes(50_000, i + 2) }));
  let running: TestApp;
  beforeAll(async () => {
    mkdirSync(fixtures.at('photos'), { recursive: true });
    for (const { name, bytes } of photos) fixtures.write(`photos/${name}`, bytes, MODIFIED);
    process.chdir(fixtures.path);
    running = await startApp(adapter, { imports: [RangeModule], controllers: [TripController] });
  });
  afterAll(async () => {
    process.chdir(directory);
    await running.close();
  });

  it('has the photos, and resumes', async () => {
    const whole = await fetchRaw(running.port, '/trip.zip');
    expect(header(whole, 'Content-Disposition')).toBe('attachment; filename=trip.zip');
    const [b, a] = photos;
    expect(readZip(whole.body).map(({ name, bytes }) => [name, bytes])).toEqual([
      ['trip/a.jpg', a?.bytes],
      ['trip/b.jpg', b?.bytes],
    ]);
    const rest = await fetchRaw(running.port, '/trip.zip', [['Range', 'bytes=60000-']]);
    expect([rest.status, rest.body.equals(whole.body.subarray(60_000))]).toEqual([206, true]);
    expect(await faultsOf(`http://127.0.0.1:${running.port}/trip.zip`)).toEqual([]);
  });
});

describe.each(ADAPTERS)('the recipes on %s', (adapter) => {
  let running: TestApp;
  let upstream: Server;
  const asked: (string | undefined)[] = [];
  beforeAll(async () => {
    upstream = createServer((request, response) => {
      asked.push(request.headers.range);
      const [, first = 0, last = CLIP.length - 1] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
      const bytes = CLIP.subarray(Number(first), Number(last) + 1);
      response.writeHead(request.headers.range === undefined ? 200 : 206, {
        'content-length': bytes.length,
        etag: '"v1"',
        ...(request.headers.range && { 'content-range': `bytes ${first}-${last}/${CLIP.length}` }),
      });
      response.end(request.method === 'HEAD' ? undefined : bytes);
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    process.env['ARCHIVE'] = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`;
    running = await startApp(adapter, APP);
  });
  afterAll(async () => {
    await running.close();
    await new Promise((resolve) => upstream.close(resolve));
  });

  const url = (path: string): string => `http://127.0.0.1:${running.port}${path}`;

  it.each(['/video/clip.mp4', '/downloads/7', '/archive/clip.mp4'])('%s is without a fault', async (path) => {
    expect(await faultsOf(url(path))).toEqual([]);
  });

  it('a video is shown, a download is saved under its name', async () => {
    const disposition = async (path: string) => header(await fetchRaw(running.port, path), 'Content-Disposition');
    expect(await disposition('/video/clip.mp4')).toBe('inline');
    expect(await disposition('/downloads/7')).toContain("filename*=UTF-8''%C3%9Cbersicht");
    expect((await fetchRaw(running.port, '/downloads/8')).status).toBe(404);
  });

  it('private media need a login, for each range', async () => {
    const range = ['Range', 'bytes=0-9'] as const;
    expect((await fetchRaw(running.port, '/private/clip.mp4', [range])).status).toBe(403);
    const seek = await fetchRaw(running.port, '/private/clip.mp4', [range, ['Cookie', 'session=open']]);
    expect([seek.status, seek.body.length]).toEqual([206, 10]);
    expect(header(seek, 'Cache-Control')).toBe('private, max-age=3600, no-transform');
    const findings = await checkRangedEndpoint(url('/private/clip.mp4'), { headers: { cookie: 'session=open' } });
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('a limited video is complete, and its first bytes are sent at once', async () => {
    const response = await fetchRaw(running.port, '/limited/clip.mp4');
    expect([response.status, response.body.equals(CLIP)]).toEqual([200, true]);
  });

  describe('a signed link', () => {
    const linkTo = async (name: string): Promise<string> => {
      const path = `/signed/link/${encodeURIComponent(name)}`;
      const { body } = await fetchRaw(running.port, path, [['Cookie', 'session=open']]);
      return (JSON.parse(body.toString()) as { url: string }).url;
    };

    it('needs a login once, and then plays without a cookie, range by range', async () => {
      expect((await fetchRaw(running.port, '/signed/link/clip.mp4')).status).toBe(403);
      const link = await linkTo('clip.mp4');
      for (const range of ['bytes=0-', 'bytes=-10', 'bytes=5-9']) {
        expect((await fetchRaw(running.port, link, [['Range', range]])).status).toBe(206);
      }
      expect(await faultsOf(url(link))).toEqual([]);
      expect((await fetchRaw(running.port, await linkTo('größer & 100%.mp4'))).status).toBe(404);
    });

    it.each<[string, (link: string) => string]>([
      ['without its query', (link) => link.replace(/\?.*/, '')],
      ['without a signature', (link) => link.replace(/&signature.*/, '')],
      ['with an empty one', (link) => link.replace(/signature=.*/, 'signature=')],
      ['with a shorter one', (link) => link.slice(0, -4)],
      ['with another', (link) => link.replace(/signature=(.)/, (_, first) => `signature=${first === 'A' ? 'B' : 'A'}`)],
      ['with a later time', (link) => link.replace(/expires=(\d+)/, (_, time) => `expires=${Number(time) + 1000}`)],
      ['with a time that is none', (link) => link.replace(/expires=\d+/, 'expires=Infinity')],
      ['with two times', (link) => link.replace('?', '?expires=99999999999999&')],
      ['of another file', (link) => link.replace('clip.mp4', 'other.mp4')],
      ['of another directory', (link) => link.replace('/clip.mp4', '/..%2fclip.mp4')],
      ['that has expired', () => running.app.get(SignedLinks).sign('/signed/clip.mp4', 0)],
    ])('%s is a 403', async (_, change) => {
      const changed = change(await linkTo('clip.mp4'));
      for (const range of ['bytes=0-', 'bytes=5-9']) {
        const response = await fetchRaw(running.port, changed, [['Range', range]]);
        expect([response.status, header(response, 'Content-Range')]).toEqual([403, undefined]);
      }
    });

    it('leaves no trace of itself in the log, whatever becomes of the response', async () => {
      const lines: string[] = [];
      const stop = onRangeResponse((message) => lines.push(formatResponse(message)));
      running.log.clear();
      const links = await Promise.all(['clip.mp4', 'missing.mp4'].map(linkTo));
      for (const link of links) {
        for (const range of ['bytes=0-9', 'bytes=999999-']) await fetchRaw(running.port, link, [['Range', range]]);
      }
      const ofMissing = () => lines.filter((line) => line.includes('/signed/missing.mp4 404'));
      await until(() => ofMissing().length === 2, 'the last responses to be reported');
      stop();
      const logged = [...lines, ...running.log.entries.map(({ message, details }) => `${message} ${inspect(details)}`)];
      expect(lines).toContainEqual(expect.stringMatching(/^GET \/signed\/clip\.mp4 206 partial bytes=0-9 10\/10 /));
      for (const link of links) {
        const { searchParams } = new URL(link, 'http://localhost');
        for (const secret of searchParams.values()) expect(logged.join('\n')).not.toContain(secret);
      }
    });
  });

  it('speech is generated once, and then has ranges', async () => {
    const path = `/speech?text=hello-${adapter}`;
    const whole = await fetchRaw(running.port, path);
    expect([whole.status, whole.body.length]).toEqual([200, 44 + 4000 * `hello-${adapter}`.length]);
    expect(whole.body.readUInt32LE(4)).toBe(whole.body.length - 8); // as a player reads it
    const part = await fetchRaw(running.port, path, [['Range', 'bytes=-1000']]);
    expect([part.status, part.body.equals(whole.body.subarray(-1000))]).toEqual([206, true]);
  });

  it('only the requested bytes travel from an upstream', async () => {
    await fetchRaw(running.port, '/archive/clip.mp4', [], 'HEAD'); // its metadata is known, however long ago it was used
    asked.length = 0;
    const part = await fetchRaw(running.port, '/archive/clip.mp4', [['Range', 'bytes=5-9']]);
    expect([part.status, part.body.equals(CLIP.subarray(5, 10))]).toEqual([206, true]);
    expect(asked.filter((range) => range !== undefined)).toEqual(['bytes=5-9']);
  });

  it('a ticket redirects to the store', async () => {
    const { status, ...response } = await fetchRaw(running.port, '/tickets/a%20b');
    expect([status, header({ status, ...response }, 'Location')]).toEqual([
      307,
      'https://store.example/a%20b?signature=abc',
    ]);
  });

  it('a parser of the app decides what counts as a range', async () => {
    const imports = [RangeModule.forRoot({ parser: SuffixesOnlyParser })];
    const own = await startApp(adapter, { imports, controllers: [VideoController] });
    try {
      const status = async (range: string) => (await fetchRaw(own.port, '/video/clip.mp4', [['Range', range]])).status;
      expect(await Promise.all(['bytes=-10', 'bytes=0-9', 'bytes=0-9,-10'].map(status))).toEqual([206, 200, 200]);
    } finally {
      await own.close();
    }
  });
});

it('the hand-written code has more than thirty faults, and escapes its directory', async () => {
  const running = await startApp('express', APP);
  try {
    const faults = await faultsOf(`http://127.0.0.1:${running.port}/hand-written/clip.mp4`);
    expect(faults.length).toBeGreaterThan(30);
    const outside = `..%2f${basename(fixtures.path)}%2fclip.mp4`;
    expect((await fetchRaw(running.port, `/hand-written/${outside}`)).body.equals(CLIP)).toBe(true);
    expect((await fetchRaw(running.port, `/video/${outside}`)).status).toBe(404);
    expect((await fetchRaw(running.port, '/hand-written/missing.mp4')).status).toBe(500);
  } finally {
    await running.close();
  }
});
