import type { Bytes, RangeSource } from 'nestjs-range';
import { setTimeout as pause } from 'node:timers/promises';

/** What is sent between two pauses, in octets. */
const PIECE = 16 * 1024;

const AT_MOST_LATE_MS = 500;

/** At a rate that a request has named, in octets a second; without one, as fast as it goes. */
export function atRate(source: RangeSource, rate: string | undefined): RangeSource {
  const octetsPerSecond = parseRate(rate);
  return octetsPerSecond === undefined ? source : slowly(source, octetsPerSecond);
}

export function parseRate(rate: string | undefined): number | undefined {
  return rate !== undefined && /^[1-9]\d{3,8}$/.test(rate) ? Number(rate) : undefined;
}

/** Another source at a pace at which one can watch it, and press pause. */
export function slowly(source: RangeSource, octetsPerSecond: number): RangeSource {
  return {
    async resolve(signal) {
      const inner = await source.resolve(signal);
      const { size, type, etag, lastModified, fields } = inner;
      return {
        size,
        type,
        etag,
        lastModified,
        fields,
        open: async (range, signal) => paced(await inner.open(range, signal), octetsPerSecond, signal),
        close: () => inner.close?.(),
      };
    },
  };
}

/** All octets of a source, for who wants no part of it. */
export async function* wholeOf(source: RangeSource, signal: AbortSignal): Bytes {
  const representation = await source.resolve(signal);
  try {
    yield* await representation.open(undefined, signal);
  } finally {
    await representation.close?.();
  }
}

/** On a machine that is busy, what came late is made up for; what the client itself has put off is not. */
export async function* paced(
  bytes: Bytes | Iterable<Uint8Array>,
  octetsPerSecond: number,
  signal?: AbortSignal,
): Bytes {
  let dueAt = performance.now();
  for await (const chunk of bytes) {
    for (let position = 0; position < chunk.length; position += PIECE) {
      const piece = chunk.subarray(position, position + PIECE);
      yield piece;
      const now = performance.now();
      dueAt = Math.max(dueAt, now - AT_MOST_LATE_MS) + (1000 * piece.length) / octetsPerSecond;
      await pause(Math.max(0, dueAt - now), undefined, { signal });
    }
  }
}
