import { gzipSync } from 'node:zlib';
import {
  BYTES,
  ETAG,
  withHeaders,
  withBody,
  on,
  headersOn,
  onePart,
  THE_FIRST,
  type PlantedFault,
} from '../planting.js';

/** Of the headers of a 206. */
export const PART_HEADERS: readonly PlantedFault[] = [
  ...['ETag', 'Last-Modified', 'Cache-Control', 'Vary', 'Content-Type', 'Date'].map((name): PlantedFault => [
    `a 206 without ${name}`,
    THE_FIRST,
    headersOn(206, { [name]: undefined }),
  ]),
  ['another tag on the 206', THE_FIRST, headersOn(206, { ETag: '"of the part"' })],
  ['a weak tag on the 206', THE_FIRST, headersOn(206, { ETag: `W/${ETAG}` })],
  ['another date on the 206', THE_FIRST, headersOn(206, { 'Last-Modified': 'Thu, 29 Feb 2024 12:34:57 GMT' })],
  [
    'another type on the 206',
    THE_FIRST,
    onePart((reply) => withHeaders(reply, { 'Content-Type': 'application/octet-stream' })),
  ],
  ['a part that says it is gzip', THE_FIRST, onePart((reply) => withHeaders(reply, { 'Content-Encoding': 'gzip' }))],
  [
    'gzip over a part',
    'the first byte, for a client that accepts gzip: Range: bytes=0-0',
    on(206, (reply, request) =>
      request.headers.has('accept-encoding')
        ? withBody(withHeaders(reply, { 'Content-Encoding': 'gzip' }), gzipSync(reply.body))
        : reply,
    ),
  ],
  [
    'ranges of what was compressed',
    'the first byte, for a client that accepts gzip: Range: bytes=0-0',
    on(206, (reply, request) =>
      request.headers.has('accept-encoding')
        ? withHeaders(withBody(reply, gzipSync(BYTES).subarray(0, 1)), {
            'Content-Range': `bytes 0-0/${gzipSync(BYTES).length}`,
            'Content-Encoding': 'gzip',
          })
        : reply,
    ),
  ],
  [
    'a 206 of unknown length',
    THE_FIRST,
    onePart((reply) => {
      const chunks = Buffer.concat([
        Buffer.from(`${reply.body.length.toString(16)}\r\n`),
        reply.body,
        Buffer.from('\r\n0\r\n\r\n'),
      ]);
      return withHeaders({ ...reply, body: chunks }, { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' });
    }),
  ],
];
