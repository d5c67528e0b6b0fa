import { types } from 'node:util';
import { IDENTITY, preferredCodings } from '../http/accept-encoding.js';
import { AbsentNames } from './absent-names.js';
import { checkOptions, type Checks, count, directory, flag, oneOf } from './check-options.js';
import { confinePath, type Dotfiles } from './confine-path.js';
import { fileSource } from './file-source.js';
import { mediaType } from './media-type.js';
import { codeOf, SourceNotFoundError } from './source-errors.js';
import type { RangeSource, Representation } from './source.js';

export interface FolderSourceOptions {
  /** The file that is meant by a name that is empty or ends with `/`. `false`: none. Default: `'index.html'`. */
  readonly index?: string | false;
  /**
   * Whether a file beside the one asked for, with `.br`, `.zst` or `.gz` behind its name, is sent in its place to
   * clients that take that coding. Default: `true`.
   */
  readonly precompressed?: boolean;
  /** Which names have a hash of the content in them, so that it never changes: clients keep it for a year. */
  readonly immutable?: RegExp | ((name: string) => boolean);
  /**
   * For how long clients keep the others without asking, in seconds. Default: 60, which spares the requests of one visit
   * and lets nobody wait long for a new version.
   */
  readonly maxAge?: number;
  /** Whether a name with a segment that begins with a dot is served. Default: `'deny'`. */
  readonly dotfiles?: Dotfiles;
}

/**
 * Makes sources of the files in a folder.
 *
 * @param name taken as it is (nothing is decoded), with `/` between its segments. It may come from a user: see the
 *   `root` of `fileSource`
 * @param acceptEncoding the request's field; without it, nothing but the file itself is sent
 */
export type FolderSource = (name: string, acceptEncoding?: string) => RangeSource;

/**
 * The files below a folder, each as itself or as a compressed file beside it, whichever the client would rather have.
 * A coding has its own octets, its own entity tag, and no Last-Modified, which it would share with the others.
 *
 * @example
 * const assets = folderSource('public', { immutable: /\.[0-9a-f]{8,}\./ });
 * return new RangedFile(assets(path, acceptEncoding));
 * @throws TypeError (at once) for an unknown or impossible option
 * @see RFC 9110 §12.5.3
 */
export function folderSource(root: string, options: FolderSourceOptions = {}): FolderSource {
  checkOptions('folderSource', { root }, { root: directory }, ['root']);
  const { index = 'index.html' } = checkOptions('folderSource', options, CHECKS);
  const folder = {
    files: { root, dotfiles: options.dotfiles ?? 'deny' },
    codings: options.precompressed === false ? [] : Object.keys(SUFFIXES),
    absent: new AbsentNames(),
    cacheControl: cacheControlBy(options),
  };
  return (name, acceptEncoding) => {
    if (typeof name !== 'string') throw new TypeError(`folderSource: the name must be a string, not ${typeof name}`);
    const isFolder = name === '' || name.endsWith('/');
    return new FolderFile(folder, isFolder && index !== false ? `${name}${index}` : name, acceptEncoding);
  };
}

/** What comes behind the name of a file in that coding; the coding that makes files the smallest comes first. */
const SUFFIXES: Readonly<Record<string, string>> = { br: '.br', zstd: '.zst', gzip: '.gz' };

/** What no request changes. */
interface Folder {
  readonly files: { readonly root: string; readonly dotfiles: Dotfiles };
  /** Those that are looked for. */
  readonly codings: readonly string[];
  /** Siblings that were not there: most files have none, and to look costs more than to send a range. */
  readonly absent: AbsentNames;
  cacheControl(name: string): string;
}

/** A file as it is, or in a coding. */
interface Variant {
  readonly coding: string;
  readonly representation: Representation;
}

class FolderFile implements RangeSource {
  readonly ignoresSignal = true;

  constructor(
    private readonly folder: Folder,
    private readonly name: string,
    private readonly acceptEncoding: string | undefined,
  ) {}

  async resolve(signal: AbortSignal): Promise<Representation> {
    const { root, dotfiles } = this.folder.files;
    confinePath(root, this.name, dotfiles); // what is no name has no siblings either
    const original = await this.lookUp(this.name, signal);
    let chosen: Variant | undefined;
    try {
      chosen = await this.choose(original, signal);
    } finally {
      if (chosen?.representation !== original) await original?.close?.();
    }
    return this.represent(chosen);
  }

  /** @throws SourceNotFoundError where there is nothing that the client can take */
  private async choose(original: Representation | undefined, signal: AbortSignal): Promise<Variant> {
    for (const coding of preferredCodings(this.acceptEncoding, this.folder.codings)) {
      if (coding === IDENTITY && original !== undefined) break;
      const sibling = await this.sibling(coding, original, signal);
      if (sibling === undefined) continue;
      if (!isOutdated(sibling, original)) return { coding, representation: sibling };
      await sibling.close?.();
    }
    // Also where the client has refused it: RFC 9110 §12.4.1 lets a server disregard the field rather than answer 406.
    if (original !== undefined) return { coding: IDENTITY, representation: original };
    throw new SourceNotFoundError(`"${this.name}" names nothing in ${this.folder.files.root}`);
  }

  private async sibling(
    coding: string,
    original: Representation | undefined,
    signal: AbortSignal,
  ): Promise<Representation | undefined> {
    if (coding === IDENTITY) return undefined;
    const name = `${this.name}${SUFFIXES[coding]}`;
    if (this.folder.absent.has(name)) return undefined;
    const sibling = await this.lookUp(name, signal);
    if (sibling === undefined && original !== undefined) this.folder.absent.add(name); // no name that anybody makes up
    return sibling;
  }

  private async lookUp(name: string, signal: AbortSignal): Promise<Representation | undefined> {
    try {
      return await fileSource(name, this.folder.files).resolve(signal);
    } catch (error) {
      if (codeOf(error) === 'SOURCE_NOT_FOUND') return undefined;
      throw error;
    }
  }

  private async represent({ coding, representation }: Variant): Promise<Representation> {
    try {
      const fields: Record<string, string> = { 'cache-control': this.folder.cacheControl(this.name) };
      if (this.folder.codings.length > 0) fields['vary'] = 'Accept-Encoding';
      if (coding === IDENTITY) return { ...representation, fields };
      fields['content-encoding'] = coding;
      const etag = representation.etag?.replace(/"$/, `-${coding}"`);
      return { ...representation, type: mediaType(this.name), etag, lastModified: undefined, fields };
    } catch (error) {
      await representation.close?.();
      throw error;
    }
  }
}

/**
 * A sibling that is older was made from another version of the original. Less than a second means nothing: builds write
 * both at once, in any order, and tools that copy a time leave out its decimals.
 */
function isOutdated({ lastModified: made }: Representation, original: Representation | undefined): boolean {
  const changed = original?.lastModified;
  return made !== undefined && changed !== undefined && changed.getTime() - made.getTime() >= 1000;
}

/** As long as RFC 9111 lets one ask for in earnest: a year. */
const IMMUTABLE = 'public, max-age=31536000, immutable';

/** `public` only where the app says that a name is immutable: it lets shared caches keep what needed Authorization. */
function cacheControlBy({ immutable = () => false, maxAge = 60 }: FolderSourceOptions): (name: string) => string {
  // `search` takes no notice of what a RegExp with the flag `g` remembers.
  const isImmutable = typeof immutable === 'function' ? immutable : (name: string) => name.search(immutable) !== -1;
  return (name) => (isImmutable(name) ? IMMUTABLE : `max-age=${maxAge}`);
}

const CHECKS: Checks<FolderSourceOptions> = {
  index: ["a file's name or false", (value) => value === false || (typeof value === 'string' && value !== '')],
  precompressed: flag,
  immutable: ['a RegExp or a function', (value) => types.isRegExp(value) || typeof value === 'function'],
  maxAge: count,
  dotfiles: oneOf('deny', 'allow'),
};
