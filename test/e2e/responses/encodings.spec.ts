import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Query, StreamableFile } from '@nestjs/common';
import { Ranged, RangedFile, RangeModule, streamSource } from 'nestjs-range';
import { createReadStream } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, header, type RawResponse } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

/** No text in any encoding, and more than a stream reads at once. */
const BYTES = pseudoRandomBytes(100_001);
const path = fixtures.write('clip.bin', BYTES);
const textPath = fixtures.write('text.txt', 'grün, 10 € und 🎬; '.repeat(5000));

const ENCODINGS = ['utf8', 'latin1', 'binary', 'ascii', 'utf16le', 'ucs2', 'base64', 'base64url', 'hex', 'HEX', 'none'];

const STREAMS: Record<string, (encoding: BufferEncoding | undefined) => Readable> = {
  'createReadStream with the option': (encoding) => createReadStream(path, { encoding }),
  'createReadStream with setEncoding()': (encoding) => encoded(createReadStream(path), encoding),
  'createReadStream of a part': (encoding) => createReadStream(path, { encoding, start: 10, end: 50_010 }),
  'createReadStream of text': (encoding) => createReadStream(textPath, { encoding }),
  'another Readable': (encoding) => {
    const stream = encoded(new PassThrough({ highWaterMark: 1024 * 1024 }), encoding);
    stream.end(BYTES);
    return stream;
  },
};

function encoded<T extends Readable>(stream: T, encoding: BufferEncoding | undefined): T {
  return encoding === undefined ? stream : stream.setEncoding(encoding);
}

const make = (name: string, encoding: string): Readable =>
  STREAMS[name]!(encoding === 'none' ? undefined : (encoding as BufferEncoding));

@Controller(':name/:encoding')
class Files {
  @Get('plain')
  plain(@Param('name') name: string, @Param('encoding') encoding: string) {
    return new StreamableFile(make(name, encoding));
  }

  @Get('ranged')
  @Ranged()
  ranged(@Param('name') name: string, @Param('encoding') encoding: string, @Query('length') length?: string) {
    return new StreamableFile(make(name, encoding), length === undefined ? {} : { length: Number(length) });
  }

  @Get('source')
  @Ranged()
  source(@Param('name') name: string, @Param('encoding') encoding: string, @Query('length') length: string) {
    return new RangedFile(streamSource(make(name, encoding), { size: Number(length) }));
  }
}

/** Where the length of the text follows from that of the file. */
const KNOWN_BY_FILE = new Set(['base64', 'base64url', 'hex', 'HEX', 'ascii', 'none']);

describe.each(ADAPTERS)('streams with an encoding on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());

  const asked = Object.keys(STREAMS).flatMap((name) => ENCODINGS.map((encoding) => [name, encoding] as const));

  it.each(asked)('%s: %s is sent as plain Nest sends it', async (name, encoding) => {
    const at = `/${encodeURIComponent(name)}/${encoding}`;
    const get = (route: string, range?: string): Promise<RawResponse> =>
      fetchRaw(running.port, at + route, range === undefined ? [] : [['Range', range]]);
    const { body: text } = await get('/plain');
    const { length } = text;

    const whole = await get('/ranged');
    expect([whole.status, whole.isComplete, whole.body.equals(text)]).toEqual([200, true, true]);
    const isLengthKnown = name.startsWith('createReadStream') && KNOWN_BY_FILE.has(encoding);
    expect(header(whole, 'Content-Length')).toBe(isLengthKnown ? String(length) : undefined);
    expect(header(whole, 'Accept-Ranges')).toBe(isLengthKnown ? 'bytes' : 'none');

    for (const route of [`/ranged?length=${length}`, `/source?length=${length}`]) {
      const declared = await get(route);
      expect([declared.status, declared.body.equals(text)]).toEqual([200, true]);
      const part = await get(route, `bytes=1001-${length - 5}`); // in the middle of characters
      expect([part.status, header(part, 'Content-Range')]).toEqual([206, `bytes 1001-${length - 5}/${length}`]);
      expect(part.body.equals(text.subarray(1001, -4))).toBe(true);
    }
    if (!isLengthKnown) return;
    const last = await get('/ranged', 'bytes=-3');
    expect([last.status, last.body]).toEqual([206, text.subarray(-3)]);
  });
});
