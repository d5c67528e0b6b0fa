import { isNativeError } from 'node:util/types';
import { propertyOf } from './call-quietly.js';

/** Whether a value is an error, also of another realm: under Jest, those of Node.js are. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || isNativeError(value);
}

/** What is thrown in words, whatever it is. */
export function messageOf(error: unknown): string {
  const message = isError(error) ? propertyOf(error, 'message') : error;
  try {
    return String(message);
  } catch {
    return 'something that cannot be shown was thrown';
  }
}
