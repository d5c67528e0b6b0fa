import { responseOf } from '../stream/waiting-response.js';

/** Reads something to its end, and reports each chunk. */
export type Read = (signal: AbortSignal, progress: () => void) => Promise<number>;

interface Reading {
  readonly result: Promise<number>;
  readonly controller: AbortController;
  /** The signals of the waiting requests. */
  readonly waiting: Set<AbortSignal>;
}

/**
 * Reads something once for all requests that need it at the same time. The reading stops when nobody waits for it any more.
 * While it makes progress, no waiting request times out.
 */
export class SharedReadings {
  private readonly underWay = new Map<string, Reading>();

  /** Waits for a running reading with this key. If that fails, reads once more for this request alone. */
  async of(key: string, read: Read, signal: AbortSignal): Promise<number> {
    const joined = this.underWay.get(key);
    if (joined === undefined) return this.waitFor(this.begin(key, read), signal);
    try {
      return await this.waitFor(joined, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return readAlone(read, signal);
    }
  }

  private begin(key: string, read: Read): Reading {
    const controller = new AbortController();
    const waiting = new Set<AbortSignal>();
    const progress = (): void => waiting.forEach((signal) => responseOf(signal)?.noteProgress());
    const result = read(controller.signal, progress);
    const reading = { result, controller, waiting };
    this.underWay.set(key, reading);
    const forget = (): void => {
      if (this.underWay.get(key) === reading) this.underWay.delete(key);
    };
    result.then(forget, forget);
    controller.signal.addEventListener('abort', forget, { once: true });
    return reading;
  }

  private async waitFor({ result, controller, waiting }: Reading, signal: AbortSignal): Promise<number> {
    waiting.add(signal);
    try {
      return await unlessAborted(result, signal);
    } finally {
      waiting.delete(signal);
      if (waiting.size === 0) controller.abort();
    }
  }
}

/** Like `SharedReadings`, without sharing. */
export function readAlone(read: Read, signal: AbortSignal): Promise<number> {
  return read(signal, () => responseOf(signal)?.noteProgress());
}

/** Settles like `work`, or rejects as soon as the signal aborts. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
