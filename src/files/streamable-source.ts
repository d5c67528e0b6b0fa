import { StreamableFile } from '@nestjs/common';
import { ReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { DEFAULT_TYPE } from '../http/content-headers.js';
import type { RangedOptions } from '../negotiation/ranged-options.js';
import { callQuietly } from '../sources/call-quietly.js';
import { bytesSource } from '../sources/memory/bytes-source.js';
import { readStreamSource } from '../sources/read-stream/read-stream-source.js';
import { SourceFaultError } from '../sources/source-errors.js';
import type { RangeSource } from '../sources/source.js';
import { endWithResponse, hasListeners } from '../sources/stream/app-stream.js';
import type { Pipeable } from '../sources/stream/piped-stream.js';
import { destroyQuietly } from '../sources/stream/releasable-bytes.js';
import { remainderSource } from '../sources/stream/stream-source.js';
import { isRangedFile } from './ranged-file.js';

/**
 * The source behind any StreamableFile. It takes over the file's stream and destroys it in the end.
 *
 * @param declaredLength the Content-Length set by the handler, in bytes; `undefined` if there is none
 * @throws TypeError if the stream was sent or destroyed before
 */
export function sourceOf(file: StreamableFile, declaredLength: number | undefined): RangeSource {
  if (isRangedFile(file)) return file.source;
  const stream: Readable | Pipeable = file.getStream(); // Nest requires `pipe` only
  takeOver(stream);
  const size = file.getHeaders().length ?? declaredLength;
  const declared = size === undefined ? {} : { size };
  if (!(stream instanceof Readable)) return remainderSource(stream, declared);
  if (stream instanceof ReadStream && !stream.readableDidRead) return readStreamSource(stream, declared);
  return holdsAll(stream, size) ? heldSource(stream) : remainderSource(stream, declared);
}

/** @throws TypeError if the stream is used by another response, or destroyed */
function takeOver(stream: Readable | Pipeable): void {
  const isBroken = stream.destroyed === true && stream.readableEnded !== true && !(stream instanceof ReadStream);
  if (isBroken || taken.has(stream)) throw stream.errored ?? new SourceFaultError(ALREADY_USED);
  taken.add(stream);
  if (stream.readableFlowing === true) stream.pause?.(); // a listener made it flow, and no byte may be lost
}

const taken = new WeakSet<object>();

const ALREADY_USED = 'The stream of a StreamableFile was sent or destroyed already; return a fresh one';

/** Destroys the stream of a file that will not be sent, unless another response has taken it over. */
export function discard(file: StreamableFile): void {
  callQuietly(() => {
    if (isRangedFile(file)) return file.source.discard?.();
    const stream: Readable | Pipeable = file.getStream();
    if (!taken.has(stream)) destroyQuietly(stream);
  });
}

/** The source of a file for other requests if that of the client who requested it first has ended: a stream has gone with it. */
export function sourceForOthers(file: StreamableFile): RangeSource {
  return isRangedFile(file) ? file.source : GONE;
}

const GONE: RangeSource = {
  resolve() {
    throw new SourceFaultError(ALREADY_USED);
  },
};

/** Whether a stream has buffered all of its content, as that of a StreamableFile over a Buffer has. */
function holdsAll(stream: Readable, size: number | undefined): boolean {
  const { readableDidRead, readableEncoding, readableObjectMode, readableLength, destroyed } = stream;
  return !readableDidRead && readableEncoding === null && !readableObjectMode && !destroyed && readableLength === size;
}

/** Takes the buffered content out of a stream, without a copy if it is a single chunk. */
function heldSource(stream: Readable): RangeSource {
  const isObserved = hasListeners(stream);
  const held = stream.readableLength;
  stream.on('error', () => {}); // reading to the end calls read(), which such a stream may not implement
  const bytes: Uint8Array | null = held === 0 ? null : stream.read(held);
  const source = bytesSource(bytes ?? new Uint8Array(0));
  if (!isObserved) {
    stream.destroy();
    return source;
  }
  return {
    resolve(signal) {
      if (!endWithResponse(stream, signal)) stream.destroy();
      return source.resolve(signal);
    },
    discard: () => destroyQuietly(stream),
  };
}

/** Options of the file itself. Only headers set by the handler override them. */
export interface OwnOptions extends RangedOptions {
  /** The complete header value, as StreamableFile stores it. */
  readonly contentDisposition?: string;
}

/** `undefined` if the file has none. */
export function ownOptions(file: StreamableFile): OwnOptions | undefined {
  if (isRangedFile(file)) return file.rangedOptions;
  const { disposition, ...headers } = file.getHeaders(); // a subclass may override it
  const isDefaultType = headers.type === DEFAULT_TYPE && file.options.type === undefined;
  const type = isDefaultType ? undefined : headers.type;
  if (type === undefined && disposition === undefined) return undefined;
  return {
    ...(type === undefined ? {} : { type }),
    ...(disposition === undefined ? {} : { contentDisposition: [disposition].flat().join(', ') }),
  };
}
