import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  type EntityTag,
  type EntityTagList,
  parseEntityTag,
  parseEntityTagList,
  strongMatch,
  weakMatch,
} from '../../../src/http/headers/entity-tag.js';

const strong = (opaque: string): EntityTag => ({ weak: false, opaque });
const weak = (opaque: string): EntityTag => ({ weak: true, opaque });

describe('one entity tag (RFC 9110 §8.8.3)', () => {
  it.each<[sentence: string, text: string, expected: EntityTag]>([
    ['a strong tag', '"xyzzy"', strong('xyzzy')],
    ['a weak tag', 'W/"xyzzy"', weak('xyzzy')],
    ['an empty opaque tag', '""', strong('')],
    ['a weak empty opaque tag', 'W/""', weak('')],
    ['a tag of one character', '"a"', strong('a')],
    ['a comma within the quotes', '"a,b"', strong('a,b')],
    ['a backslash is a character like any other, no escape', String.raw`"a\b"`, strong(String.raw`a\b`)],
    ['a backslash before the closing quote escapes nothing', '"a\\"', strong('a\\')],
    ['the weak mark within the quotes is opaque', '"W/"', strong('W/')],
    ['an asterisk within the quotes is opaque', '"*"', strong('*')],
    ['what looks like a date within the quotes is opaque', '"Sun,06"', strong('Sun,06')],
    ['the first and the last visible ASCII character', '"!~"', strong('!~')],
    ['the neighbours of the double quote', '"!#"', strong('!#')],
    ['Latin-1 bytes (obs-text)', '"\u0080\u00e9\u00ff"', strong('\u0080\u00e9\u00ff')],
    ['Apache’s form', '"2d-432a5e4a73a80"', strong('2d-432a5e4a73a80')],
    [
      'a store’s multipart form',
      '"d41d8cd98f00b204e9800998ecf8427e-17"',
      strong('d41d8cd98f00b204e9800998ecf8427e-17'),
    ],
    ['a base64 tag', 'W/"5-4K+3/a=="', weak('5-4K+3/a==')],
  ])('%s', (_, text, expected) => {
    expect(parseEntityTag(text)).toStrictEqual(expected);
  });

  it.each([
    ['nothing', ''],
    ['a bare word', 'xyzzy'],
    ['a quote alone', '"'],
    ['no opening quote', 'xyzzy"'],
    ['no closing quote', '"xyzzy'],
    ['no closing quote of a weak tag', 'W/"xyzzy'],
    ['single quotes', "'xyzzy'"],
    ['a weak mark without a tag', 'W/'],
    ['a weak bare word', 'W/xyzzy'],
    ['a small weak mark (it is case-sensitive)', 'w/"xyzzy"'],
    ['a weak mark without its slash', 'W"xyzzy"'],
    ['a blank between the weak mark and the tag', 'W/ "xyzzy"'],
    ['the weak mark twice', 'W/W/"xyzzy"'],
    ['a blank within', '"a b"'],
    ['a tab within', '"a\tb"'],
    ['a quote within', '"a"b"'],
    ['a line feed within', '"a\nb"'],
    ['a NUL within', '"a\0b"'],
    ['a DEL within', '"a\x7fb"'],
    ['a character beyond Latin-1', '"a\u0100b"'],
    ['text behind the tag', '"a"b'],
    ['a blank behind the tag', '"a" '],
    ['a blank before the tag', ' "a"'],
    ['two tags', '"a", "b"'],
    ['the asterisk', '*'],
    ['a date', 'Sun, 06 Nov 1994 08:49:37 GMT'],
  ])('%s is none', (_, text) => {
    expect(parseEntityTag(text)).toBeUndefined();
  });
});

describe('a list of entity tags (RFC 9110 §13.1.1, §13.1.2, §5.6.1)', () => {
  it.each<[sentence: string, headerValue: string, expected: EntityTagList]>([
    ['one tag', '"xyzzy"', [strong('xyzzy')]],
    ['three tags', '"xyzzy", "r2d2xxxx", "c3piozzzz"', [strong('xyzzy'), strong('r2d2xxxx'), strong('c3piozzzz')]],
    ['weak tags', 'W/"xyzzy", W/"r2d2xxxx"', [weak('xyzzy'), weak('r2d2xxxx')]],
    ['weak and strong tags', '"a",W/"b"', [strong('a'), weak('b')]],
    ['no white space', '"a","b"', [strong('a'), strong('b')]],
    ['tabs and blanks around the comma', '"a"\t , \t"b"', [strong('a'), strong('b')]],
    ['commas within the quotes separate nothing', '"a,b", "c"', [strong('a,b'), strong('c')]],
    ['a tag of a comma alone', '","', [strong(',')]],
    ['empty elements do not count', ',"a",, ,"b",\t,', [strong('a'), strong('b')]],
    ['white space around the list', ' \t"a" \t', [strong('a')]],
    ['nothing is a list without members', '', []],
    ['commas and white space alone are a list without members', ' , ,\t,', []],
    ['an asterisk stands for any', '*', '*'],
    ['an asterisk with white space around it', ' * ', '*'],
    ['an asterisk within quotes is a tag', '"*"', [strong('*')]],
  ])('%s', (_, headerValue, expected) => {
    expect(parseEntityTagList(headerValue)).toStrictEqual(expected);
  });

  it.each([
    ['a bare word', 'xyzzy'],
    ['a bare word behind a tag', '"a", b'],
    ['a bare word before a tag', 'a, "b"'],
    ['two tags without a comma', '"a" "b"'],
    ['two tags side by side', '"a""b"'],
    ['a semicolon between tags', '"a"; "b"'],
    ['an asterisk beside a tag', '*, "a"'],
    ['an asterisk behind a tag', '"a", *'],
    ['two asterisks', '*, *'],
    ['a weak asterisk', 'W/*'],
    ['a tag that is not closed', '"a", "b'],
    ['a small weak mark', 'w/"a"'],
    ['a blank in a tag', '"a", "b c"'],
    ['a no-break space before the tag', '\u00a0"a"'],
    ['a no-break space behind the tag', '"a"\u00a0'],
    ['a no-break space beside the asterisk', '*\u00a0'],
    ['a byte order mark before the tag', '\ufeff"a"'],
    ['a form feed behind the tag', '"a"\f'],
  ])('%s breaks the grammar', (_, headerValue) => {
    expect(parseEntityTagList(headerValue)).toBeUndefined();
  });
});

describe('comparison (RFC 9110 §8.8.3.2)', () => {
  it.each([
    ['two weak tags that are alike match weakly only', weak('1'), weak('1'), { strong: false, weak: true }],
    ['two weak tags that differ never match', weak('1'), weak('2'), { strong: false, weak: false }],
    ['a weak and a strong tag that are alike match weakly only', weak('1'), strong('1'), { strong: false, weak: true }],
    ['a strong and a weak tag that are alike match weakly only', strong('1'), weak('1'), { strong: false, weak: true }],
    ['two strong tags that are alike match both ways', strong('1'), strong('1'), { strong: true, weak: true }],
    ['two strong tags that differ never match', strong('1'), strong('2'), { strong: false, weak: false }],
    ['case counts', strong('a'), strong('A'), { strong: false, weak: false }],
    ['a prefix is not enough', strong('v1'), strong('v10'), { strong: false, weak: false }],
    ['two empty strong tags match both ways', strong(''), strong(''), { strong: true, weak: true }],
  ])('%s', (_, a, b, expected) => {
    expect({ strong: strongMatch(a, b), weak: weakMatch(a, b) }).toStrictEqual(expected);
  });
});

describe('properties', () => {
  const etagc = fc
    .integer({ min: 0x21, max: 0xff })
    .filter((code) => code !== 0x22 && code !== 0x7f)
    .map((code) => String.fromCharCode(code));
  const entityTag = fc.record(
    { weak: fc.boolean(), opaque: fc.string({ unit: etagc, maxLength: 12 }) },
    { noNullPrototype: true },
  );
  const write = ({ weak: isWeak, opaque }: EntityTag): string => `${isWeak ? 'W/' : ''}"${opaque}"`;

  it('a tag that is written is read back', () => {
    fc.assert(
      fc.property(entityTag, (tag) => {
        expect(parseEntityTag(write(tag))).toStrictEqual(tag);
      }),
    );
  });

  it('a list that is written with any white space and empty elements is read back', () => {
    const delimiter = fc.constantFrom(',', ', ', ' ,', '\t,\t', ',,', ', ,\t, ');
    const edge = fc.constantFrom('', ' ', ',', ' , ', ',\t,');
    fc.assert(
      fc.property(fc.array(entityTag, { minLength: 1 }), delimiter, edge, edge, (tags, between, before, behind) => {
        const headerValue = `${before}${tags.map((tag) => write(tag)).join(between)}${behind}`;
        expect(parseEntityTagList(headerValue)).toStrictEqual(tags);
      }),
    );
  });

  it('no text makes them throw', () => {
    const nearly = fc
      .array(fc.constantFrom('"', 'W/', 'a', ',', ' ', '*', '\t', '\u00a0', '\\', '""'))
      .map((texts) => texts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (text) => {
        const tag = parseEntityTag(text);
        expect([undefined, text]).toContain(tag === undefined ? undefined : write(tag));
        expect(() => parseEntityTagList(text)).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });

  it('strong equality is weak equality of two strong tags', () => {
    const few = fc.record({ weak: fc.boolean(), opaque: fc.constantFrom('', 'a', 'b') });
    fc.assert(
      fc.property(few, few, (a, b) => {
        expect(weakMatch(a, b)).toBe(a.opaque === b.opaque);
        expect(strongMatch(a, b)).toBe(write(a) === write(b) && write(a).startsWith('"'));
      }),
    );
  });
});
