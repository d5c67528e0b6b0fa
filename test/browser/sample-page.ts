import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

const IN_PAGE = ['player.in-page.js', 'byte-map.in-page.js'].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
);

export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** What the request log shows of one request. */
export interface LogEntry {
  readonly status: string;
  readonly target: string;
  readonly outcome: string;
  readonly octets: string;
  readonly range: string;
  readonly ifRange: string;
  readonly contentRange: string;
}

/** The sample app's page, and all that went wrong in it. */
export class SamplePage {
  private constructor(
    readonly page: Page,
    private readonly complaints: readonly string[],
  ) {}

  /** An empty window, which knows what `player.in-page.js` and `byte-map.in-page.js` offer. */
  static async in(browser: Browser, options: BrowserContextOptions = {}): Promise<SamplePage> {
    return SamplePage.openIn(await browser.newContext({ viewport: WIDE, ...options }));
  }

  private static async openIn(context: BrowserContext): Promise<SamplePage> {
    const complaints: string[] = [];
    context.setDefaultTimeout(60_000); // several browsers on two processors take their time
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    for (const path of IN_PAGE) await page.addInitScript({ path });
    return new SamplePage(page, complaints);
  }

  /** Opens the page, and waits until it hears what the server does. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator('#log li').first().waitFor();
  }

  /** The line that the page gives for a program, such as `curl -s`. */
  async command(start: string): Promise<string> {
    return (await this.page.locator('.commands code', { hasText: start }).textContent()) ?? '';
  }

  /** What such a line asks for. */
  async linkIn(start: string): Promise<string> {
    return /'(.*)'/.exec(await this.command(start))?.[1] ?? '';
  }

  /** Another tab of the same visitor. */
  beside(): Promise<SamplePage> {
    return SamplePage.openIn(this.page.context());
  }

  /** @throws what the page has complained of */
  async close(): Promise<void> {
    const context = this.page.context();
    await this.page.close();
    if (context.pages().length === 0) await context.close();
    if (this.complaints.length > 0) throw new Error(`The page complained: ${this.complaints.join('\n')}`);
  }

  /** A source can be chosen as soon as the page has heard that it is there. */
  async chooseSource(label: string): Promise<void> {
    await this.page.getByRole('radio', { name: label, disabled: false }).waitFor({ state: 'attached' });
    await this.page.getByText(label, { exact: true }).click();
  }

  /** Waits until the page says so, in an `<output>` or below a byte map; all that it says there. */
  async says(words: RegExp): Promise<string> {
    const told = this.page.locator('output, byte-map p').filter({ hasText: words }).first();
    await told.waitFor();
    return (await told.textContent()) ?? '';
  }

  /** What has the path is logged like this, the latest first. */
  log(path: string): Promise<readonly LogEntry[]> {
    return this.page.locator('#log li').evaluateAll(
      (entries, wanted) =>
        entries
          .map((entry) => {
            const part = (name: string): string => entry.querySelector(`[data-part=${name}]`)?.textContent ?? '';
            return {
              status: part('status'),
              target: part('target'),
              outcome: part('outcome'),
              octets: part('octets'),
              range: part('range'),
              ifRange: part('if-range'),
              contentRange: part('content-range'),
            };
          })
          .filter(({ target }) => target.endsWith(` ${wanted}`)),
      path,
    );
  }

  /** Which colour of the legend an octet has on a byte map. */
  colourAt(map: string, octet: number): Promise<string> {
    return this.page.evaluate(`byteMap.colourAt(${JSON.stringify(map)}, ${octet})`);
  }

  /** Waits until an octet has that colour. */
  async painted(map: string, octet: number, colour: string): Promise<void> {
    await this.page.waitForFunction(
      `document.querySelector('${map}').textContent.includes('A square') && ` +
        `byteMap.colourAt('${map}', ${octet}) === '${colour}'`,
    );
  }
}
