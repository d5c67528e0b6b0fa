import { createHash } from 'node:crypto';
import type { ByteRange } from '../http/byte-range.js';
import type { Delegation, RepresentationMetadata } from '../http/representation.js';
import { checkOptions, type Checks, directory, oneOf } from './check-options.js';
import { confinePath, type Dotfiles } from './confine-path.js';
import { fileHandles, type FileLease } from './file-handles.js';
import { delegationOf, isOffload, type Offload } from './file-offload.js';
import { FILE_WINDOW, type FileRepresentation } from './file-parts.js';
import { FileReader } from './file-reader.js';
import { areMediaTypesLoaded, loadMediaTypes, mediaType } from './media-type.js';
import type { FileVersion } from './open-descriptor.js';
import type { RangeSource, Representation } from './source.js';

export interface FileSourceOptions {
  /** A directory that the path, which may then come from a user, cannot leave: not by `..`, not by a link. */
  readonly root?: string;
  /** Below `root`: whether a name with a segment that begins with a dot is served. Default: `'deny'`. */
  readonly dotfiles?: Dotfiles;
  /**
   * Lets the proxy in front of the app send the file, with its own ranges and validators: it is checked here, then the
   * answer is empty and names it. Only where nobody reaches the app but through the proxy: the name is for that alone.
   */
  readonly offload?: Offload | undefined;
}

/**
 * A source over a regular file, opened when a response needs it. It has a strong entity tag made from size and time of
 * modification, the same on every replica, and a weak one while the file is younger than two seconds.
 *
 * @throws SourceNotFoundError (when it is resolved) for whatever is not a regular file that may be served
 * @throws TypeError (at once) for an unknown or impossible option: a root that came out empty must not mean no root
 */
export function fileSource(path: string, options: FileSourceOptions = {}): RangeSource {
  const { root, dotfiles = 'deny', offload } = checkFileOptions(options);
  return {
    ignoresSignal: true,
    resolve() {
      const target = root === undefined ? path : confinePath(root, path, dotfiles);
      const lease = fileHandles.lease(target, root);
      if (offload !== undefined) {
        return offloadedFile(openedFile(lease, target), () => delegationOf(offload, path, target, root));
      }
      // Without a promise where the file is open already: small answers feel it.
      if (lease instanceof Promise || !areMediaTypesLoaded()) return openedFile(lease, target);
      return wholeFile(lease, target);
    },
  };
}

async function openedFile(opening: FileLease | Promise<FileLease>, path: string): Promise<Representation> {
  const [lease] = await Promise.all([opening, loadMediaTypes()]);
  return wholeFile(lease, path);
}

/** A file that was opened to be checked, and that somebody else sends. */
async function offloadedFile(
  opening: Promise<Representation>,
  tell: () => Promise<Delegation>,
): Promise<Representation> {
  const representation = await opening;
  try {
    return { ...representation, delegated: await tell() };
  } catch (error) {
    await representation.close?.();
    throw error;
  }
}

function wholeFile(lease: FileLease, path: string): Representation {
  const { version } = lease;
  const { etag, lastModified } = fileValidators(version);
  const window = { firstPos: 0, lastPos: version.size - 1 };
  return fileRepresentation(lease, window, { etag, lastModified, type: mediaType(path) });
}

const CHECKS: Checks<FileSourceOptions> = {
  root: directory,
  dotfiles: oneOf('deny', 'allow'),
  offload: ["'sendfile' or { accelRedirect } with the path of a location, such as '/internal/'", isOffload],
};

function checkFileOptions(options: FileSourceOptions): FileSourceOptions {
  const { root, offload } = checkOptions('fileSource', options, CHECKS);
  if ('root' in options) checkOptions('fileSource', options, CHECKS, ['root']); // `undefined` does not mean none
  if (root === undefined && offload !== undefined && offload !== 'sendfile') {
    throw new TypeError('fileSource: option "offload" with accelRedirect needs "root", the directory of that location');
  }
  return options;
}

/** A window of a leased file, positions inclusive, which releases the lease when it is closed. */
export function fileRepresentation(
  lease: FileLease,
  { firstPos, lastPos }: ByteRange,
  { type, etag, lastModified }: Pick<RepresentationMetadata, 'type' | 'etag' | 'lastModified'>,
): FileRepresentation {
  const open = (range: ByteRange | undefined): FileReader =>
    range === undefined
      ? new FileReader(lease, firstPos, lastPos)
      : new FileReader(lease, firstPos + range.firstPos, firstPos + range.lastPos);
  return {
    size: lastPos - firstPos + 1,
    type,
    etag,
    lastModified,
    isExact: true,
    open,
    close: () => lease.release(),
    [FILE_WINDOW]: { lease, firstPos, lastPos, open },
  };
}

/** A file this young may change again without its time of modification showing it (RFC 9110 §8.8.1). */
const SETTLED_AFTER_MS = 2000;

interface FileValidators {
  readonly etag: string;
  readonly lastModified: Date;
}

/** The validators of a whole file. */
export function fileValidators(version: FileVersion): FileValidators {
  const known = settledValidators.get(version);
  if (known !== undefined) return known;
  const modifiedAt = Number(version.mtimeNs / 1_000_000n);
  const isSettled = Date.now() - modifiedAt >= SETTLED_AFTER_MS;
  const tag = `"${opaqueTag(version)}"`;
  const validators = { etag: isSettled ? tag : `W/${tag}`, lastModified: new Date(modifiedAt) };
  if (isSettled) settledValidators.set(version, validators);
  return validators;
}

/** Those that will not change any more. */
const settledValidators = new WeakMap<FileVersion, FileValidators>();

/** Hashed, so that nobody reads a file's times in it; no inode and no ctime, which differ between replicas. */
function opaqueTag({ size, mtimeNs }: FileVersion): string {
  return createHash('sha256').update(`${size}:${mtimeNs}`).digest('base64url').slice(0, 22);
}
