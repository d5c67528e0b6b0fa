import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { FakeStore } from '../support/stores/fake-store.js';
import { readZip } from '../support/sources/zip-reader.js';
import { ADAPTERS, type SampleApp, startSampleApp } from '../support/apps/sample-app.js';
import { launchChromium } from './chromium.js';
import { type MediaAnswer, watchAnswers } from './page/media-answers.js';
import { Player } from './page/player.js';
import { PHONE, SamplePage, WIDE } from './page/sample-page.js';

const MEDIA = new URL('../../sample-app/media/', import.meta.url);
const S3_SDK = fileURLToPath(new URL('s3/sdk.js', import.meta.url));

const clip = await readFile(new URL('clip.mp4', MEDIA));
const moovLast = await readFile(new URL('clip-moov-last.mp4', MEDIA));
const tone = await readFile(new URL('tone.mp3', MEDIA));
const book = await readFile(new URL('book.pdf', MEDIA));

/** What the page can choose from beside the disk, and the folder of each. */
const SOURCES = [
  ['Memory', '/memory'],
  ['Another server', '/upstream'],
  ['S3', '/s3'],
] as const;

describe.each(ADAPTERS)('the sample app on %s, in Chromium', (adapter) => {
  let app: SampleApp;
  let store: FakeStore;
  let browser: Browser;
  let sample: SamplePage;
  let page: Page;

  beforeAll(async () => {
    browser = await launchChromium();
    store = await FakeStore.start();
    store.put('clip.mp4', clip, { 'content-type': 'video/mp4' });
    store.put('tone.mp3', tone, { 'content-type': 'audio/mpeg' });
    store.put('book.pdf', book, { 'content-type': 'application/pdf' });
    app = await startSampleApp(adapter, {
      S3_BUCKET: 'media',
      S3_ENDPOINT: `${store.url}/s3`,
      NODE_OPTIONS: `--import=${S3_SDK}`,
    });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await store?.stop();
  });

  beforeEach(async () => {
    sample = await SamplePage.in(browser);
    page = sample.page;
  });

  afterEach(() => sample.close());

  it('the clip seeks forwards and backwards, by 206 responses only', async () => {
    const answers = watchAnswers(page, '/media/clip.mp4');
    await page.goto(app.url);
    const video = await Player.opened(page, '#clip');

    await video.seek(50);
    expect(await video.state()).toMatchObject({ currentTime: 50, duration: 60, videoWidth: 1280 });
    expect((await video.state()).seekableEnd).toBeGreaterThan(59);
    expect(await video.pictureSecond()).toBeCloseTo(50, 0);

    const positions = await video.play(51);
    expect(Math.min(...positions)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...positions)).toBeLessThan(55);

    await video.seek(25);
    expect((await video.state()).currentTime).toBe(25);
    expect(await video.pictureSecond()).toBeCloseTo(25, 0);

    const all = await answers.settled();
    expect(all.length).toBeGreaterThanOrEqual(2);
    expectExactParts(all, clip);
  });

  it('the clip with its index at the end seeks', async () => {
    const answers = watchAnswers(page, '/media/clip-moov-last.mp4');
    await page.goto(app.url);
    await Player.opened(page, '#clip');
    await sample.choose('At its end');
    await page.waitForFunction("document.querySelector('#clip').videoWidth === 640");
    const video = await Player.opened(page, '#clip');

    await video.seek(50);
    expect(await video.state()).toMatchObject({ currentTime: 50, duration: 60, videoWidth: 640 });
    expect(await video.pictureSecond()).toBeCloseTo(50, 0);
    await video.seek(5);
    expect(await video.pictureSecond()).toBeCloseTo(5, 0);

    const all = await answers.settled();
    // The index is asked for before anything can be shown: a part that begins behind the middle.
    expect(all.map(({ range }) => firstPosOf(range)).filter((firstPos) => firstPos > moovLast.length / 2)).not.toEqual(
      [],
    );
    expectExactParts(all, moovLast);
  });

  it('the tone seeks', async () => {
    const answers = watchAnswers(page, '/media/tone.mp3');
    await page.goto(app.url);
    const audio = await Player.opened(page, '#tone');

    await audio.seek(45);
    expect(await audio.state()).toMatchObject({ currentTime: 45 });
    expect((await audio.state()).seekableEnd).toBeGreaterThan(59);
    expect(Math.min(...(await audio.play(46)))).toBeGreaterThanOrEqual(45);

    const all = await answers.settled();
    expect(all.length).toBeGreaterThanOrEqual(1);
    expectExactParts(all, tone);
  });

  it('a plain StreamableFile gets a 200 and does not seek', async () => {
    const answers = watchAnswers(page, '/plain/clip.mp4');
    await page.goto(app.url);
    await sample.choose('plain StreamableFile');
    await position(page, 'At 0.0 s, you cannot jump').waitFor();
    const video = await Player.opened(page, '#clip');

    await video.seek(50);
    expect(await video.state()).toMatchObject({ currentTime: 0, duration: 60, seekableEnd: 0, videoWidth: 1280 });
    expect(await video.pictureSecond()).toBeCloseTo(0, 0);

    const all = await answers.settled();
    expect(all.length).toBeGreaterThanOrEqual(1);
    expect(all).toEqual(all.map(({ range }) => ({ range, status: 200, contentRange: undefined })));
  });

  it('the switch, by keyboard, shows that a jump fails without ranges and succeeds with them', async () => {
    await page.goto(app.url);
    await Player.opened(page, '#clip');

    await page.getByRole('radio', { name: '@Ranged()' }).press('ArrowRight');
    await position(page, 'At 0.0 s, you cannot jump').waitFor();
    const video = await Player.opened(page, '#clip');
    await page.getByRole('button', { name: '50 s' }).press('Enter');
    await video.seek(50);
    expect((await video.state()).currentTime).toBe(0);

    await page.getByRole('radio', { name: 'plain StreamableFile' }).press('ArrowLeft');
    await position(page, 'At 50.0 s, you can jump to 60.0 s').waitFor();
    expect(await video.pictureSecond()).toBeCloseTo(50, 0);
  });

  it.each(SOURCES)('from %s both players play from where one seeks to', async (label, folder) => {
    const clipAnswers = watchAnswers(page, `${folder}/clip.mp4`);
    const toneAnswers = watchAnswers(page, `${folder}/tone.mp3`);
    await page.goto(app.url);
    await Player.opened(page, '#clip');
    await sample.chooseSource(label);

    const video = await Player.opened(page, '#clip');
    await video.seek(50);
    expect(await video.state()).toMatchObject({ currentTime: 50, duration: 60, videoWidth: 1280 });
    expect((await video.state()).seekableEnd).toBeGreaterThan(59);
    expect(await video.pictureSecond()).toBeCloseTo(50, 0);
    expect(Math.min(...(await video.play(51)))).toBeGreaterThanOrEqual(50);

    const audio = await Player.opened(page, '#tone');
    await audio.seek(45);
    expect(await audio.state()).toMatchObject({ currentTime: 45 });
    expect(Math.min(...(await audio.play(46)))).toBeGreaterThanOrEqual(45);

    for (const [answers, file] of [
      [await clipAnswers.settled(), clip] as const,
      [await toneAnswers.settled(), tone] as const,
    ]) {
      expect(answers.length).toBeGreaterThanOrEqual(1);
      expectExactParts(answers, file);
    }
  });

  it.each(SOURCES)('from %s the book is read by its bytes', async (label, folder) => {
    await page.goto(app.url);
    await sample.chooseSource(label);
    const path = await page.getByRole('link', { name: 'Open the whole book' }).getAttribute('href');
    expect(path).toBe(`${folder}/book.pdf`);
    const response = await fetch(`${app.url}${path}`, { headers: { Range: 'bytes=1000000-1000999' } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-type')).toBe('application/pdf');
    expect(book.subarray(1_000_000, 1_001_000).equals(Buffer.from(await response.arrayBuffer()))).toBe(true);
  });

  it('the clip keeps its position when its source changes', async () => {
    await page.goto(app.url);
    await (await Player.opened(page, '#clip')).seek(42);
    for (const label of ['Memory', 'S3', 'Disk']) {
      await sample.chooseSource(label);
      await position(page, 'At 42.0 s, you can jump to 60.0 s').waitFor();
    }
    const video = await Player.opened(page, '#clip');
    expect(await video.pictureSecond()).toBeCloseTo(42, 0);
  });

  it.each(['media', 'memory', 'upstream', 's3'])('/%s/ serves only its files', async (folder) => {
    for (const name of [
      'missing.mp4',
      '..%2fclip.mp4',
      '%2e%2e%2fpage%2fpage.js',
      'clip.mp4%2f..%2fbook.pdf',
      '.%2fclip.mp4',
    ]) {
      const { status } = await fetch(`${app.url}/${folder}/${name}`);
      expect({ name, status }).toEqual({ name, status: 404 });
    }
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a bucket', {}, /^$/],
    ['the SDK', { S3_BUCKET: 'media' }, /^S3_BUCKET is set, but S3 stays off: @aws-sdk\/client-s3 is not installed/],
  ])('without %s S3 is off, and the page cannot choose it', async (_, environment, complaint) => {
    const other = await startSampleApp(adapter, environment);
    try {
      expect(other.complaints()).toMatch(complaint);
      expect((await fetch(`${other.url}/s3/clip.mp4`)).status).toBe(404);
      await page.goto(other.url);
      await page.getByRole('radio', { name: 'Memory', disabled: false }).waitFor({ state: 'attached' });
      expect(await page.getByRole('radio', { name: 'S3' }).isDisabled()).toBe(true);
    } finally {
      await page.goto('about:blank'); // what is under way must not be cut
      await other.stop();
    }
  });

  it('the download link saves the clip, byte for byte', async () => {
    await page.goto(app.url);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'the clip' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('clip.mp4');
    expect(clip.equals(await readFile(await download.path()))).toBe(true);
  });

  it('the link to the archive saves an archive with every file', async () => {
    await page.goto(app.url);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'the archive' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('media.zip');
    const entries = readZip(await readFile(await download.path()));
    expect(entries.map(({ name }) => name)).toEqual(['clip.mp4', 'clip-moov-last.mp4', 'tone.mp3', 'book.pdf']);
    expect(entries[0]?.bytes.equals(clip)).toBe(true);
    expect(entries[3]?.bytes.equals(book)).toBe(true);
  });

  it('a script of the page reads the last bytes of the book', async () => {
    await page.goto(app.url);
    const answer = await page.evaluate(async (path) => {
      const response = await fetch(path, { headers: { Range: 'bytes=-1024' } });
      return { status: response.status, type: response.headers.get('Content-Type'), text: await response.text() };
    }, '/media/book.pdf');
    expect(answer).toEqual({ status: 206, type: 'application/pdf', text: book.subarray(-1024).toString('latin1') });
  });

  it.each([WIDE, PHONE])('the page fits a window $width wide', async (viewport) => {
    await page.setViewportSize(viewport);
    await page.goto(app.url);
    await sample.says(/The reader loaded/);
    await page.getByText('book.pdf: ').last().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
  });
});

function position(page: Page, text: string) {
  return page.getByRole('status').filter({ hasText: text });
}

/** Each answer is a 206 whose Content-Range is exactly what its request asked of the file. */
function expectExactParts(answers: readonly MediaAnswer[], file: Buffer): void {
  const expected = answers.map(({ range }) => ({
    range,
    status: 206,
    contentRange: contentRangeFor(range, file.length),
  }));
  expect(answers).toEqual(expected);
}

function firstPosOf(range: string | undefined): number {
  return Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1]);
}

/** For the one form that media elements send: `bytes=a-b`, or without the b. */
function contentRangeFor(range: string | undefined, size: number): string | undefined {
  const [, firstPos, lastPos] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  return firstPos === undefined ? undefined : `bytes ${firstPos}-${lastPos || size - 1}/${size}`;
}
