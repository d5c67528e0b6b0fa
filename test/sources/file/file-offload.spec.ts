import { afterAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { fileSource, type FileSourceOptions } from '../../../src/sources/file/file-source.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { untilClosed } from '../../support/sources/until-closed.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const BYTES = pseudoRandomBytes(1000);
const ROOT = fixtures.at('media root');
mkdirSync(fixtures.at('media root/inner'), { recursive: true });
fixtures.write('secret.txt', 'secret');
fixtures.write('media root/.env', 'secret');
symlinkSync('../secret.txt', fixtures.at('media root/link-out'));
symlinkSync('inner', fixtures.at('media root/link'));
execFileSync('mkfifo', [fixtures.at('media root/fifo')]);

const { signal } = new AbortController();
const ACCEL = { accelRedirect: '/internal/' };

/** The one field that tells who sends the file. */
async function toldBy(name: string, options: FileSourceOptions): Promise<Readonly<Record<string, string>> | undefined> {
  const { delegated, close } = await fileSource(name, options).resolve(signal);
  await close?.();
  if (delegated !== undefined) expect(delegated.status).toBe(200);
  return delegated?.headers;
}

describe('a file that a proxy sends', () => {
  it.each([
    ['clip.mp4', 'clip.mp4'],
    ['inner/deep.mp4', 'inner/deep.mp4'],
    ['with space.mp4', 'with%20space.mp4'],
    ['100%.mp4', '100%25.mp4'],
    ['%2e%2e%2fsecret.txt', '%252e%252e%252fsecret.txt'],
    ['what? #1&2+3;4=5.mp4', 'what%3F%20%231%262%2B3%3B4%3D5.mp4'],
    ['größe ☃ 🎬.mp4', 'gr%C3%B6%C3%9Fe%20%E2%98%83%20%F0%9F%8E%AC.mp4'],
    ['line\nbreak.mp4', 'line%0Abreak.mp4'],
    ['"quoted" \'name\'.mp4', "%22quoted%22%20'name'.mp4"],
    ['half \ud800.mp4', 'half%20%EF%BF%BD.mp4'],
  ])('%j is named in ASCII, segment by segment', async (name, encoded) => {
    fixtures.write(`media root/${name}`, BYTES);
    expect(await toldBy(name, { root: ROOT, offload: ACCEL })).toEqual({ 'x-accel-redirect': `/internal/${encoded}` });
    const directory = fixtures.path.split('/').map(encodeURIComponent).join('/');
    expect(await toldBy(name, { root: ROOT, offload: 'sendfile' })).toEqual({
      'x-sendfile': `${directory}/media%20root/${encoded}`,
    });
  });

  it('X-Sendfile has the real path; X-Accel-Redirect the requested name', async () => {
    const directory = fixtures.path;
    fixtures.write('media root/inner/deep.mp4', BYTES);
    expect(await toldBy('link/deep.mp4', { root: ROOT, offload: 'sendfile' })).toEqual({
      'x-sendfile': `${directory}/media%20root/inner/deep.mp4`,
    });
    expect(await toldBy('link/deep.mp4', { root: ROOT, offload: ACCEL })).toEqual({
      'x-accel-redirect': '/internal/link/deep.mp4',
    });
  });

  it('X-Sendfile needs no root', async () => {
    const path = fixtures.write('alone.mp4', BYTES);
    expect(await toldBy(path, { offload: 'sendfile' })).toEqual({ 'x-sendfile': path });
  });

  it('without the option, or with undefined, it is sent by the app', async () => {
    fixtures.write('media root/own.mp4', BYTES);
    expect(await toldBy('own.mp4', { root: ROOT })).toBeUndefined();
    expect(await toldBy('own.mp4', { root: ROOT, offload: undefined })).toBeUndefined();
  });

  it('can be read without an interceptor, and releases its descriptor', async () => {
    const { open, close, type } = await fileSource('inner/deep.mp4', { root: ROOT, offload: ACCEL }).resolve(signal);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await open(undefined, signal)) chunks.push(Buffer.from(chunk));
    expect(Buffer.concat(chunks).equals(BYTES)).toBe(true);
    expect(type).toBe('video/mp4');
    await close?.();
    await untilClosed(fixtures);
  });

  it.each([
    '../secret.txt',
    '..%2fsecret.txt',
    '/etc/passwd',
    '.env',
    'inner',
    'fifo',
    'link-out',
    'missing.mp4',
    'clip.mp4/x',
    'clip.mp4\0',
    'a\\b',
    '',
  ])('%j is refused as if we sent it', async (name) => {
    for (const offload of [ACCEL, 'sendfile'] as const) {
      await expect(toldBy(name, { root: ROOT, offload })).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    }
    await untilClosed(fixtures);
  });

  it.each([
    ['a word', 'x-accel'],
    ['true', true],
    ['null', null],
    ['an empty object', {}],
    ['no path', { accelRedirect: 5 }],
    ['a relative path', { accelRedirect: 'internal/' }],
    ['a path without a slash at its end', { accelRedirect: '/internal' }],
    ['the root, where the app itself is', { accelRedirect: '/' }],
    ['an empty segment', { accelRedirect: '//internal/' }],
    ['a way up', { accelRedirect: '/internal/../' }],
    ['a dot', { accelRedirect: '/./' }],
    ['an encoded path', { accelRedirect: '/in%74ernal/' }],
    ['a query', { accelRedirect: '/internal/?x=/' }],
    ['a line break', { accelRedirect: '/internal\r\n/' }],
    ['a line break at its end', { accelRedirect: '/internal/\n' }],
    ['a space', { accelRedirect: '/in ternal/' }],
    ['a named location', { accelRedirect: '@internal' }],
    ['a further option', { accelRedirect: '/internal/', alias: '/srv' }],
  ])('refuses %s as an offload, by name', (_, offload) => {
    const make = () => fileSource('clip.mp4', { root: ROOT, offload: offload as never });
    expect(make).toThrow(/^fileSource: option "offload" must be 'sendfile' or \{ accelRedirect \}/);
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError' }));
  });

  it.each(['/internal/', '/protected/media-1/', '/_files/', '/.well-known/x/', '/a..b/~c/'])(
    'takes %s',
    (accelRedirect) => {
      expect(() => fileSource('clip.mp4', { root: ROOT, offload: { accelRedirect } })).not.toThrow();
    },
  );

  it('accelRedirect without a root is refused', () => {
    expect(() => fileSource('/srv/clip.mp4', { offload: ACCEL })).toThrow(
      'fileSource: option "offload" with accelRedirect needs "root"',
    );
  });

  it('an unknown option is reported, with all known ones', () => {
    expect(() => fileSource('clip.mp4', { offlaod: 'sendfile' } as object)).toThrow(
      'fileSource: unknown option "offlaod" (did you mean "offload"?); known options are root, dotfiles, offload, etag',
    );
  });
});
