import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { types } from 'node:util';
import type { Bytes } from './source.js';

/** Octets that may be a stream of Node.js, or of a library like it, which can be destroyed while somebody waits for it. */
export type Releasable = Bytes & { destroy?(): unknown; readonly readableEncoding?: BufferEncoding | null };

/** A web stream cannot be cancelled by others while it is read; a Node.js stream over it can be destroyed. */
export function toReleasable(bytes: Bytes): Releasable {
  return 'getReader' in bytes ? Readable.fromWeb(bytes as ReadableStream) : bytes;
}

export function isDestroyable(bytes: Releasable): bytes is Required<Releasable> {
  return bytes.destroy !== undefined;
}

/** Lets go of octets that nobody began to read: an iteration that was never started runs no `finally`. */
export async function release(bytes: Releasable): Promise<void> {
  if (isDestroyable(bytes)) destroyQuietly(bytes);
  else await bytes[Symbol.asyncIterator]().return?.();
}

/** A stream with an encoding gives text, and one in object mode anything. `encoding` is how the text is to be sent. */
export function toOctets(chunk: unknown, encoding: BufferEncoding = 'utf8'): Uint8Array {
  if (types.isUint8Array(chunk)) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding);
  throw new TypeError(`a source gave a chunk of type ${typeof chunk}; only octets and strings can be sent`);
}

/** Destroys a stream that nobody will read: what it has to say of that concerns nobody, and must not end the process. */
export function destroyQuietly(stream: {
  destroy(): unknown;
  on?(event: 'error', listener: () => void): unknown;
}): void {
  stream.on?.('error', () => {});
  stream.destroy();
}
