import { afterAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, StreamableFile } from '@nestjs/common';
import { bytesSource, fileSource, Ranged, RangedFile, RangeModule, type RangeModuleOptions } from 'nestjs-range';
import { createReadStream } from 'node:fs';
import { readByteranges } from '../../support/connections/byteranges-reader.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, header } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp } from '../../support/apps/test-app.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const MiB = 1024 * 1024;
const MAX_DELAY = 2 ** 31 - 1;
const MAX = Number.MAX_SAFE_INTEGER;
const LARGE = pseudoRandomBytes(2 * MiB + 7);
const SMALL = LARGE.subarray(0, 2000);
const largePath = fixtures.write('large.bin', LARGE);
const smallPath = fixtures.write('small.bin', SMALL);

@Controller()
@Ranged()
class Files {
  @Get('large')
  large() {
    return new RangedFile(fileSource(largePath));
  }

  @Get('plain')
  plain() {
    return new StreamableFile(createReadStream(largePath));
  }

  @Get('small')
  small() {
    return new RangedFile(fileSource(smallPath));
  }

  @Get('memory')
  memory() {
    return new RangedFile(bytesSource(LARGE));
  }
}

const start = (adapter: (typeof ADAPTERS)[number], options: RangeModuleOptions) =>
  startApp(adapter, { imports: [RangeModule.forRoot(options)], controllers: [Files] });

type Name =
  'chunkSize' | 'openFiles' | 'coalesceGap' | 'maxRanges' | 'openEndedLimit' | 'sourceTimeoutMs' | 'shutdownTimeoutMs';

/** From the smallest to the largest that each takes, and what its message says of the limits. */
const LIMITS: readonly (readonly [name: Name, least: number, most: number, says: RegExp])[] = [
  ['chunkSize', 1, MiB, /from 1 to 1048576/],
  ['openFiles', 0, MAX, /from 0/],
  ['coalesceGap', 0, MAX, /from 0/],
  ['maxRanges', 1, MAX, /from 1/],
  ['openEndedLimit', 1, MAX, /from 1/],
  ['sourceTimeoutMs', 0, MAX_DELAY, /from 0 to 2147483647/],
  ['shutdownTimeoutMs', 0, MAX_DELAY, /from 0 to 2147483647/],
];

describe.each(LIMITS)('%s', (name, least, most, says) => {
  const others = [Number.NaN, -Infinity, String(least), null, BigInt(least), [least]];
  it.each([least - 1, most === MAX ? MAX + 1 : most + 1, ...others])(
    'cannot be %p: the app does not start',
    async (value) => {
      const refusal = await start('express', { [name]: value } as RangeModuleOptions).catch(String);
      expect(refusal).toContain(`option "${name}" must be`);
      expect(refusal).toMatch(says);
    },
  );
});

/** Each at its edges, and beside them. */
const ACCEPTED: readonly RangeModuleOptions[] = [
  ...[1, 2, 4095, 4096].map((chunkSize) => ({ chunkSize })),
  ...[64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 700_001, MiB - 1, MiB].map((chunkSize) => ({ chunkSize })),
  ...[0, 1, MAX].map((openFiles) => ({ openFiles })),
  ...[0, 1, MAX].map((coalesceGap) => ({ coalesceGap })),
  ...[1, 2, MAX].map((maxRanges) => ({ maxRanges })),
  ...[1, MiB + 1, MAX].map((openEndedLimit) => ({ openEndedLimit })),
  ...[0, MAX_DELAY].map((sourceTimeoutMs) => ({ sourceTimeoutMs })),
  ...[0, 0.5, MAX_DELAY, Infinity].map((shutdownTimeoutMs) => ({ shutdownTimeoutMs })),
  { chunkSize: MiB, openFiles: 0, coalesceGap: MAX, maxRanges: 1, openEndedLimit: MAX, sourceTimeoutMs: 0 },
  { chunkSize: 65_537, openFiles: 1, coalesceGap: 0, maxRanges: MAX, openEndedLimit: 1, sourceTimeoutMs: MAX_DELAY },
];

describe.each(ADAPTERS)('on %s', (adapter) => {
  afterAll(async () => (await start(adapter, { chunkSize: MiB, openFiles: 64 })).close()); // these are the process'

  it.each(ACCEPTED)('transfers are complete with %p', async (options) => {
    const running = await start(adapter, options);
    const { chunkSize = MiB, openEndedLimit = MAX, maxRanges = 10, coalesceGap = 80 } = options;
    const isTiny = chunkSize < 4095; // a read for each of two million bytes
    for (const [path, bytes] of isTiny ? ([['/small', SMALL]] as const) : ROUTES) {
      const whole = await fetchRaw(running.port, path);
      expect([whole.status, whole.isComplete, whole.body.equals(bytes)]).toEqual([200, true, true]);
      const open = await fetchRaw(running.port, path, [['Range', 'bytes=1-']]);
      const expected = bytes.subarray(1, 1 + openEndedLimit);
      expect([open.status, open.isComplete, open.body.equals(expected)]).toEqual([206, true, true]);
      const inner = await fetchRaw(running.port, path, [['Range', `bytes=3-${bytes.length - 3}`]]);
      expect([inner.status, inner.body.equals(bytes.subarray(3, -2))]).toEqual([206, true]);
      const far = bytes.length - 1000;
      const several = await fetchRaw(running.port, path, [['Range', `bytes=0-9,11-19,${far}-${bytes.length - 1}`]]);
      const gap = coalesceGap >= far ? 1 : coalesceGap >= 1 ? 2 : 3;
      if (gap > maxRanges) expect([several.status, several.body.equals(bytes)]).toEqual([200, true]);
      else expect([several.status, partsOf(several)]).toEqual([206, gap]);
    }
    await running.close();
  });
});

const ROUTES = [
  ['/large', LARGE],
  ['/plain', LARGE],
  ['/memory', LARGE],
  ['/small', SMALL],
] as const;

function partsOf(response: Awaited<ReturnType<typeof fetchRaw>>): number {
  if (header(response, 'Content-Range') !== undefined) return 1;
  return readByteranges(header(response, 'Content-Type') ?? '', response.body).length;
}
