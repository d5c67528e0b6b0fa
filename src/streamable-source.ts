import { StreamableFile } from '@nestjs/common';
import { ReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { RangedOptions } from './range.options.js';
import { isRangedFile } from './ranged-file.js';
import { bytesSource } from './sources/bytes-source.js';
import { readStreamSource } from './sources/read-stream-source.js';
import { destroyQuietly } from './sources/octets.js';
import type { RangeSource } from './sources/source.js';
import { streamSource } from './sources/stream-source.js';

/**
 * The source behind any StreamableFile. What it is made of it takes over: the stream is destroyed in the end.
 *
 * @param declaredLength the Content-Length that the handler set, in octets; `undefined`: none
 */
export function sourceOf(file: StreamableFile, declaredLength: number | undefined): RangeSource {
  if (isRangedFile(file)) return file.source;
  const stream = file.getStream();
  const length = file.options.length ?? declaredLength;
  if (stream.destroyed && !(stream instanceof ReadStream)) throw stream.errored ?? new TypeError(ALREADY_USED);
  if (holdsAll(stream, length)) return bytesSource(drain(stream));
  if (!isUntouched(stream)) return streamSource(stream);
  const declared = length === undefined ? {} : { size: length };
  return stream instanceof ReadStream ? readStreamSource(stream, declared) : streamSource(stream, declared);
}

/** Lets go of a file that nobody will send. */
export function discard(file: StreamableFile): void {
  if (isRangedFile(file)) file.source.discard?.();
  else destroyQuietly(file.getStream());
}

/** Whether nothing was read from the stream yet, as octets: only then is its length that of the file. */
function isUntouched(stream: Readable): boolean {
  return !stream.readableDidRead && stream.readableEncoding === null;
}

/** A StreamableFile over a Buffer is a stream that holds everything from the start. */
function holdsAll(stream: Readable, length: number | undefined): boolean {
  if (stream instanceof ReadStream || stream.readableObjectMode) return false;
  return isUntouched(stream) && stream.readableLength === length;
}

/** Everything that the stream holds; a single chunk comes as it went in, without a copy. */
function drain(stream: Readable): Uint8Array {
  const held = stream.readableLength;
  stream.on('error', () => {}); // reading to the end asks for more, which a stream that only holds may refuse
  const bytes: Uint8Array | null = held === 0 ? null : stream.read(held);
  destroyQuietly(stream);
  return bytes ?? new Uint8Array(0);
}

const ALREADY_USED = 'The stream of a StreamableFile was sent or destroyed already; return a fresh one';

/** What a file says of itself, above everything but what the handler set on the response. */
export interface OwnOptions extends RangedOptions {
  /** As a StreamableFile has it, ready for the field. */
  readonly contentDisposition?: string;
}

/** `undefined`: nothing. */
export function ownOptions(file: StreamableFile): OwnOptions | undefined {
  if (isRangedFile(file)) return file.rangedOptions;
  const { type, disposition } = file.options;
  if (type === undefined && disposition === undefined) return undefined;
  return {
    ...(type === undefined ? {} : { type }),
    ...(disposition === undefined ? {} : { contentDisposition: [disposition].flat().join(', ') }),
  };
}
