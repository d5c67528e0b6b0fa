import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, Param, type INestApplication, StreamableFile } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { connect as connectHttp2 } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { PassThrough, Readable, Transform } from 'node:stream';
import { createGzip } from 'node:zlib';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import {
  fetchRaw,
  headersOf,
  RawConnection,
  type RawResponse,
  requestText,
} from '../../support/connections/raw-client.js';
import { startApp, type TestApp } from '../../support/apps/test-app.js';
import { until } from '../../support/until.js';

/** Lower-case letters, so that a transform of theirs shows in each byte. */
const BYTES = Buffer.from(pseudoRandomBytes(300_000).map((byte) => 97 + (byte % 26)));

interface Reply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
}

type HeaderLines = readonly (readonly [name: string, value: string])[];
type Hook = (payload: Readable | Buffer | string | undefined, reply: Reply) => unknown;

let hook: Hook | undefined;
let source: ProbeSource;

@Controller()
class Files {
  @Get('file')
  @Ranged({ cacheControl: 'max-age=60' })
  file() {
    source = new ProbeSource(Buffer.from(BYTES), { etag: '"v1"', type: 'video/mp4' });
    return new RangedFile(source);
  }

  @Get('digested')
  @Ranged()
  @Header('Content-Digest', 'sha-256=:YWJj:')
  @Header('Repr-Digest', 'sha-256=:YWJj:')
  digested() {
    return this.file();
  }

  @Get('unsized')
  @Ranged({ etag: '"v1"' })
  unsized() {
    return new StreamableFile(Readable.from(chunks(Buffer.from(BYTES))));
  }

  @Get('second/:number')
  second(@Param('number') number: string) {
    return `second ${number}`;
  }
}

function chunks(bytes: Buffer): Buffer[] {
  const result: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 10_000) result.push(bytes.subarray(at, at + 10_000));
  return result;
}

const toStream = (payload: unknown): Readable =>
  payload instanceof Readable
    ? payload
    : Readable.from(payload === undefined ? [] : [Buffer.from(payload as Buffer | string)]);

const transform = (change: (chunk: Buffer) => Buffer, last: () => Buffer = () => Buffer.alloc(0)): Transform =>
  new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, change(chunk)),
    flush(done) {
      this.push(last());
      done();
    },
  });

const upperCase = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('latin1').toUpperCase(), 'latin1');

const OWN = "The app's own answer";

type Outcome =
  /** Status, headers and content are as without a hook. */
  | 'ours'
  /** 200 with this content, and nothing of the file's that frames or identifies it. */
  | { readonly own: string | ((whole: Buffer) => Buffer) }
  | 'error'
  /** The connection ends, and no wrong byte was sent under our head. */
  | 'cut';

interface Row {
  readonly name: string;
  readonly hook: Hook;
  /** Of the whole, which is 200. */
  readonly whole: Outcome;
  /** Of a part that Fastify gets as a Buffer. */
  readonly small: Outcome;
  /** Of a part that Fastify gets as a stream. */
  readonly large: Outcome;
}

const OWN_ANSWERS: readonly (readonly [name: string, make: () => unknown, content?: string])[] = [
  ['a Buffer', () => Buffer.from(OWN)],
  ['a string', () => OWN],
  ['a string of characters that are several bytes', () => 'größer', 'größer'],
  ['a Buffer as long as the part', () => Buffer.from('OTHER'), 'OTHER'],
  ['a stream', () => Readable.from([Buffer.from(OWN)])],
  ['a stream in pieces', () => Readable.from(OWN.split('').map((text) => Buffer.from(text)))],
  ['a stream as long as the whole', () => Readable.from(chunks(upperCase(BYTES))), upperCase(BYTES).toString()],
  ['a longer stream', () => Readable.from(chunks(Buffer.alloc(400_000, 'X'))), 'X'.repeat(400_000)],
  ['a PassThrough of its own', () => new PassThrough().end(OWN)],
  ['a stream of the web', () => new Response(OWN).body],
  ['a Response', () => new Response(OWN)],
];

const ROWS: readonly Row[] = [
  ...OWN_ANSWERS.map(([name, make, content = OWN]): Row => ({
    name: `${name} of the app's own`,
    hook: make,
    whole: { own: content },
    small: name === 'a Response' ? { own: content } : 'error', // nobody can tell whether a Buffer was made of the part
    large: { own: content },
  })),
  ...OWN_ANSWERS.filter(([name]) => name !== 'a Response').map(([name, make, content = OWN]): Row => ({
    name: `${name} of the app's own, with a status`,
    hook: (_payload, reply) => (reply.code(200), make()),
    whole: { own: content },
    small: { own: content },
    large: { own: content },
  })),
  { name: 'null', hook: () => null, whole: { own: '' }, small: { own: '' }, large: { own: '' } },
  { name: 'an empty string', hook: () => '', whole: { own: '' }, small: { own: '' }, large: { own: '' } },
  {
    name: 'an empty stream',
    hook: () => Readable.from([]),
    whole: { own: '' },
    small: { own: '' },
    large: { own: '' },
  },
  { name: 'undefined, which changes nothing', hook: () => undefined, whole: 'ours', small: 'ours', large: 'ours' },
  {
    name: 'ours, with another status',
    hook: (payload, reply) => (reply.code(200), payload),
    whole: 'ours',
    small: 'ours',
    large: 'ours',
  },
  {
    name: 'ours, with another length',
    hook: (payload, reply) => (reply.header('content-length', '3'), payload),
    whole: 'ours',
    small: 'ours',
    large: 'ours',
  },
  {
    name: 'ours, without what it is a part of',
    hook: (payload, reply) => (reply.code(200), reply.removeHeader('content-range'), payload),
    whole: 'ours',
    small: 'ours',
    large: 'ours',
  },
  {
    name: 'a PassThrough of ours',
    hook: (payload) => toStream(payload).pipe(new PassThrough()),
    whole: 'ours',
    small: 'ours',
    large: 'ours',
  },
  {
    name: 'a stream that cuts ours in other pieces',
    hook: (payload) => {
      return Readable.from(
        (async function* () {
          for await (const chunk of toStream(payload)) yield* chunks(chunk as Buffer);
        })(),
      );
    },
    whole: 'ours',
    small: 'ours',
    large: 'ours',
  },
  {
    name: 'all of ours in a Buffer',
    hook: (payload) => buffer(toStream(payload)),
    whole: 'ours',
    small: 'ours',
    large: 'ours',
  },
  {
    name: 'a stream of the web over ours',
    hook: (payload) => Readable.toWeb(toStream(payload)),
    whole: 'ours',
    small: 'ours',
    large: 'ours',
  },
  {
    name: 'a transform that changes each byte',
    hook: (payload) => toStream(payload).pipe(transform(upperCase)),
    whole: { own: upperCase },
    small: 'error',
    large: 'error',
  },
  {
    name: 'a transform that changes each byte of the chunks it gets',
    hook: (payload) => toStream(payload).pipe(transform((chunk) => (chunk.set(upperCase(chunk)), chunk))),
    whole: { own: upperCase },
    small: 'error',
    large: 'error',
  },
  {
    name: 'a changed copy of all of ours in a Buffer',
    hook: async (payload) => upperCase(await buffer(toStream(payload))),
    whole: { own: upperCase },
    small: 'error',
    large: 'error',
  },
  {
    name: 'a transform that puts something in front',
    hook: (payload) => Readable.from(prefixed(toStream(payload))),
    whole: { own: (whole) => Buffer.concat([Buffer.from('MARK'), whole]) },
    small: 'error',
    large: 'cut', // its beginning looks like an answer of the app's own
  },
  {
    name: 'a transform that appends something',
    hook: (payload) =>
      toStream(payload).pipe(
        transform(
          (chunk) => chunk,
          () => Buffer.from('MARK'),
        ),
      ),
    whole: 'cut',
    small: 'cut',
    large: 'cut',
  },
  {
    name: 'a transform that appends something and removes the length',
    hook: (payload, reply) => {
      reply.removeHeader('content-length');
      return toStream(payload).pipe(
        transform(
          (chunk) => chunk,
          () => Buffer.from('MARK'),
        ),
      );
    },
    whole: { own: (whole) => Buffer.concat([whole, Buffer.from('MARK')]) },
    small: 'cut',
    large: 'cut',
  },
  {
    name: 'the beginning of ours',
    hook: (payload) => toStream(payload).take(0).pipe(new PassThrough()),
    whole: { own: '' },
    small: { own: '' },
    large: { own: '' },
  },
  {
    name: 'a transform that leaves the end out',
    hook: (payload) => {
      let left = 3;
      return toStream(payload).pipe(
        transform((chunk) => {
          const kept = chunk.subarray(0, left);
          left -= kept.length;
          return kept;
        }),
      );
    },
    whole: 'cut',
    small: 'cut',
    large: 'cut',
  },
];

async function* prefixed(stream: Readable): AsyncGenerator<Buffer> {
  yield Buffer.from('MARK');
  for await (const chunk of stream) yield chunk as Buffer;
}

const REQUESTS: readonly (readonly [kind: 'whole' | 'small' | 'large', range: string | undefined])[] = [
  ['whole', undefined],
  ['small', 'bytes=5-9'],
  ['small', 'bytes=5-9,500-509'],
  ['large', 'bytes=100-200099'],
  ['large', 'bytes=0-99999,150000-249999'],
];

/** What must not stand over content that is not the file's. */
const NEGOTIATED = ['content-range', 'accept-ranges', 'etag', 'last-modified', 'content-digest', 'repr-digest'];

let running: TestApp;
let number = 0;

function addHook(app: INestApplication): void {
  (app as NestFastifyApplication)
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', async (request, reply, payload) => {
      if (request.url.startsWith('/second') || reply.statusCode >= 500) return payload;
      return hook === undefined ? payload : hook(payload as Buffer, reply);
    });
}

/** Sends a request, and another on the same connection, which must get its own answer, and nothing else must come. */
async function ask(
  path: string,
  range: string | undefined,
  { method = 'GET', isCut = false, headers = [] }: { method?: string; isCut?: boolean; headers?: HeaderLines } = {},
): Promise<RawResponse | undefined> {
  const connection = await RawConnection.open(running.port);
  try {
    connection.send(requestText(path, range === undefined ? headers : [['Range', range]], method));
    const response = await connection.next(method).catch(() => undefined);
    if (response?.isComplete !== true || isCut) {
      await connection.untilEnd();
      return response;
    }
    const second = String(number++);
    connection.send(requestText(`/second/${second}`));
    const next = await connection.next();
    expect([next.status, next.body.toString()]).toEqual([200, `second ${second}`]);
    expect(connection.unread.length).toBe(0);
    return response;
  } finally {
    connection.finish();
  }
}

async function expectOutcome(path: string, range: string | undefined, outcome: Outcome): Promise<void> {
  const response = await ask(path, range, { isCut: outcome === 'cut' });
  if (outcome === 'cut') {
    if (response === undefined) return;
    if (headersOf(response)['etag'] === undefined) expect(response.isComplete).toBe(false);
    else expect(isPartOf(response.body, range)).toBe(true);
  } else if (outcome === 'error') {
    expect(response?.status).toBe(500);
    for (const name of NEGOTIATED) expect(headersOf(response as RawResponse)[name]).toBeUndefined();
  } else if (outcome === 'ours') {
    const reference = await ours(path, range);
    const isMultipart = range?.includes(',') === true;
    expect(response?.status).toBe(reference.status);
    if (isMultipart) return expect(response?.body.length).toBe(reference.body.length);
    expect(headersOf(response as RawResponse)).toEqual(headersOf(reference));
    expect(response?.body.equals(reference.body)).toBe(true);
  } else {
    const { own } = outcome;
    const expected = typeof own === 'string' ? Buffer.from(own) : own(BYTES);
    expect([response?.status, response?.isComplete]).toEqual([200, true]);
    expect(response?.body.equals(expected)).toBe(true);
    const headers = headersOf(response as RawResponse);
    for (const name of NEGOTIATED) expect([name, headers[name]]).toEqual([name, undefined]);
    expect(headers['content-type'] ?? '').not.toMatch(/byteranges/);
  }
}

async function ours(path: string, range: string | undefined): Promise<RawResponse> {
  const replacing = hook;
  hook = undefined;
  const response = await ask(path, range);
  hook = replacing;
  return response as RawResponse;
}

/** Whether they are the first bytes of what the range selects. */
function isPartOf(bytes: Buffer, range: string | undefined): boolean {
  if (range?.includes(',') === true) return true; // framed by a boundary that differs each time
  const first = Number(/\d+/.exec(range ?? '0')?.[0]);
  return BYTES.subarray(first, first + bytes.length).equals(bytes);
}

beforeAll(async () => {
  running = await startApp('fastify', { imports: [RangeModule], controllers: [Files] }, { configure: addHook });
});
afterAll(() => running.close());
beforeEach(() => running.log.clear());

describe.each(ROWS)('a hook of Fastify that answers with $name', (row) => {
  it.each(REQUESTS)('instead of the %s (%s)', async (kind, range) => {
    hook = row.hook;
    await expectOutcome('/file', range, row[kind]);
    await until(() => source.isReleased, 'the release of the source');
    const isRefused = row[kind] === 'error' || row[kind] === 'cut';
    const complaints = running.log.complaints.filter((complaint) => !complaint.includes(CHANGED));
    expect(complaints).toEqual(isRefused ? [expect.stringMatching(/onSend/)] : []);
  });
});

const CHANGED = 'an onSend hook or middleware changes the content, so the file is sent without ranges';

describe('a hook that changes the whole', () => {
  it.each<[what: string, hook: Hook, isWarned: boolean]>([
    ['by a transform', (payload) => toStream(payload).pipe(transform(upperCase)), true],
    [
      'by gzip',
      (payload, reply) => (reply.header('Content-Encoding', 'gzip'), toStream(payload).pipe(createGzip())),
      true,
    ],
    ['by nothing', (payload) => payload, false],
    ["by the app's own answer", () => OWN, false],
    ['and sets a status', (payload, reply) => (reply.code(202), toStream(payload).pipe(transform(upperCase))), false],
  ])('%s: a warning is logged once for each handler, if ranges were offered', async (_, change, isWarned) => {
    hook = change;
    const own = await startApp('fastify', { imports: [RangeModule], controllers: [Files] }, { configure: addHook });
    try {
      for (const path of ['/file', '/file', '/unsized']) await fetchRaw(own.port, path);
      expect(own.log.complaints).toEqual(isWarned ? [expect.stringMatching(`^Files\\.file\\(\\): ${CHANGED}`)] : []);
    } finally {
      await own.close();
    }
  });
});

describe.each(ROWS)('a hook of Fastify that answers with $name', (row) => {
  it('instead of the answer to a HEAD', async () => {
    hook = row.hook;
    const response = await ask('/file', undefined, { method: 'HEAD' });
    if (response?.status === 500) return expect(row.name).toMatch(/Response|null/); // Fastify asks them for their length
    const { etag, ...headers } = headersOf(response as RawResponse);
    expect(response?.status).toBe(200);
    const length = headers['content-length'];
    if (etag !== undefined) expect([row.name, length]).toEqual([row.name, String(BYTES.length)]);
    else expect(['accept-ranges' in headers, length]).not.toEqual([true, String(BYTES.length)]);
    const isOwn = typeof row.whole === 'object' && typeof row.whole.own === 'string' && row.whole.own !== '';
    const isOurs = row.name.startsWith('undefined') || row.name.startsWith('a PassThrough of ours');
    if (isOwn || isOurs) expect(etag === undefined).toBe(isOwn);
  });

  it('instead of a 304', async () => {
    hook = row.hook;
    const response = await ask('/file', undefined, { headers: [['If-None-Match', '"v1"']] });
    const headers = headersOf(response as RawResponse);
    if (response?.status === 200) expect([headers['etag'], response.isComplete]).toEqual([undefined, true]);
    else expect([response?.status, headers['etag'], headers['content-length']]).toEqual([304, '"v1"', undefined]);
    expect(headers['accept-ranges']).toBeUndefined();
  });

  it('instead of a 416', async () => {
    hook = row.hook;
    const response = await ask('/file', 'bytes=900000-');
    const headers = headersOf(response as RawResponse);
    expect([response?.status === 200 || response?.status === 416, response?.isComplete]).toEqual([true, true]);
    expect(headers['content-range']).toBe(response?.status === 416 ? 'bytes */300000' : undefined);
    if (response?.status === 200) expect(headers['etag']).toBeUndefined();
  });

  it('instead of a file of unknown length', async () => {
    hook = row.hook;
    const response = await ask('/unsized', undefined);
    expect([response?.status, response?.isComplete]).toEqual([200, true]);
  });

  it('instead of a file with digests', async () => {
    hook = row.hook;
    await expectOutcome('/digested', undefined, row.whole);
  });
});

describe('a hook of Fastify over HTTP/2', () => {
  let http2: TestApp;
  beforeAll(async () => {
    const metadata = { imports: [RangeModule], controllers: [Files] };
    http2 = await startApp('fastify', metadata, { configure: addHook, fastify: { http2: true } as never });
  });
  afterAll(() => http2.close());

  interface Arrived {
    readonly status: number | undefined;
    readonly headers: Record<string, unknown>;
    readonly body: Buffer;
    readonly isComplete: boolean;
  }

  async function fetchHttp2(range: string | undefined): Promise<Arrived> {
    const session = connectHttp2(`http://127.0.0.1:${http2.port}`);
    const stream = session.request({ ':path': '/file', ...(range === undefined ? {} : { range }) });
    const pieces: Buffer[] = [];
    let headers: Record<string, unknown> = {};
    let isComplete = false;
    stream.on('response', (received) => (headers = received));
    stream.on('data', (chunk: Buffer) => pieces.push(chunk)).on('end', () => (isComplete = stream.rstCode === 0));
    stream.on('error', () => (isComplete = false));
    await new Promise<void>((resolve) => void stream.once('close', resolve));
    session.close();
    const status = headers[':status'] as number | undefined;
    return { status, headers, body: Buffer.concat(pieces), isComplete };
  }

  it.each(ROWS.flatMap((row) => (['whole', 'small', 'large'] as const).map((kind) => ({ name: row.name, kind, row }))))(
    'that answers with $name instead of the $kind',
    async ({ kind, row }) => {
      hook = row.hook;
      const range = { whole: undefined, small: 'bytes=5-9', large: 'bytes=100-200099' }[kind];
      const { status, headers, body, isComplete } = await fetchHttp2(range);
      const outcome = row[kind];
      if (outcome === 'ours') {
        expect([status, headers['etag'], isComplete]).toEqual([range === undefined ? 200 : 206, '"v1"', true]);
        expect(headers['content-length']).toBe(String(body.length));
        expect(isPartOf(body, range)).toBe(true);
      } else if (outcome === 'error') {
        expect([status, headers['etag'], headers['content-range']]).toEqual([500, undefined, undefined]);
      } else if (outcome === 'cut') {
        if (status !== undefined && headers['etag'] === undefined) expect(isComplete).toBe(false);
        else expect(isPartOf(body, range)).toBe(true);
      } else {
        const { own } = outcome;
        expect([status, isComplete]).toEqual([200, true]);
        expect(body.equals(typeof own === 'string' ? Buffer.from(own) : own(BYTES))).toBe(true);
        for (const name of NEGOTIATED) expect([name, headers[name]]).toEqual([name, undefined]);
      }
    },
  );
});
