import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

const IN_PAGE = ['player.in-page.js', 'byte-map.in-page.js'].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
);

export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** What a list of requests shows of one request. */
export interface LogEntry {
  readonly status: string;
  /** As the server has it: `running`, `complete`, `aborted` or `failed`. */
  readonly outcome: string;
  readonly bytes: string;
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
    await this.page.locator('request-list li').first().waitFor();
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
    await this.choose(label);
  }

  /** Clicks a switch, as one does: on its words. */
  async choose(label: string): Promise<void> {
    await this.page.locator('.switch label', { hasText: label }).click();
  }

  /** Waits until the page says so, in an `<output>` or below a byte map; all that it says there. */
  async says(words: RegExp): Promise<string> {
    const told = this.page.locator('output, byte-map p').filter({ hasText: words }).first();
    await told.waitFor();
    return (await told.textContent()) ?? '';
  }

  /** The requests for that path that the page lists, the latest first. */
  log(path: string): Promise<readonly LogEntry[]> {
    return this.page.locator(`request-list li[data-path="${path}"]`).evaluateAll((entries) =>
      entries.map((entry) => {
        const part = (name: string): string => entry.querySelector(`[data-part=${name}]`)?.textContent ?? '';
        return {
          status: part('status'),
          outcome: entry.getAttribute('data-outcome') ?? '',
          bytes: part('bytes'),
          range: entry.getAttribute('data-range') ?? '',
          ifRange: part('if-range'),
          contentRange: part('content-range'),
        };
      }),
    );
  }

  /** Which colour of the legend a byte has on a byte map. */
  colourAt(map: string, byte: number): Promise<string> {
    return this.page.evaluate(`byteMap.colourAt(${JSON.stringify(map)}, ${byte})`);
  }

  /** Waits until a byte has that colour. */
  async painted(map: string, byte: number, colour: string): Promise<void> {
    await this.page.waitForFunction(
      `document.querySelector('${map}').textContent.includes('A square') && ` +
        `byteMap.colourAt('${map}', ${byte}) === '${colour}'`,
    );
  }
}
