import { describe, expect, it } from '@jest/globals';
import { parseByteranges } from '../../../src/testing/endpoint/parse-byteranges.js';

const TYPE = 'multipart/byteranges; boundary=b';
const PARTS = [
  '--b\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01',
  '--b\r\nContent-Range: bytes 8-9/10\r\n\r\n89',
].join('\r\n');
const CLOSING = '\r\n--b--\r\n';
const READ = [
  { firstPos: 0, lastPos: 1, type: 'text/plain', content: Buffer.from('01') },
  { firstPos: 8, lastPos: 9, type: undefined, content: Buffer.from('89') },
];

describe('a multipart/byteranges body (RFC 2046 §5.1.1)', () => {
  it.each<[begins: string, body: string]>([
    ['with its delimiter, as Go and Express’ kin send it', PARTS + CLOSING],
    ['with CRLF and its delimiter, as nginx, Apache and we send it', `\r\n${PARTS}${CLOSING}`],
    ['with a preamble, which is to be ignored', `This is a message in parts.\r\n${PARTS}${CLOSING}`],
  ])('is read where it begins %s', (_, body) => {
    expect(parseByteranges(TYPE, Buffer.from(body), 10)).toEqual(READ);
  });

  it.each<[what: string, body: string]>([
    ['LF alone before the delimiter', `\n--b\r\nContent-Range: bytes 0-1/10\r\n\r\n01${CLOSING}`],
    ['text right before the delimiter', `x--b\r\nContent-Range: bytes 0-1/10\r\n\r\n01${CLOSING}`],
    ['no closing delimiter', `\r\n${PARTS}\r\n`],
    ['a part of another length', `\r\n${PARTS}9${CLOSING}`],
    ['a line among the headers of a part that is none', `--b\r\nContent-Range: bytes 0-1/10\nX\r\n\r\n01${CLOSING}`],
    ['nothing', ''],
  ])('is refused where it has %s', (_, body) => {
    expect(parseByteranges(TYPE, Buffer.from(body), 10)).toEqual(expect.any(String));
  });
});
