import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { ORDINARY_NAMES } from '../support/sources/ordinary-names.js';
import { readByteranges } from '../support/connections/byteranges-reader.js';
import { FixtureDirectory, MODIFIED, MODIFIED_HEADER, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { fetchRaw, header, headersOf, type RawResponse } from '../support/connections/raw-client.js';
import { ADAPTERS } from '../support/apps/test-app.js';
import type { AppProcess } from '../support/apps/app-process.js';
import { startApp } from './proxied-app.js';
import { Nginx, openToNginx } from './nginx.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
openToNginx(fixtures);
const root = fixtures.at('media');
mkdirSync(fixtures.at('media/inner'), { recursive: true });
const BYTES = pseudoRandomBytes(100_000);
fixtures.write('media/clip.mp4', BYTES);
fixtures.write('media/.env', 'secret');
fixtures.write('secret.txt', 'secret');
symlinkSync('../secret.txt', fixtures.at('media/link-out'));

/** nginx' own: the time of modification in seconds, and the size. */
const NGINX_ETAG = `"${Math.floor(MODIFIED.getTime() / 1000).toString(16)}-${BYTES.length.toString(16)}"`;
const PASS = ['X-Pass', 'open'] as const;

/** What every success has, be it 200 or 206. */
const SHARED = {
  'cache-control': 'private, max-age=60, no-transform',
  'content-disposition': 'attachment; filename=clip.mp4',
  'set-cookie': 'seen=1',
  'last-modified': MODIFIED_HEADER,
  etag: NGINX_ETAG,
  // These two by an add_header; without one nginx drops them, as it does Vary here.
  'content-language': 'de',
  'x-content-type-options': 'nosniff',
};
/** Of a 200 from nginx. */
const WHOLE = { ...SHARED, 'content-type': 'video/mp4', 'content-length': '100000', 'accept-ranges': 'bytes' };

function withoutServer(response: RawResponse): Record<string, string> {
  const { server, ...headers } = headersOf(response);
  expect(server).toMatch(/^nginx/);
  return headers;
}

describe.each(ADAPTERS)('X-Accel-Redirect: a guard of %s decides, nginx sends', (adapter) => {
  let app: AppProcess;
  let nginx: Nginx;
  beforeAll(async () => {
    app = await startApp(adapter, root);
    nginx = await Nginx.start(
      (port) => `
        server {
          listen 127.0.0.1:${port};
          location / {
            proxy_pass http://${app.address};
            proxy_http_version 1.1;
          }
          location ^~ /internal/ {
            internal;
            alias ${root}/;
            add_header Content-Language $upstream_http_content_language;
            add_header X-Content-Type-Options $upstream_http_x_content_type_options;
          }
        }`,
    );
  });
  afterAll(async () => {
    await nginx?.close();
    await app?.closeWithoutComplaint();
  });

  type HeaderLines = Parameters<typeof fetchRaw>[2];
  const ask = async (target: string, headers: HeaderLines = [], method = 'GET'): Promise<RawResponse> => {
    const response = await fetchRaw(nginx.port, target, headers, method);
    expect(headersOf(response)).not.toHaveProperty('x-accel-redirect');
    return response;
  };
  const get = (name: string, headers: readonly (readonly [string, string])[] = [], method = 'GET') =>
    ask(`/guarded?name=${encodeURIComponent(name)}`, [PASS, ...headers], method);

  it('200: the whole file, with the headers of the app and the validators of nginx', async () => {
    const response = await get('clip.mp4');
    expect(response.status).toBe(200);
    expect(withoutServer(response)).toEqual(WHOLE);
    expect(response.body.equals(BYTES)).toBe(true);
  });

  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=0-1', 0, 1],
    ['bytes=5000-70000', 5000, 70_000],
    ['bytes=99990-', 99_990, 99_999],
    ['bytes=-5', 99_995, 99_999],
    ['bytes=-200000', 0, 99_999],
    ['bytes=99999-200000', 99_999, 99_999],
  ])('206: %s, byte for byte', async (value, firstPos, lastPos) => {
    const response = await get('clip.mp4', [['Range', value]]);
    expect(response.status).toBe(206);
    expect(withoutServer(response)).toEqual({
      ...SHARED,
      'content-type': 'video/mp4',
      'content-length': String(lastPos - firstPos + 1),
      'content-range': `bytes ${firstPos}-${lastPos}/100000`,
    });
    expect(response.body.equals(BYTES.subarray(firstPos, lastPos + 1))).toBe(true);
  });

  it('206: several ranges as parts', async () => {
    const response = await get('clip.mp4', [['Range', 'bytes=0-9,50000-50999,-7']]);
    expect(response.status).toBe(206);
    const parts = readByteranges(header(response, 'Content-Type') ?? '', response.body);
    expect(parts.map(({ firstPos, lastPos }) => [firstPos, lastPos])).toEqual([
      [0, 9],
      [50_000, 50_999],
      [99_993, 99_999],
    ]);
    for (const { firstPos, lastPos, content, headers } of parts) {
      expect(content.equals(BYTES.subarray(firstPos, lastPos + 1))).toBe(true);
      expect(headers['content-type']).toBe('video/mp4');
    }
  });

  it('416: a range behind the end', async () => {
    const response = await get('clip.mp4', [['Range', 'bytes=100000-']]);
    expect(response.status).toBe(416);
    expect(header(response, 'Content-Range')).toBe('bytes */100000');
  });

  it.each([
    ['If-None-Match', NGINX_ETAG, 304],
    ['If-None-Match', '"another"', 200],
    ['If-Modified-Since', MODIFIED_HEADER, 304],
    ['If-Match', '"another"', 412],
    ['If-Unmodified-Since', 'Thu, 01 Jan 1998 00:00:00 GMT', 412],
  ])('%s: %s is evaluated by nginx: %d', async (name, value, status) => {
    const response = await get('clip.mp4', [[name, value]]);
    expect(response.status).toBe(status);
    expect(response.body.equals(BYTES)).toBe(status === 200);
  });

  it('If-Range: a download resumes with the entity tag of nginx, and starts over with another', async () => {
    const range = ['Range', 'bytes=99000-'] as const;
    const resumed = await get('clip.mp4', [range, ['If-Range', NGINX_ETAG]]);
    expect(resumed.status).toBe(206);
    expect(resumed.body.equals(BYTES.subarray(99_000))).toBe(true);
    const anew = await get('clip.mp4', [range, ['If-Range', '"another"']]);
    expect(anew.status).toBe(200);
    expect(anew.body.equals(BYTES)).toBe(true);
  });

  it('HEAD: headers without content', async () => {
    const response = await get('clip.mp4', [], 'HEAD');
    expect(response.status).toBe(200);
    expect(withoutServer(response)).toEqual(WHOLE);
  });

  it('the app itself sends no byte of the file', async () => {
    const direct = await fetchRaw(app.port, '/guarded?name=clip.mp4', [PASS, ['Range', 'bytes=0-9']]);
    expect(direct.status).toBe(200);
    expect(direct.body).toHaveLength(0);
    expect(header(direct, 'X-Accel-Redirect')).toBe('/internal/clip.mp4');
  });

  it.each([
    ['GET', []],
    ['HEAD', []],
    ['GET', [['Range', 'bytes=0-9']]],
    ['GET', [['X-Pass', 'shut']]],
    ['GET', [['X-Accel-Redirect', '/internal/clip.mp4']]],
  ] as const)('without the pass a %s with %j is 403, and nothing of the file', async (method, headers) => {
    const response = await ask('/guarded?name=clip.mp4', headers, method);
    expect(response.status).toBe(403);
    expect(response.body.includes(BYTES.subarray(0, 16))).toBe(false);
    expect(headersOf(response)).not.toHaveProperty('etag', NGINX_ETAG);
  });

  it.each([
    '/internal/clip.mp4',
    '/internal/',
    '/internal',
    '/%69nternal/clip.mp4',
    '/internal%2fclip.mp4',
    '//internal/clip.mp4',
    '/internal//clip.mp4',
    '/guarded/../internal/clip.mp4',
    '/internal/../internal/clip.mp4',
    '/internal/inner/../clip.mp4',
    '/internal/..%2fsecret.txt',
    '/internal../secret.txt',
    '/INTERNAL/clip.mp4',
    'http://media.example/internal/clip.mp4',
  ])('%s leads nowhere from outside, with the pass or without', async (target) => {
    for (const headers of [[], [PASS], [PASS, ['X-Accel-Redirect', '/internal/clip.mp4']]] as const) {
      const response = await ask(target, headers);
      expect(response.status).toBe(404);
      expect(response.body.includes(BYTES.subarray(0, 16))).toBe(false);
    }
  });

  it.each([
    'with space.mp4',
    'größe ☃ 🎬.mp4',
    '100%.mp4',
    '%2e%2e%2fsecret.txt',
    '%00.mp4',
    'what?.mp4',
    'one#two.mp4',
    '?#%.mp4',
    'a+b&c;d=e,f.mp4',
    'line\nbreak.mp4',
    `"quoted" 'name'.mp4`,
    'inner/deep inner.mp4',
    'inner/..two.mp4',
    '@named.mp4',
    '$uri.mp4',
    ...ORDINARY_NAMES,
  ])('%j is found by nginx, and no other file', async (name) => {
    const content = `this is ${name}`;
    mkdirSync(dirname(fixtures.at(`media/${name}`)), { recursive: true });
    fixtures.write(`media/${name}`, content);
    const response = await get(name, [['Range', 'bytes=8-']]);
    if (name.includes('/..')) return expect(response.status).toBe(404); // a dotfile
    expect(response.status).toBe(206);
    expect(response.body.toString()).toBe(name);
  });

  it.each(['missing.mp4', '../secret.txt', '..%2fsecret.txt', '.env', 'inner', 'link-out', '/etc/passwd', ''])(
    '%j is the 404 of the app',
    async (name) => {
      const response = await get(name);
      expect(response.status).toBe(404);
      expect(response.body.toString()).toContain('Not Found');
      expect(response.body.toString()).not.toContain('nginx');
    },
  );
});
