import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes } from 'nestjs-range';
import { MEDIA } from '../folders.js';
import type { Making } from '../traffic/traffic.js';
import { melody, MELODY_LENGTH } from './melody.js';
import { paced } from './paced.js';

/** Fourteen seconds for the clip: a minute of it plays while it is made. */
const BYTES_PER_SECOND = 300_000;

export const MELODY = 'melody.wav';

/**
 * Makes a file slowly: the melody is computed, the others stand for what an encoder would write.
 *
 * @param tell called after each piece
 */
export async function* make(name: string, tell: (making: Making) => void, signal: AbortSignal): Bytes {
  const isMelody = name === MELODY;
  const path = join(MEDIA, name);
  const total = isMelody ? MELODY_LENGTH : (await stat(path)).size;
  const bytes = isMelody ? melody() : createReadStream(path);
  let made = 0;
  for await (const piece of paced(bytes, BYTES_PER_SECOND, signal)) {
    yield piece;
    made += piece.length;
    tell({ path: `/generated/${name}`, made, total });
  }
}
