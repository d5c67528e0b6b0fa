import { beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { ADAPTERS, type SampleApp } from '../support/apps/sample-app.js';
import { Player } from './page/player.js';
import { type LogEntry, PHONE, SamplePage } from './page/sample-page.js';
import { visits } from './page/visits.js';

const MEDIA = new URL('../../sample-app/media/', import.meta.url);
const clip = await readFile(new URL('clip.mp4', MEDIA));
const book = await readFile(new URL('book.pdf', MEDIA));

describe.each(ADAPTERS)('the page of the sample app on %s, in Chromium', (adapter) => {
  const visit = visits(adapter);
  let app: SampleApp;
  let browser: Browser;
  let sample: SamplePage;
  let page: Page;

  beforeEach(() => {
    ({ app, browser, sample } = visit);
    ({ page } = sample);
  });

  describe('the byte map', () => {
    it('shows what was sent, what is still to come, and what the client did not read', async () => {
      await page.getByRole('button', { name: 'Download the text' }).click();
      const last =
        Number(/of ([\d,]+)/.exec(await sample.says(/^[1-9][\d,]* of [\d,]+ bytes, /))?.[1]?.replaceAll(',', '')) - 1;
      await sample.painted('#text-map', 0, 'sent');
      await sample.painted('#text-map', last, 'awaited');
      await page.getByRole('button', { name: 'Pause' }).click();
      await sample.painted('#text-map', last, 'stopped');
      expect(await sample.colourAt('#text-map', 0)).toBe('sent');
    });

    it('shows what a jump in the clip requests, and what it does not read', async () => {
      await Player.opened(page, '#clip');
      await sample.painted('#clip-map', 0, 'sent');
      await page.getByRole('button', { name: '90 %' }).click();
      await sample.painted('#clip-map', 0.9 * clip.length, 'sent');
      expect(await sample.colourAt('#clip-map', 0)).toBe('sent');
      expect(await sample.colourAt('#clip-map', 0.75 * clip.length)).toBe('stopped');

      const log = await sample.log('/media/clip.mp4');
      expect(log.at(-1)).toMatchObject({
        status: '206',
        range: 'bytes=0-',
        outcome: 'aborted',
        contentRange: partOf(0),
      });
      const latest = log.find(({ status }) => status !== '…'); // a player that moves on may have requested more since
      const firstPos = Number(/^bytes=(\d+)-$/.exec(latest?.range ?? '')?.[1]);
      expect(firstPos).toBeGreaterThan(0.7 * clip.length);
      expect(latest).toMatchObject({ status: '206', contentRange: partOf(firstPos) });
    });

    it('shows that a plain StreamableFile is sent from its first byte, whatever is requested', async () => {
      await sample.choose('Unlimited');
      await sample.choose('plain StreamableFile');
      await sample.painted('#clip-map', clip.length - 1, 'sent');
      await page.getByRole('button', { name: '50 s' }).click();
      await sample.says(/At 0\.0 s, you cannot jump/);
      for (const { status, contentRange } of await sample.log('/plain/clip.mp4')) {
        expect({ status, contentRange }).toEqual({ status: '200', contentRange: '' });
      }
    });

    it('shows how often a byte was sent', async () => {
      const url = await sample.linkIn('curl -C');
      for (const range of ['bytes=0-99999', 'bytes=60000-99999']) await fetch(url, { headers: { Range: range } });
      await sample.says(/100,000 of 4,053,964 bytes sent \(2 %\), 40,000 more than once/);
      expect(await sample.colourAt('#download-map', 20_000)).toBe('sent');
      expect(await sample.colourAt('#download-map', 70_000)).toBe('sent-again');
      expect(await sample.colourAt('#download-map', 200_000)).toBe('unasked');
    });

    it('shows the requests of the curl commands on the page, including several ranges', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sample-page-'));
      try {
        const line = await sample.command('curl -s');
        const { stdout } = await promisify(execFile)('bash', ['-c', line.replace('| xxd', '')], { encoding: 'buffer' });
        expect(stdout.includes(clip.subarray(0, 32))).toBe(true);
        expect(stdout.includes(clip.subarray(2_000_000, 2_000_032))).toBe(true);
        await sample.painted('#download-map', 2_000_000, 'sent');
        expect(await sample.colourAt('#download-map', 1_000_000)).toBe('unasked');
        await sample.says(/64 of 4,053,964 bytes sent/);
        expect(await sample.log('/download/clip.mp4')).toMatchObject([
          { status: '206', range: 'bytes=0-31,2000000-2000031', outcome: 'complete' },
        ]);

        await promisify(execFile)('bash', ['-c', await sample.command('curl -C')], { cwd: folder });
        expect(clip.equals(await readFile(join(folder, 'clip.mp4')))).toBe(true);
        await sample.painted('#download-map', clip.length - 1, 'sent');
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it('does not show requests of other pages', async () => {
      const other = await SamplePage.in(browser);
      await other.open(app.url);
      await (await fetch(await other.linkIn('curl -C'))).arrayBuffer();
      await other.painted('#download-map', clip.length - 1, 'sent');
      await other.close();
      expect(await sample.log('/download/clip.mp4')).toEqual([]);
    });

    it('works without shared workers, as on Android', async () => {
      const phone = await SamplePage.in(browser);
      await phone.page.addInitScript('delete globalThis.SharedWorker');
      await phone.open(app.url);
      await phone.painted('#clip-map', 0, 'sent');
      expect(await phone.colourAt('#clip-map', clip.length - 1)).not.toBe('sent');
      await phone.close();
    });

    it('is cleared together with the log', async () => {
      await opened(page, 300);
      await page.waitForFunction("!document.querySelector('#book-map').textContent.includes('on its way')");
      await page.getByRole('button', { name: 'Clear all' }).press('Enter');
      await sample.says(/book\.pdf: not requested yet/);
      expect(await sample.log('/media/book.pdf')).toEqual([]);
    });
  });

  describe('the book', () => {
    it('opens at page 300 with a fraction of its bytes', async () => {
      await opened(page, 300);
      const told = await sample.says(/The reader loaded/);
      const loaded = bytesIn(told);
      expect(told).toContain(`of ${book.length.toLocaleString('en')} bytes`);
      expect(loaded).toBeLessThan(0.2 * book.length);
      expect(await page.locator('#book').textContent()).toContain('is 2 × 2 × 3 × 5 × 5.');
      // The red square of the page's own number is drawn.
      expect(await redPixels(page, '#book')).toBeGreaterThan(50);

      await sample.says(new RegExp(`book\\.pdf: ${loaded.toLocaleString('en')} of`)); // by the server's own count
      for (const entry of await sample.log('/media/book.pdf')) {
        expect(entry).toMatchObject({ status: '206', outcome: 'complete' });
        expect(entry.contentRange).toBe(`${entry.range.replace('=', ' ')}/${book.length}`);
      }
    });

    it('turns pages by keyboard, and requests what is missing', async () => {
      await opened(page, 300);
      const before = bytesIn(await sample.says(/The reader loaded/));
      await page.getByRole('button', { name: 'Next page' }).press('Enter');
      await opened(page, 301);
      await page.getByRole('spinbutton', { name: 'Page' }).fill('17');
      await page.getByRole('spinbutton', { name: 'Page' }).press('Enter');
      await opened(page, 17);
      expect(bytesIn(await sample.says(/The reader loaded/))).toBeGreaterThan(before);
      expect(await page.locator('#book').textContent()).toContain('is prime.');
    });

    it('stays at its page when its source changes', async () => {
      await opened(page, 300);
      await sample.chooseSource('Memory');
      await sample.says(/\/memory\/book\.pdf: [\d,]+ of/);
      await opened(page, 300);
      expect(bytesIn(await sample.says(/The reader loaded/))).toBeLessThan(0.2 * book.length);
    });
  });

  describe('a book that is closed while it loads', () => {
    it('does not disturb the next one', async () => {
      await sample.chooseSource('Generated');
      await sample.page.locator('li[data-path="/generated/book.pdf"]').first().waitFor();
      await sample.chooseSource('Memory');
      await sample.says(/\/memory\/book\.pdf: [\d,]+ of/);
      await opened(page, 300);
      const left = await sample.log('/generated/book.pdf');
      expect(left.map(({ bytes, outcome }) => ({ bytes, outcome }))).toEqual([
        { bytes: '0 bytes', outcome: 'aborted' },
      ]);
      expect(bytesIn(await sample.says(/The reader loaded/))).toBeLessThan(0.2 * book.length);
    });
  });

  describe('the download', () => {
    it('continues after a pause with the missing bytes, and equals the file', async () => {
      await startAndPause(sample);
      const kept = bytesIn(await sample.says(/Paused\./));
      await page.getByRole('button', { name: 'Resume' }).press('Space');
      await sample.says(new RegExp(`206: the download resumes at byte ${kept.toLocaleString('en')}`));
      await sample.says(/Complete and intact: its SHA-256 is what the server says/);

      await expectVersions(page, 1);
      const [resumed, broken] = await sample.log('/changing.txt');
      expect(broken).toMatchObject({ status: '200', range: '', ifRange: '', outcome: 'aborted' });
      expect(resumed).toMatchObject({ status: '206', range: `bytes=${kept}-`, outcome: 'complete' });
      expect(resumed?.ifRange).toMatch(/^"[^"]+"$/);
    });

    it('starts over if the file changed during the pause', async () => {
      await startAndPause(sample);
      await page.getByRole('button', { name: 'Change the file on the server' }).press('Enter');
      const version = Number(/\d+/.exec(await sample.says(/version \d+ now/))?.[0]);
      await page.getByRole('button', { name: 'Resume' }).press('Enter');
      await sample.says(/200: the file has changed/);
      await sample.says(/Complete and intact: its SHA-256 is what the server says/);

      await expectVersions(page, version);
      const [anew] = await sample.log('/changing.txt');
      expect(anew).toMatchObject({ status: '200', contentRange: '', outcome: 'complete' });
      expect(anew?.range).toMatch(/^bytes=\d+-$/);
      expect(anew?.ifRange).not.toBe('');
    });
  });

  describe('what is generated', () => {
    it('plays while it is generated, and seeks when it is complete', async () => {
      await sample.chooseSource('Generated');
      await sample.says(/generated\/melody\.wav: [\d,]+ bytes sent/);
      const audio = await Player.opened(page, '#tone');
      await audio.play(1);
      const log = await sample.log('/generated/melody.wav');
      expect(log.map(({ status, outcome }) => ({ status, outcome }))).toContainEqual({
        status: '200',
        outcome: 'running',
      });

      await page.waitForFunction("player.state('#tone').seekableEnd === 60");
      await audio.seek(45);
      expect((await audio.state()).currentTime).toBe(45);
      expect(Math.min(...(await audio.play(46)))).toBeGreaterThanOrEqual(45);
      await partsOf(sample, '/generated/melody.wav');

      const video = await Player.opened(page, '#clip');
      await page.waitForFunction("player.state('#clip').seekableEnd === 60");
      await video.seek(50);
      expect(await video.pictureSecond()).toBeCloseTo(50, 0);
      await partsOf(sample, '/generated/clip.mp4');

      await opened(page, 300);
    });
  });

  describe('the waveform', () => {
    const slider = () => page.getByRole('slider', { name: 'Position in the sound' });

    it('appears, and seeks by click and by keyboard', async () => {
      const audio = await Player.opened(page, '#tone');
      await page.waitForFunction("player.inkOf('#waveform') > 0.1");
      const { width = 0 } = (await slider().boundingBox()) ?? {};
      await slider().click({ position: { x: 0.75 * width, y: 20 } });
      expect((await audio.state()).currentTime).toBeCloseTo(45, 0);
      await slider().press('Home');
      expect((await audio.state()).currentTime).toBe(0);
      await slider().press('PageUp');
      expect((await audio.state()).currentTime).toBeGreaterThan(1);
      expect(await slider().getAttribute('aria-valuetext')).toMatch(/^\d+ of 60 seconds$/);
    });
  });

  it('the Tab key reaches all of it, in order', async () => {
    await sample.says(/The reader loaded/);
    const stops =
      'clip|10 s|50 s|90 %|forget|moment|tone|book-link|page|Download the text|change|Download the archive|Copy'.split(
        '|',
      );
    const reached: string[] = [];
    for (let presses = 0; presses < 120 && reached.at(-1) !== stops.at(-1); presses++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()'));
    }
    expect(reached.filter((stop, index) => stops.includes(stop) && reached.indexOf(stop) === index)).toEqual(stops);
  });

  it.each(['light', 'dark'] as const)('fits a phone, and fills its maps, in a %s scheme', async (colorScheme) => {
    const phone = await SamplePage.in(browser, { viewport: PHONE, colorScheme, deviceScaleFactor: 2, hasTouch: true });
    await phone.open(app.url);
    await phone.painted('#clip-map', 0, 'sent');
    await phone.painted('#book-map', book.length - 1, 'sent');
    expect(await phone.page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width);
    await phone.page.getByRole('button', { name: '50 s' }).tap();
    await phone.says(/At 50\.0 s, you can jump to 60\.0 s/);
    await phone.close();
  });
});

/** Starts the download and pauses it as soon as there is something to keep. */
async function startAndPause(sample: SamplePage): Promise<void> {
  await sample.page.getByRole('button', { name: 'Download the text' }).press('Enter');
  await sample.says(/^[1-9]\d{2},\d{3} of [\d,]+ bytes, /);
  await sample.page.getByRole('button', { name: 'Pause' }).press('Enter');
}

/** The file that was saved has all its lines, each of that version. */
async function expectVersions(page: Page, version: number): Promise<void> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Save the text' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('changing.txt');
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line, index) => line.startsWith(`version ${version}, line ${index + 1}:`))).not.toContain(false);
  expect(lines.length).toBeGreaterThan(10_000);
}

async function opened(page: Page, number: number): Promise<void> {
  await page.getByRole('img', { name: `Page ${number}`, exact: true }).waitFor();
}

/** Waits until it was asked for a part of the file. */
async function partsOf(sample: SamplePage, path: string): Promise<readonly LogEntry[]> {
  await sample.page
    .locator(`li[data-path="${path}"]`)
    .filter({ has: sample.page.getByText('206', { exact: true }) })
    .first()
    .waitFor();
  return sample.log(path);
}

async function redPixels(page: Page, selector: string): Promise<number> {
  return page.evaluate(`player.pixelsOf('${selector}', ([r, g, b]) => r > 190 && g < 80 && b < 120)`);
}

/** The first number that is told. */
function bytesIn(words: string): number {
  return Number(/[\d,]+(?= (?:of|bytes))/.exec(words)?.[0].replaceAll(',', ''));
}

function partOf(firstPos: number): string {
  return `bytes ${firstPos}-${clip.length - 1}/${clip.length}`;
}
