import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, BROWSERS, show } from './browser.js';
import { CASES } from './cases.js';
import { type MediaSite, openMediaSite } from './media-site.js';

const LENGTH_S = 60;
const LATER_S = 40;

describe.each(BROWSERS)('$name', ({ launch }) => {
  let site: MediaSite;
  let browser: Browser;
  beforeAll(async () => {
    site = await openMediaSite();
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it.each(CASES)('$medium from $from: $age $result on $adapter', async (row) => {
    const from = row.from === 'the start' ? 0 : LATER_S;
    const visit = await site.open(row, row.medium);
    const shown = await show(browser, visit.pageUrl, visit.fileUrl, from);
    expect(shown.duration).toBeCloseTo(LENGTH_S, 0);
    expect(shown.start).toBeCloseTo(from, 1);
    expect(shown.played).toEqual([[expect.closeTo(from, 0), expect.closeTo(LENGTH_S, 0)]]);
    if (shown.picture !== null) expect(Math.abs(shown.picture - from)).toBeLessThan(1);
  });
});
