import {
  SIZE,
  LAST,
  withHeaders,
  withBody,
  on,
  onRange,
  misread,
  refuse,
  named,
  rangeIn,
  multipart,
  THE_FIRST,
  BOTH_ENDS,
  type PlantedFault,
} from '../planting.js';

/** Of several ranges in one request. */
export const SEVERAL_RANGES: readonly PlantedFault[] = [
  ['LF for CRLF between the parts', BOTH_ENDS, multipart((text) => text.replaceAll('\r\n', '\n'))],
  ['a part that is missing', BOTH_ENDS, multipart((text) => text.replace(/--b(?:(?!--b)[^])*/, ''))],
  ['the first range alone', BOTH_ENDS, misread('range', (value) => value.split(',')[0])],
  ['the last range alone', BOTH_ENDS, misread('range', (value) => value.replace(/=.*,/, '='))],
  [
    'a wrong byte in a part',
    BOTH_ENDS,
    multipart((text) => text.replace(/[^](?=\r\n--b--)/, (byte) => String.fromCharCode(byte.charCodeAt(0) ^ 1))),
  ],
  ['another complete length in the parts', BOTH_ENDS, multipart((text) => text.replaceAll(`/${SIZE}`, `/${LAST}`))],
  ['parts without a Content-Range', BOTH_ENDS, multipart((text) => text.replaceAll(/Content-Range: .*\r\n/g, ''))],
  ['parts without a type', BOTH_ENDS, multipart((text) => text.replaceAll(/Content-Type: .*\r\n/g, ''))],
  ['parts of another type', BOTH_ENDS, multipart((text) => text.replaceAll('video/mp4', 'text/plain'))],
  ['no closing delimiter', BOTH_ENDS, multipart((text) => text.replace('\r\n--b--', ''))],
  ['no CRLF before a delimiter', BOTH_ENDS, multipart((text) => text.replaceAll('\r\n--b', '--b'))],
  ['no empty line after the head of a part', BOTH_ENDS, multipart((text) => text.replaceAll('\r\n\r\n', '\r\n'))],
  ['another boundary than the one announced', BOTH_ENDS, multipart((text) => text.replaceAll('--b', '--c'))],
  [
    'no boundary announced',
    BOTH_ENDS,
    on(206, (reply) =>
      reply.headers['Content-Type']?.startsWith('multipart')
        ? withHeaders(reply, { 'Content-Type': 'multipart/byteranges' })
        : reply,
    ),
  ],
  [
    'the type of the whole on top of the parts',
    BOTH_ENDS,
    on(206, (reply) => withHeaders(reply, { 'Content-Type': 'video/mp4' })),
  ],
  [
    'a Content-Range on top of the parts',
    BOTH_ENDS,
    on(206, (reply) =>
      withHeaders({ ...reply }, { 'Content-Range': reply.headers['Content-Range'] ?? 'bytes 0-0/200000' }),
    ),
  ],
  [
    'the length of the parts without their heads',
    BOTH_ENDS,
    on(206, (reply) => (rangeIn(reply) === undefined ? withHeaders(reply, { 'Content-Length': '2' }) : reply)),
  ],
  [
    'another tag on top of the parts',
    BOTH_ENDS,
    on(206, (reply) => (rangeIn(reply) === undefined ? withHeaders(reply, { ETag: '"parts"' }) : reply)),
  ],
  [
    'no Cache-Control on top of the parts',
    BOTH_ENDS,
    on(206, (reply) => (rangeIn(reply) === undefined ? withHeaders(reply, { 'Cache-Control': undefined }) : reply)),
  ],
  [
    'parts in the order of the file',
    `two ranges in falling order: Range: bytes=${LAST}-,0-0`,
    misread('range', (value) => (value === `bytes=${LAST}-,0-0` ? `bytes=0-0,${LAST}-` : value)),
  ],
  [
    'everything between two ranges',
    BOTH_ENDS,
    onRange('bytes=0-0,-1', (reply) => withHeaders(named(reply, 0, LAST), { 'Content-Type': 'video/mp4' })),
  ],
  [
    'parts cut at 32 KiB',
    `two long ranges: Range: bytes=1-${SIZE / 4},${SIZE / 2}-${LAST - 1}`,
    multipart((text) => text.replaceAll(/(\r\n\r\n[^]{32768})[^]*?(?=\r\n--b)/g, '$1')),
  ],
  [
    'one part for one range, as multipart',
    THE_FIRST,
    onRange('bytes=0-0', (reply) => {
      const head = `--b\r\nContent-Type: video/mp4\r\nContent-Range: bytes 0-0/${SIZE}\r\n\r\n`;
      const body = Buffer.concat([Buffer.from(head), reply.body, Buffer.from('\r\n--b--\r\n')]);
      const headers = { 'Content-Type': 'multipart/byteranges; boundary=b', 'Content-Range': undefined };
      return withHeaders(withBody(reply, body), headers);
    }),
  ],
  [
    '416 because of one range behind the end',
    `a range behind the end beside a good one: Range: bytes=0-0,${SIZE}-`,
    onRange(`bytes=0-0,${SIZE}-`, refuse(416)),
  ],
  [
    'everything as often as it is asked for',
    `everything, twenty times: Range: bytes=${'0-,'.repeat(10)}0...`,
    onRange(/^bytes=0-,0-/, (reply) => withBody({ ...reply, status: 206 }, Buffer.alloc(SIZE * 20))),
  ],
  [
    '500 for many ranges',
    `everything, twenty times: Range: bytes=${'0-,'.repeat(10)}0...`,
    onRange(/^bytes=0-,0-/, refuse(500)),
  ],
  [
    'the last of two Range lines, one byte off',
    'two Range lines',
    { write: (reply, { headers }) => (headers.get('range')?.length === 2 ? named(reply, 2, 2) : reply) },
  ],
  [
    'no more than two ranges',
    `three ranges: Range: bytes=0-0,${SIZE / 2}-${SIZE / 2},${LAST}-${LAST}`,
    misread('range', (value) => value.split(',').slice(0, 2).join(',')),
  ],
];
