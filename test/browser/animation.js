// Makes docs/images/before-after.webp from the sample app, in Chromium. Needs (Debian): apt-get install chromium webp
// npm start, then node test/browser/animation.js http://localhost:3000
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const [, , url = 'http://localhost:3000'] = argv;
const RESULT = fileURLToPath(new URL('../../docs/images/before-after.webp', import.meta.url));
const FRAME_MS = 160;
const LAST_FRAME_MS = 2500;
/** Where one clicks in the seek bar, as parts of the picture's width and height. */
const BAR = { second30: 0.51, second50: 0.81, height: 0.945 };

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required'],
});
const page = await browser.newPage({ viewport: { width: 980, height: 600 }, colorScheme: 'light' });
const frames = [];

try {
  await page.goto(url);
  await page.addStyleTag({
    content: '.card { border-color: transparent } header, .settings, .code, .card + .card { display: none !important }',
  });
  await showPointer();
  await choose('plain StreamableFile');
  await page.locator('#clip-story', { hasText: 'the seek bar is dead' }).waitFor();
  await record(play);
  await record(() => clickBar(BAR.second50));
  await record(() => choose('@Ranged()'));
  await record(() => clickBar(BAR.second50));
  await record(() => clickBar(BAR.second30));
  await assemble();
} finally {
  await browser.close();
}

/** Takes a frame every now and then: while one does something, and for a moment after. */
async function record(act, afterMs = 2200) {
  const acting = act();
  const end = performance.now() + afterMs;
  while (performance.now() < end) {
    const at = performance.now();
    frames.push({ at, png: await page.screenshot() });
    await page.waitForTimeout(Math.max(0, FRAME_MS - (performance.now() - at)));
  }
  await acting;
}

function play() {
  return page.evaluate("document.querySelector('#clip').play()");
}

async function choose(label) {
  const box = await page.locator('.switch label', { hasText: label }).boundingBox();
  await click(box.x + box.width / 2, box.y + box.height / 2);
}

async function clickBar(part) {
  const box = await page.locator('#clip').boundingBox();
  await click(box.x + box.width * part, box.y + box.height * BAR.height);
}

async function click(x, y) {
  await page.mouse.move(x, y, { steps: 12 });
  await page.waitForTimeout(FRAME_MS * 2);
  await page.mouse.click(x, y);
}

/** Pictures of a page have no pointer of their own. */
async function showPointer() {
  await page.evaluate(`(() => {
    const pointer = document.createElement('div');
    pointer.style = 'position: fixed; z-index: 9; width: 22px; height: 22px; margin: -11px; border-radius: 50%; ' +
      'background: #e0234ecc; border: 3px solid #fff; pointer-events: none';
    document.body.append(pointer);
    addEventListener('mousemove', ({ clientX, clientY }) =>
      Object.assign(pointer.style, { left: clientX + 'px', top: clientY + 'px' }));
  })()`);
}

async function assemble() {
  const folder = await mkdtemp(join(tmpdir(), 'animation-'));
  try {
    const args = ['-loop', '0', '-min_size', '-lossy', '-q', '60', '-m', '6'];
    for (const [index, { at, png }] of frames.entries()) {
      const name = join(folder, `${index}.png`);
      await writeFile(name, png);
      const ms = index === frames.length - 1 ? LAST_FRAME_MS : Math.round(frames[index + 1].at - at);
      args.push('-d', String(ms), name);
    }
    await promisify(execFile)('img2webp', [...args, '-o', RESULT]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
