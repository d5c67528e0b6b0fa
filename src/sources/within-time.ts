import { SourceTimeoutError } from './source-errors.js';

/** How long to wait for the store that holds an object. */
export interface Wait {
  /** Names the object, for the log. */
  readonly name: string;
  readonly timeoutMs: number;
}

/**
 * Waits for work that may not look at its signal: gives it up when the time is over, or when `signal` aborts. What it
 * returns after that is released. What it returns in time may still look at its signal, which aborts with `signal`.
 *
 * @throws SourceTimeoutError when the time is over
 */
export async function withinTime<T>(
  wait: Wait,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  release: (late: T) => void,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const pending = work(AbortSignal.any([signal, controller.signal]));
  const end = endOf(wait, signal);
  try {
    return await Promise.race([pending, end.reached]);
  } catch (error) {
    controller.abort(error);
    pending.then(release, () => {}); // its error is this one, or one that nobody waits for any more
    throw error;
  } finally {
    end.forget();
  }
}

/** Rejects when the time is over, or when the signal aborts. */
function endOf({ name, timeoutMs }: Wait, signal: AbortSignal): { readonly reached: Promise<never>; forget(): void } {
  let giveUp: (reason: unknown) => void = () => {};
  const reached = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const abort = (): void => giveUp(signal.reason);
  const timer = setTimeout(
    () => giveUp(new SourceTimeoutError(`${name}: no answer came within ${timeoutMs} ms`)),
    timeoutMs,
  );
  signal.addEventListener('abort', abort, { once: true });
  return {
    reached,
    forget() {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
  };
}
