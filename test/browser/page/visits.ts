import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { type Adapter, type SampleApp, startSampleApp } from '../../support/apps/sample-app.js';
import { launchChromium } from '../chromium.js';
import { SamplePage } from './sample-page.js';

interface Visit {
  readonly app: SampleApp;
  readonly browser: Browser;
  /** Open, and fresh for each test. */
  readonly sample: SamplePage;
}

/** Lets each test of this block visit the sample app. What is returned is complete when a test runs. */
export function visits(adapter: Adapter): Visit {
  const visit: { -readonly [K in keyof Visit]?: Visit[K] } = {};

  beforeAll(async () => {
    visit.browser = await launchChromium();
    visit.app = await startSampleApp(adapter);
  });

  afterAll(async () => {
    await visit.browser?.close();
    await visit.app?.stop();
  });

  beforeEach(async () => {
    if (visit.browser === undefined || visit.app === undefined) throw new Error('there is nothing to visit');
    visit.sample = await SamplePage.in(visit.browser);
    await visit.sample.open(visit.app.url);
  });

  afterEach(() => visit.sample?.close());
  return visit as Visit;
}
