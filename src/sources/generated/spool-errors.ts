import { NOT_NOW } from '../descriptors/open-file.js';
import { codeOf, SourceUnavailableError } from '../source-errors.js';

/** Whether a disk or quota is full. */
export function isFull(error: unknown): boolean {
  return FULL.has(codeOf(error));
}

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** Retry-After, in seconds: by then readers may have finished, or space was freed. */
export const RETRY_AFTER_SECONDS = 5;

/** Maps an error of the file system to the one to throw. Any other is a mistake in the configuration, such as an unwritable directory. */
export function toSpoolError(error: unknown, directory: string): unknown {
  if (!isFull(error) && !NOT_NOW.has(codeOf(error))) return error;
  const message = `${directory} cannot store generated content at the moment: ${String(codeOf(error))}`;
  return new SourceUnavailableError(message, { cause: error, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
