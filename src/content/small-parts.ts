import { rangeLength } from '../http/ranges/byte-range.js';
import type { Segment } from '../http/response-plan.js';
import { chunkPool } from '../sources/file/chunk-pool.js';
import { type FilePart, type FileWindow, readFileParts } from '../sources/file/file-parts.js';
import type { Representation } from '../sources/source.js';
import type { ContentReader } from './content-reader.js';

/** Reads parts of a file into one block in parallel, and closes the representation at the end. */
export async function readSideBySide(
  content: readonly Segment[],
  length: number,
  representation: Representation,
  window: FileWindow,
): Promise<Uint8Array> {
  const all = lentBlock(length);
  const parts: FilePart[] = [];
  let position = 0;
  for (const segment of content) {
    if (segment.kind === 'text') {
      all.set(Buffer.from(segment.text, 'latin1'), position);
      position += segment.text.length;
    } else if (segment.range !== undefined) {
      const end = position + rangeLength(segment.range);
      parts.push({ firstPos: segment.range.firstPos, target: all.subarray(position, end) });
      position = end;
    }
  }
  try {
    await readFileParts(window, parts);
    return all;
  } finally {
    await representation.close?.();
  }
}

/** Reads parts of any other source into one block, one after another. */
export async function readInTurn(reader: ContentReader, length: number): Promise<Uint8Array> {
  const all = lentBlock(length);
  let position = 0;
  for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) {
    all.set(chunk, position);
    position += chunk.byteLength;
    chunkPool.release(chunk);
  }
  return position === length ? all : all.subarray(0, position);
}

/** A block from the pool, which the sender returns. */
function lentBlock(length: number): Uint8Array {
  const block = chunkPool.acquire(length);
  const all = length === block.byteLength ? block : block.subarray(0, length);
  chunkPool.lend(all, block);
  return all;
}
