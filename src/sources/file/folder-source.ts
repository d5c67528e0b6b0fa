import { lstat } from 'node:fs/promises';
import { types } from 'node:util';
import { IDENTITY, preferredCodings } from '../../http/headers/accept-encoding.js';
import { callQuietly } from '../call-quietly.js';
import { confinePath, type Dotfiles } from '../descriptors/confine-path.js';
import { toMs } from '../descriptors/settled-version.js';
import { mediaType } from '../media-type.js';
import { SOURCE_IS_NOT_JSON } from '../not-json.js';
import { checkOptions, type Checks, count, directory, flag, oneOf } from '../options/check-options.js';
import { checkPath } from '../options/given-value.js';
import { codeOf, isForbidden, SourceNotFoundError, unusableRootOf } from '../source-errors.js';
import type { RangeSource, Representation } from '../source.js';
import { AbsentNames } from './absent-names.js';
import { fileVersionOf } from './file-parts.js';
import { fileSource } from './file-source.js';
import { tagOrigin, type TagOrigin } from './file-validators.js';

export interface FolderSourceOptions {
  /** The file served for a name that is empty or ends with `/`. `false`: none. Default: `'index.html'`. */
  readonly index?: string | false;
  /**
   * Whether a sibling of the requested file with the suffix `.br`, `.zst` or `.gz` is sent instead to clients that accept
   * that coding. Default: `true`.
   */
  readonly precompressed?: boolean;
  /** Names that contain a hash of the content, which therefore never changes: clients cache them for a year. */
  readonly immutable?: RegExp | ((name: string) => boolean);
  /**
   * How long clients cache other files without revalidation, in seconds. Default: 60, which avoids repeated requests within
   * a visit and still delivers new versions soon.
   */
  readonly maxAge?: number;
  /** Whether names with a segment that begins with a dot are served. Default: `'deny'`. */
  readonly dotfiles?: Dotfiles;
  /** What entity tags are made from: see `etag` of `fileSource`. */
  readonly etag?: 'content' | undefined;
}

/**
 * Creates a source for a file in a folder.
 *
 * @param name not decoded, with `/` between its segments. It may come from a user: see `root` of `fileSource`
 * @param acceptEncoding the request's Accept-Encoding; without it, only the file itself is sent
 */
export type FolderSource = (name: string, acceptEncoding?: string) => RangeSource;

/**
 * Serves the files below a folder: each as is or as a precompressed sibling, whichever the client prefers. Each coding has its
 * own bytes and entity tag, but no Last-Modified, which would be the same for all of them.
 *
 * @example
 * const assets = folderSource('public', { immutable: /\.[0-9a-f]{8,}\./ });
 * return new RangedFile(assets(path, acceptEncoding));
 * @throws TypeError (immediately) for an unknown or invalid option
 * @see RFC 9110 §12.5.3
 */
export function folderSource(root: string, options: FolderSourceOptions = {}): FolderSource {
  checkOptions('folderSource', { root }, { root: directory }, ['root']);
  const { index = 'index.html' } = checkOptions('folderSource', options, FOLDER_CHECKS);
  const folder = {
    files: { root, dotfiles: options.dotfiles ?? 'deny', etag: options.etag },
    codings: options.precompressed === false ? [] : Object.keys(SUFFIXES),
    absent: new AbsentNames(),
    cacheControl: cacheControlBy(options),
  };
  return (name, acceptEncoding) => {
    checkPath('folderSource: the name', name);
    const isFolder = name === '' || name.endsWith('/');
    return new FolderFile(folder, isFolder && index !== false ? `${name}${index}` : name, acceptEncoding);
  };
}

/** The suffix of a file name for each coding, most effective first. */
const SUFFIXES: Readonly<Record<string, string>> = { br: '.br', zstd: '.zst', gzip: '.gz' };

/** The settings that all requests share. */
interface Folder {
  readonly files: { readonly root: string; readonly dotfiles: Dotfiles; readonly etag: TagOrigin };
  /** Content codings whose siblings are looked for. */
  readonly codings: readonly string[];
  /** Missing siblings: most files have none, and a lookup costs more than sending a range. */
  readonly absent: AbsentNames;
  cacheControl(name: string): string;
}

/** A file in one coding. */
interface Variant {
  readonly coding: string;
  readonly representation: Representation;
}

class FolderFile implements RangeSource {
  readonly toJSON = SOURCE_IS_NOT_JSON.toJSON;
  readonly ignoresSignal = true;

  constructor(
    private readonly folder: Folder,
    private readonly name: string,
    private readonly acceptEncoding: string | undefined,
  ) {}

  async resolve(signal: AbortSignal): Promise<Representation> {
    const { root, dotfiles } = this.folder.files;
    const path = confinePath(root, this.name, dotfiles); // throws for names that are not allowed
    const original = await this.lookUp(this.name, signal);
    if (original === undefined && (await exists(path))) {
      throw new SourceNotFoundError(`"${this.name}" is not a file in ${root}`); // docs.gz is not a coding of the folder docs
    }
    let chosen: Variant | undefined;
    try {
      chosen = await this.choose(original, signal);
    } finally {
      if (chosen?.representation !== original) await original?.close?.();
    }
    return this.represent(chosen);
  }

  /** @throws SourceNotFoundError if there is nothing that the client accepts */
  private async choose(original: Representation | undefined, signal: AbortSignal): Promise<Variant> {
    for (const coding of preferredCodings(this.acceptEncoding, this.folder.codings)) {
      if (coding === IDENTITY && original !== undefined) break;
      const sibling = await this.sibling(coding, original, signal);
      if (sibling === undefined) continue;
      if (!isOutdated(sibling, original)) return { coding, representation: sibling };
      await sibling.close?.();
    }
    // Even if the client refuses it: RFC 9110 §12.4.1 lets a server ignore the header rather than respond with 406.
    if (original !== undefined) return { coding: IDENTITY, representation: original };
    throw new SourceNotFoundError(`"${this.name}" does not exist in ${this.folder.files.root}`);
  }

  private async sibling(
    coding: string,
    original: Representation | undefined,
    signal: AbortSignal,
  ): Promise<Representation | undefined> {
    if (coding === IDENTITY) return undefined;
    const name = `${this.name}${SUFFIXES[coding]}`;
    if (this.folder.absent.has(name)) return undefined;
    const sibling = await this.lookUp(name, signal).catch(unlessForbidden);
    if (sibling === undefined && original !== undefined) this.folder.absent.add(name); // only siblings of real files, so that clients cannot fill it
    return sibling;
  }

  private async lookUp(name: string, signal: AbortSignal): Promise<Representation | undefined> {
    try {
      return await fileSource(name, this.folder.files).resolve(signal);
    } catch (error) {
      const isMissing = codeOf(error) === 'SOURCE_NOT_FOUND' && unusableRootOf(error) === undefined;
      if (isMissing && !isForbidden(error)) return undefined;
      throw error;
    }
  }

  private async represent({ coding, representation }: Variant): Promise<Representation> {
    try {
      const headers: Record<string, string> = { 'cache-control': this.folder.cacheControl(this.name) };
      if (this.folder.codings.length > 0) headers['vary'] = 'Accept-Encoding';
      if (coding === IDENTITY) return { ...representation, headers };
      headers['content-encoding'] = coding;
      const etag = representation.etag?.replace(/"$/, `-${coding}"`);
      return { ...representation, type: mediaType(this.name), etag, lastModified: undefined, headers };
    } catch (error) {
      await representation.close?.();
      throw error;
    }
  }
}

/** A sibling that may not be read is left out: the file itself can be sent. */
function unlessForbidden(error: unknown): undefined {
  if (!isForbidden(error)) throw error;
}

/** Whether anything exists at a path, such as a directory, or a link that leads out of the folder or nowhere. */
async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a sibling is older than the original, and so was made from another version. Differences below a second do not
 * count: builds write both files in any order, and tools that copy times drop fractions of a second.
 */
function isOutdated(sibling: Representation, original: Representation | undefined): boolean {
  const made = fileVersionOf(sibling);
  const changed = original === undefined ? undefined : fileVersionOf(original);
  return made !== undefined && changed !== undefined && toMs(changed.mtimeNs) - toMs(made.mtimeNs) >= 1000;
}

/** A year, the customary maximum. */
const IMMUTABLE = 'public, max-age=31536000, immutable';

/** `public` only for immutable names: it lets shared caches store responses to requests with Authorization. */
function cacheControlBy({ immutable = () => false, maxAge = 60 }: FolderSourceOptions): (name: string) => string {
  // Unlike `test`, `search` ignores the `lastIndex` of a RegExp with the flag `g`.
  const isImmutable = typeof immutable === 'function' ? immutable : (name: string) => name.search(immutable) !== -1;
  return (name) => (isTrue(isImmutable(name)) ? IMMUTABLE : `max-age=${maxAge}`);
}

/** @throws TypeError for a promise, which would count as true for every name */
function isTrue(verdict: unknown): boolean {
  if (typeof verdict !== 'object' || verdict === null || !('then' in verdict)) return Boolean(verdict);
  callQuietly(() => verdict); // it may reject
  throw new TypeError('folderSource: option "immutable" must return true or false, not a promise');
}

export const FOLDER_CHECKS: Checks<FolderSourceOptions> = {
  index: ["a file's name or false", (value) => value === false || (typeof value === 'string' && value !== '')],
  precompressed: flag,
  immutable: ['a RegExp or a function', (value) => types.isRegExp(value) || typeof value === 'function'],
  maxAge: count,
  dotfiles: oneOf('deny', 'allow'),
  etag: tagOrigin,
};
