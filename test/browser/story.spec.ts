import { beforeEach, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { type Adapter, ADAPTERS, type SampleApp, startSampleApp } from '../support/apps/sample-app.js';
import { readZip } from '../support/sources/zip-reader.js';
import { launchChromium } from './chromium.js';
import { Player } from './page/player.js';
import { PHONE, SamplePage } from './page/sample-page.js';
import { visits } from './page/visits.js';

const clip = await readFile(new URL('../../sample-app/media/clip.mp4', import.meta.url));

describe.each(ADAPTERS)('what the page of the sample app tells on %s, in Chromium', (adapter) => {
  const visit = visits(adapter);
  let app: SampleApp;
  let sample: SamplePage;
  let page: Page;

  beforeEach(() => {
    ({ app, sample } = visit);
    ({ page } = sample);
  });

  it('a jump: what the player requested, and that it stopped reading the rest', async () => {
    await Player.opened(page, '#clip');
    await sample.says(/^The player read the beginning.*Now jump\.$/);
    await page.getByRole('button', { name: '50 s' }).click();
    const told = await sample.says(/^For 50 s the player requested bytes=\d+-, and the server sends .*: 206\.$/);
    const requested = await sample.log('/media/clip.mp4'); // by now the player may have requested more than the page tells
    expect(requested.map(({ range }) => range)).toContain(/bytes=\d+-/.exec(told)?.[0]);

    await page.locator('#clip-requests li[data-outcome=aborted] i').last().waitFor();
    expect(await page.locator('#clip-requests li[data-outcome=aborted] i').last().textContent()).toBe(
      'stopped by the client',
    );
  });

  it('why a plain StreamableFile does not allow a jump, and makes it as soon as possible', async () => {
    await sample.choose('plain StreamableFile');
    await sample.says(/^The server answered 200 and sends the whole file.*the seek bar is dead\. Try to jump\.$/);
    await page.getByRole('button', { name: '50 s' }).click();
    await sample.says(/50 s is remembered: choose “After”, and it jumps there\.$/);
    await sample.says(/^At 0\.0 s, you cannot jump$/);
    await sample.choose('@Ranged()');
    await sample.says(/^At 50\.0 s, you can jump to 60\.0 s$/);
    const answers = (await sample.log('/plain/clip.mp4')).map(({ status }) => status);
    expect(new Set(answers)).toEqual(new Set(['200']));
  });

  it('how much of a file is generated, and makes a jump when it is complete', async () => {
    await sample.chooseSource('Generated');
    const progress = page.locator('#clip-making p');
    await progress.filter({ hasText: /of 4,053,964 bytes \(\d+ %\)\.$/ }).waitFor();
    await sample.says(/generated\/clip\.mp4: [\d,]+ bytes sent; how many there are is not known yet/);
    await page.getByRole('button', { name: '50 s' }).click();
    await sample.says(/still making this file.*50 s is remembered: it jumps there when the file is complete\.$/);
    await sample.says(/^At 50\.0 s, you can jump to 60\.0 s$/);
    await progress.waitFor({ state: 'hidden' });
    expect(await (await Player.opened(page, '#clip')).pictureSecond()).toBeCloseTo(50, 0);
    const parts = (await sample.log('/generated/clip.mp4')).filter(({ status }) => status === '206');
    expect(parts.map(({ bytes }) => bytes)).not.toContain('4,053,964 bytes'); // the page's limit holds for this, too
  });

  it('that an archive is paused, resumed at another speed, and checked', async () => {
    const card = page.locator('#zip');
    await card.getByRole('button', { name: 'Download the archive' }).click();
    const pace = /^[1-9]\d?,?[\d,]+ of [\d,]+ bytes, (\d\.\d) MB\/s$/;
    const told = card.locator('[data-part=bytes]').filter({ hasText: /^[2-9],\d{3},\d{3} of/ });
    await told.waitFor();
    const [, rate] = pace.exec((await told.textContent()) ?? '') ?? [];
    expect(Number(rate)).toBeGreaterThan(0.5);
    expect(Number(rate)).toBeLessThan(1.6); // 1 MB/s, and a second's worth at once

    await card.getByRole('button', { name: 'Pause' }).click();
    await card.getByText(/^Paused\. [\d,]+ bytes are kept\.$/).waitFor();
    await sample.choose('Full speed');
    await card.getByRole('button', { name: 'Resume' }).click();
    await card.getByText('Complete and intact: all 4 files in it have the CRC-32').waitFor();
    const [resumed, broken] = await sample.log('/download/media.zip');
    expect(broken).toMatchObject({ status: '200', range: '', outcome: 'aborted' });
    expect(resumed).toMatchObject({ status: '206', outcome: 'complete' });

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      card.getByRole('link', { name: 'Save the archive' }).click(),
    ]);
    const entries = readZip(await readFile(await download.path()));
    expect(entries.find(({ name }) => name === 'clip.mp4')?.bytes.equals(clip)).toBe(true);
  });

  it('at once that the file is being changed', async () => {
    const words: Promise<string> = page.evaluate(`(() => {
      document.querySelector('#change').click();
      return document.querySelector('#text [data-part=note]').textContent;
    })()`);
    expect(await words).toBe('The server is writing the next version…');
    await sample.says(/^The file on the server is version \d+ now\./);
  });

  it('the code that sends the video, before and after', async () => {
    await page.locator('#clip-code summary').click();
    const code = page.locator('#clip-code pre');
    await code.filter({ hasText: "@Get('media/:name')\n@Ranged()\n" }).waitFor();
    await sample.choose('plain StreamableFile');
    await code.filter({ hasText: 'new StreamableFile(' }).waitFor();
    expect(await code.textContent()).toMatch(/^@Get\(':name'\)\n[^]*\n}$/);
  });

  it('where the documentation, the API and the code are', async () => {
    const links: string[] = await page
      .locator('a[href^="/"]:not([download])')
      .evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
    expect(links).toEqual(expect.arrayContaining(['/repository/docs/README.md', '/api']));
    for (const link of links)
      expect({ link, status: (await fetch(`${app.url}${link}`)).status }).toEqual({ link, status: 200 });
    await page.goto(`${app.url}/repository/docs/README.md`);
    await page.getByRole('link', { name: 'Getting started' }).click();
    await page.getByRole('heading', { level: 1, name: 'Getting started' }).waitFor();
  });

  it.each([
    '/repository/package.json',
    '/repository/.git/config',
    '/repository/docs/..%2f.git%2fconfig',
    '/repository/docs/none.md',
  ])('%s is not shown', async (path) => {
    expect((await fetch(`${app.url}${path}`)).status).toBe(404);
  });

  it('the requests right below the player on a phone', async () => {
    const phone = await SamplePage.in(visit.browser, { viewport: PHONE });
    await phone.open(app.url);
    const [video, requests] = await Promise.all(
      ['#clip', '#clip-requests'].map((selector) => phone.page.locator(selector).boundingBox()),
    );
    expect((requests?.y ?? Infinity) - (video?.y ?? 0)).toBeLessThan(PHONE.height);
    await phone.close();
  });
});

describe.each(ADAPTERS)('the page of a sample app on %s that stops, in Chromium', (adapter) => {
  it('says so, keeps what was downloaded, and goes on when the server is back', async () => {
    const browser = await launchChromium();
    const page = await browser.newPage();
    const first = await startSampleApp(adapter);
    const port = Number(new URL(first.url).port);
    try {
      await page.goto(first.url);
      const card = page.locator('#zip');
      await card.getByRole('button', { name: 'Download the archive' }).click();
      await card
        .locator('[data-part=bytes]')
        .filter({ hasText: /^1,\d{3},\d{3} of/ })
        .waitFor();
      await first.stop();
      await page.getByRole('alert').filter({ hasText: 'The server has stopped.' }).waitFor();
      await card.getByText(/^Broken off\. .* bytes are kept\.$/).waitFor();
      await page.getByRole('button', { name: 'Change the file' }).click();
      await page.getByText('The server does not answer.', { exact: true }).waitFor();

      const second = await startOn(adapter, port);
      try {
        await page.getByRole('alert').filter({ hasText: /^$/ }).waitFor({ state: 'hidden' });
        await card.getByRole('button', { name: 'Resume' }).click();
        await card.getByText('Complete and intact').waitFor();
        expect(await page.locator('#zip-requests li b').allTextContents()).toEqual(['206']);
      } finally {
        await page.close(); // what is under way must not be cut
        await second.stop();
      }
    } finally {
      await browser.close();
      await first.stop();
    }
  });
});

function startOn(adapter: Adapter, port: number): Promise<SampleApp> {
  return startSampleApp(adapter, { PORT: String(port) });
}
