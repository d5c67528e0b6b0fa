import {
  BYTES,
  SIZE,
  ETAG,
  withHeaders,
  withBody,
  on,
  onRange,
  misread,
  blindTo,
  refuse,
  TAG_MATCHES,
  type PlantedFault,
  headersOn,
} from '../planting.js';

/** Of preconditions. */
export const CONDITIONS: readonly PlantedFault[] = [
  ['If-None-Match ignored', TAG_MATCHES, blindTo('if-none-match')],
  [
    'If-None-Match compared strongly',
    'If-None-Match with the tag made weak',
    misread('if-none-match', (value) => (value.replace('W/', '') === value ? value : '"never"')),
  ],
  [
    'If-None-Match that is no list',
    'If-None-Match with the tag among others',
    misread('if-none-match', (value) => (value.includes(',') ? '"never"' : value)),
  ],
  [
    'If-None-Match: * not understood',
    'If-None-Match: *',
    misread('if-none-match', (value) => (value === '*' ? '"*"' : value)),
  ],
  [
    'If-None-Match ignored beside Range',
    'If-None-Match with the tag, and a range',
    misread('if-none-match', (value, { headers }) => (headers.has('range') ? undefined : value)),
  ],
  [
    '416 before 304',
    'If-None-Match with the tag, and a range behind the end',
    onRange(`bytes=${SIZE}-`, (reply) =>
      reply.status === 304
        ? withHeaders({ ...reply, status: 416 }, { 'Content-Range': `bytes */${SIZE}`, 'Content-Length': '0' })
        : reply,
    ),
  ],
  ['304 for any tag', 'If-None-Match with another tag', misread('if-none-match', () => ETAG)],
  ['412 in place of 304', TAG_MATCHES, on(304, refuse(412))],
  ['If-Match ignored', 'If-Match with another tag', blindTo('if-match')],
  [
    'If-Match ignored beside Range',
    'If-Match with another tag, and a range',
    misread('if-match', (value, { headers }) => (headers.has('range') ? undefined : value)),
  ],
  [
    'If-Match compared weakly',
    'If-Match with the tag made weak',
    misread('if-match', (value) => value.replace('W/', '')),
  ],
  [
    'If-Match that is no list',
    'If-Match with the tag among others',
    misread('if-match', (value) => (value.includes(',') ? '"never"' : value)),
  ],
  ['If-Match: * not understood', 'If-Match: *', misread('if-match', (value) => (value === '*' ? '"*"' : value))],
  ['a 412 with the bytes', 'If-Match with another tag', on(412, (reply) => withBody(reply, BYTES))],
  ['If-Modified-Since ignored', 'If-Modified-Since the date', blindTo('if-modified-since')],
  [
    'If-Modified-Since that wins over If-None-Match',
    'If-Modified-Since the date, and another tag in If-None-Match',
    misread('if-none-match', (value, { headers }) => (headers.has('if-modified-since') ? undefined : value)),
  ],
  [
    'the form of RFC 850 not read',
    'If-Modified-Since the date as RFC 850 wrote it',
    misread('if-modified-since', (value) => (/^\w+day/.test(value) ? undefined : value)),
  ],
  [
    'the form of asctime() not read',
    'If-Modified-Since the date as asctime() writes it',
    misread('if-modified-since', (value) => (value.endsWith('GMT') ? value : undefined)),
  ],
  [
    'ISO dates read',
    'If-Modified-Since with an invalid date',
    misread('if-modified-since', (value) => (/^\d/.test(value) ? new Date(value).toUTCString() : value)),
  ],
  [
    '304 for an earlier date',
    'If-Modified-Since a day before',
    misread('if-modified-since', (value) => (value.includes('28 Feb') ? 'Thu, 29 Feb 2024 12:34:56 GMT' : value)),
  ],
  ['If-Unmodified-Since ignored', 'If-Unmodified-Since a day before', blindTo('if-unmodified-since')],
  [
    '412 for the very date',
    'If-Unmodified-Since the date',
    misread('if-unmodified-since', (value) => value.replace(':56', ':55')),
  ],
  [
    'If-Unmodified-Since not ignored beside If-Match',
    'If-Unmodified-Since a day before, and the tag of anything in If-Match',
    misread('if-match', (value, { headers }) => (headers.has('if-unmodified-since') ? undefined : value)),
  ],
  ...(
    [
      ['If-None-Match', 'If-None-Match with another tag, and a range'],
      ['If-Match', 'If-Match: *, and a range'],
      ['If-Modified-Since', 'If-Modified-Since a day before, and a range'],
      ['If-Unmodified-Since', 'If-Unmodified-Since the date, and a range'],
    ] as const
  ).map(([name, question]): PlantedFault => [
    `Range ignored beside ${name}`,
    question,
    misread('range', (value, { headers }) => (headers.has(name.toLowerCase()) ? undefined : value)),
  ]),
  [
    '416 before 412',
    'If-Match with another tag, and a range behind the end',
    onRange(`bytes=${SIZE}-`, (reply) =>
      reply.status === 412 ? withHeaders({ ...reply, status: 416 }, { 'Content-Range': `bytes */${SIZE}` }) : reply,
    ),
  ],
  ['a 412 with the tag of its own body', 'If-Match with another tag', headersOn(412, { ETag: 'W/"22-error"' })],
];
