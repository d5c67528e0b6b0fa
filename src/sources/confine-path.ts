import { isAbsolute, join, resolve, sep } from 'node:path';
import { SourceNotFoundError } from './source-errors.js';

/** Which names may not be asked for: those with a segment that begins with a dot, or none. */
export type Dotfiles = 'deny' | 'allow';

/**
 * Joins a name that a user gave to a root directory. The name is taken as it is (nothing is decoded) and uses `/`.
 * Whether links lead out of the root can be told only from the opened file: see `isInside`.
 *
 * @throws SourceNotFoundError for any name that is not plainly one of something below the root
 */
export function confinePath(root: string, name: string, dotfiles: Dotfiles): string {
  if (!isPlainName(name, dotfiles)) throw new SourceNotFoundError(`"${name}" names nothing below ${root}`);
  return join(resolve(root), name);
}

/** Whether a real path lies below a real root directory. */
export function isInside(realRoot: string, realPath: string): boolean {
  return realPath.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep);
}

function isPlainName(name: string, dotfiles: Dotfiles): boolean {
  if (name === '' || isAbsolute(name) || /[\0\\]/.test(name)) return false;
  return name.split('/').every((segment) => isPlainSegment(segment, dotfiles));
}

function isPlainSegment(segment: string, dotfiles: Dotfiles): boolean {
  if (segment === '' || segment === '.' || segment === '..') return false;
  if (dotfiles === 'deny' && segment.startsWith('.')) return false;
  if (/[. ]$/.test(segment)) return false; // Windows drops them: "secret." would open "secret"
  return !/:/.test(segment) && !WINDOWS_DEVICE.test(segment); // drive letters and streams; CON opens a device anywhere
}

const WINDOWS_DEVICE = /^(?:con|conin\$|conout\$|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]) *(?:\.|$)/i;
