import { realpath } from 'node:fs';
import { promisify } from 'node:util';
import type { Delegation } from '../http/representation.js';
import { isInside } from './confine-path.js';
import { SourceNotFoundError } from './source-errors.js';

/**
 * Which field asks the proxy in front of the app to send a file. `{ accelRedirect: '/internal/' }`: X-Accel-Redirect, of
 * nginx, with the file's name below that location. `'sendfile'`: X-Sendfile, of Apache and lighttpd, with its real path.
 */
export type Offload = 'sendfile' | { readonly accelRedirect: string };

/** @throws TypeError that names the option, where it is impossible */
export function checkOffload(offload: unknown, root: string | undefined): void {
  if (offload === undefined || offload === 'sendfile') return;
  if (!isAccelRedirect(offload)) {
    throw new TypeError(
      `fileSource: option "offload" must be 'sendfile', or { accelRedirect } with the path of a location such as ` +
        `'/internal/', not ${JSON.stringify(offload)}`,
    );
  }
  if (root === undefined) {
    throw new TypeError('fileSource: option "offload" with accelRedirect needs "root", the directory of that location');
  }
}

function isAccelRedirect(offload: unknown): boolean {
  if (typeof offload !== 'object' || offload === null || !('accelRedirect' in offload)) return false;
  const { accelRedirect, ...others } = offload;
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
  return { status: 200, fields: { 'x-sendfile': encodePath(await realPathOf(path, root)) } };
}

const realpathAsync = promisify(realpath.native);

/** Looked up once more: between the check and now a link may have come to lead elsewhere. */
async function realPathOf(path: string, root: string | undefined): Promise<string> {
  try {
    const realPath = await realpathAsync(path);
    if (root === undefined || isInside(await realpathAsync(root), realPath)) return realPath;
  } catch (error) {
    throw new SourceNotFoundError(`${path} is there no more`, { cause: error });
  }
  throw new SourceNotFoundError(`${path} leads out of ${root}`);
}

/** As UTF-8, in the octets that the file system has: half a character, which has none, is read as U+FFFD there too. */
function encodePath(path: string): string {
  return Buffer.from(path).toString().split('/').map(encodeURIComponent).join('/');
}
