import type { Slice } from '../clients/exchange.js';
import { GIB } from '../subjects.js';

/** Enough to reach all over the file. */
const COUNT = 20_000;

/** Sets of slices of the 1 GiB file in ascending order, far apart from each other; the same in every run. */
export function randomSlices(length: number, perSet = 1): Slice[][] {
  const random = generator(42);
  const stratum = GIB / perSet;
  return Array.from({ length: Math.ceil(COUNT / perSet) }, () =>
    Array.from({ length: perSet }, (_, i) => ({
      firstPos: Math.floor(i * stratum + random() * (stratum - length - 1000)),
      length,
    })),
  );
}

/** Park and Miller's: numbers from 0 to 1. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
