import { SourceTimeoutError } from '../sources/source-errors.js';

/** Limits each wait for a source: for its metadata and for each chunk. */
export class SourceDeadline {
  private readonly running = new Set<NodeJS.Timeout>();
  private isOver = false;

  /** @param giveUp called on a timeout, to abort the source */
  constructor(
    private readonly timeoutMs: number,
    private readonly giveUp: () => void,
  ) {}

  /**
   * Settles as `work` does, if that is in time. A later result of `work` must release itself.
   *
   * @throws SourceTimeoutError when the time is up
   */
  within<T>(work: Promise<T>): Promise<T> {
    if (this.isOver) return work;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.running.delete(timer);
        reject(new SourceTimeoutError(`the source sent nothing for ${this.timeoutMs} ms (option "sourceTimeoutMs")`));
        this.giveUp();
      }, this.timeoutMs);
      this.running.add(timer);
      const settle = <V>(report: (value: V) => void) => {
        return (value: V): void => {
          clearTimeout(timer);
          this.running.delete(timer);
          report(value);
        };
      };
      work.then(settle(resolve), settle(reject));
    });
  }

  /** Restarts all running timers, because the source has made progress. */
  renew(): void {
    for (const timer of this.running) timer.refresh();
  }

  /** Stops all timers, because the response has finished. */
  end(): void {
    this.isOver = true;
    for (const timer of this.running) clearTimeout(timer);
    this.running.clear();
  }
}
