import { isPromise } from 'node:util/types';

/** Continues with a value: at once, or when its promise has it. Waiting for what is there costs a small response dearly. */
export function andThen<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return isPromise(value) ? value.then(next) : next(value);
}
