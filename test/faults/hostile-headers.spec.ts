import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Param } from '@nestjs/common';
import { sample } from 'fast-check';
import { bytesSource, fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { fetchRaw, header, RawConnection, type RawResponse, requestText } from '../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../support/apps/test-app.js';
import { answerByGrammar, multipartBy, type Served } from './support/answer-oracle.js';
import { type FuzzedRequest, requestsFor } from './support/header-grammar.js';

jest.setTimeout(300_000); // for a loaded machine: nothing waits this long by itself

/** Per adapter. More, or others: `FUZZ_REQUESTS=1000000 FUZZ_SEED=42 npm run test:faults -- hostile-headers`. */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 20_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 9110);
/** On one connection, before its answers are read. */
const PIPELINED = 20;

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const TYPE = 'video/mp4';
const WEAK = 'W/"weak"';
const modified = Math.floor(MODIFIED.getTime() / 1000) * 1000;
const SIZES = [0, 1, 1000, 300_000];
const media = new Map(SIZES.map((size) => [size, pseudoRandomBytes(size, size % 250)] as const));
for (const [size, bytes] of media) fixtures.write(`${size}.mp4`, bytes);

@Controller()
@Ranged()
class Media {
  @Get('file/:name')
  file(@Param('name') name: string) {
    return new RangedFile(fileSource(name, { root: fixtures.path }));
  }

  @Get('weak/:size')
  weak(@Param('size') size: string) {
    return new RangedFile(bytesSource(media.get(Number(size))!, { type: TYPE, etag: WEAK, lastModified: MODIFIED }));
  }

  @Get('untagged/:size')
  untagged(@Param('size') size: string) {
    return new RangedFile(bytesSource(media.get(Number(size))!, { type: TYPE }));
  }
}

/** A representation, and where it is served. */
interface Target extends Served {
  readonly path: string;
}

describe.each(ADAPTERS)('hostile fields on %s', (adapter) => {
  let running: TestApp;
  const targets: Target[] = [];
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Media] });
    for (const [size, bytes] of media) {
      const path = `/file/${size}.mp4`;
      const etag = header(await fetchRaw(running.port, path), 'ETag');
      targets.push({ path, bytes, etag, modified });
      targets.push({ path: `/weak/${size}`, bytes, etag: WEAK, modified });
      targets.push({ path: `/untagged/${size}`, bytes, etag: undefined, modified: undefined });
    }
  });
  afterAll(() => running.close());

  it(`${REQUESTS} requests made from the grammar get what the grammar says, byte by byte`, async () => {
    const perTarget = Math.ceil(REQUESTS / targets.length);
    const statuses = new Map<number, number>();
    for (const target of targets) {
      const opaque = target.etag?.replace(/^W\//, '').slice(1, -1) ?? 'none';
      const requests = sample(requestsFor({ size: target.bytes.length, opaque, modified }), {
        numRuns: perTarget,
        seed: SEED,
      });
      for (let at = 0; at < requests.length; at += PIPELINED) {
        const batch = requests.slice(at, at + PIPELINED);
        const responses = await ask(target, batch);
        batch.forEach((request, i) => {
          const response = responses[i]!;
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          const problem = problemWith(target, request, response);
          if (problem !== undefined) throw new Error(`${problem}: ${target.path} ${JSON.stringify(request)}`);
        });
      }
    }
    expect([...statuses.keys()].sort((a, b) => a - b)).toEqual([200, 206, 304, 412, 416]);
    for (const count of statuses.values()) expect(count).toBeGreaterThan(REQUESTS / 100);
    expect(running.log.complaints).toEqual([]);
  });

  it.each<[what: string, value: string]>([
    ['a NUL', 'bytes=0-\0'],
    ['a control character', 'bytes=\x01-2'],
    ['DEL', 'bytes=0-1\x7f'],
  ])('%s in a field is 400', async (_, value) => {
    for (const name of ['Range', 'If-Range', 'If-Match', 'If-None-Match', 'If-Modified-Since']) {
      const response = await fetchRaw(running.port, '/file/1000.mp4', [[name, value]]);
      expect(response.status).toBe(400);
    }
  });

  it.each(['Range', 'If-Range', 'If-Match', 'If-None-Match', 'If-Unmodified-Since'])(
    '%s beyond what Node.js takes is 431',
    async (name) => {
      const response = await fetchRaw(running.port, '/file/1000.mp4', [[name, 'bytes=0-1,'.repeat(2000)]]);
      expect(response.status).toBe(431);
      expect(running.log.complaints).toEqual([]);
    },
  );

  async function ask({ path }: Target, batch: readonly FuzzedRequest[]): Promise<RawResponse[]> {
    const connection = await RawConnection.open(running.port);
    try {
      // One after the other: what is pipelined behind a request whose fields fill the buffers is not lost, but late.
      connection.send(batch.map(({ method, headers }) => requestText(path, headers, method)).join(''));
      const responses: RawResponse[] = [];
      for (const { method } of batch) responses.push(await connection.next(method));
      return responses;
    } finally {
      connection.finish();
    }
  }
});

/** What is wrong with an answer; `undefined`: nothing. */
function problemWith(target: Target, { method, headers }: FuzzedRequest, response: RawResponse): string | undefined {
  const arrived = new Map(headers.map(([name, value]) => [name.toLowerCase(), value.replace(/^[ \t]+|[ \t]+$/g, '')]));
  const expected = answerByGrammar(method, arrived, target, TYPE);
  const { status, body } = response;
  if (status !== expected.status) return `status ${status} where ${expected.status} is due`;
  if (!response.isComplete) return 'an answer that was cut';
  const limit = target.bytes.length >= 256 * 1024 ? target.bytes.length * 1.02 : target.bytes.length + 4096;
  if (body.length > limit) return `${body.length} bytes`;
  if (method === 'HEAD') return undefined;
  if (status === 200 && !body.equals(target.bytes)) return 'other bytes in the 200';
  if (expected.status !== 206) return undefined;
  const [first, ...others] = expected.ranges;
  const contentRange = header(response, 'Content-Range');
  if (others.length > 0) {
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(header(response, 'Content-Type') ?? '')?.[1] ?? '';
    if (contentRange !== undefined) return 'a Content-Range on top of parts';
    return body.equals(multipartBy(expected.ranges, target.bytes, TYPE, boundary)) ? undefined : 'other parts';
  }
  const [from, to] = first!;
  if (contentRange !== `bytes ${from}-${to}/${target.bytes.length}`) return `Content-Range: ${contentRange}`;
  return body.equals(target.bytes.subarray(Number(from), Number(to) + 1)) ? undefined : 'other bytes in the 206';
}
