import { SourceTimeoutError } from '../source-errors.js';

/** The time limit for an object's store. */
export interface Wait {
  /** Names the object, for the log. */
  readonly name: string;
  readonly timeoutMs: number;
}

/**
 * Waits for work that may ignore its signal; gives up when the time is up or `signal` aborts. A later result is released. A
 * result in time may keep watching the work's signal, which aborts with `signal`.
 *
 * @throws SourceTimeoutError when the time is up
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
    pending.then(release, () => {}); // a later error no longer matters
    throw error;
  } finally {
    end.forget();
  }
}

/** Rejects when the time is up or the signal aborts. */
function endOf({ name, timeoutMs }: Wait, signal: AbortSignal): { readonly reached: Promise<never>; forget(): void } {
  let giveUp: (reason: unknown) => void = () => {};
  const reached = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const abort = (): void => giveUp(signal.reason);
  const timer = setTimeout(
    () => giveUp(new SourceTimeoutError(`${name}: no response within ${timeoutMs} ms`)),
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
