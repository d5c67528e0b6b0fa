import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type NestInterceptor, type StreamableFile, UseInterceptors } from '@nestjs/common';
import { bytesSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { concatMap, delay, map, of } from 'rxjs';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, header } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { range } from '../responses/rows/outcome.js';

const BYTES = pseudoRandomBytes(400_000, 5);
const make = (): RangedFile => new RangedFile(bytesSource(BYTES, { etag: '"v1"' }));
const KEPT = make();

const slow: NestInterceptor = {
  intercept: (_context, next) => next.handle().pipe(concatMap((answer: unknown) => of(answer).pipe(delay(20)))),
};

/** Answers in our place, so that nobody takes our answer. */
const instead: NestInterceptor = {
  intercept: (_context, next) => next.handle().pipe(map(() => 'instead')),
};

@Controller()
class Files {
  private made: StreamableFile | undefined;

  @Get('constant')
  @Ranged()
  constant() {
    return KEPT;
  }

  @Get('constant-whole')
  whole() {
    return KEPT;
  }

  @Get('made-once')
  @UseInterceptors(slow)
  @Ranged()
  madeOnce() {
    return (this.made ??= make());
  }

  private replaced: StreamableFile | undefined;

  @Get('replaced')
  @UseInterceptors(instead)
  @Ranged()
  first() {
    return (this.replaced ??= make());
  }

  @Get('after')
  @Ranged()
  after() {
    return this.replaced;
  }
}

describe.each(ADAPTERS)('a RangedFile that a handler returns for many requests, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());

  async function expectRange(path: string, firstPos: number, lastPos: number): Promise<void> {
    const response = await fetchRaw(running.port, path, range(`bytes=${firstPos}-${lastPos}`));
    expect(response.status).toBe(206);
    expect(header(response, 'Content-Range')).toBe(`bytes ${firstPos}-${lastPos}/${BYTES.length}`);
    expect(response.body.equals(BYTES.subarray(firstPos, lastPos + 1))).toBe(true);
  }

  it.each(['/constant', '/made-once'])('%s: each response answers its own request', async (path) => {
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => expectRange(path, i * 1000, i * 1000 + (i % 2 === 0 ? 99 : 300_000))),
      );
    }
  });

  it('is sent whole by a route that is not ranged', async () => {
    await expectRange('/constant', 0, 9);
    const response = await fetchRaw(running.port, '/constant-whole', range('bytes=0-9'));
    expect(response.status).toBe(200);
    expect(response.body.equals(BYTES)).toBe(true);
  });

  it('still works after another interceptor has replaced a response', async () => {
    const replaced = await fetchRaw(running.port, '/replaced', range('bytes=0-9'));
    expect({ status: replaced.status, body: replaced.body.toString() }).toEqual({ status: 200, body: 'instead' });
    await expectRange('/after', 5, 14);
    await expectRange('/after', 6, 15);
  });

  it('logs nothing else', () => {
    const known = /^@Ranged\(\) on Files\.first\(\) got a string|sends a RangedFile without ranges/; // once in a process
    expect(running.log.complaints.filter((complaint) => !known.test(complaint))).toEqual([]);
  });
});
