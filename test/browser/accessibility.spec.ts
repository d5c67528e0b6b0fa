import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AxeResults } from 'axe-core';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { type SampleApp, startSampleApp } from '../support/apps/sample-app.js';
import { launchChromium } from './chromium.js';
import { PHONE, SamplePage } from './page/sample-page.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SIZES = { phone: PHONE, wide: { width: 1920, height: 1080 } } as const;
const LOOKS = (['phone', 'wide'] as const).flatMap((size) => [[size, 'light'] as const, [size, 'dark'] as const]);

describe.each(LOOKS)('axe-core finds nothing on a %s screen in a %s scheme', (size, colorScheme) => {
  let app: SampleApp;
  let browser: Browser;
  let sample: SamplePage;

  beforeAll(async () => {
    [app, browser] = await Promise.all([startSampleApp('express'), launchChromium()]);
  });

  afterEach(() => sample.close());

  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  async function open(): Promise<void> {
    sample = await SamplePage.in(browser, { viewport: SIZES[size], colorScheme });
    await sample.open(app.url);
    await sample.says(/The reader loaded/);
  }

  it('after a jump, with the code unfolded and a file that is being downloaded', async () => {
    await open();
    await sample.page.getByRole('button', { name: '50 s' }).click();
    await sample.says(/^For 50 s the player requested/);
    await sample.page.getByRole('button', { name: 'Download the text' }).click();
    for (const summary of await sample.page.locator('summary').all()) {
      await summary.evaluate((element) => element.parentElement?.setAttribute('open', ''));
    }
    await sample.page.locator('#clip-code pre', { hasText: '@Ranged()' }).waitFor();
    expect(await violations(sample.page)).toEqual([]);
    await sample.page.getByRole('button', { name: 'Pause' }).click();
  });

  it('while files are generated, and where a jump is remembered', async () => {
    await open();
    await sample.chooseSource('Generated');
    await sample.page.locator('#clip-making p', { hasText: '%' }).waitFor();
    await sample.page.getByRole('button', { name: '50 s' }).click();
    await sample.says(/50 s is remembered/);
    expect(await violations(sample.page)).toEqual([]);
  });

  it('when the server has stopped', async () => {
    await open();
    await sample.page.evaluate(`(() => {
      document.querySelector('#connection').textContent = 'The server has stopped.';
    })()`);
    expect(await violations(sample.page)).toEqual([]);
  });

  it.each(['README.md', 'docs/getting-started.md', 'docs/options.md'])('in the documentation: %s', async (path) => {
    sample = await SamplePage.in(browser, { viewport: SIZES[size], colorScheme });
    await sample.page.goto(`${app.url}/repository/${path}`);
    expect(await violations(sample.page)).toEqual([]);
  });
});

/** Each rule that is broken, with the elements that break it. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.addScriptTag({ path: AXE });
  const results: AxeResults = await page.evaluate('axe.run()');
  expect(results.passes.length).toBeGreaterThan(10);
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
