import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ByteRange } from '../../../src/http/ranges/byte-range.js';
import { contentRange, layOutMultipart, unsatisfiedRange } from '../../../src/http/ranges/multipart.js';
import { readByteranges } from '../../support/connections/byteranges-reader.js';

const REPRESENTATION = 'The quick brown fox jumps over the lazy dog.';
const PDF: [string, string][] = [['Content-Type', 'application/pdf']];

function slice({ firstPos, lastPos }: ByteRange, text = REPRESENTATION): string {
  return text.slice(firstPos, lastPos + 1);
}

describe('the layout of multipart/byteranges (RFC 9110 §14.6, RFC 2046 §5.1.1)', () => {
  it('two ranges give, byte for byte, what the RFCs show', () => {
    const ranges = [
      { firstPos: 500, lastPos: 999 },
      { firstPos: 7000, lastPos: 7999 },
    ];
    expect(layOutMultipart(ranges, 8000, PDF, 'THIS_STRING_SEPARATES')).toStrictEqual({
      contentType: 'multipart/byteranges; boundary=THIS_STRING_SEPARATES',
      heads: [
        '\r\n--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 500-999/8000\r\n\r\n',
        '\r\n--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 7000-7999/8000\r\n\r\n',
      ],
      tail: '\r\n--THIS_STRING_SEPARATES--\r\n',
    });
  });

  it('the parts have the given order', () => {
    const ranges = [40, 0, 20].map((firstPos) => ({ firstPos, lastPos: firstPos + 3 }));
    const { heads } = layOutMultipart(ranges, 44, PDF, 'b');
    expect(heads.map((head) => /bytes .*/.exec(head)?.[0])).toStrictEqual([
      'bytes 40-43/44',
      'bytes 0-3/44',
      'bytes 20-23/44',
    ]);
  });

  it('each part has all headers of the parts', () => {
    const headers: [string, string][] = [...PDF, ['Content-Encoding', 'gzip']];
    const { heads } = layOutMultipart([{ firstPos: 0, lastPos: 0 }], 44, headers, 'b');
    expect(heads).toStrictEqual([
      '\r\n--b\r\nContent-Type: application/pdf\r\nContent-Encoding: gzip\r\nContent-Range: bytes 0-0/44\r\n\r\n',
    ]);
  });

  it('without other headers a part has only its Content-Range', () => {
    const { heads } = layOutMultipart([{ firstPos: 0, lastPos: 0 }], 44, [], 'b');
    expect(heads).toStrictEqual(['\r\n--b\r\nContent-Range: bytes 0-0/44\r\n\r\n']);
  });
});

describe('Content-Range (RFC 9110 §14.4)', () => {
  it.each([
    ['the first 500 bytes', 0, 499, 1234, 'bytes 0-499/1234'],
    ['the last byte', 1233, 1233, 1234, 'bytes 1233-1233/1234'],
    ['all but the first 500 bytes', 500, 1233, 1234, 'bytes 500-1233/1234'],
    ['a representation of one byte', 0, 0, 1, 'bytes 0-0/1'],
    [
      'positions beyond 2^32 without an exponent',
      2 ** 40,
      2 ** 50,
      2 ** 50 + 1,
      'bytes 1099511627776-1125899906842624/1125899906842625',
    ],
  ])('%s', (_, firstPos, lastPos, size, expected) => {
    expect(contentRange({ firstPos, lastPos }, size)).toBe(expected);
  });

  it('of a 416 it has an asterisk and the complete length', () => {
    expect(unsatisfiedRange(1234)).toBe('bytes */1234');
    expect(unsatisfiedRange(Number.MAX_SAFE_INTEGER)).toBe('bytes */9007199254740991');
  });
});

describe('properties', () => {
  const position = fc.nat(REPRESENTATION.length - 1);
  const range = fc.tuple(position, position).map(([a, b]) => ({ firstPos: Math.min(a, b), lastPos: Math.max(a, b) }));
  const bchars = fc.constantFrom('0', '9', 'a', 'z', 'A', 'Z', '-', '_', '.', '+', "'");
  const boundary = fc.string({ unit: bchars, minLength: 1, maxLength: 70 });

  it('a strict reader that shares no code with the writer finds the parts: headers, order and bytes', () => {
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 10 }), boundary, (ranges, given) => {
        const { contentType, heads, tail } = layOutMultipart(ranges, REPRESENTATION.length, PDF, given);
        expect(heads).toHaveLength(ranges.length);
        fc.pre(!ranges.some((one) => slice(one).includes(given)));
        const body = ranges.map((one, i) => `${heads[i]}${slice(one)}`).join('') + tail;
        const parts = readByteranges(contentType, Buffer.from(body, 'latin1'));
        expect(parts).toStrictEqual(
          ranges.map((one) => ({
            firstPos: one.firstPos,
            lastPos: one.lastPos,
            size: REPRESENTATION.length,
            headers: {
              'content-type': 'application/pdf',
              'content-range': `bytes ${one.firstPos}-${one.lastPos}/${REPRESENTATION.length}`,
            },
            content: Buffer.from(slice(one), 'latin1'),
          })),
        );
      }),
    );
  });

  it('content that looks like delimiters of another boundary is sent unchanged', () => {
    const text = '\r\n--other\r\n\r\n--other--\r\n\r\n';
    const whole = { firstPos: 0, lastPos: text.length - 1 };
    const { contentType, heads, tail } = layOutMultipart([whole, whole], text.length, PDF, 'mine');
    const body = `${heads[0]}${text}${heads[1]}${text}${tail}`;
    const parts = readByteranges(contentType, Buffer.from(body, 'latin1'));
    expect(parts.map((part) => part.content.toString('latin1'))).toStrictEqual([text, text]);
  });
});
