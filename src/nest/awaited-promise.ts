/** A promise that knows whether anybody awaits it: by `await`, `then`, `catch`, `return` or `Promise.all`. */
class AwaitedPromise extends Promise<void> {
  isAwaited = false;

  /** `then` returns an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Keeps an unawaited rejection from ending the process. */
  tolerate(): void {
    super.then(undefined, () => {});
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise has it; here it also counts
  override then<A = void, B = never>(...handlers: Parameters<Promise<void>['then']>): Promise<A | B> {
    this.isAwaited = true;
    return super.then(...handlers) as Promise<A | B>; // of what the handlers return, which `Parameters` has forgotten
  }
}

/**
 * Returns a promise that settles like `work`. If it rejects before anybody awaits it, `onForgotten` is called instead of an
 * unhandled rejection; a later `await` still throws.
 */
export function withoutUnhandled(work: Promise<void>, onForgotten: (error: unknown) => void): Promise<void> {
  const promise = new AwaitedPromise((resolve, reject) => {
    work.then(resolve, (error: unknown) => {
      if (promise.isAwaited) return reject(error);
      // A promise returned through several async functions is awaited a few microtasks later.
      setImmediate(() => {
        if (!promise.isAwaited) onForgotten(error);
        reject(error);
      });
    });
  });
  promise.tolerate();
  return promise;
}
