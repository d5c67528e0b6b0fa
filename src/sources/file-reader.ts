import { read } from 'node:fs';
import type { ByteRange } from '../http/byte-range.js';
import { SourceChangedError } from './source-errors.js';
import type { Bytes } from './source.js';

/** Octets per read: fewer, larger reads are what makes whole files cheap. */
const CHUNK_SIZE = 256 * 1024;

/** Reads a range of an open file by position; the descriptor's own position is neither used nor moved. */
export async function* readFileRange(fd: number, { firstPos, lastPos }: ByteRange): Bytes {
  for (let position = firstPos; position <= lastPos;) {
    const chunk = await readAt(fd, position, Math.min(CHUNK_SIZE, lastPos - position + 1));
    if (chunk.byteLength === 0) throw new SourceChangedError(`the file ended at octet ${position}`);
    position += chunk.byteLength;
    yield chunk;
  }
}

function readAt(fd: number, position: number, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    read(fd, Buffer.allocUnsafe(length), 0, length, position, (error, bytesRead, buffer) => {
      if (error !== null) reject(error);
      else resolve(bytesRead === length ? buffer : buffer.subarray(0, bytesRead));
    });
  });
}
