import { describe, expect, it } from '@jest/globals';
import type { RangeSet } from '../../src/http/ranges/range-header.js';
import type { DescribedRepresentation, RepresentationMetadata } from '../../src/http/representation.js';
import type { RequestFacts, ResponsePlan, Segment } from '../../src/http/response-plan.js';
import { contentOf, DATE, EARLIER, kindOf, LATER, plan, VIDEO } from './plan-request.js';

const VIDEO_HEADERS = {
  'content-type': 'video/mp4',
  'accept-ranges': 'bytes',
  etag: '"v1"',
  'last-modified': DATE,
  'cache-control': 'no-transform',
  'x-content-type-options': 'nosniff',
};

describe('200: the whole representation', () => {
  it('a GET without Range gets all of it, and the offer of ranges', () => {
    expect(plan({})).toStrictEqual({
      kind: 'full',
      status: 200,
      headers: { ...VIDEO_HEADERS, 'content-length': '10000' },
      content: [{ kind: 'bytes', range: undefined, length: 10_000 }],
      contentLength: 10_000,
    });
  });

  it('an empty representation has no content and says so', () => {
    const { 'accept-ranges': offer, 'content-length': length } = plan({}, { size: 0 }).headers;
    expect({ offer, length }).toStrictEqual({ offer: 'bytes', length: '0' });
    expect(plan({}, { size: 0 })).toMatchObject({ status: 200, content: [], contentLength: 0 });
  });

  it('a representation of unknown size has no Content-Length and refuses ranges', () => {
    expect(plan({}, { type: 'text/csv' })).toStrictEqual({
      kind: 'full',
      status: 200,
      headers: {
        'content-type': 'text/csv',
        'accept-ranges': 'none',
        'cache-control': 'no-transform',
        'x-content-type-options': 'nosniff',
      },
      content: [{ kind: 'bytes', range: undefined, length: undefined }],
      contentLength: undefined,
    });
  });

  it('without a type it is application/octet-stream', () => {
    expect(plan({}, { size: 5 }).headers['content-type']).toBe('application/octet-stream');
  });

  it('a weak entity tag is sent as it is', () => {
    expect(plan({}, { size: 5, etag: 'W/"v1"' }).headers['etag']).toBe('W/"v1"');
  });

  it('without validators neither ETag nor Last-Modified is sent', () => {
    expect(Object.keys(plan({}, { size: 5 }).headers)).not.toContain('etag');
    expect(Object.keys(plan({}, { size: 5 }).headers)).not.toContain('last-modified');
  });

  it('additional headers of the representation are sent, with names in lower case', () => {
    const headers = { Vary: 'Accept', 'CONTENT-LANGUAGE': 'de', 'x-own': 'yes' };
    expect(plan({}, { size: 5, headers }).headers).toMatchObject({
      vary: 'Accept',
      'content-language': 'de',
      'x-own': 'yes',
    });
  });

  it('a Content-Type among the additional headers applies only if no type is given', () => {
    const headers = { 'Content-Type': 'video/webm' };
    expect(plan({}, { size: 5, headers }).headers['content-type']).toBe('video/webm');
    expect(plan({}, { size: 5, headers, type: 'video/mp4' }).headers['content-type']).toBe('video/mp4');
  });
});

describe('headers of a store never frame our message (RFC 9110 §8.6, §14.4)', () => {
  const headers = {
    'Content-Length': '5',
    'Content-Range': 'bytes 0-4/5',
    'Transfer-Encoding': 'chunked',
    Connection: 'close',
    'Keep-Alive': 'timeout=5',
    Date: EARLIER,
    'Accept-Ranges': 'none',
    ETag: '"never-evaluated"',
    'Last-Modified': EARLIER,
    Expires: LATER,
  };

  it('a 200 has none of it', () => {
    expect(plan({}, { ...VIDEO, headers }).headers).toStrictEqual({
      ...VIDEO_HEADERS,
      'content-length': '10000',
      expires: LATER,
    });
  });

  it('a multipart 206 has no Content-Range of it', () => {
    expect(plan({ range: 'bytes=0-0,-1' }, { ...VIDEO, headers }).headers).not.toHaveProperty('content-range');
  });

  it('a 200 of unknown size has no length of it', () => {
    const sent = plan({}, { headers }).headers;
    expect(Object.keys(sent).toSorted()).toStrictEqual(
      ['accept-ranges', 'cache-control', 'content-type', 'expires', 'x-content-type-options'].toSorted(),
    );
  });

  it('a digest of the whole content is that of a 200, not of a 206 (RFC 9530 §2)', () => {
    const digests = { 'Content-Digest': 'sha-256=:AA==:', 'Content-MD5': 'AA==', 'Repr-Digest': 'sha-256=:AA==:' };
    const described = { ...VIDEO, headers: digests };
    expect(plan({}, described).headers).toHaveProperty('content-digest', 'sha-256=:AA==:');
    for (const range of ['bytes=0-4', 'bytes=0-0,-1']) {
      const sent = plan({ range }, described).headers;
      expect(sent).not.toHaveProperty('content-digest');
      expect(sent).not.toHaveProperty('content-md5');
      expect(sent).toHaveProperty('repr-digest', 'sha-256=:AA==:');
    }
  });

  it('nor of a HEAD, a 304 or a 204, which have no content (RFC 9530, appendix B.2)', () => {
    const digests = { 'Content-Digest': 'sha-256=:AA==:', 'Content-MD5': 'AA==', 'Repr-Digest': 'sha-256=:AA==:' };
    const described = { ...VIDEO, headers: digests };
    for (const facts of [{ method: 'HEAD' }, { ifNoneMatch: '"v1"' }, { status: 204 }]) {
      expect(plan(facts, described).headers).not.toHaveProperty('content-digest');
      expect(plan(facts, described).headers).not.toHaveProperty('content-md5');
    }
    expect(plan({ method: 'HEAD' }, described).headers).toHaveProperty('repr-digest', 'sha-256=:AA==:');
  });

  it('an answer that is switched off has none of it', () => {
    expect(plan({ status: 201 }, { size: 7, headers }).headers).toStrictEqual({
      'content-type': 'application/octet-stream',
      'content-length': '7',
      expires: LATER,
      'x-content-type-options': 'nosniff',
    });
  });
});

describe('206: one range (RFC 9110 §15.3.7, §15.3.7.1)', () => {
  it.each([
    ['the first byte', 'bytes=0-0', 0, 0],
    ['Safari’s probe for two bytes gets exactly two', 'bytes=0-1', 0, 1],
    ['a range in the middle', 'bytes=500-999', 500, 999],
    ['an open end', 'bytes=9500-', 9500, 9999],
    ['an open end from zero', 'bytes=0-', 0, 9999],
    ['all of it by its positions', 'bytes=0-9999', 0, 9999],
    ['last-pos beyond the end is clamped', 'bytes=9000-20000', 9000, 9999],
    ['last-pos of fifty digits is clamped', `bytes=1-${'9'.repeat(50)}`, 1, 9999],
    ['a suffix', 'bytes=-500', 9500, 9999],
    ['a suffix longer than the representation selects all of it', 'bytes=-20000', 0, 9999],
    ['the last byte', 'bytes=-1', 9999, 9999],
    ['the unit in capitals', 'BYTES=5-6', 5, 6],
    ['one range among empty elements', 'bytes=,, 5-6 ,', 5, 6],
    ['a set of which one member is satisfiable gives no multipart', 'bytes=10000-,5-6', 5, 6],
    ['a set of which one member is satisfiable, asked first', 'bytes=5-6,-0', 5, 6],
    ['a set that merges into one range gives no multipart', 'bytes=0-99,50-149', 0, 149],
    ['a set that merges over a gap of 80 bytes gives no multipart', 'bytes=0-9,90-99', 0, 99],
    ['a member written ten times gives no multipart', `bytes=${Array(10).fill('5-6').join(',')}`, 5, 6],
  ])('%s', (_, range, firstPos, lastPos) => {
    const length = lastPos - firstPos + 1;
    expect(plan({ range })).toStrictEqual({
      kind: 'partial',
      status: 206,
      headers: {
        ...VIDEO_HEADERS,
        'content-length': String(length),
        'content-range': `bytes ${firstPos}-${lastPos}/10000`,
      },
      content: [{ kind: 'bytes', range: { firstPos, lastPos }, length }],
      contentLength: length,
    });
  });

  it('a size beyond 2^32 is told and cut exactly', () => {
    const sent = plan({ range: 'bytes=5000000000-5000000009' }, { size: 6_000_000_000 });
    expect(sent.headers).toMatchObject({
      'content-range': 'bytes 5000000000-5000000009/6000000000',
      'content-length': '10',
    });
  });

  it('the fields of the 200 are all carried: Content-Type, Cache-Control, Content-Location, ETag, Expires, Last-Modified, Vary', () => {
    const headers = {
      'Cache-Control': 'public, max-age=60',
      'Content-Location': '/media/1',
      'Content-Disposition': 'inline',
      'Content-Encoding': 'gzip',
      'Content-Language': 'en',
      Expires: LATER,
      Vary: 'Accept-Encoding',
    };
    const { 'content-length': _, ...whole } = plan({}, { ...VIDEO, headers }).headers;
    expect(plan({ range: 'bytes=0-9' }, { ...VIDEO, headers }).headers).toStrictEqual({
      ...whole,
      'content-length': '10',
      'content-range': 'bytes 0-9/10000',
    });
    expect(whole).toMatchObject({
      'content-location': '/media/1',
      expires: LATER,
      vary: 'Accept-Encoding',
      etag: '"v1"',
    });
  });

  it('with If-Range the fields are the same', () => {
    const without = plan({ range: 'bytes=0-9' });
    expect(plan({ range: 'bytes=0-9', ifRange: '"v1"' })).toStrictEqual(without);
  });
});

describe('206: several ranges (RFC 9110 §15.3.7.2, §14.6)', () => {
  const text = (segment: Segment | undefined): string => (segment?.kind === 'text' ? segment.text : '');

  it('the first and the last byte, byte for byte', () => {
    const head = (range: string): string =>
      `\r\n--BOUNDARY\r\nContent-Type: video/mp4\r\nContent-Range: bytes ${range}/10000\r\n\r\n`;
    const heads = [head('0-0'), head('9999-9999')] as const;
    const tail = '\r\n--BOUNDARY--\r\n';
    const contentLength = heads[0].length + 1 + heads[1].length + 1 + tail.length;
    expect(plan({ range: 'bytes=0-0,-1' })).toStrictEqual({
      kind: 'multipart',
      status: 206,
      headers: {
        ...VIDEO_HEADERS,
        'content-type': 'multipart/byteranges; boundary=BOUNDARY',
        'content-length': String(contentLength),
      },
      content: [
        { kind: 'text', text: heads[0] },
        { kind: 'bytes', range: { firstPos: 0, lastPos: 0 }, length: 1 },
        { kind: 'text', text: heads[1] },
        { kind: 'bytes', range: { firstPos: 9999, lastPos: 9999 }, length: 1 },
        { kind: 'text', text: tail },
      ],
      contentLength,
    });
  });

  it.each([
    ['the parts stand in the order asked', 'bytes=-100,0-99,5000-5099', ['9900-9999', '0-99', '5000-5099']],
    ['an unsatisfiable member is left out', 'bytes=0-99,10000-,-100', ['0-99', '9900-9999']],
    ['overlapping members are one part', 'bytes=0-99,50-149,-100', ['0-149', '9900-9999']],
    ['a merged part stands where its first member was asked', 'bytes=5000-5099,0-99,5050-5149', ['5000-5149', '0-99']],
    ['81 bytes between them keep two parts apart', 'bytes=0-9,91-99', ['0-9', '91-99']],
  ])('%s', (_, range, expected) => {
    const parts = contentOf(plan({ range })).flatMap((segment) =>
      segment.kind === 'bytes' && segment.range !== undefined
        ? [`${segment.range.firstPos}-${segment.range.lastPos}`]
        : [],
    );
    expect(parts).toStrictEqual(expected);
  });

  it('no Content-Range stands on top of a multipart', () => {
    expect(plan({ range: 'bytes=0-0,-1' }).headers).not.toHaveProperty('content-range');
  });

  it('a part of a representation without a type is application/octet-stream, as the 200 would be', () => {
    expect(text(contentOf(plan({ range: 'bytes=0-0,-1' }, { size: 10_000 }))[0])).toContain(
      '\r\nContent-Type: application/octet-stream\r\n',
    );
  });

  it('a Content-Encoding belongs to the parts and not to the multipart', () => {
    const gzipped = { ...VIDEO, headers: { 'Content-Encoding': 'gzip' } };
    const sent = plan({ range: 'bytes=0-0,-1' }, gzipped);
    const heads = [contentOf(sent)[0], contentOf(sent)[2]].map(text);
    expect(sent.headers).not.toHaveProperty('content-encoding');
    expect(heads.map((head) => head.includes('\r\nContent-Encoding: gzip\r\n'))).toStrictEqual([true, true]);
  });

  it('the other fields of the 200 are carried', () => {
    const headers = { 'Cache-Control': 'max-age=60', Expires: LATER, Vary: 'Accept', 'Content-Location': '/1' };
    expect(plan({ range: 'bytes=0-0,-1' }, { ...VIDEO, headers }).headers).toMatchObject({
      'accept-ranges': 'bytes',
      'cache-control': 'max-age=60, no-transform',
      'content-location': '/1',
      etag: '"v1"',
      expires: LATER,
      'last-modified': DATE,
      vary: 'Accept',
    });
  });

  it('each response has a boundary of its own', () => {
    let made = 0;
    const newBoundary = (): string => `b${++made}`;
    const types = [1, 2].map(() => plan({ range: 'bytes=0-0,-1' }, VIDEO, { newBoundary }).headers['content-type']);
    expect(types).toStrictEqual(['multipart/byteranges; boundary=b1', 'multipart/byteranges; boundary=b2']);
  });
});

describe('too many ranges get the whole (RFC 9110 §14.2, §17.15)', () => {
  const apart = (count: number): string =>
    `bytes=${Array.from({ length: count }, (_, i) => `${i * 190}-${i * 190}`).join(',')}`;

  it('fifty ranges are a multipart, fifty-one are a 200', () => {
    expect(kindOf({ range: apart(50) })).toBe('multipart');
    expect(kindOf({ range: apart(51) })).toBe('full');
  });

  it('maxRanges sets how many', () => {
    expect(kindOf({ range: apart(3) }, VIDEO, { maxRanges: 2 })).toBe('full');
    expect(kindOf({ range: apart(20) }, VIDEO, { maxRanges: 20 })).toBe('multipart');
  });

  it('too many ranges that are all unsatisfiable are still a 416', () => {
    expect(kindOf({ range: `bytes=${Array(60).fill('10000-').join(',')}` })).toBe('range-not-satisfiable');
  });

  it('more than a hundred members are a 200, even if none is satisfiable', () => {
    expect(kindOf({ range: `bytes=${Array(101).fill('10000-').join(',')}` })).toBe('full');
  });

  it('parts and heads together as long as the representation are a multipart, one byte more is a 200', () => {
    // Two heads of 58 bytes, a tail of 9, and two bytes of content: 127.
    const policy = { coalesceGap: 0, newBoundary: () => 'b' };
    const request = { range: 'bytes=0-0,2-2' };
    expect(plan(request, { size: 127, type: 'a/b' }, policy)).toMatchObject({ kind: 'multipart', contentLength: 127 });
    expect(plan(request, { size: 126, type: 'a/b' }, policy)).toMatchObject({ kind: 'full', contentLength: 126 });
  });

  it('the whole that is sent instead carries no sign of a range', () => {
    expect(plan({ range: apart(51) })).toStrictEqual(plan({}));
  });
});

describe('openEndedLimit shortens a range without an end, and nothing else', () => {
  it.each([
    ['an open end is shortened', 'bytes=0-', 'bytes 0-99/10000', '100'],
    ['an open end in the middle is shortened', 'bytes=5000-', 'bytes 5000-5099/10000', '100'],
    ['an open end near the end is served to the end', 'bytes=9950-', 'bytes 9950-9999/10000', '50'],
    ['an explicit range is not, on which AVPlayer relies', 'bytes=0-9999', 'bytes 0-9999/10000', '10000'],
    ['an explicit range beyond the end is not', 'bytes=0-99999', 'bytes 0-9999/10000', '10000'],
    ['a suffix is not', 'bytes=-5000', 'bytes 5000-9999/10000', '5000'],
  ])('%s', (_, range, contentRange, contentLength) => {
    const sent = plan({ range }, VIDEO, { openEndedLimit: 100 });
    expect(sent).toMatchObject({
      status: 206,
      headers: { 'content-range': contentRange, 'content-length': contentLength },
    });
  });

  it('a request without Range is not shortened', () => {
    expect(plan({}, VIDEO, { openEndedLimit: 100 })).toStrictEqual(plan({}));
  });
});

describe('Range is ignored (RFC 9110 §14.2)', () => {
  it.each([
    ['another unit', 'items=0-5'],
    ['an unknown unit is not a 416 either', 'items=99999-'],
    ['a syntax error', 'bytes=x'],
    ['an empty field', ''],
    ['last-pos less than first-pos', 'bytes=5-4'],
    ['one reversed member spoils the set', 'bytes=0-4,9-8'],
    ['one broken member spoils an unsatisfiable set', 'bytes=10000-,x'],
    ['two Range lines joined', 'bytes=0-1, bytes=2-3'],
    ['a field over 4,096 bytes', `bytes=0-${'0'.repeat(4096)}9`],
  ])('%s', (_, range) => {
    expect(plan({ range })).toStrictEqual(plan({}));
  });
});

describe('416 (RFC 9110 §15.5.17, §14.4)', () => {
  it.each([
    ['first-pos at the complete length', 'bytes=10000-'],
    ['first-pos beyond the end', 'bytes=10001-20000'],
    ['first-pos of fifty digits', `bytes=${'9'.repeat(50)}-`],
    ['a suffix of length zero', 'bytes=-0'],
    ['a set in which nothing is satisfiable', 'bytes=10000-,-0,20000-20001'],
  ])('%s', (_, range) => {
    expect(plan({ range })).toStrictEqual({
      kind: 'range-not-satisfiable',
      status: 416,
      headers: {
        'content-range': 'bytes */10000',
        'accept-ranges': 'bytes',
        'cache-control': 'no-store',
        etag: '"v1"',
      },
    });
  });

  it('the entity tag is the file’s, weak or strong, and none where it has none (§8.8)', () => {
    const tagOf = (etag?: string) => plan({ range: 'bytes=10000-' }, { size: 10_000, etag }).headers['etag'];
    expect([tagOf('"v1"'), tagOf('W/"v1"'), tagOf()]).toStrictEqual(['"v1"', 'W/"v1"', undefined]);
  });

  it('neither type nor date nor other fields of the file are sent', () => {
    const headers = { Vary: 'Accept', 'Content-Disposition': 'inline', 'Cache-Control': 'public' };
    expect(Object.keys(plan({ range: 'bytes=10000-' }, { ...VIDEO, headers }).headers).toSorted()).toStrictEqual([
      'accept-ranges',
      'cache-control',
      'content-range',
      'etag',
    ]);
  });
});

describe('an empty representation has no range to offer: 200', () => {
  it.each(['bytes=0-', 'bytes=0-0', 'bytes=-1', 'bytes=-0', 'bytes=5-9', 'bytes=0-0,-1', 'bytes=x'])(
    '%s of an empty representation is a 200',
    (range) => {
      const empty = { ...VIDEO, size: 0 };
      expect(plan({ range }, empty)).toStrictEqual(plan({}, empty));
      expect(plan({ range }, empty)).toMatchObject({ status: 200, content: [], headers: { 'content-length': '0' } });
    },
  );
});

describe('If-Range (RFC 9110 §13.1.5)', () => {
  it.each([
    ['the strong tag', '"v1"', 'partial'],
    ['exactly the Last-Modified', DATE, 'partial'],
    ['another tag', '"v2"', 'full'],
    ['the weak form of the tag', 'W/"v1"', 'full'],
    ['a list with the tag', '"v1", "v2"', 'full'],
    ['an asterisk', '*', 'full'],
    ['a later date', LATER, 'full'],
    ['an earlier date', EARLIER, 'full'],
    ['an empty field', '', 'full'],
  ])('%s', (_, ifRange, expected) => {
    expect(kindOf({ range: 'bytes=0-9', ifRange })).toBe(expected);
  });

  it('a weak tag of the representation never holds', () => {
    expect(kindOf({ range: 'bytes=0-9', ifRange: 'W/"v1"' }, { ...VIDEO, etag: 'W/"v1"' })).toBe('full');
  });

  it('if it is false, an unsatisfiable Range is ignored too: 200, not 416', () => {
    expect(plan({ range: 'bytes=10000-', ifRange: '"v2"' })).toStrictEqual(plan({}));
  });

  it('if it is true, an unsatisfiable Range is a 416', () => {
    expect(kindOf({ range: 'bytes=10000-', ifRange: '"v1"' })).toBe('range-not-satisfiable');
  });

  it('if it is false, several ranges are ignored too', () => {
    expect(plan({ range: 'bytes=0-0,-1', ifRange: '"v2"' })).toStrictEqual(plan({}));
  });

  it('without Range it is ignored, true or false', () => {
    expect(plan({ ifRange: '"v2"' })).toStrictEqual(plan({}));
    expect(plan({ ifRange: '"v1"' })).toStrictEqual(plan({}));
  });

  it('on a HEAD it causes neither 304 nor 412, even if false', () => {
    expect(kindOf({ method: 'HEAD', range: 'bytes=0-9', ifRange: '"v2"' })).toBe('full');
  });
});

describe('304 (RFC 9110 §15.4.5)', () => {
  const headers = {
    'Cache-Control': 'max-age=60',
    'Content-Disposition': 'inline',
    'Content-Encoding': 'gzip',
    'Content-Language': 'en',
    'Content-Location': '/media/1',
    Expires: LATER,
    Vary: 'Accept-Encoding',
    'X-Own': 'yes',
  };

  it('the 200’s Cache-Control, Content-Location, ETag, Expires and Vary are sent, and nothing else of it', () => {
    expect(plan({ ifNoneMatch: '"v1"' }, { ...VIDEO, headers })).toStrictEqual({
      kind: 'not-modified',
      status: 304,
      headers: {
        'cache-control': 'max-age=60, no-transform',
        'content-location': '/media/1',
        etag: '"v1"',
        expires: LATER,
        vary: 'Accept-Encoding',
      },
    });
  });

  it('without an entity tag the Last-Modified is sent instead', () => {
    const { etag: _, ...dated } = VIDEO;
    expect(plan({ ifModifiedSince: DATE }, dated)).toStrictEqual({
      kind: 'not-modified',
      status: 304,
      headers: { 'cache-control': 'no-transform', 'last-modified': DATE },
    });
  });

  it('the entity tag is that of the representation, not that of the request', () => {
    expect(plan({ ifNoneMatch: 'W/"v1"' }).headers['etag']).toBe('"v1"');
    expect(plan({ ifNoneMatch: '"v1"' }, { ...VIDEO, etag: 'W/"v1"' }).headers['etag']).toBe('W/"v1"');
  });

  it('its fields are those that the 200 would have had', () => {
    const whole = plan({}, { ...VIDEO, headers }).headers;
    const notModified = plan({ ifNoneMatch: '*' }, { ...VIDEO, headers }).headers;
    expect(whole).toMatchObject(notModified);
  });

  it('no Content-Length is sent, not even of an empty representation', () => {
    expect(plan({ ifNoneMatch: '"v1"' }, { ...VIDEO, size: 0 }).headers).not.toHaveProperty('content-length');
    expect(plan({ ifNoneMatch: '"v1"' }).headers).not.toHaveProperty('content-length');
  });

  it('HEAD gets the same 304', () => {
    expect(plan({ method: 'HEAD', ifNoneMatch: '"v1"' })).toStrictEqual(plan({ ifNoneMatch: '"v1"' }));
  });

  it('a representation of unknown size can be not modified too', () => {
    const { size: _, ...unsized } = VIDEO;
    expect(kindOf({ ifNoneMatch: '"v1"' }, unsized)).toBe('not-modified');
  });
});

describe('412 (RFC 9110 §15.5.13)', () => {
  it.each<[sentence: string, facts: Partial<RequestFacts>]>([
    ['a false If-Match', { ifMatch: '"v2"' }],
    ['a false If-Unmodified-Since', { ifUnmodifiedSince: EARLIER }],
    ['a false If-Match of a HEAD', { method: 'HEAD', ifMatch: '"v2"' }],
  ])('%s: nothing of the file but its tag, and not to be stored', (_, facts) => {
    expect(plan(facts, { ...VIDEO, headers: { Vary: 'Accept', 'Cache-Control': 'public' } })).toStrictEqual({
      kind: 'precondition-failed',
      status: 412,
      headers: { 'cache-control': 'no-store', etag: '"v1"' },
    });
  });
});

describe('the order of evaluation (RFC 9110 §13.2.2, §14.2)', () => {
  it.each<[sentence: string, facts: Partial<RequestFacts>, expected: ResponsePlan['kind']]>([
    ['412 comes before 206', { ifMatch: '"v2"', range: 'bytes=0-9' }, 'precondition-failed'],
    ['412 by date comes before 206', { ifUnmodifiedSince: EARLIER, range: 'bytes=0-9' }, 'precondition-failed'],
    ['412 comes before 416', { ifMatch: '"v2"', range: 'bytes=10000-' }, 'precondition-failed'],
    ['412 comes before 304', { ifMatch: '"v2"', ifNoneMatch: '"v1"' }, 'precondition-failed'],
    ['304 comes before 206', { ifNoneMatch: '"v1"', range: 'bytes=0-9' }, 'not-modified'],
    ['304 by date comes before 206', { ifModifiedSince: DATE, range: 'bytes=0-9' }, 'not-modified'],
    ['304 comes before 416', { ifNoneMatch: '"v1"', range: 'bytes=10000-' }, 'not-modified'],
    ['304 comes before If-Range', { ifNoneMatch: '"v1"', range: 'bytes=0-9', ifRange: '"v1"' }, 'not-modified'],
    ['412 comes before If-Range', { ifMatch: '"v2"', range: 'bytes=0-9', ifRange: '"v1"' }, 'precondition-failed'],
    ['a true If-Match lets the Range be served', { ifMatch: '"v1"', range: 'bytes=0-9' }, 'partial'],
    ['a true If-Unmodified-Since lets the Range be served', { ifUnmodifiedSince: DATE, range: 'bytes=0-9' }, 'partial'],
    ['a true If-None-Match lets the Range be served', { ifNoneMatch: '"v2"', range: 'bytes=0-9' }, 'partial'],
    ['a true If-Modified-Since lets the Range be served', { ifModifiedSince: EARLIER, range: 'bytes=0-9' }, 'partial'],
    ['a true If-None-Match allows a 416', { ifNoneMatch: '"v2"', range: 'bytes=10000-' }, 'range-not-satisfiable'],
    [
      'a true If-None-Match with a false If-Range is a 200',
      { ifNoneMatch: '"v2"', range: 'bytes=0-9', ifRange: '"v2"' },
      'full',
    ],
    [
      'all five hold and the Range is served',
      {
        ifMatch: '"v1"',
        ifUnmodifiedSince: DATE,
        ifNoneMatch: '"v2"',
        ifModifiedSince: EARLIER,
        ifRange: '"v1"',
        range: 'bytes=0-9',
      },
      'partial',
    ],
  ])('%s', (_, facts, expected) => {
    expect(kindOf(facts)).toBe(expected);
  });

  it('what is decided without the Range field does not read it', () => {
    const unread = {
      parseRange: (): RangeSet => {
        throw new Error('the Range field was read');
      },
    };
    const range = 'bytes=0-9';
    expect(kindOf({ range, ifNoneMatch: '"v1"' }, VIDEO, unread)).toBe('not-modified');
    expect(kindOf({ range, ifMatch: '"v2"' }, VIDEO, unread)).toBe('precondition-failed');
    expect(kindOf({ range, ifRange: '"v2"' }, VIDEO, unread)).toBe('full');
    expect(kindOf({ range, method: 'HEAD' }, VIDEO, unread)).toBe('full');
    expect(kindOf({ range, status: 201 }, VIDEO, unread)).toBe('full');
    expect(kindOf({ range }, VIDEO, { ...unread, acceptRanges: false })).toBe('full');
    expect(kindOf({ range }, { type: 'text/csv' }, unread)).toBe('full');
    expect(() => kindOf({ range }, VIDEO, unread)).toThrow('the Range field was read');
  });

  it('a boundary is made for a multipart only', () => {
    const unmade = {
      newBoundary: (): string => {
        throw new Error('a boundary was made');
      },
    };
    expect(kindOf({}, VIDEO, unmade)).toBe('full');
    expect(kindOf({ range: 'bytes=0-9' }, VIDEO, unmade)).toBe('partial');
    expect(kindOf({ range: 'bytes=0-9,5-14' }, VIDEO, unmade)).toBe('partial');
    expect(kindOf({ range: 'bytes=10000-' }, VIDEO, unmade)).toBe('range-not-satisfiable');
    expect(() => kindOf({ range: 'bytes=0-0,-1' }, VIDEO, unmade)).toThrow('a boundary was made');
  });
});

describe('HEAD (RFC 9110 §9.3.2, §14.2: Range is defined for GET)', () => {
  it.each([undefined, 'bytes=0-9', 'bytes=0-0,-1', 'bytes=10000-', 'bytes=x'])(
    'with Range %s it has the fields of the GET without Range, and no byte is read',
    (range) => {
      const { headers, contentLength } = plan({}) as ResponsePlan & { kind: 'full' };
      expect(plan({ method: 'HEAD', range })).toStrictEqual({
        kind: 'full',
        status: 200,
        headers,
        content: [],
        contentLength,
      });
    },
  );

  it('of unknown size it has no Content-Length', () => {
    expect(plan({ method: 'HEAD' }, { type: 'text/csv' }).headers).not.toHaveProperty('content-length');
  });
});

describe('other statuses and methods are left alone', () => {
  const conditional = {
    range: 'bytes=0-9',
    ifMatch: '"v2"',
    ifUnmodifiedSince: EARLIER,
    ifNoneMatch: '"v1"',
    ifModifiedSince: DATE,
    ifRange: '"v1"',
  };
  const plain = { 'content-type': 'video/mp4', 'content-length': '10000', 'x-content-type-options': 'nosniff' };

  it.each([201, 202, 203, 206, 226, 400, 403, 404, 410, 416, 418, 500, 503])(
    'status %d stays and the answer is whole, without conditions, validators and the offer of ranges',
    (status) => {
      const given = { ...VIDEO, headers: { 'Cache-Control': 'public, max-age=60' } };
      expect(plan({ status, ...conditional }, given)).toStrictEqual({
        kind: 'full',
        status,
        headers: plain,
        content: [{ kind: 'bytes', range: undefined, length: 10_000 }],
        contentLength: 10_000,
      });
    },
  );

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'get', 'Head'])(
    'method %s is answered whole, without conditions, validators and the offer of ranges',
    (method) => {
      expect(plan({ method, ...conditional })).toMatchObject({ kind: 'full', status: 200, contentLength: 10_000 });
      expect(plan({ method, ...conditional }).headers).toStrictEqual(plain);
    },
  );

  it.each([204, 205, 304])('status %d has neither content nor Content-Length', (status) => {
    const sent = plan({ status, ...conditional });
    expect(sent).toMatchObject({ kind: 'full', status, content: [], contentLength: 0 });
    expect(sent.headers).not.toHaveProperty('content-length');
  });

  it('HEAD with another status has the fields of its GET and no content', () => {
    const sent = plan({ method: 'HEAD', status: 404 });
    expect(sent).toMatchObject({ status: 404, content: [] });
    expect(sent.headers).toStrictEqual(plan({ status: 404 }).headers);
  });
});

describe('Accept-Ranges (RFC 9110 §14.3)', () => {
  it.each<[sentence: string, representation: RepresentationMetadata, acceptRanges: boolean, expected: string]>([
    ['a known size offers bytes', VIDEO, true, 'bytes'],
    ['an empty representation offers bytes', { size: 0 }, true, 'bytes'],
    ['an unknown size offers none', { type: 'text/csv' }, true, 'none'],
    ['acceptRanges: false offers none', VIDEO, false, 'none'],
    ['a representation that is read forward only offers bytes', { ...VIDEO, forwardOnly: true }, true, 'bytes'],
  ])('%s', (_, representation, acceptRanges, expected) => {
    expect(plan({}, representation, { acceptRanges }).headers['accept-ranges']).toBe(expected);
  });

  it.each(['bytes=0-9', 'bytes=0-0,-1', 'bytes=10000-'])('acceptRanges: false answers %s with the whole', (range) => {
    expect(plan({ range }, VIDEO, { acceptRanges: false })).toStrictEqual(plan({}, VIDEO, { acceptRanges: false }));
    expect(plan({ range }, VIDEO, { acceptRanges: false }).status).toBe(200);
  });

  it('acceptRanges: false does not change the preconditions', () => {
    expect(kindOf({ ifNoneMatch: '"v1"' }, VIDEO, { acceptRanges: false })).toBe('not-modified');
    expect(kindOf({ ifMatch: '"v2"' }, VIDEO, { acceptRanges: false })).toBe('precondition-failed');
  });

  it('an unknown size answers any Range with the whole', () => {
    const { size: _, ...unsized } = VIDEO;
    expect(plan({ range: 'bytes=0-9' }, unsized)).toStrictEqual(plan({}, unsized));
  });
});

describe('a representation that is read once and forwards', () => {
  const forward = { ...VIDEO, forwardOnly: true };

  it.each([
    ['one range is served', 'bytes=500-999', 'partial'],
    ['a suffix is served', 'bytes=-5', 'partial'],
    ['ascending ranges are served', 'bytes=0-99,500-599,-100', 'multipart'],
    ['a range asked before an earlier one is a 200', 'bytes=500-599,0-99', 'full'],
    ['a step back in the middle is a 200', 'bytes=0-99,5000-5099,2000-2099', 'full'],
    ['a step back that merging removes is served', 'bytes=50-149,0-99', 'partial'],
    ['unsatisfiable ranges are a 416', 'bytes=10000-', 'range-not-satisfiable'],
  ])('%s', (_, range, expected) => {
    expect(kindOf({ range }, forward)).toBe(expected);
  });

  it('any order is served of one that can be read anywhere', () => {
    expect(kindOf({ range: 'bytes=500-599,0-99' })).toBe('multipart');
  });
});

describe('no-transform, so that no proxy changes bytes under a strong tag (RFC 9110 §7.7)', () => {
  const sent = (cacheControl: string): string | undefined =>
    plan({}, { ...VIDEO, headers: { 'Cache-Control': cacheControl } }).headers['cache-control'];

  it.each([
    ['it is added to what is there', 'public, max-age=60', 'public, max-age=60, no-transform'],
    ['it is not added twice', 'no-transform', 'no-transform'],
    ['it is not added twice in another case', 'No-Transform', 'No-Transform'],
    ['it is not added twice behind others', 'max-age=60,no-transform', 'max-age=60,no-transform'],
    ['it is not added twice between others', 'public, no-transform , max-age=60', 'public, no-transform , max-age=60'],
    ['a directive that only ends like it does not count', 'x-no-transform', 'x-no-transform, no-transform'],
    ['a directive that only begins like it does not count', 'no-transform-x', 'no-transform-x, no-transform'],
    ['an empty value adds no empty element', '', 'no-transform'],
    ['a value of white space adds no empty element', ' \t', 'no-transform'],
  ])('%s', (_, cacheControl, expected) => {
    expect(sent(cacheControl)).toBe(expected);
  });

  it.each<[sentence: string, facts: Partial<RequestFacts>]>([
    ['the 200 that offers ranges has it', {}],
    ['a 206 has it', { range: 'bytes=0-9' }],
    ['a multipart 206 has it', { range: 'bytes=0-0,-1' }],
    ['a 304 has it, because it updates the stored 200', { ifNoneMatch: '"v1"' }],
    ['the fields of a HEAD have it', { method: 'HEAD' }],
  ])('%s', (_, facts) => {
    expect(plan(facts).headers['cache-control']).toBe('no-transform');
  });
});

describe('a parser of the app’s own', () => {
  it('gets the header as received, and its ranges are served', () => {
    const received: string[] = [];
    const own = (headerValue: string): RangeSet => {
      received.push(headerValue);
      return [{ firstPos: 1, lastPos: 2 }];
    };
    expect(plan({ range: 'lines=7-9' }, VIDEO, { parseRange: own }).headers['content-range']).toBe('bytes 1-2/10000');
    expect(received).toStrictEqual(['lines=7-9']);
  });

  it.each<[sentence: string, rangeSet: RangeSet | undefined]>([
    ['undefined', undefined],
    ['an empty set', []],
    ['a reversed range', [{ firstPos: 5, lastPos: 3 }]],
    ['a negative position', [{ firstPos: -5, lastPos: 3 }]],
    ['not a number', [{ firstPos: NaN }]],
    ['a fraction', [{ suffixLength: 0.5 }]],
  ])('%s from it is ignored', (_, rangeSet) => {
    expect(plan({ range: 'bytes=0-9' }, VIDEO, { parseRange: () => rangeSet })).toStrictEqual(plan({}));
  });
});

describe('bytes that somebody else sends', () => {
  const offloaded: DescribedRepresentation = {
    ...VIDEO,
    delegated: { status: 200, headers: { 'X-Accel-Redirect': '/internal/clip.mp4' } },
  };
  const redirected: DescribedRepresentation = {
    delegated: { status: 307, headers: { Location: 'https://store.example/clip', 'Cache-Control': 'no-store' } },
  };

  it('a proxy gets its header and those that describe the content: no byte, no validator, no Accept-Ranges', () => {
    expect(plan({}, offloaded)).toStrictEqual({
      kind: 'delegated',
      status: 200,
      headers: {
        'content-type': 'video/mp4',
        'cache-control': 'no-transform',
        'x-content-type-options': 'nosniff',
        'x-accel-redirect': '/internal/clip.mp4',
        'content-length': '0',
      },
      content: [],
      contentLength: 0,
    });
  });

  it('a proxy gets the headers of the content: Cache-Control, Content-Disposition, Content-Language', () => {
    const headers = { 'Cache-Control': 'max-age=60', 'Content-Disposition': 'inline', 'Content-Language': 'de' };
    expect(plan({}, { ...offloaded, headers }).headers).toMatchObject({
      'cache-control': 'max-age=60, no-transform',
      'content-disposition': 'inline',
      'content-language': 'de',
    });
  });

  it('a redirected client gets a 307 that describes no content (RFC 9110 §15.4.8)', () => {
    expect(plan({}, redirected)).toStrictEqual({
      kind: 'delegated',
      status: 307,
      headers: { location: 'https://store.example/clip', 'cache-control': 'no-store', 'content-length': '0' },
      content: [],
      contentLength: 0,
    });
  });

  it('a redirection has no headers of the content, except who may read it', () => {
    const headers = {
      'Cache-Control': 'max-age=60',
      'Content-Disposition': 'inline',
      Expires: LATER,
      Vary: 'Cookie',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    };
    expect(plan({}, { ...VIDEO, ...redirected, headers }).headers).toStrictEqual({
      location: 'https://store.example/clip',
      'cache-control': 'no-store',
      vary: 'Cookie',
      'cross-origin-resource-policy': 'cross-origin',
      'content-length': '0',
    });
  });

  it.each<[sentence: string, facts: Partial<RequestFacts>]>([
    ['HEAD', { method: 'HEAD' }],
    ['Range', { range: 'bytes=0-9' }],
    ['several ranges', { range: 'bytes=0-0,-1' }],
    ['an unsatisfiable Range', { range: 'bytes=10000-' }],
    ['a false If-Match', { ifMatch: '"v2"' }],
    ['If-None-Match with the tag of the representation', { ifNoneMatch: '"v1"' }],
    ['If-None-Match: *', { ifNoneMatch: '*' }],
    ['If-Modified-Since', { ifModifiedSince: LATER }],
    ['a false If-Unmodified-Since', { ifUnmodifiedSince: EARLIER }],
    ['If-Range', { range: 'bytes=0-9', ifRange: '"v1"' }],
  ])('%s changes nothing: the server that sends the bytes evaluates it', (_, facts) => {
    expect(plan(facts, offloaded)).toStrictEqual(plan({}, offloaded));
    expect(plan(facts, { ...VIDEO, ...redirected })).toStrictEqual(plan({}, redirected));
  });

  it.each<[method: string, status: number, expected: number]>([
    ['GET', 200, 307],
    ['HEAD', 200, 307],
    ['POST', 201, 303],
    ['PUT', 200, 303],
    ['GET', 302, 302],
    ['HEAD', 308, 308],
    ['POST', 307, 307],
    ['GET', 404, 307],
  ])(
    'a %s for which the handler has status %d is redirected with %d (RFC 9110 §15.4.4)',
    (method, status, expected) => {
      expect(plan({ method, status }, redirected).status).toBe(expected);
    },
  );

  it('a response to a proxy has the status of the handler', () => {
    expect(plan({ status: 404 }, offloaded).status).toBe(404);
    expect(plan({ status: 204 }, offloaded).headers).not.toHaveProperty('content-length');
  });

  it('headers that frame a message are not delegated', () => {
    const headers = { Location: '/elsewhere', 'Content-Length': '5', 'Transfer-Encoding': 'chunked', ETag: '"v1"' };
    expect(plan({}, { delegated: { status: 307, headers } }).headers).toStrictEqual({
      location: '/elsewhere',
      'content-length': '0',
    });
  });
});
