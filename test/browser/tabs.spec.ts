import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { ADAPTERS } from '../support/apps/sample-app.js';
import { Player } from './page/player.js';
import type { SamplePage } from './page/sample-page.js';
import { visits } from './page/visits.js';

const CONNECTIONS = 6; // of Chromium, over HTTP/1.1
const clip = await readFile(new URL('../../sample-app/media/clip.mp4', import.meta.url));

describe.each(ADAPTERS)('the page of the sample app on %s, in Chromium', (adapter) => {
  const visit = visits(adapter);

  describe('with as many open tabs as a browser has connections to a server', () => {
    let others: SamplePage[];

    beforeEach(async () => {
      others = [];
      for (let tabs = 0; tabs < CONNECTIONS; tabs++) {
        const other = await visit.sample.beside();
        others.push(other);
        await other.open(visit.app.url);
      }
    });

    afterEach(async () => {
      for (const other of others) await other.close();
    });

    it('the clip plays and seeks, and each tab shows its own requests', async () => {
      const latest = others.at(-1)!;
      const video = await Player.opened(latest.page, '#clip');
      await video.seek(50);
      expect(await video.pictureSecond()).toBeCloseTo(50, 0);
      await video.play(51);
      await video.seek(20);
      expect(await video.pictureSecond()).toBeCloseTo(20, 0);

      await latest.painted('#clip-map', (50 / 60) * clip.length, 'sent');
      expect(await visit.sample.colourAt('#clip-map', (50 / 60) * clip.length)).not.toBe('sent');
    });

    it('a tab still shows its requests after others were closed', async () => {
      for (const tab of others.splice(0, CONNECTIONS - 1)) await tab.close();
      await (await fetch(await others[0]!.linkIn('curl -C'))).arrayBuffer();
      await others[0]!.painted('#download-map', clip.length - 1, 'sent');
      expect(await visit.sample.log('/download/clip.mp4')).toEqual([]);
    });
  });
});
