import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Res, StreamableFile } from '@nestjs/common';
import { Ranged, RangedFile, RangeModule, streamSource } from 'nestjs-range';
import { createReadStream, existsSync, unlinkSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { finished, PassThrough, pipeline, Readable } from 'node:stream';
import { STREAM_LIBRARIES } from '../../support/sources/app-streams.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { until } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const BYTES = pseudoRandomBytes(300_000);
const path = fixtures.write('clip.bin', BYTES);
/** More than the buffers of a connection hold, so that a client that stops reading holds the response up. */
const LARGE = pseudoRandomBytes(24 * 1024 * 1024);
const largePath = fixtures.write('large.bin', LARGE);
const missingPath = fixtures.at('missing.bin');

const EVENTS = ['open', 'ready', 'end', 'error', 'close'];
/** The response's own, to see what comes before it. */
const SENT = 'response sent';

let events: string[] = [];
let stream: Readable;

function listen(to: Readable, names: readonly string[] = EVENTS): Readable {
  const seen = events; // of this request
  for (const name of names) to.on(name, () => seen.push(name));
  return to;
}

function pieces(): Buffer[] {
  const result: Buffer[] = [];
  for (let at = 0; at < BYTES.length; at += 10_000) result.push(BYTES.subarray(at, at + 10_000));
  return result;
}

function fed(to: PassThrough): PassThrough {
  for (const piece of pieces()) to.write(piece);
  to.end();
  return to;
}

const libraries = Object.entries(STREAM_LIBRARIES).map(([name, { PassThrough: P }]) => [
  `a PassThrough of ${name}`,
  () => listen(fed(new P({ highWaterMark: 1024 * 1024 }))),
]);

/** Each hears the events named; its content is BYTES. */
const FILES: Record<string, () => Readable | Buffer> = {
  'a ReadStream': () => listen(createReadStream(path)),
  'a ReadStream that is heard of its end alone': () => listen(createReadStream(path), ['end']),
  'a ReadStream that is heard of its close alone': () => listen(createReadStream(path), ['close']),
  'a ReadStream with a data listener': () => listen(createReadStream(path)).on('data', () => {}),
  'a ReadStream of text': () => listen(createReadStream(path, { encoding: 'latin1' })),
  'a generator': () => listen(Readable.from(pieces())),
  'a pipeline': () => listen(pipeline(Readable.from(pieces()), new PassThrough(), () => {})),
  ...(Object.fromEntries(libraries) as Record<string, () => Readable>),
  'a Buffer': () => BYTES,
};

@Controller()
class Files {
  @Get('plain/:name')
  @Ranged(false)
  plain(@Param('name') name: string, @Res({ passthrough: true }) response: Reply) {
    return this.file(name, response);
  }

  @Get('ranged/:name')
  @Ranged({ etag: '"v1"' })
  ranged(@Param('name') name: string, @Res({ passthrough: true }) response: Reply) {
    return this.file(name, response, name.includes('text') ? {} : { length: BYTES.length });
  }

  @Get('source/:name')
  @Ranged({ etag: '"v1"' })
  source(@Param('name') name: string, @Res({ passthrough: true }) response: Reply) {
    const file = this.file(name, response);
    return new RangedFile(streamSource(file.getStream(), { size: BYTES.length }));
  }

  @Get('large/:route')
  @Ranged()
  large(@Param('route') route: string) {
    stream = route === 'stream' ? listen(createReadStream(largePath)) : listen(Readable.from([LARGE]));
    return new StreamableFile(stream, { length: LARGE.length });
  }

  @Get('missing')
  @Ranged()
  missing() {
    return new StreamableFile(listen(createReadStream(missingPath)));
  }

  @Get('plain-missing')
  @Ranged(false)
  plainMissing() {
    return new StreamableFile(listen(createReadStream(missingPath)));
  }

  @Get('temporary')
  @Ranged()
  temporary() {
    const temporary = fixtures.write('temporary.bin', BYTES);
    stream = createReadStream(temporary);
    stream.on('end', () => unlinkSync(temporary));
    return new StreamableFile(stream);
  }

  @Get('finished')
  @Ranged()
  finished() {
    stream = createReadStream(path);
    const seen = events;
    finished(stream, (error) => seen.push(error === null || error === undefined ? 'finished' : 'failed'));
    return new StreamableFile(stream);
  }

  private file(name: string, response: Reply, options = {}): StreamableFile {
    const { raw = response }: { raw?: ServerResponse } = response;
    const seen = events;
    raw.on('finish', () => seen.push(SENT));
    const made = FILES[name]!();
    const file = new StreamableFile(made as Readable, options);
    if (Buffer.isBuffer(made)) listen(file.getStream());
    stream = file.getStream();
    return file;
  }
}

type Reply = ServerResponse & { raw?: ServerResponse };

describe.each(ADAPTERS)("the app's listeners on its stream, on %s", (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());

  const request = async (
    target: string,
    headers: readonly (readonly [string, string])[] = [],
    method = 'GET',
  ): Promise<readonly [status: number, seen: string[]]> => {
    events = [];
    const { status } = await fetchRaw(running.port, target, headers, method);
    return [status, events];
  };
  const ofStream = (seen: readonly string[]): string[] => seen.filter((event) => event !== SENT);
  /** What of these events has come, when nothing more comes. */
  const settled = async (seen: string[], expected: readonly string[]): Promise<string[]> => {
    await until(() => ofStream(seen).length >= expected.length, `${expected.join(', ')}; ${seen.join(', ')} came`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return ofStream(seen);
  };
  /** Streams of these do not close themselves, and not every version of Nest does it. */
  const withoutClose = (name: string, seen: readonly string[]): string[] =>
    seen.filter((event) => event !== 'close' || !/readable-stream [23]/.test(name));
  const withoutUs = new Map<string, readonly string[]>();
  /** What the listeners see when Nest sends the stream: always the same. */
  const seenWithoutUs = async (name: string, method = 'GET'): Promise<readonly string[]> => {
    const known = withoutUs.get(`${method} ${name}`);
    if (known !== undefined) return known;
    const seen = await watchNest(name, method);
    withoutUs.set(`${method} ${name}`, seen);
    return seen;
  };
  const watchNest = async (name: string, method: string): Promise<string[]> => {
    const [, seen] = await request(`/plain/${encodeURIComponent(name)}`, [], method);
    await until(() => seen.includes(SENT), 'the response to be sent');
    const closes = !/its end alone|readable-stream [23]/.test(name);
    await until(() => !closes || seen.includes('close'), 'the stream to be closed');
    await new Promise((resolve) => setTimeout(resolve, 20));
    return ofStream(seen);
  };

  describe.each(Object.keys(FILES))('%s', (name) => {
    const routes = ['ranged', 'source'].filter((route) => route === 'ranged' || !/text|Buffer/.test(name));
    it.each(
      routes.flatMap((route) => [
        [route, 200, []] as const,
        [route, 206, [['Range', 'bytes=0-9']]] as const,
        [route, 206, [['Range', 'bytes=1000-1999,100000-']]] as const,
        [route, 206, [['Range', 'bytes=-5']]] as const,
        [route, 304, [['If-None-Match', '"v1"']]] as const,
        [route, 412, [['If-Match', '"v2"']]] as const,
        [route, 416, [['Range', 'bytes=900000-']]] as const,
      ]),
    )('%s: %d to %j', async (route, expectedStatus, headers) => {
      const expected = await seenWithoutUs(name);
      const [status, seen] = await request(`/${route}/${encodeURIComponent(name)}`, headers);
      if (!name.includes('text')) expect(status).toBe(expectedStatus); // whose length is not known
      expect(withoutClose(name, await settled(seen, expected))).toEqual(withoutClose(name, expected));
      const isReadByUs = name.startsWith('a ReadStream') && !/text|data/.test(name) && route === 'ranged';
      if (isReadByUs && expected.includes('end')) expect(seen.indexOf(SENT)).toBeLessThan(seen.indexOf('end'));
    });

    it.each(routes)('%s: HEAD', async (route) => {
      const expected = await seenWithoutUs(name, 'HEAD');
      const [status, seen] = await request(`/${route}/${encodeURIComponent(name)}`, [], 'HEAD');
      expect(status).toBe(200);
      expect(withoutClose(name, await settled(seen, expected))).toEqual(withoutClose(name, expected));
    });
  });

  it.each(['stream', 'generator'])('a client that leaves: closed, without an end (%s)', async (route) => {
    events = [];
    const connection = await RawConnection.open(running.port);
    connection.send(requestText(`/large/${route}`, [['Range', 'bytes=1-']]));
    await connection.head();
    connection.socket.pause();
    connection.reset();
    await until(() => events.includes('close'), 'the stream to be closed');
    expect(events).not.toContain('end');
    expect(stream.readableEnded).toBe(false);
    expect(stream.destroyed).toBe(true);
  });

  it('a missing file: its error, and then close', async () => {
    const [, expected] = await request('/plain-missing');
    await until(() => expected.includes('close'), 'the stream to be closed');
    const [status, seen] = await request('/missing');
    expect(status).toBe(404);
    expect(await settled(seen, ofStream(expected))).toEqual(ofStream(expected));
  });

  it.each([[[]], [[['Range', 'bytes=5-9']]], [[['If-None-Match', '*']]]] as const)(
    'a temporary file is removed at the end: %j',
    async (headers) => {
      await request('/temporary', headers);
      await until(() => !existsSync(fixtures.at('temporary.bin')), 'the file to be removed');
      await until(() => stream.destroyed, 'the stream to be closed');
      expect(stream.readableEnded).toBe(true);
    },
  );

  it('finished() calls back without an error after a part', async () => {
    const [, seen] = await request('/finished', [['Range', 'bytes=5-9']]);
    expect(await settled(seen, ['finished'])).toEqual(['finished']);
  });

  it('the file is closed without listeners too', async () => {
    await untilClosed(fixtures);
    expect(fixtures.openDescriptors()).toEqual([]);
  });
});
