import type { BigIntStats, ReadStream } from 'node:fs';
import { type FileLease, fileHandles } from './file-handles.js';
import { fileRepresentation, fileValidators } from './file-source.js';
import { fstatAsync } from './open-file.js';
import { SourceNotFoundError } from './source-errors.js';
import type { RangeSource, Representation } from './source.js';
import { forwardRepresentation, type StreamSourceOptions } from './stream-source.js';

/**
 * A source over the file that an `fs.ReadStream` reads, within the stream's `start` and `end`. It owns the stream.
 *
 * The octets come through a descriptor of our own: destroying a ReadStream closes its number even where it should not,
 * and by then that number may belong to another file.
 *
 * @param declared counts where the stream's place in the file, and with it the length, cannot be told
 */
export function readStreamSource(stream: ReadStream, declared: StreamSourceOptions): RangeSource {
  stream.on('error', () => {}); // `opened` and the reader report it; between the two nobody listens
  return {
    async resolve(signal) {
      try {
        return await represent(stream, declared, signal);
      } catch (error) {
        stream.destroy();
        throw error;
      }
    },
  };
}

async function represent(
  stream: ReadStream,
  declared: StreamSourceOptions,
  signal: AbortSignal,
): Promise<Representation> {
  const fd = await opened(stream);
  const stats = await fstatAsync(fd, { bigint: true });
  if (stats.isDirectory()) throw new SourceNotFoundError(`${String(stream.path)} is a directory`);
  const window = windowOf(stream, Number(stats.size));
  if (window === undefined || !stats.isFile()) return forwardRepresentation(stream, declared, signal);
  const lease = await leaseSameFile(stream, stats);
  const size = window.lastPos - window.firstPos + 1;
  if (lease === undefined) return forwardRepresentation(stream, { size }, signal);
  stream.destroy();
  const isWhole = size === lease.version.size;
  return fileRepresentation(lease, window, isWhole ? fileValidators(lease.version) : {});
}

/** Where in its file the stream reads; `undefined` where that cannot be told: a descriptor's own position is unknown. */
function windowOf({ path, start, end, bytesRead }: Windowed, size: number) {
  if (bytesRead > 0 || (path === undefined && start === undefined)) return undefined;
  const firstPos = Math.min(start ?? 0, size);
  return { firstPos, lastPos: Math.max(firstPos, Math.min(end ?? Infinity, size - 1) + 1) - 1 };
}

/** A ReadStream with the properties it was made with, which its types leave out. */
interface Windowed {
  readonly path: ReadStream['path'] | undefined;
  readonly bytesRead: number;
  readonly start?: number;
  readonly end?: number;
}

/** `undefined` where the path no longer leads to the file that the stream has open. */
async function leaseSameFile({ path }: ReadStream, stats: BigIntStats): Promise<FileLease | undefined> {
  if (typeof path !== 'string') return undefined;
  try {
    const lease = await fileHandles.lease(path);
    if (
      lease.version.dev === stats.dev &&
      lease.version.ino === stats.ino &&
      lease.version.size === Number(stats.size)
    ) {
      return lease;
    }
    lease.release();
  } catch {
    // Renamed or deleted since: the stream still has the file.
  }
  return undefined;
}

/** The stream's descriptor, once it has one. */
function opened(stream: ReadStream & { readonly fd?: number | null }): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(openError(stream));
    if (stream.errored !== null || stream.destroyed) return fail();
    if (typeof stream.fd === 'number') return resolve(stream.fd);
    stream.once('open', resolve).once('error', fail).once('close', fail); // which of the two comes is an option of the stream
  });
}

/** Why a stream has no descriptor to read from. */
function openError({ errored, path }: ReadStream): Error {
  const name = String(path);
  if (errored === null)
    return new TypeError(`the stream over ${name} was destroyed or sent already; return a fresh one`);
  const { code = '' }: NodeJS.ErrnoException = errored;
  return ABSENT.has(code) ? new SourceNotFoundError(`${name} cannot be opened`, { cause: errored }) : errored;
}

/** The errors of an open that say that there is nothing to serve. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG']);
