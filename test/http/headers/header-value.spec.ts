import { describe, expect, it } from '@jest/globals';
import { isHeaderValue, isOws, trimOws } from '../../../src/http/headers/header-value.js';

describe('optional white space is SP and HTAB, and nothing else (RFC 9110 §5.6.3)', () => {
  it.each([
    ['blanks around a text', '  a b  ', 'a b'],
    ['tabs around a text', '\t\ta\tb\t', 'a\tb'],
    ['a mixture of both', ' \t a\t \t', 'a'],
    ['white space alone', ' \t \t', ''],
    ['nothing', '', ''],
  ])('%s is cut off', (_, text, expected) => {
    expect(trimOws(text)).toBe(expected);
  });

  it.each([
    ['a no-break space', '\u00a0'],
    ['a byte order mark', '\ufeff'],
    ['a line feed', '\n'],
    ['a carriage return', '\r'],
    ['a vertical tab', '\v'],
    ['a form feed', '\f'],
    ['an ideographic space', '\u3000'],
    ['a NUL', '\0'],
  ])('%s stays', (_, text) => {
    expect(trimOws(`${text}a${text}`)).toBe(`${text}a${text}`);
    expect(isOws(text.charCodeAt(0))).toBe(false);
  });

  it('a part of a text is cut out and trimmed within its bounds', () => {
    expect(trimOws('a , b , c', 3, 6)).toBe('b');
    expect(trimOws('a ,   , c', 3, 6)).toBe('');
  });
});

describe('what can stand in a field (RFC 9110 §5.5)', () => {
  it.each([
    ['visible ASCII', 'video/mp4; codecs="avc1"', true],
    ['blanks and tabs', 'a b\tc', true],
    ['Latin-1 (obs-text)', 'caf\u00e9 \u0080\u00ff', true],
    ['the first and the last visible character', '!~', true],
    ['nothing', '', false],
    ['a line feed', 'a\nb', false],
    ['a line feed at the end', 'a\n', false],
    ['a carriage return', 'a\rb', false],
    ['a field of its own', 'video/mp4\r\nSet-Cookie: a=b', false],
    ['a NUL', 'a\0b', false],
    ['a DEL', 'a\x7fb', false],
    ['a character beyond Latin-1', 'a\u0100b', false],
    ['an emoji', '\u{1f3ac}', false],
  ])('%s', (_, text, expected) => {
    expect(isHeaderValue(text)).toBe(expected);
  });
});
