import fs, { type BigIntStats, type ReadStream } from 'node:fs';
import { type ByteRange, rangeLength } from '../http/byte-range.js';
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
  const lease = await leaseUnopened(stream);
  if (lease !== undefined) return windowedFile(stream, lease);
  const fd = await opened(stream);
  const stats = await fstatAsync(fd, { bigint: true });
  if (stats.isDirectory()) throw new SourceNotFoundError(`${String(stream.path)} is a directory`);
  if (!isPositionKnown(stream) || !stats.isFile()) return forwardRepresentation(stream, declared, signal);
  const same = await leaseSameFile(stream, stats);
  if (same !== undefined) return windowedFile(stream, same);
  return forwardRepresentation(stream, { size: rangeLength(windowOf(stream, Number(stats.size))) }, signal);
}

function windowedFile(stream: ReadStream, lease: FileLease): Representation {
  stream._construct = (done) => done(); // where it has not begun to open the file, it need not
  stream.destroy();
  const window = windowOf(stream, lease.version.size);
  const isWhole = rangeLength(window) === lease.version.size;
  return fileRepresentation(lease, window, isWhole ? fileValidators(lease.version) : {});
}

/**
 * A stream that has not opened its path yet would open what is there now, as we do: there is nothing to wait for, and
 * nothing to compare. `undefined` where it is open already, or where what it does with its path is its own affair.
 */
async function leaseUnopened(stream: ReadStream & { readonly fd?: number | null }): Promise<FileLease | undefined> {
  const { path, fd, destroyed, errored } = stream;
  if (typeof path !== 'string' || typeof fd === 'number' || destroyed || errored !== null || !readsDisk(stream)) return;
  try {
    return await fileHandles.lease(path);
  } catch {
    return undefined; // the stream itself knows best what is wrong, and may read what is no regular file
  }
}

/** Whether the stream was made without the option `fs`, which leads to files of another kind. */
function readsDisk(stream: object): boolean {
  const own = Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'kFs');
  return own === undefined || Reflect.get(stream, own) === fs;
}

/** Whether it can be told where in its file the stream reads: a descriptor's own position is unknown. */
function isPositionKnown({ path, start, bytesRead }: Windowed): boolean {
  return bytesRead === 0 && (path !== undefined || start !== undefined);
}

/** What of a file of this size the stream reads. */
function windowOf({ start = 0, end = Infinity }: Windowed, size: number): ByteRange {
  const firstPos = Math.min(start, size);
  return { firstPos, lastPos: Math.max(firstPos, Math.min(end, size - 1) + 1) - 1 };
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
