import { BYTES, SIZE, withBody, withHeaders, on, headersOn, TAG_MATCHES, type PlantedFault } from '../planting.js';

/** Of a 304. */
export const NOT_MODIFIED: readonly PlantedFault[] = [
  [
    'a 304 with content',
    TAG_MATCHES,
    on(304, (reply) => ({ ...withHeaders(reply, { 'Content-Length': '5' }), body: Buffer.from('hello') })),
  ],
  ['a 304 with the bytes', TAG_MATCHES, on(304, (reply) => withBody(reply, BYTES))],
  ['a 304 without Content-Length, but with content', TAG_MATCHES, on(304, (reply) => ({ ...reply, body: BYTES }))],
  [
    'a 304 in chunks',
    TAG_MATCHES,
    on(304, (reply) => ({
      ...withHeaders(reply, { 'Transfer-Encoding': 'chunked' }),
      body: Buffer.from('0\r\n\r\n'),
    })),
  ],
  ['a 304 with a length of nothing', TAG_MATCHES, headersOn(304, { 'Content-Length': '0' })],
  ...['ETag', 'Cache-Control', 'Vary', 'Date'].map((name): PlantedFault => [
    `a 304 without ${name}`,
    TAG_MATCHES,
    headersOn(304, { [name]: undefined }),
  ]),
  ['a 304 with another tag', TAG_MATCHES, headersOn(304, { ETag: '"other"' })],
  ['a 304 with another Cache-Control', TAG_MATCHES, headersOn(304, { 'Cache-Control': 'no-store' })],
  ['a 304 with a Content-Range', TAG_MATCHES, headersOn(304, { 'Content-Range': `bytes 0-0/${SIZE}` })],
  ['a 304 with a type', TAG_MATCHES, headersOn(304, { 'Content-Type': 'text/html' })],
  ['a 304 with a coding', TAG_MATCHES, headersOn(304, { 'Content-Encoding': 'gzip' })],
];
