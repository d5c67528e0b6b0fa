import { type BigIntStats, close, constants, fstat, open, readlink, realpath, stat } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, SourceNotFoundError, SourceUnavailableError, UnusableRootError } from '../source-errors.js';
import { isInside } from './confine-path.js';
import { isUnsized } from './unsized-file.js';

const openAsync = promisify(open);
export const fstatAsync: (fd: number, options: { bigint: true }) => Promise<BigIntStats> = promisify(fstat);
export const statAsync: (path: string, options: { bigint: true }) => Promise<BigIntStats> = promisify(stat);
const realpathAsync = promisify(realpath.native);
const readlinkAsync: (path: string) => Promise<string> = promisify(readlink);

/** Read-only; a FIFO without a writer must not block a thread of the pool, nor a terminal become ours. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

export interface OpenedFile {
  readonly fd: number;
  readonly stats: BigIntStats;
  /** Whether the size is meaningless. */
  readonly isUnsized: boolean;
}

/**
 * Opens the regular file at `path`, which must lie below `root` if there is one, even through links. The caller closes the
 * descriptor.
 *
 * @throws SourceNotFoundError if there is no such file, or it may not be served
 * @throws SourceUnavailableError if it cannot be opened at the moment
 */
export async function openRegularFile(path: string, root: string | undefined): Promise<OpenedFile> {
  const target = root === undefined ? path : await realPathOf(path, root);
  if (await isOther(target)) throw new SourceNotFoundError(`${path} is not a regular file`);
  const fd = await openFile(target, root === undefined ? 0 : NO_LINK);
  try {
    const stats = await fstatAsync(fd, { bigint: true });
    if (!stats.isFile()) throw new SourceNotFoundError(`${path} is not a regular file`);
    if (root !== undefined) await confineOpened(fd, path, root, stats);
    return { fd, stats, isUnsized: await isUnsized(fd, stats) };
  } catch (error) {
    void closeFile(fd);
    throw error;
  }
}

/** Links are resolved beforehand, so that no descriptor is ever opened outside the root. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/**
 * Whether a path leads to something other than a regular file. Checked before opening it, because opening has side effects:
 * the writer of a FIFO would write to us instead of its reader.
 */
async function isOther(path: string): Promise<boolean> {
  const stats = await statAsync(path, { bigint: true }).catch(() => undefined); // opening it reports the error
  return stats?.isFile() === false;
}

async function openFile(path: string, flags: number): Promise<number> {
  try {
    return await openAsync(path, OPEN_FLAGS | flags);
  } catch (error) {
    throw toOpenError(path, error);
  }
}

/** Codes of temporary failures of a file system, local or on a network. */
export const NOT_NOW: ReadonlySet<unknown> = new Set(
  'EMFILE ENFILE ENOMEM EIO EAGAIN EBUSY ESTALE ETIMEDOUT'.split(' '),
);

/** The error for a file that cannot be opened: if this is for lack of a permission, the log says so. */
export function toOpenError(path: string, cause: unknown): SourceNotFoundError | SourceUnavailableError {
  const code = codeOf(cause);
  if (NOT_NOW.has(code)) return new SourceUnavailableError(`${path} cannot be opened now`, { cause });
  const isForbidden = code === 'EACCES' || code === 'EPERM';
  const reason = isForbidden ? `: the user of this process lacks the permission (${code})` : '';
  return new SourceNotFoundError(`${path} cannot be opened${reason}`, { cause, isForbidden });
}

/**
 * Resolves all links of a path.
 *
 * @throws SourceNotFoundError if it does not exist, or does not lie below `root`
 */
export async function realPathOf(path: string, root: string | undefined): Promise<string> {
  try {
    const [realPath, realRoot] = await Promise.all([
      realpathAsync(path),
      root === undefined ? '' : realpathAsync(root),
    ]);
    if (root === undefined || isInside(realRoot, realPath)) return realPath;
  } catch (error) {
    if (root !== undefined) await checkRoot(root);
    throw toOpenError(path, error);
  }
  throw new SourceNotFoundError(`${path} leads out of ${root}`);
}

/** @throws UnusableRootError if the root itself is the reason that nothing is found below it */
async function checkRoot(root: string): Promise<void> {
  const path = resolve(root);
  let stats: BigIntStats;
  try {
    stats = await statAsync(path, { bigint: true });
  } catch (error) {
    const code = codeOf(error);
    throw new UnusableRootError(path, code === 'ENOENT' ? 'does not exist' : `cannot be read (${String(code)})`);
  }
  if (!stats.isDirectory()) throw new UnusableRootError(path, 'is not a directory');
}

/**
 * Checks that an opened file lies below `root`. Linux tells where a descriptor is; elsewhere its name is resolved again, which
 * somebody who keeps swapping a directory above it for a link may defeat.
 *
 * @throws SourceNotFoundError if it does not
 */
async function confineOpened(fd: number, path: string, root: string, opened: BigIntStats): Promise<void> {
  const place = await readlinkAsync(`/proc/self/fd/${fd}`).catch(() => undefined);
  if (place?.startsWith('/') !== true) return confine(path, root, opened);
  if (!isInside(await realPathOf(root, undefined), place))
    throw new SourceNotFoundError(`${path} leads out of ${root}`);
}

/**
 * Checks that an opened file, rather than its name, which may meanwhile lead elsewhere, lies below `root`.
 *
 * @throws SourceNotFoundError if it does not
 */
export async function confine(path: string, root: string, opened: BigIntStats): Promise<void> {
  const realPath = await realPathOf(path, root);
  const { dev, ino } = await statAsync(realPath, { bigint: true }).catch(() => NOTHING);
  if (dev !== opened.dev || ino !== opened.ino)
    throw new SourceNotFoundError(`${path} was replaced while it was opened`);
}

const NOTHING = { dev: undefined, ino: undefined };

/** Never rejects: closing a descriptor that was only read loses nothing. */
export function closeFile(fd: number): Promise<void> {
  return new Promise((resolve) => close(fd, () => resolve()));
}
