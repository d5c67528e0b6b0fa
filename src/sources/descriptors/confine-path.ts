import platformPath, { type PlatformPath } from 'node:path';
import { NameRefusedError } from '../source-errors.js';

/** Whether names with a segment that begins with a dot are refused. */
export type Dotfiles = 'deny' | 'allow';

/**
 * Joins a name from a user to a root directory. The name is not decoded and uses `/`. Links that lead out of the root can be
 * detected only on the opened file: see `isInside`.
 *
 * @param platform the platform's rules: on Windows, many names have a special meaning
 * @throws NameRefusedError for any name that does not plainly denote something below the root
 */
export function confinePath(
  root: string,
  name: string,
  dotfiles: Dotfiles,
  platform: PlatformPath = platformPath,
): string {
  const refusal = refusalOf(name, dotfiles, platform);
  if (refusal !== undefined) throw new NameRefusedError(name, root, refusal);
  return platform.join(platform.resolve(root), name);
}

/** Whether a real path lies below a real root directory. */
export function isInside(realRoot: string, realPath: string, { sep }: PlatformPath = platformPath): boolean {
  return realPath.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep);
}

/** The reason to refuse a name, for the log; `undefined`: none. */
function refusalOf(name: string, dotfiles: Dotfiles, platform: PlatformPath): string | undefined {
  if (name === '') return 'it is empty';
  if (name.includes('\0')) return 'it contains a NUL';
  if (platform.isAbsolute(name)) return 'it is an absolute path';
  if (isWindows(platform) && name.includes('\\')) return 'it contains a backslash';
  for (const segment of name.split('/')) {
    if (segment === '') return 'it has an empty segment';
    if (segment === '.' || segment === '..') return `it has the segment "${segment}"`;
    if (dotfiles === 'deny' && segment.startsWith('.')) return `a segment begins with a dot (option "dotfiles")`;
    if (isWindows(platform) && !isPlainOnWindows(segment)) return 'it has a special meaning on Windows';
  }
  return undefined;
}

function isWindows({ sep }: PlatformPath): boolean {
  return sep === '\\';
}

function isPlainOnWindows(segment: string): boolean {
  if (/[. ]$/.test(segment)) return false; // Windows ignores them: "secret." would open "secret"
  return !/:/.test(segment) && !WINDOWS_DEVICE.test(segment); // drive letters and streams; CON opens a device anywhere
}

const WINDOWS_DEVICE = /^(?:con|conin\$|conout\$|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]) *(?:\.|$)/i;
