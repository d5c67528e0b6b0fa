import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { planResponse, type RequestFacts, type ResponsePlan, type Segment } from '../../src/http/response-plan.js';
import { parseContentRange, readByteranges } from '../support/connections/byteranges-reader.js';
import { contentOf, DATE, EARLIER, LATER, NOW, plan, POLICY, VIDEO } from './plan-request.js';

describe('the whole matrix: method × conditions × Range × If-Range × status × size × offer × direction', () => {
  type Effect = 'proceed' | 'not-modified' | 'precondition-failed';
  const CONDITIONS: readonly (readonly [name: string, facts: Partial<RequestFacts>, effect: Effect])[] = [
    ['no condition', {}, 'proceed'],
    ['a true If-Match', { ifMatch: '"v1"' }, 'proceed'],
    ['a false If-Match', { ifMatch: '"v2"' }, 'precondition-failed'],
    ['a true If-Unmodified-Since', { ifUnmodifiedSince: DATE }, 'proceed'],
    ['a false If-Unmodified-Since', { ifUnmodifiedSince: EARLIER }, 'precondition-failed'],
    ['a true If-None-Match', { ifNoneMatch: '"v2"' }, 'proceed'],
    ['a false If-None-Match', { ifNoneMatch: '"v1"' }, 'not-modified'],
    ['a true If-Modified-Since', { ifModifiedSince: EARLIER }, 'proceed'],
    ['a false If-Modified-Since', { ifModifiedSince: DATE }, 'not-modified'],
    ['If-Match over an ignored date', { ifMatch: '"v1"', ifUnmodifiedSince: EARLIER }, 'proceed'],
    ['If-None-Match over an ignored date', { ifNoneMatch: '"v2"', ifModifiedSince: DATE }, 'proceed'],
    ['If-Match, then If-None-Match', { ifMatch: '"v1"', ifNoneMatch: '"v1"' }, 'not-modified'],
    ['If-Match before If-None-Match', { ifMatch: '"v2"', ifNoneMatch: '"v1"' }, 'precondition-failed'],
  ];
  type Asked = 'nothing' | 'one' | 'ascending' | 'descending' | 'unsatisfiable';
  const RANGES: readonly (readonly [range: string | undefined, asked: Asked])[] = [
    [undefined, 'nothing'],
    ['bytes=0-', 'one'],
    ['bytes=-1', 'one'],
    ['bytes=9999-,20000-', 'one'],
    ['bytes=0-0,-1', 'ascending'],
    ['bytes=-1,0-0', 'descending'],
    ['bytes=10000-', 'unsatisfiable'],
    ['bytes=5-4', 'nothing'],
    ['items=10000-', 'nothing'],
    [`bytes=${Array.from({ length: 51 }, (_, i) => `${i * 190}-${i * 190}`).join(',')}`, 'nothing'],
  ];
  const IF_RANGES: readonly (readonly [ifRange: string | undefined, holds: boolean])[] = [
    [undefined, true],
    ['"v1"', true],
    [DATE, true],
    ['W/"v1"', false],
    ['"v1", "v1"', false],
    [LATER, false],
  ];

  interface Case {
    readonly method: string;
    readonly status: number;
    readonly effect: Effect;
    readonly asked: Asked;
    readonly holds: boolean;
    readonly size: number | undefined;
    readonly acceptRanges: boolean;
    readonly forwardOnly: boolean;
  }

  /** The order of RFC 9110 §13.2.2 and §14.2, told once more. */
  function expectedStatus(one: Case): string {
    if (one.status !== 200 || one.method === 'POST') return `full ${one.status}`;
    if (one.effect === 'precondition-failed') return 'precondition-failed 412';
    if (one.effect === 'not-modified') return 'not-modified 304';
    const obeyed = one.method === 'GET' && one.acceptRanges && one.holds && (one.size ?? 0) > 0;
    if (!obeyed || one.asked === 'nothing') return 'full 200';
    if (one.asked === 'unsatisfiable') return 'range-not-satisfiable 416';
    if (one.asked === 'one') return 'partial 206';
    return one.asked === 'descending' && one.forwardOnly ? 'full 200' : 'multipart 206';
  }

  /** What holds of every answer; each sentence is a fault. */
  function* faults(sent: ResponsePlan, one: Case): Generator<string> {
    const { headers } = sent;
    const isPart = sent.kind === 'partial';
    const isMultipart = headers['content-type']?.startsWith('multipart/byteranges') === true;
    if (isMultipart !== (sent.kind === 'multipart')) yield 'a multipart type on something else';
    if ('content-range' in headers !== (isPart || sent.kind === 'range-not-satisfiable')) yield 'a wrong Content-Range';
    const offers = one.acceptRanges && one.size !== undefined ? 'bytes' : 'none';
    if ([200, 206].includes(sent.status) && one.method !== 'POST' && headers['accept-ranges'] !== offers)
      yield 'a wrong offer';
    if (!('content' in sent)) {
      if ('content-length' in headers || 'content-type' in headers) yield 'a description of content that is not there';
      return;
    }
    const lengths = sent.content.map((segment) => (segment.kind === 'text' ? segment.text.length : segment.length));
    const sum = lengths.includes(undefined) ? undefined : lengths.reduce((total = 0, length = 0) => total + length, 0);
    if (one.method === 'HEAD' ? sent.content.length > 0 : sum !== sent.contentLength) yield 'a wrong sum of segments';
    const told = headers['content-length'];
    if (told !== (sent.contentLength === undefined ? undefined : String(sent.contentLength)))
      yield 'a wrong Content-Length';
    if (sent.kind !== 'full' && Number(told) > (one.size ?? 0)) yield 'a part longer than the whole';
  }

  function* cases(method: string, effect: Effect): Generator<[Case, Partial<RequestFacts>]> {
    for (const [range, asked] of RANGES) {
      for (const [ifRange, holds] of IF_RANGES) {
        for (const status of [200, 201, 404]) {
          for (const size of [10_000, undefined, 0]) {
            for (const acceptRanges of [true, false]) {
              for (const forwardOnly of [true, false]) {
                const facts = { range, ifRange, status };
                yield [{ method, status, effect, asked, holds, size, acceptRanges, forwardOnly }, facts];
              }
            }
          }
        }
      }
    }
  }

  describe.each(['GET', 'HEAD', 'POST'])('%s', (method) => {
    it.each(CONDITIONS)('with %s', (_, conditions, effect) => {
      const wrong: unknown[] = [];
      let count = 0;
      for (const [one, facts] of cases(method, effect)) {
        const { size, forwardOnly, acceptRanges } = one;
        const sent = plan({ method, ...conditions, ...facts }, { ...VIDEO, size, forwardOnly }, { acceptRanges });
        const found = [...faults(sent, one)];
        if (`${sent.kind} ${sent.status}` !== expectedStatus(one) || found.length > 0) {
          wrong.push({ one, facts, expected: expectedStatus(one), sent: `${sent.kind} ${sent.status}`, found });
        }
        count++;
      }
      expect(wrong).toStrictEqual([]);
      expect(count).toBe(10 * 6 * 3 * 3 * 2 * 2);
    });
  });
});

describe('properties', () => {
  const BYTES = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919) % 251));
  const position = fc.oneof(fc.nat(3100), fc.nat(40));
  const member = fc.oneof(
    fc.tuple(position, position).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    position.map((a) => `${a}-`),
    position.map((a) => `-${a}`),
  );
  const ranges = fc.array(member, { minLength: 1, maxLength: 8 }).map((members) => `bytes=${members.join(',')}`);

  it('the bytes planned are those of the representation, and exactly as many as Content-Length says', () => {
    fc.assert(
      fc.property(ranges, fc.integer({ min: 1, max: BYTES.length }), (range, size) => {
        const bytes = BYTES.subarray(0, size);
        const sent = plan({ range }, { size, type: 'video/mp4' });
        fc.pre(sent.kind !== 'range-not-satisfiable');
        const body = send(contentOf(sent), bytes);
        expect(sent.headers['content-length']).toBe(String(body.length));
        const parts =
          sent.kind === 'multipart'
            ? readByteranges(sent.headers['content-type'] ?? '', body)
            : [{ ...parseContentRange(sent.headers['content-range'] ?? `bytes 0-${size - 1}/${size}`), content: body }];
        for (const part of parts) {
          expect(part.size).toBe(size);
          expect(part.content.equals(bytes.subarray(part.firstPos, part.lastPos + 1))).toBe(true);
        }
        expect(body.length).toBeLessThanOrEqual(size);
      }),
      { numRuns: 500 },
    );
  });

  it('no request makes it throw, and neither request, representation nor policy is changed', () => {
    const text = fc.option(fc.oneof(fc.string({ unit: 'binary' }), ranges, fc.constantFrom('"v1"', '*', DATE)), {
      nil: undefined,
    });
    const requests = fc.record(
      {
        method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST'),
        status: fc.constantFrom(200, 200, 200, 204, 404),
        receivedAt: fc.constant(NOW),
        range: text,
        ifMatch: text,
        ifNoneMatch: text,
        ifModifiedSince: text,
        ifUnmodifiedSince: text,
        ifRange: text,
      },
      { noNullPrototype: true },
    );
    const frozen = Object.freeze({ ...VIDEO, headers: Object.freeze({ Vary: 'Accept' }) });
    fc.assert(
      fc.property(requests, (request) => {
        const { status } = planResponse(Object.freeze(request), frozen, Object.freeze({ ...POLICY }));
        expect([200, 204, 206, 304, 404, 412, 416]).toContain(status);
      }),
      { numRuns: 500 },
    );
  });
});

/** What was to be sent, taken from bytes of the representation. */
function send(segments: readonly Segment[], representation: Buffer): Buffer {
  const pieces = segments.map((segment) => {
    if (segment.kind === 'text') return Buffer.from(segment.text, 'latin1');
    const { firstPos, lastPos } = segment.range ?? { firstPos: 0, lastPos: representation.length - 1 };
    return representation.subarray(firstPos, lastPos + 1);
  });
  return Buffer.concat(pieces);
}
