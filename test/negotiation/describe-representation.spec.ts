import { describe, expect, it } from '@jest/globals';
import { describeRepresentation } from '../../src/negotiation/describe-representation.js';
import type { RepresentationMetadata } from '../../src/http/representation.js';
import type { ServingOptions } from '../../src/negotiation/ranged-options.js';

const NOW = Date.parse('2026-06-15T12:00:00.700Z');
const OPTIONS: ServingOptions = {
  acceptRanges: true,
  maxRanges: 50,
  coalesceGap: 80,
  sourceTimeoutMs: 0,
  contentDisposition: undefined,
};
const at = (iso: string): Date => new Date(iso);

function describeWith(
  representation: RepresentationMetadata,
  options: Partial<ServingOptions> = {},
  declared: Readonly<Record<string, string>> = {},
): RepresentationMetadata {
  return describeRepresentation(representation, { ...OPTIONS, ...options }, declared, NOW);
}

describe('Last-Modified is neither in the future nor in the current second (RFC 9110 §8.8.2.1)', () => {
  it.each([
    ['a past second', '2026-06-15T11:59:59.999Z', true],
    ['the current second', '2026-06-15T12:00:00.000Z', false],
    ['this very moment', '2026-06-15T12:00:00.700Z', false],
    ['the future', '2026-06-15T12:00:01.000Z', false],
    ['long ago', '1994-11-15T12:45:26.000Z', true],
  ])('%s', (_, iso, isSent) => {
    expect(describeWith({ lastModified: at(iso) }).lastModified).toStrictEqual(isSent ? at(iso) : undefined);
    expect(describeWith({}, { lastModified: at(iso) }).lastModified).toStrictEqual(isSent ? at(iso) : undefined);
  });
});

describe("the handler's headers override the options, and these the source", () => {
  const source = {
    type: 'text/a',
    etag: '"a"',
    lastModified: at('2001-01-01T00:00:00Z'),
    headers: { 'Cache-Control': 'a' },
  };
  const options = { type: 'text/b', etag: '"b"', lastModified: at('2002-01-01T00:00:00Z'), cacheControl: 'b' };
  const declared = {
    'content-type': 'text/c',
    etag: '"c"',
    'last-modified': 'Wed, 01 Jan 2003 00:00:00 GMT',
    'cache-control': 'c',
  };

  it.each([
    ['the source alone', [source], 'text/a', '"a"', '2001', 'a'],
    ['the options over the source', [source, options], 'text/b', '"b"', '2002', 'b'],
    ['the handler over both', [source, options, declared], 'text/c', '"c"', '2003', 'c'],
  ] as const)('%s', (_, args, type, etag, year, cacheControl) => {
    const [given, chosen, set] = args as readonly [
      RepresentationMetadata,
      Partial<ServingOptions>?,
      Record<string, string>?,
    ];
    expect(describeWith(given, chosen, set)).toMatchObject({
      type,
      etag,
      lastModified: at(`${year}-01-01T00:00:00Z`),
      headers: { 'cache-control': cacheControl },
    });
  });

  it('false removes a validator', () => {
    const { etag, lastModified } = describeWith(source, { etag: false, lastModified: false });
    expect({ etag, lastModified }).toStrictEqual({ etag: undefined, lastModified: undefined });
  });

  it('Vary of the handler and of the source both count', () => {
    const vary = (ofSource: string, ofHandler: string): string | undefined =>
      describeWith({ headers: { Vary: ofSource } }, {}, { vary: ofHandler }).headers?.['vary'];
    expect(vary('Accept', 'Origin')).toBe('Origin, Accept');
    expect(vary('Origin', 'Origin')).toBe('Origin');
  });
});

describe('the metadata of a source is checked', () => {
  it.each<[sentence: string, representation: RepresentationMetadata]>([
    ['a tag without quotes', { etag: 'v1' }],
    ['a list of tags', { etag: '"a", "b"' }],
    ['a type with a field behind it', { type: 'video/mp4\r\nSet-Cookie: a=b' }],
    ['a type beyond Latin-1', { type: 'vid\u0119o/mp4' }],
    ['a field with a line break', { headers: { 'Content-Encoding': 'gzip\r\nX: y' } }],
    ['a size that is not a number', { size: NaN }],
    ['a negative size', { size: -1 }],
    ['a fraction for a size', { size: 10.5 }],
    ['a size beyond 2^53', { size: 2 ** 60 }],
  ])('%s is a TypeError', (_, representation) => {
    expect(() => describeWith(representation)).toThrow(TypeError);
  });

  it('an invalid date is unknown', () => {
    expect(describeWith({ lastModified: new Date(NaN) }).lastModified).toBeUndefined();
  });
});
