import type { Delegation } from '../http/representation.js';
import { realPathOf } from './open-file.js';

/**
 * Which field asks the proxy in front of the app to send a file. `{ accelRedirect: '/internal/' }`: X-Accel-Redirect, of
 * nginx, with the file's name below that location. `'sendfile'`: X-Sendfile, of Apache and lighttpd, with its real path.
 */
export type Offload = 'sendfile' | { readonly accelRedirect: string };

export function isOffload(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === 'sendfile';
  const { accelRedirect, ...others } = value as Record<string, unknown>;
  return typeof accelRedirect === 'string' && LOCATION.test(accelRedirect) && Object.keys(others).length === 0;
}

/** Segments that mean themselves: `/` alone would ask the app again, and nginx refuses those of dots. */
const LOCATION = /^\/(?:(?!\.{1,2}\/)[\w.~-]+\/)+$/;

/**
 * Says who sends a file, which was checked to be one that may be served.
 *
 * @param name below `root`, as it was asked for; `path` is where it lies
 * @throws SourceNotFoundError where it is there no more
 */
export async function delegationOf(
  offload: Offload,
  name: string,
  path: string,
  root: string | undefined,
): Promise<Delegation> {
  if (offload !== 'sendfile') {
    return { status: 200, fields: { 'x-accel-redirect': offload.accelRedirect + encodePath(name) } };
  }
  // Looked up once more: between the check and now a link may have come to lead elsewhere.
  return { status: 200, fields: { 'x-sendfile': encodePath(await realPathOf(path, root)) } };
}

/** As UTF-8, in the octets that the file system has: half a character, which has none, is read as U+FFFD there too. */
function encodePath(path: string): string {
  return Buffer.from(path).toString().split('/').map(encodeURIComponent).join('/');
}
