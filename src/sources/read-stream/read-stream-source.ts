import { type BigIntStats, type ReadStream } from 'node:fs';
import { type ByteRange, rangeLength } from '../../http/ranges/byte-range.js';
import { andThen } from '../and-then.js';
import { type FileLease, fileHandles } from '../descriptors/descriptor-cache.js';
import { fstatAsync, NOT_NOW, toOpenError } from '../descriptors/open-file.js';
import { isUnsized } from '../descriptors/unsized-file.js';
import { fileRepresentation } from '../file/file-source.js';
import { fileValidators } from '../file/file-validators.js';
import { SourceNotFoundError } from '../source-errors.js';
import type { RangeSource, Representation } from '../source.js';
import { endWithResponse, hasListeners, isObserved } from '../stream/app-stream.js';
import { forwardRepresentation, type StreamSourceOptions } from '../stream/stream-source.js';
import { accessOf, announcesOpening } from './stream-access.js';
import { textLength } from './text-length.js';

/**
 * A source over the file that an `fs.ReadStream` reads, within the stream's `start` and `end`. It owns the stream.
 *
 * It reads through its own descriptor: destroying a ReadStream closes its descriptor number in any case, and that number may
 * already belong to another file.
 *
 * @param declared metadata to use if the stream's position in the file, and so the length, is unknown
 */
export function readStreamSource(stream: ReadStream, declared: StreamSourceOptions): RangeSource {
  const isObservedByApp = hasListeners(stream); // before we add listeners
  const replaced = isObservedByApp ? undefined : replacedSource(stream);
  if (replaced !== undefined) return replaced;
  stream.on('error', () => {}); // reported by `opened` and the reader; in between nobody listens
  let isConsumed = false;
  let endsWithResponse: boolean | undefined;
  return {
    async resolve(signal) {
      if (isConsumed && !replacedStreams.has(stream))
        throw new TypeError(`the stream over ${String(stream.path)} was read already`);
      isConsumed = true;
      endsWithResponse ??= isObservedByApp && endWithResponse(stream, signal);
      try {
        return await represent({
          stream,
          declared,
          signal,
          release: endsWithResponse ? () => {} : () => destroyUnopened(stream),
        });
      } catch (error) {
        stream.destroy();
        throw error;
      }
    },
  };
}

/**
 * A source over the file of a stream that never opens it, because the file is open already: then there is nothing to wait for.
 * `undefined` if it is not, or the stream itself must be read.
 */
function replacedSource(stream: ReadStream): RangeSource | undefined {
  const { path } = stream;
  if (typeof path !== 'string' || mustBeRead(stream) || !isUnopened(stream)) return undefined;
  let known = fileHandles.leaseAtOnce(path);
  if (known?.isUnsized === true) known.release();
  if (known === undefined || known.isUnsized) return undefined;
  destroyUnopened(stream);
  return {
    ignoresSignal: true,
    resolve() {
      const lease = known ?? fileHandles.lease(path); // again, if the file has changed
      known = undefined;
      return andThen(lease, (current) => windowed(stream, current));
    },
    discard: () => known?.release(),
  };
}

interface ConsumedStream {
  readonly stream: ReadStream;
  readonly declared: StreamSourceOptions;
  readonly signal: AbortSignal;
  /** Called when the stream is no longer read: destroys it, unless its response does that. */
  readonly release: () => void;
}

async function represent(taken: ConsumedStream): Promise<Representation> {
  const { stream, declared } = taken;
  const lease = mustBeRead(stream) ? undefined : await leaseUnopened(stream);
  if (lease !== undefined) return windowedFile(taken, lease);
  if (accessOf(stream) === 'own') {
    if (announcesOpening(stream)) await opened(stream); // a failure must come while an exception filter can still respond
    return readForwards(taken, declared);
  }
  const fd = await opened(stream);
  const stats = await fstatAsync(fd, { bigint: true });
  if (stats.isDirectory()) throw new SourceNotFoundError(`${String(stream.path)} is a directory`);
  if (!isPositionKnown(stream) || !stats.isFile() || (await isUnsized(fd, stats))) return readForwards(taken, declared);
  const same = mustBeRead(stream) ? undefined : await leaseSameFile(stream, stats);
  if (same !== undefined) return windowedFile(taken, same);
  const size = textLength(stream.readableEncoding, rangeLength(windowOf(stream, Number(stats.size))));
  return readForwards(taken, size === undefined ? declared : { size });
}

/** Streams whose path is read instead. If the file changes before it is read, it is opened again. */
const replacedStreams = new WeakSet<ReadStream>();

/** Whether the stream itself must be read: its text differs from the file, or the app listens to its data. */
function mustBeRead(stream: ReadStream): boolean {
  return stream.readableEncoding !== null || isObserved(stream);
}

function readForwards({ stream, signal, release }: ConsumedStream, metadata: StreamSourceOptions): Representation {
  return { ...forwardRepresentation(stream, metadata, signal), close: release };
}

function windowedFile({ stream, release }: ConsumedStream, lease: FileLease): Representation | Promise<Representation> {
  replacedStreams.add(stream);
  release();
  return windowed(stream, lease);
}

/** The part of the file that the stream would read. */
function windowed(stream: ReadStream, lease: FileLease): Representation | Promise<Representation> {
  const window = windowOf(stream, lease.version.size);
  const isWhole = rangeLength(window) === lease.version.size;
  const validators = isWhole ? fileValidators(lease) : {};
  return andThen(validators, (made) => fileRepresentation(lease, window, made));
}

/** Destroys a stream without letting it open its file. */
function destroyUnopened(stream: ReadStream): void {
  stream._construct = (done) => done();
  stream.destroy();
}

/**
 * Leases the path of a stream that has not opened it yet: it would open the same file, so there is nothing to wait for or to
 * compare. `undefined` if the stream is open already, or handles its path in its own way.
 */
async function leaseUnopened(stream: ReadStream): Promise<FileLease | undefined> {
  const { path } = stream;
  if (typeof path !== 'string') return undefined;
  if (replacedStreams.has(stream)) return fileHandles.lease(path);
  if (!isUnopened(stream)) return undefined;
  try {
    const lease = await fileHandles.lease(path);
    if (!lease.isUnsized) return lease;
    lease.release();
    return undefined;
  } catch {
    return undefined; // the stream reports the error, or can read it: it may not be a regular file
  }
}

/** Whether a stream would open its path, and has not done so yet. */
function isUnopened(stream: ReadStream & { readonly fd?: number | null }): boolean {
  const { fd, destroyed, errored } = stream;
  return typeof fd !== 'number' && !destroyed && errored === null && accessOf(stream) === 'path';
}

/** Whether the stream's position in its file is known: that of a descriptor is not. */
function isPositionKnown({ path, start, bytesRead }: Windowed): boolean {
  return bytesRead === 0 && (path !== undefined || start !== undefined);
}

/** The bytes that the stream reads of a file of this size. */
function windowOf({ start = 0, end = Infinity }: Windowed, size: number): ByteRange {
  const firstPos = Math.min(start, size);
  return { firstPos, lastPos: Math.max(firstPos, Math.min(end, size - 1) + 1) - 1 };
}

/** The properties of a ReadStream, including some that its types omit. */
interface Windowed {
  readonly path: ReadStream['path'] | undefined;
  readonly bytesRead: number;
  readonly start?: number;
  readonly end?: number;
}

/** `undefined` if the path no longer leads to the file that the stream has open. */
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
    // Renamed or deleted: the stream still has the file open.
  }
  return undefined;
}

/** The stream's descriptor, once it has one. */
function opened(stream: ReadStream & { readonly fd?: number | null }): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(openError(stream));
    if (stream.errored !== null || stream.destroyed) return fail();
    if (typeof stream.fd === 'number') return resolve(stream.fd);
    stream.once('open', resolve).once('error', fail).once('close', fail); // without autoDestroy or emitClose only one of them is emitted
  });
}

/** The reason that a stream has no descriptor. */
function openError({ errored, path }: ReadStream): Error {
  const name = String(path);
  if (errored === null)
    return new TypeError(`the stream over ${name} was destroyed or sent already; return a fresh one`);
  const { code = '' }: NodeJS.ErrnoException = errored;
  return ABSENT.has(code) || NOT_NOW.has(code) ? toOpenError(name, errored) : errored;
}

/** Error codes of `open` that mean that there is nothing to serve. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG']);
