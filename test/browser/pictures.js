// Takes the pictures of docs/images from the sample app: npm start, then node test/browser/pictures.js http://localhost:3000
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [, , url = 'http://localhost:3000'] = argv;
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});

await take('page-wide', { viewport: { width: 1200, height: 820 }, colorScheme: 'light' });
await browser.close();

async function take(name, options) {
  const page = await browser.newPage(options);
  await page.goto(url);
  await page.getByRole('img', { name: 'Page 300' }).waitFor();
  for (const label of ['50 s', '10 s']) {
    await page.getByRole('button', { name: label }).click();
    await page.locator('#clip-story', { hasText: `For ${label}` }).waitFor();
    await page.waitForTimeout(1000); // for as much of the clip as one looks at
  }
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url)) });
  await page.close();
}
