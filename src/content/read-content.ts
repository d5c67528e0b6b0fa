import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { ByteRange } from '../http/byte-range.js';
import type { Segment } from '../http/response-plan.js';
import { chunkPool } from '../sources/chunk-pool.js';
import { isPooled } from '../sources/file-reader.js';
import { destroyQuietly, toOctets } from '../sources/octets.js';
import { SourceLengthError } from '../sources/source-errors.js';
import type { Bytes, Representation } from '../sources/source.js';

/**
 * Carries out the content of a response plan: its segments in order, each exactly as long as planned. It owns the
 * representation and closes it when the iteration ends, however it ends; so it must be started.
 *
 * @throws SourceLengthError where the source gives fewer or more octets than its metadata promised
 */
export async function* readContent(
  content: readonly Segment[],
  representation: Representation,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (const segment of content) {
      if (segment.kind === 'text') yield Buffer.from(segment.text, 'latin1');
      else yield* readExactly(segment.range, segment.length, representation, signal);
    }
  } finally {
    await representation.close?.();
  }
}

/**
 * The `length` octets of a range (`undefined`: all there are). The last of them wait until the source has shown that it
 * has no more: octets that do not end where they should are not those that were promised, and must not look complete.
 */
async function* readExactly(
  range: ByteRange | undefined,
  length: number | undefined,
  representation: Representation,
  signal: AbortSignal,
): Bytes {
  const bytes = toReleasable(await representation.open(range, signal));
  if (signal.aborted) return release(bytes);
  const stopWatching = destroyOnAbort(bytes, signal);
  const areLent = isPooled(bytes);
  let remaining = length ?? Infinity;
  let last: Uint8Array | undefined;
  try {
    for await (const given of bytes) {
      const chunk = toOctets(given);
      if (chunk.byteLength === 0) continue;
      if (chunk.byteLength > remaining)
        throw new SourceLengthError(`the source gave more than the ${length} octets due`);
      remaining -= chunk.byteLength;
      if (areLent) chunkPool.lend(chunk);
      if (remaining > 0 || representation.isExact === true) yield chunk;
      else last = chunk;
    }
  } finally {
    stopWatching?.();
  }
  if (length !== undefined && remaining > 0) {
    throw new SourceLengthError(`the source gave ${length - remaining} of the ${length} octets due`);
  }
  if (last !== undefined) yield last;
}

/** Octets that may be a stream, which can be destroyed while somebody waits for it. */
type Releasable = Bytes & { destroy?(): unknown };

/** A web stream cannot be cancelled by others while it is read; a Node.js stream over it can be destroyed. */
function toReleasable(bytes: Bytes): Releasable {
  return 'getReader' in bytes ? Readable.fromWeb(bytes as ReadableStream) : bytes;
}

/** Ends a stream that takes no notice of the signal itself. Returns how to stop watching; nothing where none is needed. */
function destroyOnAbort(bytes: Releasable, signal: AbortSignal): (() => void) | undefined {
  if (!isDestroyable(bytes)) return undefined;
  const destroy = (): void => destroyQuietly(bytes);
  signal.addEventListener('abort', destroy, { once: true });
  return () => signal.removeEventListener('abort', destroy);
}

/** Lets go of octets that nobody began to read: an iteration that was never started runs no `finally`. */
async function release(bytes: Releasable): Promise<void> {
  if (isDestroyable(bytes)) destroyQuietly(bytes);
  else await bytes[Symbol.asyncIterator]().return?.();
}

function isDestroyable(bytes: Releasable): bytes is Required<Releasable> {
  return bytes.destroy !== undefined;
}
