import { types } from 'node:util';
import { adviceOnChunk } from '../options/not-bytes.js';
import { SourceFaultError } from '../source-errors.js';

/**
 * The bytes of a chunk. Text, from a stream with an encoding or in object mode, is sent as UTF-8, as `pipe` does.
 *
 * @param encoding the encoding to decode text with, to restore the bytes that were read
 */
export function toBytes(chunk: unknown, encoding: BufferEncoding = 'utf8'): Uint8Array {
  if (types.isUint8Array(chunk)) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding);
  throw new SourceFaultError(`a source yielded ${adviceOnChunk(chunk)}`);
}
