import { lineOf } from '../reference-server.js';
import { SIZE, ETAG, withHeaders, on, misread, blindTo, ifRangeHolds, refuse, type PlantedFault } from '../planting.js';

/** Of If-Range. */
export const IF_RANGE: readonly PlantedFault[] = [
  ['If-Range ignored', 'If-Range with another tag', blindTo('if-range')],
  ['If-Range that is never true', 'If-Range with the tag', misread('if-range', () => '"never"')],
  ['If-Range compared weakly', 'If-Range with the tag made weak', ifRangeHolds((value) => value === `W/${ETAG}`)],
  ['a list in If-Range', 'If-Range with a list of tags', ifRangeHolds((value) => value.includes(','))],
  [
    'If-Range without quotes',
    'If-Range with the tag without its quotes',
    ifRangeHolds((value) => `"${value}"` === ETAG),
  ],
  ['any later date in If-Range', 'If-Range with a later date', ifRangeHolds((value) => value.includes('12:34:57'))],
  ['any earlier date in If-Range', 'If-Range with an earlier date', ifRangeHolds((value) => value.includes('28 Feb'))],
  [
    'no date in If-Range',
    'If-Range with the date',
    misread('if-range', (value) => (value.startsWith('Thu') ? '"never"' : value)),
  ],
  [
    '416 although If-Range is false',
    'If-Range with another tag, and a range behind the end',
    misread('if-range', (value, request) => (lineOf(request, 'range') === `bytes=${SIZE}-` ? undefined : value)),
  ],
  [
    '412 for a false If-Range',
    'If-Range with another tag',
    on(200, (reply, request) => (request.headers.has('if-range') ? refuse(412)(reply) : reply)),
  ],
  [
    'a 206 without its tag under If-Range',
    'If-Range with the tag',
    on(206, (reply, request) => (request.headers.has('if-range') ? withHeaders(reply, { ETag: undefined }) : reply)),
  ],
];
