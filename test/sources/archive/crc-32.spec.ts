import { describe, expect, it } from '@jest/globals';
import { assert, nat, property, uint8Array } from 'fast-check';
import { crc32, crc32ByTable } from '../../../src/sources/archive/crc-32.js';

describe.each([
  ['of the runtime', crc32],
  ['by the table', crc32ByTable],
])('the CRC-32 %s', (_, crc32) => {
  // The first is the check value of the catalogue of CRCs, the second that of RFC 1952's test in zlib.
  it.each([
    ['123456789', 0xcbf43926],
    ['The quick brown fox jumps over the lazy dog', 0x414fa339],
    ['', 0],
    ['\0', 0xd202ef8d],
  ])('of %j', (text, expected) => {
    expect(crc32(Buffer.from(text), 0)).toBe(expected);
  });

  it('is the same however the bytes are cut', () => {
    assert(
      property(uint8Array({ maxLength: 300 }), nat(), (bytes, n) => {
        const cut = n % (bytes.length + 1);
        expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut), 0))).toBe(crc32(bytes, 0));
      }),
    );
  });
});

it('both are the same', () => {
  assert(property(uint8Array(), (bytes) => expect(crc32ByTable(bytes, 0)).toBe(crc32(bytes, 0))));
});
