import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { Generations } from '../../../src/sources/generated/generations.js';
import { codeOf } from '../../../src/sources/source-errors.js';
import type { RangeSource, Representation } from '../../../src/sources/source.js';
import { Spool } from '../../../src/sources/generated/spool.js';
import { toSpoolError } from '../../../src/sources/generated/spool-errors.js';
import { contentName } from '../../../src/sources/generated/spool-names.js';
import { hasEnded, ownerOfThisProcess } from '../../../src/sources/generated/spool-owner.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { gatedAt, Studio } from '../../support/studio.js';
import { untilClosed } from '../../support/sources/until-closed.js';
import { until } from '../../support/until.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
afterEach(async () => {
  jest.useRealTimers();
  await untilClosed(fixtures);
});

let spools = 0;
let dir: string;
beforeEach(() => {
  dir = fixtures.at(`spool-${spools++}`);
  mkdirSync(dir);
});
const files = (): string[] => (existsSync(dir) ? readdirSync(dir).sort() : []);

interface Options {
  readonly key?: string;
  readonly generate: Studio['generate'];
  readonly maxBytes?: number;
  readonly ttlMs?: number;
}

/** A process that uses the directory. */
function startProcess(): (options: Options) => RangeSource {
  const generations = new Generations(new Spool(dir));
  return ({ key = 'speech', generate, maxBytes = 1e9, ttlMs = Infinity }) => ({
    resolve: () =>
      generations.resolve({
        name: contentName(key),
        generate,
        type: undefined,
        maxBytes,
        ttlMs,
        abandonAfterMs: 0,
      }),
  });
}

const { signal } = new AbortController();

async function readFrom(
  representation: Representation,
  range?: { firstPos: number; lastPos: number },
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await representation.open(range, signal)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** As a plain GET does it. */
async function whole(of: RangeSource): Promise<Buffer> {
  const representation = await of.resolve(signal);
  try {
    return await readFrom(representation);
  } finally {
    await representation.close?.();
  }
}

/** As a range does it, which waits for the size. */
async function part(of: RangeSource, firstPos: number, lastPos: number): Promise<Buffer> {
  const unsized = await of.resolve(signal);
  const sized = unsized.whenSized === undefined ? unsized : await unsized.whenSized(signal);
  if (sized !== unsized) await unsized.close?.();
  try {
    return await readFrom(sized, { firstPos, lastPos });
  } finally {
    await sized.close?.();
  }
}

const only = (...names: ('Date' | 'performance')[]): void => {
  const all = [
    'Date',
    'hrtime',
    'nextTick',
    'performance',
    'queueMicrotask',
    'setImmediate',
    'clearImmediate',
  ] as const;
  const timers = ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const;
  jest.useFakeTimers({ doNotFake: [...all.filter((name) => !(names as string[]).includes(name)), ...timers] });
};

describe('the process that makes a file', () => {
  const children: ChildProcess[] = [];
  afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

  const startSleeper = async (): Promise<{ owner: string; kill(): Promise<void> }> => {
    const child = spawn('sleep', ['600']);
    children.push(child);
    await once(child, 'spawn');
    const [place] = ownerOfThisProcess().split('-');
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return {
      owner: `${place}-${child.pid}-${started}`,
      async kill() {
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      },
    };
  };
  const leave = (owner: string | undefined, size: number, modified = new Date(), key = 'other'): string => {
    const name = [contentName(key), 'a'.repeat(32), ...(owner === undefined ? [] : [owner]), 'part'].join('.');
    fixtures.write(join(dir.slice(fixtures.path.length + 1), name), pseudoRandomBytes(size), modified);
    return name;
  };
  const make = async (maxBytes: number): Promise<Buffer> =>
    whole(startProcess()({ generate: new Studio(500).generate, maxBytes }));

  it('is known to have ended at once, even if another process gets its id', async () => {
    const sleeper = await startSleeper();
    const [place, pid, started] = sleeper.owner.split('-');
    expect(hasEnded(sleeper.owner)).toBe(false);
    expect(hasEnded(`${place}-${pid}-${Number(started) - 1}`)).toBe(true);
    await sleeper.kill();
    expect(hasEnded(sleeper.owner)).toBe(true);
    expect(hasEnded(`${'0'.repeat(12)}-${pid}-${started}`)).toBe(false); // somewhere else
    expect(hasEnded(ownerOfThisProcess())).toBe(false);
  });

  it('leaves nothing that counts when it is killed, even if it was just touched', async () => {
    const sleeper = await startSleeper();
    const left = leave(sleeper.owner, 900, new Date(), 'speech');
    await expect(make(1000)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryAfterSeconds: 5 });
    expect(files()).toContain(left);
    await sleeper.kill();
    expect(await make(1000)).toHaveLength(500);
    expect(files()).not.toContain(left);
  });

  it('leaves room as soon as it is killed, even for a generation that has begun', async () => {
    const sleeper = await startSleeper();
    leave(sleeper.owner, 900);
    const { gate, onChunk } = gatedAt(0);
    const studio = new Studio(500, { onChunk });
    const making = whole(startProcess()({ generate: studio.generate, maxBytes: 1000 }));
    await until(() => studio.takes.length > 0, 'the generation to begin');
    await sleeper.kill();
    gate.open();
    expect((await making).equals(studio.last)).toBe(true);
  });

  it.each<[what: string, owner: string | undefined, modified: Date, isLeft: boolean]>([
    ['of another host, and touched', `${'0'.repeat(12)}-1-5`, new Date(), false],
    ['of another host, and untouched', `${'0'.repeat(12)}-1-5`, new Date(Date.now() - 100_000), true],
    ['of nobody known, and touched', undefined, new Date(), false],
    ['of nobody known, and untouched', undefined, new Date(Date.now() - 100_000), true],
    ['dated in the future', undefined, new Date(Date.now() + 3_600_000), false],
  ])('a file %s', async (_, owner, modified, isLeft) => {
    leave(owner, 900, modified);
    if (isLeft) expect(await make(1000)).toHaveLength(500);
    else await expect(make(1000)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  it('has abandoned a file dated in the future if nobody touches it for long enough', async () => {
    only('performance');
    leave(undefined, 900, new Date(Date.now() + 3_600_000));
    const source = startProcess();
    const attempt = (): Promise<Buffer> => whole(source({ generate: new Studio(500).generate, maxBytes: 1000 }));
    await expect(attempt()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    jest.advanceTimersByTime(60_000);
    await expect(attempt()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    jest.advanceTimersByTime(60_000);
    expect(await attempt()).toHaveLength(500);
  });
});

describe('content that is removed to make room', () => {
  it('keeps no descriptor, and so no space, even if it was just read', async () => {
    const source = startProcess();
    const first = source({ key: 'a', generate: new Studio(900).generate, maxBytes: 1000 });
    await part(first, 0, 1); // and so is in its place
    await whole(first); // through a descriptor that is kept for a moment
    expect(fixtures.openDescriptors()).toEqual([expect.stringMatching(/\.900$/)]);
    let open: string[] = [];
    const onChunk = (index: number): void => {
      if (index === 1) open = fixtures.openDescriptors(); // the first chunk is written, and the first content removed
    };
    const other = new Studio(900, { chunkSize: 500, onChunk });
    const bytes = await whole(source({ key: 'b', generate: other.generate, maxBytes: 1000 }));
    expect(bytes.equals(other.last)).toBe(true);
    expect(open).toEqual([expect.stringMatching(/\.part$/)]);
  });
});

describe('a directory that is emptied', () => {
  it.each<[how: string, empty: () => void]>([
    ['file by file', () => files().forEach((name) => rmSync(join(dir, name)))],
    ['with the directory itself', () => rmSync(dir, { recursive: true })],
    [
      'and makes anew',
      () => {
        rmSync(dir, { recursive: true });
        mkdirSync(dir);
      },
    ],
  ])('while content is made, %s, keeps it from nobody who waits', async (_, empty) => {
    const { gate, onChunk } = gatedAt(2);
    const studio = new Studio(100_000, { onChunk });
    const source = startProcess();
    const streaming = await source({ generate: studio.generate }).resolve(signal);
    const reading = readFrom(streaming);
    const waiting = [0, 70_000].map((firstPos) =>
      part(source({ generate: studio.generate }), firstPos, firstPos + 999),
    );
    await until(() => studio.bytesYielded > 16_384, 'the first bytes');
    empty();
    gate.open();
    expect((await reading).equals(studio.last)).toBe(true);
    await streaming.close?.();
    for (const [i, bytes] of (await Promise.all(waiting)).entries()) {
      expect(bytes.equals(studio.last.subarray(i * 70_000, i * 70_000 + 1000))).toBe(true);
    }
    expect(studio.takes).toHaveLength(1);
    const next = new Studio(1000);
    expect((await whole(source({ generate: next.generate }))).equals(next.last)).toBe(true);
    await until(() => files().length === 1, 'the next to be kept');
  });

  it('after it is complete does not affect readers, and it is made again for the next', async () => {
    const studio = new Studio(3_000_000);
    const source = startProcess();
    await part(source({ generate: studio.generate }), 0, 1);
    const reading = await source({ generate: studio.generate }).resolve(signal);
    const chunks = (await reading.open(undefined, signal))[Symbol.asyncIterator]();
    const first = Buffer.from((await chunks.next()).value as Uint8Array);
    rmSync(dir, { recursive: true });
    const next = new Studio(1000);
    expect((await whole(source({ generate: next.generate }))).equals(next.last)).toBe(true);
    const rest = await readFrom({ open: () => ({ [Symbol.asyncIterator]: () => chunks }) });
    expect(Buffer.concat([first, rest]).equals(studio.last)).toBe(true);
    await reading.close?.();
  });
});

describe('a time to live', () => {
  const HOUR = 3_600_000;
  const studio = (): Studio => new Studio(1000);

  it.each<[what: string, ttlMs: number, isRemade: boolean]>([
    ['ends for a file dated in the future, whose age nobody knows', HOUR, true],
    ['without an end does not', Infinity, false],
  ])('%s', async (_, ttlMs, isRemade) => {
    await part(startProcess()({ generate: studio().generate }), 0, 1);
    const [name = ''] = files();
    const future = new Date(Date.now() + 24 * HOUR);
    utimesSync(join(dir, name), future, future);
    const next = studio();
    const source = startProcess();
    await part(source({ generate: next.generate, ttlMs }), 0, 1);
    const bytes = await whole(source({ generate: next.generate, ttlMs }));
    expect(next.takes).toHaveLength(isRemade ? 1 : 0);
    await until(() => files().length === 1, 'one file to stay');
    expect((await whole(source({ generate: next.generate, ttlMs }))).equals(bytes)).toBe(true);
    expect((await whole(startProcess()({ generate: next.generate, ttlMs }))).equals(bytes)).toBe(true);
    expect(next.takes).toHaveLength(isRemade ? 1 : 0);
  });

  it.each<[what: string, by: number]>([
    ['back', -24 * HOUR],
    ['forth', 24 * HOUR],
  ])('ends in its time, though the clock is set %s', async (_, by) => {
    only('Date', 'performance');
    const made = studio();
    const source = startProcess()({ generate: made.generate, ttlMs: HOUR });
    await part(source, 0, 1); // and so is in its place
    jest.advanceTimersByTime(HOUR / 2);
    await whole(source);
    expect(made.takes).toHaveLength(1);
    jest.setSystemTime(Date.now() + by);
    jest.advanceTimersByTime(HOUR / 2 + 1);
    await whole(source);
    expect(made.takes).toHaveLength(2);
  });

  it('prefers a current file to one dated in the future', async () => {
    const [older, newer] = [studio(), studio()];
    await part(startProcess()({ generate: older.generate }), 0, 1);
    const [name = ''] = files();
    const future = new Date(Date.now() + HOUR);
    utimesSync(join(dir, name), future, future);
    const source = startProcess();
    await part(source({ generate: newer.generate, ttlMs: HOUR }), 0, 1);
    const found = await whole(startProcess()({ generate: newer.generate }));
    expect(found.equals(newer.last)).toBe(true);
  });
});

describe('an error of the disk', () => {
  it.each([
    ['ENOSPC', 'SOURCE_UNAVAILABLE'],
    ['EDQUOT', 'SOURCE_UNAVAILABLE'],
    ['EMFILE', 'SOURCE_UNAVAILABLE'],
    ['EIO', 'SOURCE_UNAVAILABLE'],
    ['ESTALE', 'SOURCE_UNAVAILABLE'],
    ['EROFS', 'EROFS'],
    ['EACCES', 'EACCES'],
    ['ENOTDIR', 'ENOTDIR'],
  ])('%s is %s: what may be over in a moment, or a fault of the configuration', (code, expected) => {
    const error = Object.assign(new Error(code), { code });
    expect(codeOf(toSpoolError(error, '/srv/spool'))).toBe(expected);
  });
});
