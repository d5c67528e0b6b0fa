import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, StreamableFile } from '@nestjs/common';
import { fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  createReadStream,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { fileHandles } from '../../src/sources/descriptors/descriptor-cache.js';
import { FixtureDirectory, MODIFIED, pseudoRandomBytes } from '../support/sources/fixtures.js';
import { fetchRaw, header, RawConnection, type RawResponse, requestText } from '../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../support/apps/test-app.js';
import { until } from '../support/until.js';

const MiB = 1024 * 1024;
const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

/** Too long for the buffers of a connection: while its reader pauses, most of it is not read yet. */
const OLD = pseudoRandomBytes(16 * MiB, 1);
const NEW = pseudoRandomBytes(16 * MiB, 2);
const path = fixtures.at('file.bin');

/** Bytes that begin as the old ones do, and are another and longer version from there on. */
const newFrom = (position: number): Buffer =>
  Buffer.concat([OLD.subarray(0, position), NEW.subarray(position), NEW.subarray(0, MiB)]);

/** Writes over a part of the file, in place. */
function overwrite(position: number, length: number): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, NEW, position, length, position);
  closeSync(fd);
}

let links = 0;
const append = (): void => appendFileSync(path, NEW.subarray(0, MiB));
const setBackTime = (): void => utimesSync(path, MODIFIED, MODIFIED);
const inTurn =
  (...changes: (() => void)[]): (() => void) =>
  () =>
    changes.forEach((change) => change());

@Controller()
class Files {
  @Get('ranged-file')
  @Ranged()
  rangedFile() {
    return new RangedFile(fileSource(path));
  }

  @Get('streamable-file')
  @Ranged()
  streamableFile() {
    return new StreamableFile(createReadStream(path));
  }

  @Get('root/:name')
  @Ranged()
  below(@Param('name') name: string) {
    return new RangedFile(fileSource(name, { root: fixtures.path }));
  }
}

describe.each(ADAPTERS)('a file that changes while it is sent, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());
  afterEach(async () => {
    await fileHandles.closeIdle();
    await until(() => fixtures.openDescriptors().length === 0, 'every descriptor to be closed');
    running.log.clear();
  });

  /** Begins to read an answer, lets the file change, and reads the rest. */
  async function readAcross(route: string, change: () => void, ranges?: string): Promise<RawResponse> {
    fixtures.write('file.bin', OLD);
    const connection = await RawConnection.open(running.port);
    connection.send(requestText(route, ranges === undefined ? [] : [['Range', ranges]]));
    await connection.head();
    connection.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 100)); // while the buffers between us fill
    change();
    connection.socket.resume();
    return connection.next();
  }

  const ROUTES = ['/ranged-file', '/streamable-file', '/root/file.bin'];
  const touchLater = (): void => utimesSync(path, new Date(), new Date());

  describe.each(ROUTES)('by %s', (route) => {
    it.each<[what: string, change: () => void]>([
      ['rewritten in place, with the same size', () => writeFileSync(path, NEW)],
      ['rewritten in place, shorter', () => writeFileSync(path, NEW.subarray(0, 12 * MiB))],
      ['rewritten in place, longer', () => writeFileSync(path, newFrom(0))],
      ['rewritten in place, longer, with the same first megabytes', () => writeFileSync(path, newFrom(2 * MiB))],
      ['rewritten in place, longer, and equal as far as it was sent', () => writeFileSync(path, newFrom(14 * MiB))],
      ['overwritten at its beginning, and appended to', inTurn(() => overwrite(0, 100), append)],
      ['overwritten where it was sent already, and appended to', inTurn(() => overwrite(MiB / 2, MiB), append)],
      ['overwritten where it was not sent yet, and appended to', inTurn(() => overwrite(11 * MiB, 3 * MiB), append)],
      ['appended to, then overwritten by as much', inTurn(append, () => writeFileSync(path, newFrom(0)))],
      [
        'emptied, then written anew, longer',
        inTurn(
          () => truncateSync(path, 0),
          () => overwrite(0, OLD.length),
          append,
        ),
      ],
      ['rewritten, with the same size and its time set back', inTurn(() => writeFileSync(path, NEW), setBackTime)],
      ['rewritten, longer, with its time set back', inTurn(() => writeFileSync(path, newFrom(0)), setBackTime)],
      ['cut', () => truncateSync(path, 12 * MiB)],
      ['emptied', () => truncateSync(path, 0)],
      ['touched, because some changes show nothing else', touchLater],
    ])('%s: the response is cut, and the log says why, once', async (_, change) => {
      const response = await readAcross(route, change);
      expect(response.status).toBe(200);
      expect(header(response, 'Content-Length')).toBe(String(OLD.length));
      expect(response.isComplete).toBe(false);
      expect(response.body.length).toBeLessThan(OLD.length);
      expect(running.log.complaints).toHaveLength(1);
      expect(running.log.complaints[0]).toContain(`GET ${route}`);
      expect(running.log.complaints[0]).toContain(path);
    });

    it.each<[what: string, change: () => void]>([
      ['appended to, as logs are', append],
      ['appended to, more than once', inTurn(append, append, append)],
      ['appended to, with its time set back', inTurn(append, setBackTime)],
      ['appended to and renamed, as logs are that are rotated', inTurn(append, () => renameSync(path, `${path}.1`))],
      ['given other permissions', () => chmodSync(path, 0o640)],
      ['linked', () => linkSync(path, fixtures.at(`link-${links++}`))],
      ['replaced by rename', () => renameSync(fixtures.write('next.bin', NEW), path)],
      ['deleted', () => rmSync(path)],
      ['renamed', () => renameSync(path, fixtures.at('elsewhere.bin'))],
    ])('%s: the response is the version with which it began', async (_, change) => {
      const response = await readAcross(route, change);
      expect(response.isComplete).toBe(true);
      expect(response.body.equals(OLD)).toBe(true);
      expect(running.log.complaints).toEqual([]);
    });
  });

  describe.each([
    ['a range', 'bytes=1048576-15728639'],
    ['several ranges', 'bytes=0-8388607,9437184-15728639'],
  ])('by %s', (_, ranges) => {
    it.each(ROUTES)('written anew in place, longer: %s is cut', async (route) => {
      const response = await readAcross(route, () => writeFileSync(path, newFrom(0)), ranges);
      expect(response.status).toBe(206);
      expect(response.isComplete).toBe(false);
      expect(running.log.complaints).toHaveLength(1);
    });

    it.each(ROUTES)('appended to: %s is complete', async (route) => {
      const response = await readAcross(route, append, ranges);
      expect(response.isComplete).toBe(true);
      const parts = [...ranges.matchAll(/(\d+)-(\d+)/g)].map(([, a, b]) => OLD.subarray(Number(a), Number(b) + 1));
      for (const part of parts) expect(response.body.includes(part)).toBe(true);
      expect(running.log.complaints).toEqual([]);
    });
  });

  it('a file that is being written: each small range is of one version, and has its tag', async () => {
    const [one, other] = [OLD.subarray(0, 60_000), NEW.subarray(0, 70_000)];
    fixtures.write('file.bin', one);
    const tags = new Map<string, Buffer>();
    for (let i = 0; i < 200; i++) {
      const asking = fetchRaw(running.port, '/ranged-file', [['Range', 'bytes=0-59999']]);
      if (i % 2 === 1) {
        writeFileSync(path, i % 4 === 1 ? other : one);
        utimesSync(path, MODIFIED, new Date(MODIFIED.getTime() + i));
      }
      const response = await asking;
      if (response.status !== 206) continue; // between the two: it was emptied, or changed twice
      const tag = header(response, 'ETag') ?? '';
      if (!tag.startsWith('"')) continue;
      const known = tags.get(tag) ?? response.body;
      tags.set(tag, known);
      expect(response.body.equals(known)).toBe(true);
      expect(response.body.equals(one) || response.body.equals(other.subarray(0, 60_000))).toBe(true);
    }
    expect(tags.size).toBeGreaterThan(10);
    expect(statSync(path).size).toBe(60_000);
  });
});
