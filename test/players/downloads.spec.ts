import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyFile, mkdir, open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../clients/command.js';
import { lengthOf, sha256 } from '../clients/download-site.js';
import { type Case, CASES } from './cases.js';
import { type MediaSite, openMediaSite } from './media-site.js';

let site: MediaSite;
beforeAll(async () => {
  site = await openMediaSite();
});
afterAll(() => site?.close());

describe.each([
  { client: 'curl', args: ['-sS', '-C', '-', '-O'] },
  { client: 'wget', args: ['-c', '-nv'] },
  { client: 'aria2c', args: ['-c', '-x4', '-s4', '-k1M', '--file-allocation=none', '--use-head=true', '-q'] },
] as const)('$client', ({ client, args }) => {
  it.each(CASES)('$medium from $from: $age $result on $adapter', async (row) => {
    const folder = await site.folder();
    const copy = join(folder, row.medium);
    const size = await lengthOf(site.original(row.medium));
    const lengthHeld = row.from === 'the start' ? 0 : Math.floor(size / 2) | 1;
    if (lengthHeld > 0) {
      await copyFile(site.original(row.medium), copy);
      await truncate(copy, lengthHeld);
    }
    const visit = await site.open(row, row.medium);
    await run(client, [...args, visit.fileUrl], folder);
    expect(await sha256(copy)).toBe(await sha256(site.original(row.medium)));
    if (lengthHeld > 0) expect(visit.bytesCarried()).toBeLessThan(0.8 * size);
  });
});

/** What a tool fetched, and what that should be. */
interface Fetched {
  readonly got: string;
  readonly wanted: string;
  readonly ranges: readonly (string | undefined)[];
  readonly bytesCarried: number;
}

/** They fetch only the blocks that an older copy lacks, many ranges in a request. */
describe.each([
  { client: 'zsync', fetch: zsync, share: 0.1 },
  // It begins with up to 127 ranges, and leaves the 200 that it gets for more than 50 when it sees it, sooner or later.
  { client: 'zckdl', fetch: zckdl, share: Infinity },
])('$client', ({ fetch, share }) => {
  it.each(CASES)('$medium from $from: $age $result on $adapter', async (row) => {
    const folder = await site.folder();
    const older = row.from === 'the start' ? undefined : await makeOlder(site.original(row.medium), folder);
    const { got, wanted, ranges, bytesCarried } = await fetch(row, older, folder);
    expect(await sha256(got)).toBe(await sha256(wanted));
    if (older === undefined) return;
    // A tool that gets the whole file where it asked for parts ends by asking for one range.
    expect(ranges.at(-1)).toContain(',');
    expect(bytesCarried).toBeLessThan(share * (await lengthOf(wanted)));
  });
});

/** Bytes between two places where an older copy differs. */
const DISTANCE = 120_000;

async function makeOlder(original: string, folder: string): Promise<string> {
  const older = join(folder, 'older');
  await copyFile(original, older);
  const size = await lengthOf(original);
  const file = await open(older, 'r+');
  try {
    for (let at = DISTANCE / 2; at < size; at += DISTANCE) await file.write('other', at);
  } finally {
    await file.close();
  }
  return older;
}

async function zsync(row: Case, older: string | undefined, folder: string): Promise<Fetched> {
  const wanted = site.original(row.medium);
  const visit = await site.open(row, row.medium);
  await run('zsyncmake', ['-b', '2048', '-u', visit.fileUrl, '-o', 'control', wanted], folder);
  const from = older === undefined ? [] : ['-i', older];
  await run('zsync', ['-q', ...from, '-o', 'got', 'control'], folder);
  return { got: join(folder, 'got'), wanted, ranges: visit.ranges(), bytesCarried: visit.bytesCarried() };
}

async function zckdl(row: Case, older: string | undefined, folder: string): Promise<Fetched> {
  const name = `${row.medium}.zck`;
  const visit = await site.open(row, name);
  if (older !== undefined) await run('zck', ['-o', 'older.zck', older], folder);
  const from = older === undefined ? [] : ['-s', join(folder, 'older.zck')];
  const target = join(folder, 'target');
  await mkdir(target);
  await run('zckdl', [...from, visit.fileUrl], target);
  return {
    got: join(target, name),
    wanted: site.original(name),
    ranges: visit.ranges(),
    bytesCarried: visit.bytesCarried(),
  };
}
