import { describe, expect, it } from '@jest/globals';
import { redirectSource } from '../../src/sources/redirect-source.js';
import type { RangeSource } from '../../src/sources/source.js';

const { signal } = new AbortController();
const delegationOf = async (source: RangeSource) => (await source.resolve(signal)).delegated;

describe('redirectSource', () => {
  it.each([
    ['a URL', 'https://store.example/a?X-Signature=b%2Fc', 'https://store.example/a?X-Signature=b%2Fc'],
    ['a URL object', new URL('http://store.example:9000/a'), 'http://store.example:9000/a'],
    [
      'spaces and other scripts, which no field can carry',
      'https://bücher.example/ü b',
      'https://xn--bcher-kva.example/%C3%BC%20b',
    ],
    ['a fragment', 'https://store.example/a#page=300', 'https://store.example/a#page=300'],
  ])('sends the client to %s', async (_, target, location) => {
    const expected = { status: 307, headers: { location, 'cache-control': 'no-store' } };
    expect(await delegationOf(redirectSource(target))).toEqual(expected);
    expect(await delegationOf(redirectSource(() => target))).toEqual(expected);
    expect(await delegationOf(redirectSource(async () => target))).toEqual(expected);
  });

  it('calls its function once per request, with the signal of the response', async () => {
    const signals: AbortSignal[] = [];
    const source = redirectSource((given) => `https://store.example/${signals.push(given)}`);
    expect((await delegationOf(source))?.headers['location']).toBe('https://store.example/1');
    expect((await delegationOf(source))?.headers['location']).toBe('https://store.example/2');
    expect(signals).toEqual([signal, signal]);
  });

  it('is cacheable if the app says so', async () => {
    const source = redirectSource('https://store.example/a', { cacheControl: 'private, max-age=60' });
    expect((await delegationOf(source))?.headers['cache-control']).toBe('private, max-age=60');
  });

  it.each([
    ['a relative one', '/media/clip.mp4'],
    ['one without a scheme', '//store.example/a'],
    ['another scheme', 'ftp://store.example/a'],
    ['a script', 'javascript:alert(1)'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/html,x'],
    ['none', ''],
    ['nothing', undefined as unknown as string],
    ['a line break, which `URL` would take out', 'https://store.example/a\r\nSet-Cookie: b=c'],
    ['a bare line feed', 'https://store.example/a\nb'],
    ['a tab', 'https://store.example/a\tb'],
    ['a NUL', 'https://store.example/a\0'],
    ['a next line of Unicode', 'https://store.example/a\u0085'],
  ])('%s is not a valid URL for a redirection', async (_, target) => {
    expect(() => redirectSource(target)).toThrow(/^redirectSource: .* is not an absolute http: or https: URL$/);
    expect(() => redirectSource(target)).toThrow(expect.objectContaining({ name: 'TypeError' }));
    await expect(delegationOf(redirectSource(() => target))).rejects.toMatchObject({ name: 'TypeError' });
  });

  it.each([
    ['ftp://anna:password@store.example/a?sig=password', '"ftp://…"'],
    ['anna:password@store.example/a', '"…"'],
    ['http//anna:pass?word@store.example/a', '"…"'],
    ['https://anna:password@store.example:x/a', '"https://…"'],
    ['/a#password', '"/a"'],
  ])('tells no user info in its error: %s', (target, shown) => {
    expect(() => redirectSource(target)).toThrow(`redirectSource: ${shown} is not`);
    expect(() => redirectSource(target)).not.toThrow(/anna|pass|word/);
  });

  it('reveals no signature in its error', () => {
    expect(() => redirectSource('ftp://store.example/a?X-Signature=secret')).toThrow('"ftp://store.example/a"');
    expect(() => redirectSource('ftp://store.example/a?X-Signature=secret')).not.toThrow(/secret/);
  });

  it.each([
    ['unknown', { cacheControll: 'no-store' }, 'redirectSource: unknown option "cacheControll"'],
    [
      'with a line break',
      { cacheControl: 'a\r\nb' },
      'redirectSource: option "cacheControl" must be a string that is valid as a header value, not "a\\r\\nb"',
    ],
    [
      'empty',
      { cacheControl: '' },
      'redirectSource: option "cacheControl" must be a string that is valid as a header value, not ""',
    ],
    [
      'no text',
      { cacheControl: 5 },
      'redirectSource: option "cacheControl" must be a string that is valid as a header value, not 5',
    ],
  ])('refuses an option that is %s', (_, options, message) => {
    expect(() => redirectSource('https://store.example/a', options as object)).toThrow(message);
  });

  it('has no bytes without an interceptor', async () => {
    const { open } = await redirectSource('https://store.example/a').resolve(signal);
    expect(() => open(undefined, signal)).toThrow('redirectSource has no bytes');
  });
});
