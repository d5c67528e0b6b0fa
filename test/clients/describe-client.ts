import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import { ADAPTERS } from '../support/apps/sample-app.js';
import type { Client } from './command.js';
import { type DownloadSite, openDownloadSite } from './download-site.js';

/** Where a client downloads from, and to; set before each test. */
export interface DownloadPlace {
  readonly site: DownloadSite;
  /** Empty at the beginning of each test. */
  readonly folder: string;
}

/** Tests of a client against the sample app, on each adapter. */
export function describeClient(client: Client, define: (at: DownloadPlace) => void): void {
  describe.each(ADAPTERS)(`${client} against the sample app on %s`, (adapter) => {
    const at = {} as { site: DownloadSite; folder: string }; // filled in below, before any test reads it

    beforeAll(async () => {
      at.site = await openDownloadSite(adapter);
    });

    afterAll(() => at.site?.close());

    beforeEach(async () => {
      at.folder = await at.site.folder();
    });

    define(at);
  });
}
