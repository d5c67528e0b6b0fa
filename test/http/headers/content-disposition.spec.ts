import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { formatContentDisposition } from '../../../src/http/headers/content-disposition.js';

interface Disposition {
  readonly type: string;
  /** For user agents that know no more than RFC 2616. */
  readonly filename?: string;
  /** By RFC 8187; preferred where both are present (RFC 6266 §4.3). */
  readonly extended?: string;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/** Reads a field by the grammar of RFC 6266 §4.1 and RFC 8187 §3.2, which senders must keep to. */
function read(headerValue: string): Disposition {
  const text = /^[\x20-\x7e]*$/.test(headerValue) ? headerValue : '';
  const parameter = new RegExp(`; (${TOKEN})=(?:(${TOKEN})|"((?:[^"\\\\]|\\\\.)*)")`, 'y');
  const type = new RegExp(`^${TOKEN}`).exec(text)?.[0] ?? '';
  const values = new Map<string, string>();
  parameter.lastIndex = type.length;
  let end = type.length;
  for (let match = parameter.exec(text); match !== null; match = parameter.exec(text)) {
    const [, name, token, quoted] = match;
    values.set(name!, token ?? quoted!.replaceAll(/\\(.)/g, '$1'));
    end = parameter.lastIndex;
  }
  if (end !== text.length || text === '') throw new Error(`not a Content-Disposition: ${headerValue}`);
  const filename = values.get('filename');
  const encoded = values.get('filename*');
  return {
    type,
    ...(filename === undefined ? {} : { filename }),
    ...(encoded === undefined ? {} : { extended: decode(encoded) }),
  };
}

/** `ext-value = charset "'" [ language ] "'" value-chars`, with `attr-char` as it is and all else in bytes. */
function decode(extValue: string): string {
  const value = /^UTF-8''((?:%[0-9A-F]{2}|[!#$&+.^_`|~0-9A-Za-z-])*)$/i.exec(extValue)?.[1];
  if (value === undefined) throw new Error(`not an ext-value: ${extValue}`);
  return decodeURIComponent(value);
}

describe('the disposition type (RFC 6266 §4.2)', () => {
  it.each<[sentence: string, args: Parameters<typeof formatContentDisposition>, expected: Disposition]>([
    ['inline without a name', ['inline'], { type: 'inline' }],
    ['attachment without a name', ['attachment'], { type: 'attachment' }],
    ['inline with a name', ['inline', 'plan.html'], { type: 'inline', filename: 'plan.html' }],
    ['attachment with a name', ['attachment', 'plan.html'], { type: 'attachment', filename: 'plan.html' }],
    ['a name alone is an attachment', [undefined, 'plan.html'], { type: 'attachment', filename: 'plan.html' }],
  ])('%s', (_, args, expected) => {
    expect(read(formatContentDisposition(...args))).toStrictEqual(expected);
  });
});

describe('a file name in ASCII (RFC 6266 §4.3)', () => {
  it.each([
    ['blanks', 'the plans.pdf'],
    ['double quotes', 'the "plans".pdf'],
    ['a backslash', String.raw`the\plans.pdf`],
    ['a backslash before a double quote', String.raw`the\"plans.pdf`],
    ['a semicolon and an equals sign', 'plans; filename=evil.exe'],
    ['a comma', 'a, b.pdf'],
    ['single quotes', "the 'plans'.pdf"],
    ['a percent sign alone', '100%.pdf'],
    ['parentheses and brackets', 'plans (1) [final] {x} <y>.pdf'],
  ])('%s are kept as they are', (_, filename) => {
    expect(read(formatContentDisposition('attachment', filename))).toStrictEqual({ type: 'attachment', filename });
  });

  it('what looks percent-encoded is given in both forms, for some user agents would decode the first', () => {
    expect(read(formatContentDisposition('attachment', 'the%20plans.pdf'))).toMatchObject({
      extended: 'the%20plans.pdf',
    });
  });
});

describe('any other file name has an ASCII fallback and the extended form (RFC 6266 §4.3, RFC 8187)', () => {
  it.each([
    ['Latin-1', 'caf\u00e9.pdf'],
    ['Cyrillic', '\u043f\u043b\u0430\u043d.pdf'],
    ['Chinese', '\u8a08\u756b.pdf'],
    ['Hebrew, from right to left', '\u05ea\u05db\u05e0\u05d9\u05ea.pdf'],
    ['an emoji, beyond 16 bits', '\u{1f3ac} film.mp4'],
    ['combining characters', 'cafe\u0301.pdf'],
    ['the euro sign', '\u20ac rates.pdf'],
    ['characters that the extended form has to encode', '\u00e9 *\'()%;,="\\.pdf'],
    ['a line break', 'a\r\nSet-Cookie: a=b.pdf'],
    ['a NUL', 'a\0b.pdf'],
    ['a tab', 'a\tb.pdf'],
    ['a DEL', 'a\x7fb.pdf'],
  ])('%s', (_, filename) => {
    const { type, filename: fallback, extended } = read(formatContentDisposition('inline', filename));
    expect({ type, extended }).toStrictEqual({ type: 'inline', extended: filename });
    expect(fallback).toMatch(/^[\x20-\x7e]+$/);
  });

  it('half a surrogate pair, which no encoding can carry, becomes the replacement character', () => {
    expect(read(formatContentDisposition('attachment', 'a\ud800b.txt')).extended).toBe('a\ufffdb.txt');
    expect(read(formatContentDisposition('attachment', '\udc00')).extended).toBe('\ufffd');
  });
});

it('any name at all is written within the grammar and read back', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.oneof(fc.nat(0x2ff), fc.nat(0xffff)).map((c) => String.fromCharCode(c)) }),
      (text) => {
        const { filename, extended } = read(formatContentDisposition('attachment', text));
        expect(extended ?? filename).toBe(Buffer.from(text, 'utf8').toString('utf8'));
      },
    ),
    { numRuns: 500 },
  );
});
