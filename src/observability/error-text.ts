import { propertyOf } from '../sources/call-quietly.js';
import { isError, messageOf } from '../sources/error-message.js';
import { codeOf, SourceFaultError, SourceLengthError } from '../sources/source-errors.js';

/** The stack of an error, for the log; `undefined`: it has none. */
export function stackOf(error: unknown): string | undefined {
  const stack = isError(error) ? propertyOf(error, 'stack') : undefined;
  return typeof stack === 'string' ? stack : undefined;
}

/** Adds the request to the message of a mistake in the app, because Nest logs the error without it. */
export function withRequest(error: unknown, target: string): unknown {
  const code = codeOf(error);
  if (code === 'SOURCE_FAULT') return new SourceFaultError(`${target}: ${messageOf(error)}`, { cause: error });
  if (code === 'SOURCE_LENGTH') return new SourceLengthError(`${target}: ${messageOf(error)}`, { cause: error });
  return error;
}
