import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Res, StreamableFile } from '@nestjs/common';
import { bytesSource, fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { checkRangedEndpoint, type EndpointOptions, type Finding } from 'nestjs-range/testing';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { FixtureDirectory, pseudoRandomBytes } from '../support/fixtures.js';
import { ADAPTERS, startApp, type TestApp } from '../support/test-app.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const BYTES = pseudoRandomBytes(100_000);
const path = fixtures.write('clip.mp4', BYTES);

/** Too young for a strong validator. */
const JUST_NOW = new Date(Date.now() - 5000);

@Controller()
class Files {
  @Get('file')
  @Ranged({ cacheControl: 'max-age=60' })
  file() {
    return new RangedFile(fileSource(path));
  }

  @Get('dated')
  @Ranged({ etag: false })
  dated() {
    return new RangedFile(bytesSource(BYTES, { lastModified: new Date('2024-02-29T12:34:56Z') }));
  }

  @Get('weak')
  @Ranged()
  weak() {
    return new RangedFile(bytesSource(BYTES, { etag: 'W/"1"', lastModified: JUST_NOW }));
  }

  @Get('stream')
  @Ranged()
  stream() {
    return new StreamableFile(createReadStream(path));
  }

  @Get('plain')
  plain() {
    return new StreamableFile(createReadStream(path));
  }

  @Get('send-file')
  sendFile(@Res() response: { sendFile(path: string): void }) {
    response.sendFile(path);
  }
}

const questionsOf = (findings: readonly Finding[]): string[] => findings.map(({ question }) => question);
const faultsOf = (findings: readonly Finding[]): Finding[] => findings.filter(({ ok }) => !ok);

describe.each(ADAPTERS)('checkRangedEndpoint on our own endpoints, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());
  const check = (name: string, options?: EndpointOptions): Promise<Finding[]> =>
    checkRangedEndpoint(`http://127.0.0.1:${running.port}/${name}`, options);

  it.each(['file', 'dated', 'weak', 'stream'])('finds no fault: %s', async (name) => {
    const findings = await check(name, { bytes: BYTES });
    expect(faultsOf(findings)).toEqual([]);
    expect(findings.length).toBeGreaterThan(50);
    expect(new Set(questionsOf(findings)).size).toBe(findings.length);
    for (const { reference, expected, got } of findings) {
      expect(reference).toMatch(/^(?:RFC 911\d §[\d.]+|this check)$/);
      expect(got).toBe(expected);
    }
  });

  it('names what a plain StreamableFile lacks', async () => {
    const faults = questionsOf(faultsOf(await check('plain')));
    expect(faults).toEqual(
      expect.arrayContaining([
        'whether ranges are offered',
        'whether a download can be resumed',
        'the first octet: Range: bytes=0-0',
        'a first position at the complete length: Range: bytes=100000-',
      ]),
    );
  });

  it('names one fault where there is no answer', async () => {
    const findings = await check('nothing-here');
    expect(findings).toEqual([
      {
        question: 'GET',
        reference: 'RFC 9110 §9.3.1',
        ok: false,
        expected: '200',
        got: expect.stringMatching(/^404, /),
      },
    ]);
    const nobody = await checkRangedEndpoint('http://127.0.0.1:1/');
    expect(nobody).toMatchObject([{ ok: false, got: expect.stringContaining('no answer: ') }]);
  });

  it('names octets that are not those it is told of', async () => {
    const faults = faultsOf(await check('file', { bytes: BYTES.subarray(1) }));
    expect(faults).toMatchObject([{ question: 'the octets of the GET', got: 'other octets' }]);
  });
});

describe("checkRangedEndpoint on Express' sendFile", () => {
  it('names what it gets wrong', async () => {
    const running = await startApp('express', { imports: [RangeModule], controllers: [Files] });
    const findings = await checkRangedEndpoint(`http://127.0.0.1:${running.port}/send-file`);
    await running.close();
    expect(questionsOf(faultsOf(findings))).toEqual(
      expect.arrayContaining([
        'a suffix longer than everything: Range: bytes=-100001',
        'HEAD with Range: bytes=0-0',
        'If-Match with the tag made weak',
        'If-Range with the tag made weak',
        'If-Range with a list of tags',
        'If-Range with a later date',
      ]),
    );
    expect(faultsOf(findings).length).toBeLessThan(12); // and most of it right
  });
});

/** A server that is right in everything but in what a row changes. */
interface Behaviour {
  /** Rewrites the head of an answer. */
  readonly head?: (status: number, fields: Record<string, string>, request: IncomingMessage) => number | void;
  /** Rewrites the Range field before it is looked at; `undefined`: there is none. */
  readonly range?: (value: string | undefined, request: IncomingMessage) => string | undefined;
  readonly body?: (body: Buffer, status: number, request: IncomingMessage) => Buffer;
  /** Answers in place of the server; `true`: it has. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

const ETAG = '"tag"';
const MODIFIED = 'Thu, 29 Feb 2024 12:34:56 GMT';

/** One range at most, and no more of the conditions than their rows here need. */
function serve({ head, range, body, answer }: Behaviour, request: IncomingMessage, response: ServerResponse): void {
  if (answer?.(request, response) === true) return;
  const { headers, method } = request;
  const fields: Record<string, string> = {
    'Accept-Ranges': 'bytes',
    'Content-Type': 'video/mp4',
    ETag: ETAG,
    'Last-Modified': MODIFIED,
  };
  const lines = request.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'range').length;
  const { status, content } = decide(
    headers,
    lines > 1 || method !== 'GET' ? undefined : headers.range,
    range,
    fields,
    request,
  );
  fields['Content-Length'] = String(content.length);
  if (status === 304) delete fields['Content-Length'];
  const finalStatus = head?.(status, fields, request) ?? status;
  const sent = body?.(content, finalStatus, request) ?? content;
  response.writeHead(finalStatus, fields);
  response.end(method === 'HEAD' || status === 304 ? undefined : sent);
}

function decide(
  headers: IncomingMessage['headers'],
  given: string | undefined,
  rewrite: Behaviour['range'],
  fields: Record<string, string>,
  request: IncomingMessage,
): { status: number; content: Buffer } {
  const [ifMatch, ifNoneMatch] = [headers['if-match'], headers['if-none-match']];
  const time = (name: 'if-modified-since' | 'if-unmodified-since'): number => {
    const text = headers[name] ?? '';
    return /^\d/.test(text) ? NaN : Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  };
  const none = Buffer.alloc(0);
  if (
    ifMatch !== undefined ? ifMatch !== '*' && ifMatch !== ETAG : time('if-unmodified-since') < Date.parse(MODIFIED)
  ) {
    return { status: 412, content: none };
  }
  const matches = ifNoneMatch === '*' || (ifNoneMatch ?? '').split(', ').some((tag) => tag.replace('W/', '') === ETAG);
  if (ifNoneMatch !== undefined ? matches : time('if-modified-since') >= Date.parse(MODIFIED)) {
    return { status: 304, content: none };
  }
  const ifRange = request.headers['if-range'];
  const holds = ifRange === undefined || ifRange === ETAG || ifRange === MODIFIED;
  const asked = rewrite === undefined ? (holds ? given : undefined) : rewrite(holds ? given : undefined, request);
  const match = /^bytes=[ ,]*(?:(\d+)-(\d*)|-(\d+))[ ,]*$/i.exec(asked ?? '');
  const size = BigInt(BYTES.length);
  if (match === null) {
    if (/^bytes=\d+-\d*(,\d+-\d*)*$/.test(asked ?? '') && /=(\d{6,}-,?)(\d{6,}-)/.test(asked ?? '')) {
      fields['Content-Range'] = `bytes */${size}`;
      return { status: 416, content: none };
    }
    return { status: 200, content: BYTES };
  }
  const suffix = match[3] === undefined ? undefined : BigInt(match[3]);
  const first = suffix === undefined ? BigInt(match[1] ?? '') : suffix > size ? 0n : size - suffix;
  const end = match[2] === undefined || match[2] === '' ? size - 1n : BigInt(match[2]);
  if (suffix === undefined && end < first && match[2] !== '') return { status: 200, content: BYTES };
  if (first >= size) {
    fields['Content-Range'] = `bytes */${size}`;
    return { status: 416, content: none };
  }
  const last = end < size ? end : size - 1n;
  fields['Content-Range'] = `bytes ${first}-${last}/${size}`;
  return { status: 206, content: BYTES.subarray(Number(first), Number(last) + 1) };
}

describe('checkRangedEndpoint on a server of our own', () => {
  let server: Server;
  let behaviour: Behaviour = {};
  beforeAll(async () => {
    server = createServer((request, response) => serve(behaviour, request, response));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  async function faultsWith(planted: Behaviour, options: EndpointOptions = {}): Promise<Record<string, string>> {
    behaviour = planted;
    const { port } = server.address() as AddressInfo;
    const findings = await checkRangedEndpoint(`http://127.0.0.1:${port}/clip`, options);
    return Object.fromEntries(faultsOf(findings).map(({ question, got }) => [question, got]));
  }

  it('finds no fault where there is none', async () => {
    expect(await faultsWith({})).toEqual({});
  });

  const when206 = (status: number): boolean => status === 206;

  it.each<[fault: string, planted: Behaviour, question: string, got: string | RegExp]>([
    [
      'no Content-Length',
      { head: (status, fields) => void (status === 200 && delete fields['Content-Length']) },
      'Content-Length of the 200',
      'content-length is missing',
    ],
    [
      'Accept-Ranges: none',
      { head: (_, fields) => void (fields['Accept-Ranges'] = 'none') },
      'whether ranges are offered',
      'accept-ranges none',
    ],
    [
      'a Content-Range on the 200',
      { head: (status, fields) => void (status === 200 && (fields['Content-Range'] = 'bytes 0-99999/100000')) },
      'Content-Range of the 200',
      'content-range bytes 0-99999/100000',
    ],
    [
      'a tag without quotes',
      { head: (_, fields) => void (fields['ETag'] = 'tag') },
      'the form of the ETag',
      'etag tag',
    ],
    [
      'an ISO date',
      { head: (_, fields) => void (fields['Last-Modified'] = '2024-02-29T12:34:56Z') },
      'the form of the Last-Modified',
      'last-modified 2024-02-29T12:34:56Z',
    ],
    [
      'a date in the future',
      { head: (_, fields) => void (fields['Last-Modified'] = 'Sun, 29 Feb 2128 12:34:56 GMT') },
      'a Last-Modified in the future',
      /2128/,
    ],
    [
      'no validator',
      {
        head: (_, fields) => {
          delete fields['ETag'];
          delete fields['Last-Modified'];
        },
      },
      'whether a download can be resumed',
      'etag is missing, last-modified is missing',
    ],
    [
      '0-0 taken for nothing',
      { range: (v) => (v === 'bytes=0-0' ? undefined : v) },
      'the first octet: Range: bytes=0-0',
      /^200, 100000/,
    ],
    [
      'an end that is exclusive',
      {
        body: (body, status) => (when206(status) ? body.subarray(0, -1) : body),
        head: (status, fields) =>
          void (when206(status) && (fields['Content-Length'] = String(Number(fields['Content-Length']) - 1))),
      },
      'the first two octets, as Safari asks: Range: bytes=0-1',
      '206 with Content-Range bytes 0-1/100000, 1 octets, where 2 are due',
    ],
    [
      'other octets than those that are named',
      { body: (body, status) => (when206(status) ? Buffer.alloc(body.length) : body) },
      'octets in the middle: Range: bytes=50000-50002',
      /which are others than those/,
    ],
    [
      'a 206 without Content-Range',
      { head: (status, fields) => void (when206(status) && delete fields['Content-Range']) },
      'the first octet: Range: bytes=0-0',
      '206, 1 octets',
    ],
    [
      'a size that is one too large',
      { head: (_, fields) => void (fields['Content-Range'] &&= fields['Content-Range'].replace('/100000', '/100001')) },
      'the first octet: Range: bytes=0-0',
      '206 with Content-Range bytes 0-0/100001, 1 octets',
    ],
    [
      'an unknown size',
      { head: (status, fields) => void (when206(status) && (fields['Content-Range'] = 'bytes 0-0/*')) },
      'the first octet: Range: bytes=0-0',
      '206 with Content-Range bytes 0-0/*, 1 octets',
    ],
    [
      'a 200 with the part',
      { head: (status) => (when206(status) ? 200 : undefined) },
      'the first octet: Range: bytes=0-0',
      '200 with Content-Range bytes 0-0/100000, 1 octets',
    ],
    [
      'no suffixes',
      { range: (v) => (v?.startsWith('bytes=-') ? undefined : v) },
      'the last octet by a suffix: Range: bytes=-1',
      /^200/,
    ],
    [
      'a suffix that is too long refused',
      { range: (v) => (v === 'bytes=-100001' ? 'bytes=100000-' : v) },
      'a suffix longer than everything: Range: bytes=-100001',
      /^416/,
    ],
    [
      'a last position that is not clamped',
      { range: (v) => (v === 'bytes=50000-100000' ? 'bytes=100000-' : v) },
      'a last position at the complete length: Range: bytes=50000-100000',
      /^416/,
    ],
    [
      'positions of 32 bits',
      { range: (v) => (/-\d{20,}$/.test(v ?? '') ? 'bytes=50000-50001' : v) },
      `a last position of thirty digits: Range: bytes=50000-${'9'.repeat(25)}...`,
      /50000-50001/,
    ],
    [
      'a 416 without the size',
      { head: (status, fields) => void (status === 416 && delete fields['Content-Range']) },
      'a first position at the complete length: Range: bytes=100000-',
      '416 with Content-Range undefined, where bytes */100000 is due',
    ],
    [
      'a 200 for what is behind the end',
      { range: (v) => (v === 'bytes=100000-' ? undefined : v) },
      'a first position at the complete length: Range: bytes=100000-',
      /^200/,
    ],
    [
      'a case-sensitive unit',
      { range: (v) => (v?.startsWith('BYTES') ? undefined : v) },
      'the unit in capitals: Range: BYTES=0-0',
      /^200/,
    ],
    ['any unit', { range: (v) => v?.replace('lines', 'bytes') }, 'a unit that nobody knows: Range: lines=0-0', /^206/],
    [
      'a reversed range turned round',
      { range: (v) => (v === 'bytes=5-3' ? 'bytes=3-5' : v) },
      'a last position before the first: Range: bytes=5-3',
      /^206 with Content-Range bytes 3-5/,
    ],
    [
      'a server that breaks on a field',
      {
        answer: (request) => {
          if (request.headers.range !== 'bytes=a-b') return false;
          request.socket.destroy();
          return true;
        },
      },
      'letters for positions: Range: bytes=a-b',
      /^no answer: /,
    ],
    [
      'a sign taken for a number',
      { range: (v) => v?.replace('+', '') },
      'a sign before a position: Range: bytes=+0-1',
      /^206/,
    ],
    [
      'a multipart with LF',
      multipart(
        (first, last) =>
          `--b\nContent-Range: bytes 0-0/100000\n\n${first}\n--b\nContent-Range: bytes 99999-99999/100000\n\n${last}\n--b--\n`,
      ),
      'the first and the last octet: Range: bytes=0-0,-1',
      '206, but its content has no delimiter that stands on a line of its own, with CRLF',
    ],
    [
      'a multipart without one of its parts',
      multipart((first) => `--b\r\nContent-Range: bytes 0-0/100000\r\n\r\n${first}\r\n--b--\r\n`),
      'the first and the last octet: Range: bytes=0-0,-1',
      '206 without the octets 99999-99999',
    ],
    [
      'a multipart with a wrong part',
      multipart(
        (first) =>
          `--b\r\nContent-Range: bytes 0-0/100000\r\n\r\n${first}\r\n--b\r\nContent-Range: bytes 99999-99999/100000\r\n\r\n${first}\r\n--b--\r\n`,
      ),
      'the first and the last octet: Range: bytes=0-0,-1',
      '206, but the part 99999-99999 has other octets',
    ],
    [
      'everything as often as it is asked for',
      {
        answer: (request, response) => {
          if (!request.headers.range?.startsWith('bytes=0-,0-')) return false;
          response
            .writeHead(206, { 'Content-Type': 'multipart/byteranges; boundary=b' })
            .end(Buffer.alloc(BYTES.length * 20));
          return true;
        },
      },
      `everything, twenty times: Range: bytes=${'0-,'.repeat(10)}0...`,
      '206, 2000000 octets',
    ],
    [
      'a 206 without the ETag',
      { head: (status, fields) => void (when206(status) && delete fields['ETag']) },
      'what a 206 says of the representation',
      'etag is missing, where the 200 has "tag"',
    ],
    [
      'a HEAD that obeys Range',
      {
        head: (status, fields, { method, headers }) => {
          if (method !== 'HEAD' || headers.range === undefined) return status;
          fields['Content-Range'] = 'bytes 0-0/100000';
          return 206;
        },
      },
      'HEAD with Range: bytes=0-0',
      '206 with Content-Range bytes 0-0/100000, 0 octets',
    ],
    [
      'a HEAD with another type',
      { head: (_, fields, { method }) => void (method === 'HEAD' && (fields['Content-Type'] = 'text/html')) },
      'HEAD',
      'content-type is text/html, where the 200 has video/mp4',
    ],
    [
      'If-Range not looked at',
      { range: (_, request) => request.headers.range },
      'If-Range with another tag',
      '206 with Content-Range bytes 0-0/100000, 1 octets',
    ],
    [
      'a weak tag that is good enough for If-Range',
      { range: (v, request) => (request.headers['if-range'] === `W/${ETAG}` ? request.headers.range : v) },
      'If-Range with the tag made weak',
      /^206/,
    ],
    [
      'If-Range that is never true',
      { range: (v, request) => (request.headers['if-range'] === undefined ? v : undefined) },
      'If-Range with the tag',
      /^200/,
    ],
    [
      'any later date in If-Range',
      { range: (v, request) => (/12:34:57/.test(request.headers['if-range'] as string) ? request.headers.range : v) },
      'If-Range with a later date',
      /^206/,
    ],
    [
      'a 304 with a length of nothing',
      { head: (status, fields) => void (status === 304 && (fields['Content-Length'] = '0')) },
      'If-None-Match with the tag',
      '304 with Content-Length 0, which the 200 has not',
    ],
    [
      'a 304 without the tag',
      { head: (status, fields) => void (status === 304 && delete fields['ETag']) },
      'If-None-Match with the tag',
      '304 with the ETag undefined, where the 200 has "tag"',
    ],
    [
      'conditions that nobody looks at',
      {
        answer: (request, response) => {
          if (request.headers['if-none-match'] === undefined) return false;
          response.writeHead(200, { 'Content-Length': BYTES.length, ETag: ETAG }).end(BYTES);
          return true;
        },
      },
      'If-None-Match with the tag',
      '200, 100000 octets',
    ],
    [
      'a 412 with the octets',
      {
        head: (status, fields) => void (status === 412 && (fields['Content-Length'] = String(BYTES.length))),
        body: (body, status) => (status === 412 ? BYTES : body),
      },
      'If-Match with another tag',
      '412 with the octets of the representation',
    ],
    [
      'a tag that is another each time',
      { head: (_, fields) => void (fields['ETag'] = `"${Math.random()}"`) },
      'GET once more',
      /^etag is "0\./,
    ],
    [
      'gzip under the same tag',
      {
        answer: (request, response) => {
          if (!/gzip/.test(request.headers['accept-encoding'] as string) || request.headers.range !== undefined)
            return false;
          response.writeHead(200, { 'Content-Encoding': 'gzip', ETag: ETAG }).end(gzipSync(BYTES));
          return true;
        },
      },
      'GET by a client that takes gzip',
      'the coding gzip under the same ETag "tag"',
    ],
    [
      'gzip over a part',
      {
        answer: (request, response) => {
          if (request.headers['accept-encoding'] === undefined || request.headers.range === undefined) return false;
          const fields = { 'Content-Range': 'bytes 0-0/100000', 'Content-Encoding': 'gzip' };
          response.writeHead(206, fields).end(gzipSync(BYTES.subarray(0, 1)));
          return true;
        },
      },
      'the first octet, by a client that takes gzip: Range: bytes=0-0',
      /where 1 are due/,
    ],
    [
      'a body that is shorter than it says',
      {
        answer: ({ headers, socket }, response) => {
          if (headers.range !== 'bytes=0-1') return false;
          response.writeHead(206, { 'Content-Range': 'bytes 0-1/100000', 'Content-Length': 2 });
          response.write(BYTES.subarray(0, 1), () => socket.destroy());
          return true;
        },
      },
      'the first two octets, as Safari asks: Range: bytes=0-1',
      /^206 with Content-Range bytes 0-1\/100000, 1 octets, incomplete: /,
    ],
    [
      'a body that is longer than it says',
      {
        answer: ({ headers, socket }) => {
          if (headers.range !== 'bytes=0-1') return false;
          socket.end(
            'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/100000\r\nContent-Length: 2\r\n\r\nabcdef',
          );
          return true;
        },
      },
      'the first two octets, as Safari asks: Range: bytes=0-1',
      /./,
    ],
    [
      'silence',
      { answer: (request) => request.headers.range === 'bytes=-1' },
      'the last octet by a suffix: Range: bytes=-1',
      'no answer: nothing came for 200 ms',
    ],
  ])('names the fault: %s', async (_, planted, question, got) => {
    const faults = await faultsWith(planted, { timeoutMs: 200 });
    expect(faults[question]).toMatch(typeof got === 'string' ? new RegExp(`^${escape(got)}$`) : got);
  });

  it('refuses what is too small to be asked for ranges, and what is too large to be read', async () => {
    const small: Behaviour = { answer: (_, response) => (response.end('small'), true) };
    expect(await faultsWith(small)).toMatchObject({ 'how long it is': '5 octets' });
    expect(await faultsWith({}, { maxSize: 1000 })).toMatchObject({ GET: /more than 1000 octets came/ });
  });

  it('sends the fields that it is given', async () => {
    const guarded: Behaviour = {
      answer: (request, response) => {
        if (request.headers.authorization === 'Bearer t') return false;
        response.writeHead(401).end();
        return true;
      },
    };
    expect(await faultsWith(guarded)).toEqual({ GET: '401, 0 octets' });
    expect(await faultsWith(guarded, { headers: { Authorization: 'Bearer t' } })).toEqual({});
  });
});

function multipart(write: (first: string, last: string) => string): Behaviour {
  return {
    answer: (request, response) => {
      if (request.headers.range !== 'bytes=0-0,-1') return false;
      const [first, last] = [BYTES.toString('latin1', 0, 1), BYTES.toString('latin1', 99_999)];
      response.writeHead(206, { 'Content-Type': 'multipart/byteranges; boundary=b' });
      response.end(Buffer.from(write(first, last), 'latin1'));
      return true;
    },
  };
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
