import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CASES } from './cases.js';
import { type MediaSite, openMediaSite } from './media-site.js';
import { play, PLAYERS } from './players.js';

const LENGTH_S = 60;
const LATER_S = 40;

/** Some begin or end with a frame of sound more or less each time, from disk too. */
const SLACK_S = 0.1;

describe.each(PLAYERS)('$name', (player) => {
  let site: MediaSite;
  beforeAll(async () => {
    site = await openMediaSite();
  });
  afterAll(() => site?.close());

  it.each(player.cases ?? CASES)('$medium from $from: $age $result on $adapter', async (row) => {
    const from = row.from === 'the start' ? 0 : LATER_S;
    const fromDisk = await play(player, from, site.original(row.medium), await site.folder());
    const visit = await site.open(row, row.medium);
    const overHttp = await play(player, from, visit.fileUrl, await site.folder());

    expect(Math.abs(fromDisk.duration - (LENGTH_S - from))).toBeLessThan(SLACK_S);
    expect(Math.abs(overHttp.duration - fromDisk.duration)).toBeLessThan(SLACK_S);
    const middle = Math.floor(overHttp.sound.length / 2) & ~7;
    expect(fromDisk.sound.includes(overHttp.sound.subarray(middle, middle + 400_000))).toBe(true);
    expect(overHttp.frames).toBe(fromDisk.frames);
  });
});
