import { type BigIntStats, close, constants, fstat, open, realpath, stat } from 'node:fs';
import { promisify } from 'node:util';
import { isInside } from './confine-path.js';
import { codeOf, SourceNotFoundError, SourceUnavailableError } from './source-errors.js';

const openAsync = promisify(open);
export const fstatAsync: (fd: number, options: { bigint: true }) => Promise<BigIntStats> = promisify(fstat);
export const statAsync: (path: string, options: { bigint: true }) => Promise<BigIntStats> = promisify(stat);
const realpathAsync = promisify(realpath.native);

/** Reading only; a FIFO without a writer must not block a thread of the pool, nor a terminal become ours. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * Opens the regular file at `path`; below `root`, where one is given, links included. The caller closes the descriptor.
 *
 * @throws SourceNotFoundError where there is no such file, or none that may be served
 * @throws SourceUnavailableError where it cannot be opened now
 */
export async function openRegularFile(
  path: string,
  root: string | undefined,
): Promise<{ readonly fd: number; readonly stats: BigIntStats }> {
  const fd = root === undefined ? await openFile(path, 0) : await openFile(await realPathOf(path, root), NO_LINK);
  try {
    const stats = await fstatAsync(fd, { bigint: true });
    if (!stats.isFile()) throw new SourceNotFoundError(`${path} is not a regular file`);
    if (root !== undefined) await confine(path, root, stats);
    return { fd, stats };
  } catch (error) {
    void closeFile(fd);
    throw error;
  }
}

/** What a link leads to is looked up before, so that not even a descriptor is opened outside the root. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/** What may be over in a moment. */
const NOT_NOW: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EIO']);

async function openFile(path: string, flags: number): Promise<number> {
  try {
    return await openAsync(path, OPEN_FLAGS | flags);
  } catch (error) {
    if (NOT_NOW.has(codeOf(error))) {
      throw new SourceUnavailableError(`${path} cannot be opened now`, { cause: error });
    }
    throw new SourceNotFoundError(`${path} cannot be opened`, { cause: error });
  }
}

/**
 * Where a path leads, all links followed.
 *
 * @throws SourceNotFoundError where that is nothing, or not below `root`, where one is given
 */
export async function realPathOf(path: string, root: string | undefined): Promise<string> {
  try {
    const [realPath, realRoot] = await Promise.all([
      realpathAsync(path),
      root === undefined ? '' : realpathAsync(root),
    ]);
    if (root === undefined || isInside(realRoot, realPath)) return realPath;
  } catch (error) {
    throw new SourceNotFoundError(`${path} cannot be opened`, { cause: error });
  }
  throw new SourceNotFoundError(`${path} leads out of ${root}`);
}

/**
 * Checks that an opened file lies below `root`: the file, not its name, which may come to mean something else meanwhile.
 *
 * @throws SourceNotFoundError where it does not
 */
export async function confine(path: string, root: string, opened: BigIntStats): Promise<void> {
  const realPath = await realPathOf(path, root);
  const { dev, ino } = await statAsync(realPath, { bigint: true }).catch(() => NOTHING);
  if (dev !== opened.dev || ino !== opened.ino)
    throw new SourceNotFoundError(`${path} was replaced while it was opened`);
}

const NOTHING = { dev: undefined, ino: undefined };

/** Never rejects: a descriptor that was only read has nothing to lose. */
export function closeFile(fd: number): Promise<void> {
  return new Promise((resolve) => close(fd, () => resolve()));
}
