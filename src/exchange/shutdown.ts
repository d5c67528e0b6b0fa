import { contentTags } from '../sources/content-tags/content-tags.js';
import { fileHandles } from '../sources/descriptors/descriptor-cache.js';
import type { RunningResponses } from './running-responses.js';

/** How long aborted responses may take to release their resources once the shutdown time is up, in ms. */
const RELEASE_MS = 500;

/** The most requests that a warning names. */
const MOST_NAMED = 5;

/** Shuts an app's responses down: running ones may finish until a deadline and are then aborted. */
export class Shutdown {
  private deadline = Infinity;
  private cutting: NodeJS.Timeout | undefined;

  /**
   * @param timeoutMs `Infinity`: as long as it takes
   * @param warn reports responses that were aborted or that did not release their resources
   */
  constructor(
    private readonly running: RunningResponses,
    private readonly timeoutMs: number,
    private readonly warn: (message: string) => void,
  ) {}

  /** Call before closing the server, which waits for the responses on its own sockets. */
  begin(): void {
    this.running.drain();
    if (this.timeoutMs === Infinity) return;
    this.deadline = performance.now() + this.timeoutMs;
    this.cutting = setTimeout(() => this.cut(), this.timeoutMs).unref();
  }

  /** Call after closing the server. Resolves when all responses have finished and released their resources, or time is up. */
  async end(): Promise<void> {
    this.cutting?.ref();
    await this.running.allFinished();
    clearTimeout(this.cutting);
    contentTags.stop();
    const released = this.running.allReleased().then(() => fileHandles.closeIdle());
    if (await settlesWithin(Math.max(this.deadline - performance.now(), RELEASE_MS), released)) return;
    void fileHandles.closeIdle();
    const { unreleased } = this.running;
    this.warn(`sources still open ${this.timeoutMs} ms after the shutdown began: ${listOf(unreleased)}`);
  }

  private cut(): void {
    const count = this.running.cut();
    if (count > 0) this.warn(`running transfers cut off ${this.timeoutMs} ms after the shutdown began: ${count}`);
  }
}

function listOf(targets: readonly string[]): string {
  const others = targets.length - MOST_NAMED;
  return targets.slice(0, MOST_NAMED).join(', ') + (others > 0 ? ` and ${others} more` : '');
}

/** Whether work settles within `timeoutMs`. */
async function settlesWithin(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  if (timeoutMs === Infinity) return work.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), timeoutMs)));
  try {
    return await Promise.race([work.then(() => true), timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
