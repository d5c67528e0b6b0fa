import { SourceTimeoutError } from '../sources/source-errors.js';

/** The longest wait for a source, be it for its metadata or for octets. One that takes longer is given up. */
export class SourceDeadline {
  /** @param giveUp lets the source know, so that what it waits for ends */
  constructor(
    private readonly timeoutMs: number,
    private readonly giveUp: () => void,
  ) {}

  /**
   * Settles as the work does, if that is in time. What comes later must let go of itself.
   *
   * @throws SourceTimeoutError when the time is over
   */
  within<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new SourceTimeoutError(`the source gave nothing for ${this.timeoutMs} ms (option "sourceTimeoutMs")`));
        this.giveUp();
      }, this.timeoutMs);
      const settle = <V>(report: (value: V) => void) => {
        return (value: V): void => {
          clearTimeout(timer);
          report(value);
        };
      };
      work.then(settle(resolve), settle(reject));
    });
  }
}
