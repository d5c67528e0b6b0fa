import { types } from 'node:util';

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
