import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { appendFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { isLocalType } from '../../../src/sources/descriptors/local-disk.js';
import { fileHandles } from '../../../src/sources/descriptors/descriptor-cache.js';
import { type FileWindow, fileWindowOf } from '../../../src/sources/file/file-parts.js';
import { fileSource } from '../../../src/sources/file/file-source.js';
import { allowResidentReads, noteRead, readResident } from '../../../src/sources/file/resident-read.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { until } from '../../support/until.js';

const KIB = 1024;
const BYTES = pseudoRandomBytes(200 * KIB);
const { signal } = new AbortController();

const fixtures = new FixtureDirectory();
afterAll(async () => {
  await fileHandles.closeIdle();
  fixtures.remove();
});

let files = 0;
let path: string;
let window: FileWindow;
beforeEach(async () => {
  path = fixtures.write(`${files++}.bin`, BYTES);
  window = await windowOf(path);
});
afterEach(() => {
  window.close();
  allowResidentReads(true);
  jest.restoreAllMocks();
});

async function windowOf(name: string): Promise<FileWindow> {
  const found = fileWindowOf(await fileSource(name).resolve(signal));
  if (found === undefined) throw new Error('a file has a window');
  return found;
}

const range = (firstPos: number, length: number) => ({ firstPos, lastPos: firstPos + length - 1 });

function isReadAtOnce(firstPos: number, length: number): boolean {
  return readResident(window, range(firstPos, length)) !== undefined;
}

/** What the thread pool has read, and the file is known to lie on a local disk. */
async function afterReading(firstPos: number, length: number): Promise<void> {
  noteRead(window, range(firstPos, length));
  await until(() => isReadAtOnce(firstPos, length), 'the file is known to be local');
}

describe('what was just read is read without the thread pool', () => {
  it.each([
    ['a byte', 5, 1],
    ['a page', 8 * KIB, 4 * KIB],
    ['across pages', 4095, 2],
    ['64 KiB', 100, 64 * KIB],
    ['the end', 200 * KIB - 10, 10],
  ])('%s', async (_, firstPos, length) => {
    await afterReading(firstPos, length);
    const chunk = readResident(window, range(firstPos, length));
    expect(chunk !== undefined && BYTES.subarray(firstPos, firstPos + length).equals(chunk)).toBe(true);
  });

  it('other bytes of its pages too', async () => {
    await afterReading(5000, 10);
    expect(isReadAtOnce(4096, 4096)).toBe(true);
  });

  it('the whole of a small file', async () => {
    window.close();
    window = await windowOf(fixtures.write('small.bin', BYTES.subarray(0, 300)));
    noteRead(window, undefined);
    await until(() => readResident(window, undefined)?.byteLength === 300, 'it is read at once');
  });

  it('also through another descriptor', async () => {
    await afterReading(0, 100);
    window.close();
    await fileHandles.closeIdle();
    window = await windowOf(path);
    noteRead(window, range(8 * KIB, 1));
    expect(isReadAtOnce(0, 100)).toBe(true);
  });
});

describe('the thread pool reads', () => {
  it('what nobody has read', async () => {
    expect(isReadAtOnce(0, 10)).toBe(false);
    await afterReading(0, 10);
    expect(isReadAtOnce(4096, 1)).toBe(false);
    expect(isReadAtOnce(4000, 97)).toBe(false);
    expect(isReadAtOnce(0, 4096)).toBe(true);
  });

  it('more than 64 KiB', async () => {
    await afterReading(0, 64 * KIB);
    await afterReading(64 * KIB, 64 * KIB);
    expect(isReadAtOnce(0, 64 * KIB + 1)).toBe(false);
  });

  it('nothing, and beyond the end', async () => {
    await afterReading(200 * KIB - 10, 10);
    expect(isReadAtOnce(200 * KIB - 10, 0)).toBe(false);
    expect(isReadAtOnce(200 * KIB - 10, 11)).toBe(false);
  });

  it('everything with residentReads: false', async () => {
    await afterReading(0, 10);
    allowResidentReads(false);
    expect(isReadAtOnce(0, 10)).toBe(false);
  });

  it('what was read more than a minute ago', async () => {
    await afterReading(0, 10);
    later(29_000);
    expect(isReadAtOnce(0, 10)).toBe(true);
    later(61_000);
    expect(isReadAtOnce(0, 10)).toBe(false);
  });

  it.each<[name: string, change: () => void]>([
    ['was written to', () => writeAt(path, 'other')],
    ['grew', () => appendFileSync(path, 'more')],
    ['shrank', () => truncateSync(path, 5)],
    ['was deleted', () => rmSync(path)],
    ['has another date', () => utimesSync(path, 1e9, 1e9)],
  ])('a file that %s', async (_, change) => {
    await afterReading(0, 10);
    change();
    expect(isReadAtOnce(0, 10)).toBe(false);
  });

  it('a file for a minute after two slow reads in a row', async () => {
    await afterReading(0, 10);
    slowDown(2);
    expect(isReadAtOnce(0, 10)).toBe(true);
    expect(isReadAtOnce(0, 10)).toBe(true);
    jest.restoreAllMocks();
    expect(isReadAtOnce(0, 10)).toBe(false);
    later(40_000);
    expect(isReadAtOnce(0, 10)).toBe(false);
    noteRead(window, range(0, 10));
    later(70_000);
    expect(isReadAtOnce(0, 10)).toBe(true);
  });

  it('no file after a single slow read', async () => {
    await afterReading(0, 10);
    slowDown(2);
    expect(isReadAtOnce(0, 10)).toBe(true);
    jest.restoreAllMocks();
    expect(isReadAtOnce(0, 10)).toBe(true);
    slowDown(2);
    expect(isReadAtOnce(0, 10)).toBe(true);
    jest.restoreAllMocks();
    expect(isReadAtOnce(0, 10)).toBe(true);
  });
});

it.each([
  ['ext4', 0xef53, true],
  ['XFS', 0x58465342, true],
  ['tmpfs', 0x01021994, true],
  ['overlayfs', 0x794c7630, true],
  ['NFS', 0x6969, false],
  ['SMB', 0xfe534d42, false],
  ['CIFS', 0xff534d42, false],
  ['FUSE', 0x65735546, false],
  ['Ceph', 0x00c36400, false],
  ['9P', 0x01021997, false],
  ['an unknown type', 0x12345678, false],
])('%s: reads at once are allowed: %p', (_, type, expected) => {
  expect(isLocalType(type)).toBe(expected);
});

/** Moves the clock on. */
function later(ms: number): void {
  jest.restoreAllMocks();
  const now = performance.now() + ms;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
}

/** Each reading of the clock is later than the last by so many ms: reads seem to take that long, and looks too. */
function slowDown(ms: number): void {
  const now = performance.now();
  let late = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now + (late += ms));
}

function writeAt(name: string, text: string): void {
  writeFileSync(name, text, { flag: 'r+' });
}
