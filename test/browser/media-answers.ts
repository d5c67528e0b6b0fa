import type { Page, Response } from 'playwright-core';

/** What the server answered to one request of a media element. */
export interface MediaAnswer {
  readonly status: number;
  /** The Range that was asked for. */
  readonly range: string | undefined;
  readonly contentRange: string | undefined;
}

/** Collects from now on what the page gets from that path; `settled` returns all of it. */
export function watchAnswers(page: Page, path: string): { settled(): Promise<readonly MediaAnswer[]> } {
  const answers: Promise<MediaAnswer>[] = [];
  page.on('response', (response) => {
    if (new URL(response.url()).pathname === path) answers.push(describe(response));
  });
  return { settled: () => Promise.all(answers) };
}

async function describe(response: Response): Promise<MediaAnswer> {
  const request = await response.request().allHeaders();
  const fields = await response.allHeaders();
  return { status: response.status(), range: request['range'], contentRange: fields['content-range'] };
}
