import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, StreamableFile } from '@nestjs/common';
import { Ranged, RangedFile, RangeModule, type Representation } from 'nestjs-range';
import { Readable } from 'node:stream';
import { fetchRaw, type RawResponse } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { until } from '../../support/until.js';

const BYTES = Buffer.alloc(1000);
const whole = (): Readable => Readable.from([BYTES]);

interface Fault {
  readonly source: object;
  readonly range?: string;
  /** Behind the request, which comes first. */
  readonly message: string;
}

/** What sources get wrong, each with what the log says of it. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'size-text': {
    source: { size: '1000' },
    message:
      'a source has the size "1000", which must be a whole number of bytes, or undefined: write Number(size), since pg returns bigints as strings',
  },
  'size-bigint': { source: { size: 1000n }, message: 'a source has the size 1000n, which must be a whole number' },
  'size-null': { source: { size: null }, message: 'a source has the size null, which must be a whole number' },
  etag: { source: { etag: 'v1' }, message: 'a source has the entity tag v1, which must have quotes' },
  'etag-number': { source: { etag: 5 }, message: 'a source has the entity tag 5, which must have quotes' },
  'date-text': {
    source: { lastModified: '2024-01-01T00:00:00Z' },
    message: 'a source has the lastModified "2024-01-01T00:00:00Z", which must be a Date: write new Date(date)',
  },
  type: { source: { type: 'video/mp4\r\n' }, message: 'Content-Type cannot be "video/mp4\\r\\n"' },
  header: {
    source: { headers: { 'X Y': '1' } },
    message: 'a source has a header named "X Y", which is not a valid name',
  },
  'no-representation': { source: { open: undefined }, message: 'resolve() of a source returned no representation' },
  'open-nothing': {
    source: { open: () => undefined },
    message: 'open() of a source returned undefined: return a Readable',
  },
  'open-bytes': {
    source: { open: () => BYTES },
    message: 'open() of a source returned a Buffer: return Readable.from([buffer])',
  },
  'open-text': {
    source: { open: () => 'a'.repeat(1000) },
    message: 'open() of a source returned a string: return Readable.from([text]) for text',
  },
  numbers: {
    source: { open: () => Readable.from([1, 2]) },
    message: 'a source yielded a number: yield Uint8Arrays or strings',
  },
  'range-ignored': {
    source: { open: whole },
    range: 'bytes=0-9',
    message:
      'the source sent more than the 10 bytes of bytes=0-9: open() must respect its range, whose ends are both inclusive, and the size must be exact',
  },
  'range-exclusive': {
    source: {
      open: ({ firstPos, lastPos }: { firstPos: number; lastPos: number }) =>
        Readable.from([BYTES.subarray(firstPos, lastPos)]),
    },
    range: 'bytes=100-109',
    message: 'the source sent 9 of the 10 bytes of bytes=100-109: open() must respect its range',
  },
  short: {
    source: { open: () => Readable.from([BYTES.subarray(1)]) },
    message: 'the source sent 999 of the 1000 bytes expected: its size must be exact',
  },
  long: {
    source: { open: () => Readable.from([BYTES, BYTES]) },
    message: 'the source sent more than the 1000 bytes expected: its size must be exact',
  },
};

@Controller()
class Films {
  @Get('films/:fault')
  @Ranged()
  film(@Param('fault') fault: string) {
    const representation = { size: 1000, open: whole, ...FAULTS[fault]?.source } as unknown as Representation;
    return new RangedFile({ resolve: () => representation });
  }

  @Get('used')
  @Ranged()
  used() {
    return new StreamableFile(Readable.from(['a']).destroy());
  }
}

describe.each(ADAPTERS)('on %s the log names the request and what', (adapter) => {
  let running: TestApp | undefined;
  afterEach(() => running?.close());

  const complaintTo = async (path: string, range?: string): Promise<[string, RawResponse | undefined]> => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Films] });
    const response = await fetchRaw(running.port, path, range === undefined ? [] : [['Range', range]]).catch(
      () => undefined,
    );
    await until(() => running!.log.complaints.length > 0, 'something to be logged');
    expect(running.log.complaints).toHaveLength(1);
    return [running.log.complaints[0]!, response];
  };

  it.each(Object.entries(FAULTS))('a source has got wrong: %s', async (name, { message, range }) => {
    const [complaint, response] = await complaintTo(`/films/${name}`, range);
    expect(complaint.replace(/^\w+: /, '').replace(' was cut off', '')).toContain(`GET /films/${name}: ${message}`);
    if (response !== undefined) expect(response.body.toString()).not.toContain(message);
  });

  it('a file has got wrong', async () => {
    const [complaint] = await complaintTo('/used');
    expect(complaint).toBe(
      'TypeError: GET /used: The stream of a StreamableFile was sent or destroyed already; return a fresh one',
    );
  });
});
