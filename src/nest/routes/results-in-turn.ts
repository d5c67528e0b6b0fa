import { Observable } from 'rxjs';

/** A value that is not there yet. */
export class Pending<T> {
  /** @param abandon called if nobody waits for the value any more */
  constructor(
    readonly value: Promise<T>,
    readonly abandon: () => void,
  ) {}
}

/**
 * Emits what `project` makes of each value, one after the other, as `concatMap` does. That creates an Observable for each value,
 * which is a tenth of the cost of a small response.
 */
export function inTurn<T, R>(values: Observable<T>, project: (value: T) => R | Pending<R>): Observable<R> {
  return new Observable((subscriber) => {
    const waiting: T[] = [];
    let pending: Pending<R> | undefined;
    let isComplete = false;

    const emit = (value: T): void => {
      const made = project(value);
      if (!(made instanceof Pending)) return subscriber.next(made);
      pending = made;
      made.value.then(goOn, (error: unknown) => {
        pending = undefined;
        subscriber.error(error);
      });
    };
    const goOn = (made: R): void => {
      pending = undefined;
      subscriber.next(made);
      for (const value of waiting.splice(0)) take(value);
      if (pending === undefined && isComplete) subscriber.complete();
    };
    const take = (value: T): void => {
      if (pending !== undefined) return void waiting.push(value);
      if (subscriber.closed) return;
      try {
        emit(value);
      } catch (error) {
        subscriber.error(error);
      }
    };

    subscriber.add(() => pending?.abandon());
    const source = values.subscribe({
      next: take,
      error: (error: unknown) => subscriber.error(error),
      complete: () => {
        isComplete = true;
        if (pending === undefined) subscriber.complete();
      },
    });
    subscriber.add(source);
  });
}
