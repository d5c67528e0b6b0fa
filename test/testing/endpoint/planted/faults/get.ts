import type { Plant } from '../faulty-server.js';
import { gzipSync } from 'node:zlib';
import {
  BYTES,
  SIZE,
  LAST,
  withHeaders,
  withBody,
  on,
  headersOn,
  headersOnAll,
  type PlantedFault,
  type Changes,
} from '../planting.js';

const HTTP = 'HTTP/1.1 200 OK\r\n';

/** Of the answer to a GET. */
export const GET: readonly PlantedFault[] = [
  ['no Content-Length', 'Content-Length of the 200', headersOn(200, { 'Content-Length': undefined })],
  ['a body that is shorter than its Content-Length', 'GET', headersOn(200, { 'Content-Length': String(SIZE + 1) })],
  ['a body that is longer than its Content-Length', 'GET', headersOn(200, { 'Content-Length': String(SIZE - 1) })],
  ['a Content-Length beside chunks', 'GET', on(200, (reply) => withHeaders(reply, { 'Transfer-Encoding': 'chunked' }))],
  ['two Content-Lengths', 'GET', headersOn(200, { 'content-length': '5' })],
  [
    'chunks that are cut off',
    'GET',
    on(200, () => Buffer.from(`${HTTP}Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n`)),
  ],
  [
    'a line without a colon in the head',
    'GET',
    on(200, () => Buffer.from(`${HTTP}Content-Length: 5\r\nnothing\r\n\r\nabcde`)),
  ],
  ['LF for CRLF in the head', 'GET', on(200, () => Buffer.from(`${HTTP}ETag: "1"\nContent-Length: 5\r\n\r\nabcde`))],
  ['206 without being asked for a range', 'GET', { write: (reply) => ({ ...reply, status: 206 }) }],
  ['no offer of ranges', 'whether ranges are offered', headersOnAll({ 'Accept-Ranges': undefined })],
  ['Accept-Ranges: none', 'whether ranges are offered', headersOnAll({ 'Accept-Ranges': 'none' })],
  [
    'a Content-Range on the 200',
    'Content-Range of the 200',
    headersOn(200, { 'Content-Range': `bytes 0-${LAST}/${SIZE}` }),
  ],
  ['a tag without quotes', 'the form of the ETag', headersOnAll({ ETag: 'tag' })],
  ['an empty Content-Type', 'the form of the Content-Type', headersOnAll({ 'Content-Type': '' })],
  ['a file extension for its type', 'the form of the Content-Type', headersOnAll({ 'Content-Type': 'mp4' })],
  ['a control character in a header', 'GET', headersOnAll({ 'X-Name': 'a\u0001b' })],
  ['an ISO date', 'the form of the Last-Modified', headersOnAll({ 'Last-Modified': '2024-02-29T12:34:56Z' })],
  [
    'a date in the future',
    'a Last-Modified in the future',
    headersOnAll({ 'Last-Modified': 'Sun, 29 Feb 2128 12:34:56 GMT' }),
  ],
  ['no validator', 'whether a download can be resumed', headersOnAll({ ETag: undefined, 'Last-Modified': undefined })],
  [
    'a tag that is another each time',
    'GET once more',
    { write: (reply) => withHeaders(reply, { ETag: `"${Math.random()}"` }) },
  ],
  [
    'gzip under the same tag',
    'GET by a client that accepts gzip',
    on(200, (reply, request) => {
      if (!request.headers.has('accept-encoding')) return reply;
      return withBody(withHeaders(reply, { 'Content-Encoding': 'gzip' }), gzipSync(BYTES));
    }),
  ],
  ['gzip without Vary', 'GET by a client that accepts gzip', compressed({ Vary: 'Origin' }, gzipSync(BYTES))],
  [
    'gzip of other bytes',
    'GET by a client that accepts gzip',
    compressed({ Vary: 'Accept-Encoding' }, gzipSync(BYTES.subarray(1))),
  ],
  [
    'plain bytes under the name of gzip',
    'GET by a client that accepts gzip',
    compressed({ Vary: 'Accept-Encoding' }, BYTES),
  ],
  [
    'the length of the plain bytes on the compressed ones',
    'GET by a client that accepts gzip',
    on(200, (reply, request) =>
      request.headers.has('accept-encoding')
        ? {
            ...withHeaders(reply, { 'Content-Encoding': 'gzip', ETag: '"gz"' }),
            body: gzipSync(BYTES.subarray(0, 1000)),
          }
        : reply,
    ),
  ],
];

/** Another content for clients that take gzip, with a tag of its own. */
function compressed(headers: Changes, body: Buffer): Plant {
  return on(200, (reply, request) => {
    if (!request.headers.has('accept-encoding')) return reply;
    return withHeaders(withBody(reply, body), { ...headers, 'Content-Encoding': 'gzip', ETag: '"gz"' });
  });
}
