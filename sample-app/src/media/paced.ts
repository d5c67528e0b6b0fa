import type { Bytes } from 'nestjs-range';
import { setTimeout as pause } from 'node:timers/promises';

/** What comes between two pauses, in bytes. */
const PIECE = 16 * 1024;

const AT_MOST_LATE_MS = 500;

/** On a busy machine, what came late is made up for; what the reader itself has put off is not. */
export async function* paced(bytes: Bytes | Iterable<Uint8Array>, bytesPerSecond: number, signal?: AbortSignal): Bytes {
  let dueAt = performance.now();
  for await (const chunk of bytes) {
    for (let position = 0; position < chunk.length; position += PIECE) {
      const piece = chunk.subarray(position, position + PIECE);
      yield piece;
      const now = performance.now();
      dueAt = Math.max(dueAt, now - AT_MOST_LATE_MS) + (1000 * piece.length) / bytesPerSecond;
      await pause(Math.max(0, dueAt - now), undefined, { signal });
    }
  }
}
