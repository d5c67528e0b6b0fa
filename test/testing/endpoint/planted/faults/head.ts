import type { Plant } from '../faulty-server.js';
import type { Reply } from '../reference-server.js';
import { BYTES, SIZE, withHeaders, misread, refuse, type PlantedFault } from '../planting.js';

/** Of the answers to HEAD. */
export const HEAD: readonly PlantedFault[] = [
  [
    'HEAD: Range followed',
    'HEAD with Range: bytes=0-0',
    {
      write: (reply, request) =>
        request.method === 'HEAD' && request.headers.has('range')
          ? withHeaders({ ...reply, status: 206 }, { 'Content-Range': `bytes 0-0/${SIZE}`, 'Content-Length': '1' })
          : reply,
    },
  ],
  ['HEAD: content', 'HEAD', onHead((reply) => ({ ...reply, body: BYTES }))],
  ['HEAD: a Content-Length of nothing', 'HEAD', onHead((reply) => withHeaders(reply, { 'Content-Length': '0' }))],
  ['HEAD: no Content-Length', 'HEAD', onHead((reply) => withHeaders(reply, { 'Content-Length': undefined }))],
  ['HEAD: another type', 'HEAD', onHead((reply) => withHeaders(reply, { 'Content-Type': 'text/html' }))],
  ['HEAD: no tag', 'HEAD', onHead((reply) => withHeaders(reply, { ETag: undefined }))],
  ['HEAD: no Vary', 'HEAD', onHead((reply) => withHeaders(reply, { Vary: undefined }))],
  ['HEAD: no offer of ranges', 'HEAD', onHead((reply) => withHeaders(reply, { 'Accept-Ranges': undefined }))],
  ['HEAD: 405', 'HEAD', onHead(refuse(405))],
  [
    'HEAD: If-None-Match ignored',
    'HEAD with If-None-Match with the tag',
    misread('if-none-match', (value, { method }) => (method === 'HEAD' ? undefined : value)),
  ],
  [
    'HEAD: If-Match ignored',
    'HEAD with If-Match with another tag',
    misread('if-match', (value, { method }) => (method === 'HEAD' ? undefined : value)),
  ],
];

function onHead(change: (reply: Reply) => Reply): Plant {
  return { write: (reply, { method }) => (method === 'HEAD' ? change(reply) : reply) };
}
