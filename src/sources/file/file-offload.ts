import type { Delegation } from '../../http/representation.js';
import { realPathOf } from '../descriptors/open-file.js';

/**
 * The header that makes a proxy in front of the app send a file. `{ accelRedirect: '/internal/' }`: X-Accel-Redirect (nginx)
 * with the file's name below that location. `'sendfile'`: X-Sendfile (Apache, lighttpd) with its real path.
 */
export type Offload = 'sendfile' | { readonly accelRedirect: string };

export function isOffload(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === 'sendfile';
  const { accelRedirect, ...others } = value as Record<string, unknown>;
  return typeof accelRedirect === 'string' && LOCATION.test(accelRedirect) && Object.keys(others).length === 0;
}

/** At least one plain segment: `/` alone would send the request to the app again, and nginx rejects dot segments. */
const LOCATION = /^\/(?:(?!\.{1,2}\/)[\w.~-]+\/)+$/;

/**
 * The delegation for a file that was checked and may be served.
 *
 * @param name the requested name below `root`; `path` is its location
 * @throws SourceNotFoundError if it no longer exists
 */
export async function delegationOf(
  offload: Offload,
  name: string,
  path: string,
  root: string | undefined,
): Promise<Delegation> {
  if (offload !== 'sendfile') {
    return { status: 200, headers: { 'x-accel-redirect': offload.accelRedirect + encodePath(name) } };
  }
  // Resolved again: a link may have changed since the check.
  return { status: 200, headers: { 'x-sendfile': encodePath(await realPathOf(path, root)) } };
}

/** Percent-encodes as UTF-8, like the file system: a lone surrogate becomes U+FFFD. */
function encodePath(path: string): string {
  return Buffer.from(path).toString().split('/').map(encodeURIComponent).join('/');
}
