import {
  BYTES,
  SIZE,
  LAST,
  withHeaders,
  withBody,
  on,
  headersOn,
  onRange,
  misread,
  refuse,
  part,
  named,
  everything,
  BEHIND,
  NO_SUFFIX,
  type PlantedFault,
} from '../planting.js';

/** Of ranges that cannot be served. */
export const NO_RANGE: readonly PlantedFault[] = [
  ['a 416 without the complete length', BEHIND, headersOn(416, { 'Content-Range': undefined })],
  ['a 416 with another complete length', BEHIND, headersOn(416, { 'Content-Range': `bytes */${SIZE - 1}` })],
  ['a 416 with a range', BEHIND, headersOn(416, { 'Content-Range': `bytes 0-0/${SIZE}` })],
  ['a 416 with the bytes', BEHIND, on(416, (reply) => withBody(reply, BYTES))],
  ['200 for what is behind the end', BEHIND, on(416, everything)],
  ['206 without bytes for what is behind the end', BEHIND, on(416, (reply) => ({ ...reply, status: 206 }))],
  ['500 for what is behind the end', BEHIND, on(416, refuse(500))],
  ['everything for -0', NO_SUFFIX, onRange('bytes=-0', (reply) => named(reply, 0, LAST))],
  [
    'a range that ends before it begins for -0',
    NO_SUFFIX,
    onRange('bytes=-0', (reply) =>
      withHeaders({ ...reply, status: 206 }, { 'Content-Range': `bytes ${SIZE}-${LAST}/${SIZE}` }),
    ),
  ],
  ['the last byte for -0', NO_SUFFIX, onRange('bytes=-0', (reply) => named(reply, LAST, LAST))],
  ['the unit in capitals refused', 'the unit in capitals: Range: BYTES=0-0', onRange(/^BYTES/, refuse(416))],
  [
    'any unit taken for bytes',
    'an unknown unit: Range: lines=0-0',
    misread('range', (value) => value.replace('lines', 'bytes')),
  ],
  ['an unknown unit refused', 'an unknown unit: Range: lines=0-0', onRange('lines=0-0', refuse(416))],
  [
    'a reversed range turned round',
    'a last position before the first: Range: bytes=5-3',
    misread('range', (value) => (value === 'bytes=5-3' ? 'bytes=3-5' : value)),
  ],
  [
    'nothing for a reversed range',
    'a last position before the first: Range: bytes=5-3',
    onRange('bytes=5-3', (reply) => withHeaders(part(reply, 5, 4), { 'Content-Range': `bytes 5-3/${SIZE}` })),
  ],
  [
    'a server that breaks on a dash',
    'a range without positions: Range: bytes=-',
    onRange('bytes=-', () => Buffer.alloc(0)),
  ],
  ['500 for an empty set', 'no range at all: Range: bytes=', onRange('bytes=', refuse(500))],
  [
    'letters taken for nothing',
    'letters for positions: Range: bytes=a-b',
    misread('range', (value) => value.replace('a-b', '0-')),
  ],
  [
    'NaN in Content-Range',
    'letters for positions: Range: bytes=a-b',
    onRange('bytes=a-b', (reply) =>
      withHeaders({ ...reply, status: 206 }, { 'Content-Range': `bytes NaN-NaN/${SIZE}` }),
    ),
  ],
  [
    'hexadecimal positions',
    'a position in hexadecimal: Range: bytes=0x0-0x1',
    misread('range', (value) => value.replaceAll('0x', '')),
  ],
  [
    'a broken member left out',
    'one good range and a broken one: Range: bytes=0-0,x',
    misread('range', (value) => value.replace(',x', '')),
  ],
  [
    'white space and empty elements refused',
    'white space and empty elements: Range: bytes= ,0-0, ,',
    onRange(/^bytes= /, refuse(416)),
  ],
  ['a 416 with the tag of its own body', BEHIND, headersOn(416, { ETag: 'W/"22-error"' })],
];
