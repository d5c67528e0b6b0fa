import { Readable } from 'node:stream';
import { callQuietly } from '../call-quietly.js';
import { SourceFaultError } from '../source-errors.js';
import type { Bytes } from '../source.js';
import { isPipeable, type Pipeable, pipedThrough } from './piped-stream.js';
import { fromWebStream, isWebStream } from './web-stream.js';

/** Bytes that may be a stream, which can be destroyed while a read is pending. */
export type Releasable = Bytes & { destroy?(): unknown; readonly readableEncoding?: BufferEncoding | null };

/** Bytes, where streams are Node.js streams: those can be destroyed at any time, web streams cannot. */
export function toReleasable(bytes: Bytes): Releasable {
  return toStream(bytes) ?? bytes;
}

/** Bytes of any kind as a Node.js stream. */
export function toReadable(bytes: Bytes | Pipeable): Readable {
  return toStream(bytes) ?? Readable.from(bytes as Bytes, { highWaterMark: 1 }); // object mode keeps empty chunks: they are progress
}

/** `undefined`: a generator, or another iterable. */
function toStream(bytes: Bytes | Pipeable): Readable | undefined {
  if (bytes instanceof Readable) return bytes;
  if (isWebStream(bytes)) return fromWebStream(bytes);
  return isPipeable(bytes) ? pipedThrough(bytes) : undefined;
}

export function isDestroyable(bytes: Releasable): bytes is Releasable & { destroy(): unknown } {
  return bytes.destroy !== undefined;
}

/** Releases bytes that nobody has read: a generator that was never started does not run its `finally`. */
export async function release(bytes: Releasable): Promise<void> {
  if (isDestroyable(bytes)) destroyQuietly(bytes);
  else await iterate(bytes).return?.();
}

/** Whether a value can be read as bytes: an async iterable, a web stream, a stream of any library. */
export function isReadable(value: unknown): value is Bytes {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || isWebStream(value) || isPipeable(value);
}

/**
 * Starts to read bytes.
 *
 * @throws SourceFaultError if they return no iterator but, for example, a promise of one
 */
export function iterate(bytes: Bytes): AsyncIterator<unknown> {
  const iterator: Partial<AsyncIterator<unknown>> | undefined = bytes[Symbol.asyncIterator]();
  if (typeof iterator?.next === 'function') return iterator as AsyncIterator<unknown>; // checked
  callQuietly(() => iterator); // it may reject
  throw new SourceFaultError('[Symbol.asyncIterator]() of a source returned no iterator: return an async generator');
}

/** Destroys a stream that nobody will read, ignoring its errors, which must not crash the process. */
export function destroyQuietly(stream: {
  destroy?(): unknown;
  on?(event: 'error', listener: () => void): unknown;
}): void {
  callQuietly(() => stream.on?.('error', () => {}));
  callQuietly(() => stream.destroy?.()); // old-style streams have none
}
