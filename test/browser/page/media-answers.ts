import type { Page, Response } from 'playwright-core';

/** What the server answered to one request of a media element. */
export interface MediaAnswer {
  readonly status: number;
  /** The Range that was asked for. */
  readonly range: string | undefined;
  readonly contentRange: string | undefined;
}

/**
 * Collects from now on what the page gets from that path; `settled` returns all of it.
 * Nothing is asked before: the page may be closed while an answer still arrives, and nobody would take that error.
 */
export function watchAnswers(page: Page, path: string): { settled(): Promise<readonly MediaAnswer[]> } {
  const responses: Response[] = [];
  page.on('response', (response) => {
    if (new URL(response.url()).pathname === path) responses.push(response);
  });
  return { settled: () => Promise.all(responses.map(describe)) };
}

async function describe(response: Response): Promise<MediaAnswer> {
  const request = await response.request().allHeaders();
  const headers = await response.allHeaders();
  return { status: response.status(), range: request['range'], contentRange: headers['content-range'] };
}
