import { pseudoRandomBytes } from '../../../support/sources/fixtures.js';
import type { Plant } from './faulty-server.js';
import { etagOf, lineOf, type Reply, type Request } from './reference-server.js';

export const BYTES = pseudoRandomBytes(200_000);
export const SIZE = BYTES.length;
export const LAST = SIZE - 1;
export const ETAG = etagOf(BYTES);

/** What a server does wrong, and a question that finds it. */
export type PlantedFault = readonly [fault: string, question: string, plant: Plant];

export type Changes = Readonly<Record<string, string | undefined>>;

/** With these headers changed; `undefined`: without one. */
export function withHeaders(reply: Reply, changes: Changes): Reply {
  const headers = Object.entries({ ...reply.headers, ...changes });
  const kept = headers.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...reply, headers: Object.fromEntries(kept) };
}

export function withBody(reply: Reply, body: Buffer): Reply {
  return withHeaders({ ...reply, body }, { 'Content-Length': String(body.length) });
}

/** Changes the answers of one status. */
export function on(status: number, change: (reply: Reply, request: Request) => Reply | Buffer | undefined): Plant {
  return { write: (reply, request) => (reply.status === status ? change(reply, request) : reply) };
}

export function headersOn(status: number, changes: Changes): Plant {
  return on(status, (reply) => withHeaders(reply, changes));
}

export function headersOnAll(changes: Changes): Plant {
  return { write: (reply) => withHeaders(reply, changes) };
}

/** Changes the answers to one Range. */
export function onRange(range: string | RegExp, change: (reply: Reply) => Reply | Buffer | undefined): Plant {
  const isMeant = (value = ''): boolean => (typeof range === 'string' ? value === range : range.test(value));
  return { write: (reply, request) => (isMeant(lineOf(request, 'range')) ? change(reply) : reply) };
}

/** Reads another value in a header than stands there; `undefined`: does not see it. */
export function misread(name: string, change: (value: string, request: Request) => string | undefined): Plant {
  return {
    read: (request) => {
      const headers = new Map(request.headers);
      const lines = (headers.get(name) ?? []).map((value) => change(value, request));
      const seen = lines.filter((line) => line !== undefined);
      headers.delete(name);
      if (seen.length > 0) headers.set(name, seen);
      return { ...request, headers };
    },
  };
}

export function blindTo(name: string): Plant {
  return misread(name, () => undefined);
}

/** Takes an If-Range for the tag where it meets a condition. */
export function ifRangeHolds(condition: (value: string) => boolean): Plant {
  return misread('if-range', (value) => (condition(value) ? ETAG : value));
}

export function refuse(status: number): (reply: Reply) => Reply {
  return (reply) => withBody(withHeaders({ ...reply, status }, { 'Content-Range': undefined }), Buffer.alloc(0));
}

export const part = (reply: Reply, first: number, last: number): Reply => ({
  ...withBody(reply, BYTES.subarray(first, last + 1)),
  status: 206,
});

export const named = (reply: Reply, first: number, last: number): Reply =>
  withHeaders(part(reply, first, last), { 'Content-Range': `bytes ${first}-${last}/${SIZE}` });

export const everything = (reply: Reply): Reply =>
  withBody(withHeaders({ ...reply, status: 200 }, { 'Content-Range': undefined, 'Content-Type': 'video/mp4' }), BYTES);

/** Which of the bytes a reply has. */
export function rangeIn(reply: Reply): readonly [first: number, last: number] | undefined {
  const match = /^bytes (\d+)-(\d+)\//.exec(reply.headers['Content-Range'] ?? '');
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/** Changes a 206 with one range. */
export function onePart(change: (reply: Reply, first: number, last: number) => Reply): Plant {
  return on(206, (reply) => {
    const [first, last] = rangeIn(reply) ?? [];
    return first === undefined || last === undefined ? reply : change(reply, first, last);
  });
}

/** Changes the text of a multipart body. */
export function multipart(change: (text: string) => string): Plant {
  return on(206, (reply) => {
    if (!reply.headers['Content-Type']?.startsWith('multipart')) return reply;
    return withBody(reply, Buffer.from(change(reply.body.toString('latin1')), 'latin1'));
  });
}

/** No inner range is longer; `told`: the Content-Range tells of it. */
export function truncatedAt(limit: number, told: 'told' | 'not told'): Plant {
  return onePart((reply, first, last) => {
    if (first === 0 || last === LAST || last - first < limit) return reply;
    return told === 'told' ? named(reply, first, first + limit - 1) : part(reply, first, first + limit - 1);
  });
}

export const THE_FIRST = 'the first byte: Range: bytes=0-0';
export const INNER = `all but the first and the last byte: Range: bytes=1-${LAST - 1}`;
export const TO_THE_END = 'everything by an open end: Range: bytes=0-';
export const BEHIND = `a first position at the complete length: Range: bytes=${SIZE}-`;
export const NO_SUFFIX = 'a suffix of no bytes: Range: bytes=-0';
export const BOTH_ENDS = 'the first and the last byte: Range: bytes=0-0,-1';
export const TAG_MATCHES = 'If-None-Match with the tag';
