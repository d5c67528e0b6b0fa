import { lineOf } from '../reference-server.js';
import { withHeaders, refuse, type PlantedFault } from '../planting.js';

const NOTHING = Buffer.alloc(0);
/** Of an empty file. */
export const EMPTY: readonly PlantedFault[] = [
  [
    'an empty file: a 206 of nothing',
    'Range: bytes=0-',
    {
      bytes: NOTHING,
      write: (reply, { headers }) =>
        headers.has('range') ? withHeaders({ ...reply, status: 206 }, { 'Content-Range': 'bytes 0--1/0' }) : reply,
    },
  ],
  [
    'an empty file: 500 for a suffix of nothing',
    'Range: bytes=-1',
    {
      bytes: NOTHING,
      write: (reply, request) => (lineOf(request, 'range') === 'bytes=-1' ? refuse(500)(reply) : reply),
    },
  ],
  [
    'an empty file: a 416 of nothing with another length',
    'Range: bytes=0-0',
    {
      bytes: NOTHING,
      write: (reply, { headers }) =>
        headers.has('range') ? withHeaders({ ...reply, status: 416 }, { 'Content-Range': 'bytes */1' }) : reply,
    },
  ],
];
