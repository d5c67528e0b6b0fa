import { isPromise } from 'node:util/types';
import type { ByteRange } from '../../http/ranges/byte-range.js';
import type { Delegation, RepresentationMetadata } from '../../http/representation.js';
import { confinePath, type Dotfiles } from '../descriptors/confine-path.js';
import { fileHandles, type FileLease } from '../descriptors/descriptor-cache.js';
import { readUnsized } from '../descriptors/unsized-file.js';
import { areMediaTypesLoaded, loadMediaTypes, mediaType } from '../media-type.js';
import { SOURCE_IS_NOT_JSON } from '../not-json.js';
import { checkOptions, type Checks, directory, oneOf } from '../options/check-options.js';
import { checkPath } from '../options/given-value.js';
import type { RangeSource, Representation } from '../source.js';
import { delegationOf, isOffload, type Offload } from './file-offload.js';
import { FILE_WINDOW, type FileRepresentation } from './file-parts.js';
import { FileReader } from './file-reader.js';
import { fileValidators, type FileValidators, tagOrigin, type TagOrigin } from './file-validators.js';

export interface FileSourceOptions {
  /** A directory that the path cannot leave, neither by `..` nor by a link. Required for names from a request. */
  readonly root?: string;
  /** Whether names below `root` with a segment that begins with a dot are served. Default: `'deny'`. */
  readonly dotfiles?: Dotfiles;
  /**
   * `'content'`: the entity tag is a hash of the content, and there is no Last-Modified. For files with meaningless times,
   * such as builds that give all files the same date. Files up to 8 MiB are hashed before they are sent; larger ones in the
   * background, without a tag until that is done. By default only files from before 1990 are hashed, up to 8 MiB.
   */
  readonly etag?: 'content' | undefined;
  /**
   * Lets a proxy in front of the app send the file, with its own ranges and validators: the file is checked here, and the
   * empty response names it. Use it only if the app is reachable solely through the proxy, since the name is meant for the
   * proxy alone.
   */
  readonly offload?: Offload | undefined;
}

/**
 * A source over a regular file, opened when a response needs it. Without `root` the path is opened as is: always set `root`
 * for names from a request, or `../../etc/passwd` is served too. The strong entity tag is made from size and modification
 * time, and is the same on every replica; there is none while the file is younger than two seconds.
 *
 * @throws SourceNotFoundError (when resolved) if the path is not a regular file that may be served
 * @throws TypeError (immediately) for an unknown or invalid option, including a `root` that is `undefined`
 */
export function fileSource(path: string, options: FileSourceOptions = {}): RangeSource {
  checkPath('fileSource: the path', path);
  const { root, dotfiles = 'deny', offload, etag } = checkFileOptions(options);
  const resolve = (): Representation | Promise<Representation> => {
    const target = root === undefined ? path : confinePath(root, path, dotfiles);
    const lease = fileHandles.lease(target, root);
    if (offload !== undefined) return offloadedFile(lease, () => delegationOf(offload, path, target, root));
    // Synchronous if the file is open already: a promise would slow small responses down.
    if (isPromise(lease) || !areMediaTypesLoaded()) return openedFile(lease, target, etag);
    return wholeFile(lease, target, etag);
  };
  const source = { toJSON: SOURCE_IS_NOT_JSON.toJSON, ignoresSignal: true, resolve }; // spreading it would take longer
  return source;
}

async function openedFile(
  opening: FileLease | Promise<FileLease>,
  path: string,
  etag: TagOrigin,
): Promise<Representation> {
  const [lease] = await Promise.all([opening, loadMediaTypes()]);
  return wholeFile(lease, path, etag);
}

/** A file that was opened only to be checked; the proxy sends it with its own validators. */
async function offloadedFile(
  opening: FileLease | Promise<FileLease>,
  tell: () => Promise<Delegation>,
): Promise<Representation> {
  const [lease] = await Promise.all([opening, loadMediaTypes()]);
  try {
    return { ...describedFile(lease, lease.path, {}), delegated: await tell() };
  } catch (error) {
    lease.release();
    throw error;
  }
}

function wholeFile(lease: FileLease, path: string, etag: TagOrigin): Representation | Promise<Representation> {
  if (lease.isUnsized) return unsizedFile(lease, path);
  const validators = fileValidators(lease, etag);
  if (!isPromise(validators)) return describedFile(lease, path, validators);
  return validators.then((made) => describedFile(lease, path, made)); // never rejects
}

/** Its content is generated while it is read, so it has neither ranges nor validators. */
function unsizedFile(lease: FileLease, path: string): Representation {
  return { type: mediaType(path), open: () => readUnsized(lease.fd), close: () => lease.release() };
}

function describedFile(lease: FileLease, path: string, validators: FileValidators): Representation {
  const window = { firstPos: 0, lastPos: lease.version.size - 1 };
  return fileRepresentation(lease, window, { type: mediaType(path), ...validators });
}

const CHECKS: Checks<FileSourceOptions> = {
  root: directory,
  dotfiles: oneOf('deny', 'allow'),
  offload: ["'sendfile' or { accelRedirect } with the path of a location, such as '/internal/'", isOffload],
  etag: tagOrigin,
};

function checkFileOptions(options: FileSourceOptions): FileSourceOptions {
  const { root, offload } = checkOptions('fileSource', options, CHECKS);
  if ('root' in options) checkOptions('fileSource', options, CHECKS, ['root']); // an undefined root must not mean none
  if (root === undefined && offload !== undefined && offload !== 'sendfile') {
    throw new TypeError('fileSource: option "offload" with accelRedirect needs "root", the directory of that location');
  }
  return options;
}

/** A window of a leased file, positions inclusive. Its `close` releases the lease. */
export function fileRepresentation(
  lease: FileLease,
  { firstPos, lastPos }: ByteRange,
  { type, etag, lastModified }: Pick<RepresentationMetadata, 'type' | 'etag' | 'lastModified'>,
): FileRepresentation {
  const open = (range: ByteRange | undefined): FileReader =>
    range === undefined
      ? new FileReader(lease, firstPos, lastPos)
      : new FileReader(lease, firstPos + range.firstPos, firstPos + range.lastPos);
  const close = (): void => lease.release();
  return {
    size: lastPos - firstPos + 1,
    type,
    etag,
    lastModified,
    isExact: true,
    open,
    close,
    [FILE_WINDOW]: { lease, firstPos, lastPos, open, close },
  };
}
