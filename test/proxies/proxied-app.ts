import { AppProcess } from '../support/apps/app-process.js';
import type { AdapterName } from '../support/apps/test-app.js';

/** @param root of the files that it serves */
export function startApp(adapter: AdapterName, root: string): Promise<AppProcess> {
  return AppProcess.start(new URL('app.js', import.meta.url), [adapter, root]);
}

/** How many requests came so far. */
export async function requestsOf(app: AppProcess): Promise<number> {
  const { requests } = await app.ask<{ requests: number }>('count');
  return requests;
}
