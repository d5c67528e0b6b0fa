import { toMessage } from '../faulty-server.js';
import {
  SIZE,
  LAST,
  withHeaders,
  withBody,
  on,
  headersOn,
  onRange,
  misread,
  blindTo,
  refuse,
  part,
  named,
  rangeIn,
  onePart,
  truncatedAt,
  THE_FIRST,
  INNER,
  TO_THE_END,
  type PlantedFault,
} from '../planting.js';

/** Of the bytes of one range, and of what is said of them. */
export const ONE_RANGE: readonly PlantedFault[] = [
  ['ranges ignored', THE_FIRST, blindTo('range')],
  ['0-0 taken for nothing', THE_FIRST, misread('range', (value) => (value === 'bytes=0-0' ? undefined : value))],
  [
    'an end that is exclusive, in the body',
    'the first two bytes, as Safari requests them: Range: bytes=0-1',
    onePart((reply, first, last) => part(reply, first, last - 1)),
  ],
  [
    'an end that is exclusive, in the body and in Content-Range',
    'the first two bytes, as Safari requests them: Range: bytes=0-1',
    onePart((reply, first, last) => named(reply, first, Math.max(first, last - 1))),
  ],
  ['one byte too many at the end', THE_FIRST, onePart((reply, first, last) => part(reply, first, last + 1))],
  [
    'a byte too early at the beginning',
    `bytes in the middle: Range: bytes=${SIZE / 2}-${SIZE / 2 + 2}`,
    onePart((reply, first, last) => part(reply, Math.max(0, first - 1), last)),
  ],
  [
    'positions counted from one',
    `bytes in the middle: Range: bytes=${SIZE / 2}-${SIZE / 2 + 2}`,
    onePart((reply, first, last) => part(reply, first - 1, last - 1)),
  ],
  [
    'other bytes than those that are named',
    INNER,
    onePart((reply) => withBody(reply, Buffer.alloc(reply.body.length))),
  ],
  [
    'a wrong byte where a buffer of 64 KiB ends',
    INNER,
    onePart((reply, first, last) => {
      if (first >= 65_536 || last < 65_536) return reply;
      const body = Buffer.from(reply.body);
      body.writeUInt8((body.readUInt8(65_536 - first) + 1) % 256, 65_536 - first);
      return withBody(reply, body);
    }),
  ],
  ['a 206 without Content-Range', THE_FIRST, headersOn(206, { 'Content-Range': undefined })],
  [
    'a complete length that is one too large',
    THE_FIRST,
    onePart((reply, first, last) => withHeaders(reply, { 'Content-Range': `bytes ${first}-${last}/${SIZE + 1}` })),
  ],
  [
    'the length of the part for the complete length',
    THE_FIRST,
    onePart((reply, first, last) =>
      withHeaders(reply, { 'Content-Range': `bytes ${first}-${last}/${last - first + 1}` }),
    ),
  ],
  [
    'an unknown complete length',
    THE_FIRST,
    onePart((reply, first, last) => withHeaders(reply, { 'Content-Range': `bytes ${first}-${last}/*` })),
  ],
  [
    'a Content-Range that is written like a Range',
    THE_FIRST,
    onePart((reply, first, last) => withHeaders(reply, { 'Content-Range': `bytes=${first}-${last}/${SIZE}` })),
  ],
  ['a 200 with the part', THE_FIRST, on(206, (reply) => ({ ...reply, status: 200 }))],
  [
    'a 200 with the whole and a Content-Range',
    'an unknown unit: Range: lines=0-0',
    onRange('lines=0-0', (reply) => withHeaders(reply, { 'Content-Range': `bytes 0-${LAST}/${SIZE}` })),
  ],
  [
    'the Content-Length of the whole on a part',
    THE_FIRST,
    onePart((reply) => withHeaders(reply, { 'Content-Length': String(SIZE) })),
  ],
  [
    'no suffixes',
    'the last byte by a suffix: Range: bytes=-1',
    misread('range', (value) => (value.startsWith('bytes=-') ? undefined : value)),
  ],
  [
    'a suffix taken for a last position',
    'the last five bytes by a suffix: Range: bytes=-5',
    misread('range', (value) => value.replace(/=-(\d)/, '=0-$1')),
  ],
  [
    'a suffix that is one too short',
    'the last five bytes by a suffix: Range: bytes=-5',
    onRange(/^bytes=-[2-9]$/, (reply) => part(reply, (rangeIn(reply)?.[0] ?? 0) + 1, LAST)),
  ],
  [
    'a suffix that is longer than everything refused',
    `a suffix longer than everything: Range: bytes=-${SIZE + 1}`,
    onRange(`bytes=-${SIZE + 1}`, refuse(416)),
  ],
  [
    'a last position that is not clamped: 416',
    `a last position at the complete length: Range: bytes=${SIZE / 2}-${SIZE}`,
    onRange(/^bytes=\d+-200000$/, refuse(416)),
  ],
  [
    'a last position that is not clamped in Content-Range',
    `a last position at the complete length: Range: bytes=${SIZE / 2}-${SIZE}`,
    onRange(/^bytes=\d+-200000$/, (reply) =>
      withHeaders(reply, { 'Content-Range': `bytes ${SIZE / 2}-${SIZE}/${SIZE}` }),
    ),
  ],
  [
    'positions of 32 bits',
    `a last position of thirty digits: Range: bytes=${SIZE / 2}-${'9'.repeat(24)}...`,
    misread('range', (value) => value.replace(/\d{20,}/, (digits) => String(Number(BigInt(digits) % 2n ** 17n)))),
  ],
  [
    'positions with zeros before them refused',
    'positions with zeros before them: Range: bytes=000-0001',
    onRange('bytes=000-0001', refuse(416)),
  ],
  ['an open end cut at 1 KiB', TO_THE_END, onRange('bytes=0-', (reply) => named(reply, 0, 1023))],
  [
    'an open end without the last byte',
    TO_THE_END,
    onRange(/^bytes=\d+-$/, (reply) => {
      const [first, last] = rangeIn(reply) ?? [];
      return first === undefined || last === undefined ? reply : named(reply, first, last - 1);
    }),
  ],
  ...[1, 4, 16, 64, 96, 128].map((kib): PlantedFault => [
    `inner ranges cut at ${kib} KiB`,
    INNER,
    truncatedAt(kib * 1024, 'not told'),
  ]),
  ['inner ranges cut at 64 KiB, as Content-Range tells', INNER, truncatedAt(65_536, 'told')],
  [
    'inner ranges over 64 KiB that break off',
    INNER,
    onePart((reply, first, last) =>
      first === 0 || last === LAST || reply.body.length <= 65_536
        ? reply
        : { ...reply, body: reply.body.subarray(0, 65_536) },
    ),
  ],
  [
    'bytes behind the end of a part',
    THE_FIRST,
    on(206, (reply) => Buffer.concat([toMessage(reply), Buffer.from('more')])),
  ],
];
