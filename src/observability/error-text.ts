import { propertyOf } from '../sources/call-quietly.js';
import { isError, messageOf } from '../sources/error-message.js';
import { codeOf, SourceFaultError, SourceLengthError } from '../sources/source-errors.js';

/** For the log; `undefined`: it has none. */
export function stackOf(error: unknown): string | undefined {
  const stack = isError(error) ? propertyOf(error, 'stack') : undefined;
  return typeof stack === 'string' ? stack : undefined;
}

/** With the request in what the app's developer has to mend: Nest logs it, and knows no route. */
export function withRequest(error: unknown, target: string): unknown {
  const code = codeOf(error);
  if (code === 'SOURCE_FAULT') return new SourceFaultError(`${target}: ${messageOf(error)}`, { cause: error });
  if (code === 'SOURCE_LENGTH') return new SourceLengthError(`${target}: ${messageOf(error)}`, { cause: error });
  return error;
}
