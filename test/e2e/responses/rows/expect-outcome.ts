import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import { readByteranges } from '../../../support/connections/byteranges-reader.js';
import { header, headersOf, type RawResponse } from '../../../support/connections/raw-client.js';
import type { Outcome } from './outcome.js';

/** What is served, as far as its responses show it. */
export interface Served {
  readonly bytes: Buffer;
  readonly type: string;
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
  /** Whether its bytes can be read in any order. */
  readonly isSeekable: boolean;
}

/** Checks a response entirely: its status, every field that the server itself does not add, and each byte. */
export function expectOutcome(response: RawResponse, asked: Outcome, served: Served, method = 'GET'): void {
  const isDated = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(header(response, 'Date') ?? '');
  // At once: there are tens of thousands of these, and each `expect` costs.
  expect({ isDated, isComplete: response.isComplete, ...summaryOf(response, method) }).toEqual({
    isDated: true,
    isComplete: true,
    ...expectedSummary(effectiveOutcome(asked, served, method), served, method),
  });
}

/** HEAD knows no ranges (RFC 9110 §14.2), and what can only be read forwards serves no others. */
function effectiveOutcome(asked: Outcome, { isSeekable }: Served, method: string): Outcome {
  const isRanged = asked.kind === 'partial' || asked.kind === 'parts' || asked.kind === 'not-satisfiable';
  if (method === 'HEAD' && isRanged) return { kind: 'whole' };
  if (asked.kind !== 'parts' || isSeekable) return asked;
  const isAscending = asked.ranges.every(([start], i) => i === 0 || start > (asked.ranges[i - 1]?.[1] ?? Infinity));
  return isAscending ? asked : { kind: 'whole' };
}

interface Summary {
  readonly kind: Outcome['kind'] | 'other';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | readonly unknown[];
}

function summaryOf(response: RawResponse, method: string): Summary {
  const { status, body } = response;
  const headers = headersOf(response);
  const type = headers['content-type'] ?? '';
  if (status === 206 && type.startsWith('multipart/')) {
    const parts = readByteranges(type, body).map((part) => ({
      headers: part.headers,
      content: show(part.content),
    }));
    const length = Number(headers['content-length']);
    expect(length).toBe(body.length);
    return {
      kind: 'parts',
      status,
      headers: { ...headers, 'content-type': 'multipart', 'content-length': 'all' },
      body: parts,
    };
  }
  const text = body.toString('latin1');
  switch (status) {
    case 200:
      return { kind: 'whole', status, headers, body: show(body) };
    case 206:
      return { kind: 'partial', status, headers, body: show(body) };
    case 304:
      return { kind: 'not-modified', status, headers, body: show(body) };
    case 412:
      return {
        kind: 'precondition-failed',
        status,
        headers: errorHeaders(headers, body, method),
        body: messageOf(text),
      };
    case 416:
      return { kind: 'not-satisfiable', status, headers: errorHeaders(headers, body, method), body: messageOf(text) };
    default:
      return { kind: 'other', status, headers, body: text };
  }
}

/** Nest's own filter writes these. A tag that a framework has made of the error's content would be none of the file's. */
function errorHeaders(headers: Record<string, string>, body: Buffer, method: string): Record<string, string> {
  const { 'content-type': type, 'content-length': length, ...ours } = headers;
  expect(type).toBe('application/json; charset=utf-8');
  if (method !== 'HEAD') expect(length).toBe(String(body.length));
  return ours;
}

/** Bytes as a failure can print them: few of them as they are, many by their digest. */
function show(bytes: Buffer): string {
  if (bytes.length <= 16) return bytes.toString('hex');
  return `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The message in the body that Nest's own filter writes. */
function messageOf(body: string): string {
  return body === '' ? '' : String((JSON.parse(body) as { message: unknown }).message);
}

function expectedSummary(outcome: Outcome, served: Served, method: string): Summary {
  const { bytes, type, etag, lastModified } = served;
  const size = bytes.length;
  const shared = {
    'accept-ranges': 'bytes',
    'cache-control': 'no-transform',
    'x-content-type-options': 'nosniff',
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { 'last-modified': lastModified }),
  };
  const isHead = method === 'HEAD';
  switch (outcome.kind) {
    case 'whole': {
      const headers = { ...shared, 'content-type': type, 'content-length': String(size) };
      return { kind: 'whole', status: 200, headers, body: show(isHead ? Buffer.alloc(0) : bytes) };
    }
    case 'partial': {
      const [first, last] = outcome.range;
      const headers = {
        ...shared,
        'content-type': type,
        'content-length': String(last - first + 1),
        'content-range': `bytes ${first}-${last}/${size}`,
      };
      return { kind: 'partial', status: 206, headers, body: show(bytes.subarray(first, last + 1)) };
    }
    case 'parts': {
      const parts = outcome.ranges.map(([first, last]) => ({
        headers: { 'content-type': type, 'content-range': `bytes ${first}-${last}/${size}` },
        content: show(bytes.subarray(first, last + 1)),
      }));
      const headers = { ...shared, 'content-type': 'multipart', 'content-length': 'all' };
      return { kind: 'parts', status: 206, headers, body: parts };
    }
    case 'not-modified': {
      const validator =
        etag === undefined ? (lastModified === undefined ? {} : { 'last-modified': lastModified }) : { etag };
      return {
        kind: 'not-modified',
        status: 304,
        headers: { 'cache-control': 'no-transform', ...validator },
        body: show(Buffer.alloc(0)),
      };
    }
    case 'precondition-failed': {
      const body = isHead ? '' : 'Precondition Failed';
      const headers = { 'cache-control': 'no-store', ...(etag === undefined ? {} : { etag }) };
      return { kind: 'precondition-failed', status: 412, headers, body };
    }
    case 'not-satisfiable': {
      const headers = {
        'accept-ranges': 'bytes',
        'cache-control': 'no-store',
        'content-range': `bytes */${size}`,
        ...(etag === undefined ? {} : { etag }),
      };
      return { kind: 'not-satisfiable', status: 416, headers, body: 'Range Not Satisfiable' };
    }
  }
}
