import { readFileSync } from 'node:fs';
import { launchChromium } from '../browser/chromium.js';
import { launchWebKit } from './webkit.js';

/** A browser that runs a script in a page. */
export interface Browser {
  /** Runs the body of an asynchronous function, which sees its arguments as `arguments`. @throws Error with what it threw */
  run(url: string, script: string, ...args: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

export const BROWSERS = [
  { name: 'WebKitGTK', launch: launchWebKit },
  { name: 'Chromium', launch: openChromium },
] as const;

async function openChromium(): Promise<Browser> {
  const browser = await launchChromium();
  const page = await browser.newPage();
  return {
    run: async (url, script, ...args) => {
      await page.goto(url);
      return page.evaluate(`(async function () { ${script} })(...${JSON.stringify(args)})`);
    },
    close: () => browser.close(),
  };
}

/** What an element of a page played. */
export interface Shown {
  readonly duration: number;
  /** Where it was when it began to play, and what it had played through when it ended. */
  readonly start: number;
  readonly played: readonly (readonly [start: number, end: number])[];
  /** The second that the picture showed at the start; `null`: there is no picture. */
  readonly picture: number | null;
}

const IN_PAGE = readFileSync(new URL('../browser/page/player.in-page.js', import.meta.url), 'utf8');

/** Plays with a `<video>` or `<audio>` from a second to the end, sixteen times as fast as it would be watched. */
export async function show(browser: Browser, pageUrl: string, fileUrl: string, from: number): Promise<Shown> {
  return (await browser.run(pageUrl, `${IN_PAGE}${SHOW}`, fileUrl, from)) as Shown;
}

const SHOW = `
  const [url, from] = arguments;
  const kind = url.endsWith('.mp3') ? 'audio' : 'video';
  const element = document.createElement(kind);
  element.muted = true;
  element.src = url;
  document.body.append(element);
  await player.opened(kind);
  if (from > 0) await player.seek(kind, from);
  const start = element.currentTime;
  const picture = kind === 'video' ? await player.pictureSecond(kind) : null;
  element.playbackRate = 16;
  const ended = new Promise((resolve, reject) => {
    element.onended = resolve;
    element.onerror = () => reject(new Error(element.error.message));
  });
  await element.play();
  await ended;
  const played = Array.from({ length: element.played.length }, (_, i) => [element.played.start(i), element.played.end(i)]);
  return { duration: element.duration, start, played, picture };
`;
