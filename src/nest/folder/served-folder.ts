import type { IncomingHttpHeaders } from 'node:http';
import { RangedFile } from '../../files/ranged-file.js';
import { namesMediaType } from '../../http/headers/accept.js';
import { type FolderSource, folderSource } from '../../sources/file/folder-source.js';
import { SOURCE_IS_NOT_JSON } from '../../sources/not-json.js';
import { codeOf, isRefusedName, SourceNotFoundError, unusableRootOf } from '../../sources/source-errors.js';
import type { RangeSource, Representation } from '../../sources/source.js';
import { checkFolderOptions, type RangedFolderOptions } from './ranged-folder.options.js';

/** The part of a request of Express or Fastify that we use. */
export interface FolderRequest {
  readonly headers: IncomingHttpHeaders;
  /** The URL as the client sent it. */
  readonly originalUrl: string;
  /** The decoded wildcard: a string on Fastify, segments on Express. */
  readonly params: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The files that one `RangedFolderModule` serves. */
export class ServedFolder {
  private readonly options: RangedFolderOptions;
  private readonly files: FolderSource;

  /** @throws TypeError naming an unknown, invalid or missing option */
  constructor(options: RangedFolderOptions) {
    this.options = checkFolderOptions(options);
    const { root, extensions: _, fallback: __, redirect: ___, headers: ____, ...ofFiles } = options;
    this.files = folderSource(root, ofFiles);
  }

  /** Looks nothing up until the response is negotiated. */
  file(request: FolderRequest): RangedFile {
    return new RangedFile(new RequestedFile(this.files, this.options, request));
  }
}

/** A file that may answer a request, if it exists. */
interface Candidate {
  /** A file's name in the folder. */
  readonly name: string;
  /** Turns that file's representation into the answer. */
  readonly answer: (representation: Representation) => Representation | Promise<Representation>;
}

/** The first of several names that exists. */
class RequestedFile implements RangeSource {
  readonly toJSON = SOURCE_IS_NOT_JSON.toJSON;
  readonly ignoresSignal = true;

  constructor(
    private readonly files: FolderSource,
    private readonly options: RangedFolderOptions,
    private readonly request: FolderRequest,
  ) {}

  async resolve(signal: AbortSignal): Promise<Representation> {
    let absence: unknown;
    for (const { name, answer } of this.candidates()) {
      try {
        const found = await this.files(name, this.request.headers['accept-encoding']).resolve(signal);
        return await answer(found);
      } catch (error) {
        if (!isAbsence(error)) throw error;
        absence ??= error;
      }
    }
    throw absence ?? new SourceNotFoundError(`a directory was requested, and option "index" is false`);
  }

  /** Candidates in the order of lookup. */
  private *candidates(): Generator<Candidate> {
    const { index = 'index.html', extensions = [], redirect = true } = this.options;
    const name = requestedName(this.request);
    const isDirectory = name === '' || name.endsWith('/');
    const asIs = (file: string): Candidate => ({ name: file, answer: (found) => this.withHeaders(file, found) });
    if (isDirectory && index !== false && hasSlash(this.request)) yield asIs(`${name}${index}`);
    if (!isDirectory) {
      yield asIs(name);
      for (const extension of extensions) yield asIs(`${name}.${extension}`);
    }
    if (redirect && index !== false && !hasSlash(this.request)) {
      const directory = name === '' ? '' : `${name}/`;
      yield { name: `${directory}${index}`, answer: (found) => this.redirection(found) };
    }
    const fallback = this.fallback(name);
    if (fallback !== undefined)
      yield { ...asIs(fallback), answer: (found) => this.withHeaders(fallback, varied(found)) };
  }

  private fallback(name: string): string | undefined {
    const { fallback } = this.options;
    if (fallback === undefined || hasExtension(name)) return undefined;
    if (!namesMediaType(this.request.headers.accept, 'text/html')) return undefined;
    return typeof fallback === 'function' ? fallback(name) : fallback;
  }

  private async withHeaders(name: string, found: Representation): Promise<Representation> {
    const { headers } = this.options;
    if (headers === undefined) return found;
    try {
      const own = Object.entries(headers(name)).map(([header, value]) => [header.toLowerCase(), value]);
      return { ...found, headers: { ...found.headers, ...Object.fromEntries(own) } };
    } catch (error) {
      await found.close?.();
      throw error;
    }
  }

  /** A relative Location: valid behind a proxy that strips a part of the path, and never leads to another host. */
  private async redirection(found: Representation): Promise<Representation> {
    await found.close?.();
    const [path = '', ...query] = this.request.originalUrl.split('?');
    const location = [`./${path.slice(path.lastIndexOf('/') + 1)}/`, ...query].join('?');
    return {
      delegated: { status: 307, headers: { location, 'cache-control': 'no-cache' } },
      open: (range, signal) => found.open(range, signal),
    };
  }
}

function requestedName({ params }: FolderRequest): string {
  return [params['*'] ?? params[WILDCARD] ?? []].flat().join('/');
}

/** The name of the wildcard, which Express requires. */
export const WILDCARD = 'name';

function hasSlash({ originalUrl }: FolderRequest): boolean {
  return originalUrl.split('?', 1)[0]?.endsWith('/') ?? false;
}

function hasExtension(name: string): boolean {
  return name.slice(name.lastIndexOf('/') + 1).includes('.');
}

/** Whether to try other names: not if the root is missing or the name was refused. */
function isAbsence(error: unknown): boolean {
  return codeOf(error) === 'SOURCE_NOT_FOUND' && unusableRootOf(error) === undefined && !isRefusedName(error);
}

/** Adds `Vary: Accept`, since another Accept would have led to a 404. */
function varied(found: Representation): Representation {
  const vary = [found.headers?.['vary'], 'Accept'].filter((member) => member !== undefined).join(', ');
  return { ...found, headers: { ...found.headers, vary } };
}
