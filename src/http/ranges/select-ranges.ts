import type { ByteRange } from './byte-range.js';
import type { RangeSet, RangeSpec } from './range-header.js';

/** Limits on the response to a range set. */
export interface SelectionPolicy {
  /** More ranges than this, after merging, are answered with the whole representation. */
  readonly maxRanges: number;
  /** Ranges with at most this many bytes between them are merged. */
  readonly coalesceGap: number;
  /** The most bytes sent for `first-`; `undefined`: all to the end. */
  readonly openEndedLimit?: number | undefined;
}

/** The part of a representation that a range set selects. */
export type Selection =
  | { readonly kind: 'whole' }
  | { readonly kind: 'ranges'; readonly ranges: readonly [ByteRange, ...ByteRange[]] }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: Selection = { kind: 'whole' };
const UNSATISFIABLE: Selection = { kind: 'unsatisfiable' };

/**
 * Resolves a range set against a complete length in bytes. Drops unsatisfiable members if others are satisfiable, merges
 * overlapping and nearby ones, and keeps the requested order. An empty representation is selected whole.
 *
 * @see RFC 9110 §14.1.2, §14.2, §15.3.7.2
 */
export function selectRanges(rangeSet: RangeSet, size: number, policy: SelectionPolicy): Selection {
  if (size === 0) return WHOLE;
  const satisfiable: ByteRange[] = [];
  for (const spec of rangeSet) {
    const range = resolveSpec(spec, size, policy.openEndedLimit);
    if (range !== undefined) satisfiable.push(range);
  }
  const [first, ...rest] = coalesce(satisfiable, policy.coalesceGap);
  if (first === undefined) return UNSATISFIABLE;
  if (rest.length >= policy.maxRanges) return WHOLE;
  return { kind: 'ranges', ranges: [first, ...rest] };
}

function resolveSpec(spec: RangeSpec, size: number, openEndedLimit = size): ByteRange | undefined {
  if ('suffixLength' in spec) {
    if (spec.suffixLength === 0) return undefined;
    return { firstPos: Math.max(0, size - spec.suffixLength), lastPos: size - 1 };
  }
  if (spec.firstPos >= size) return undefined;
  const lastPos = spec.lastPos ?? spec.firstPos + openEndedLimit - 1;
  return { firstPos: spec.firstPos, lastPos: Math.min(lastPos, size - 1) };
}

interface Ranked extends ByteRange {
  readonly rank: number;
}

/** Merges overlapping and nearby ranges; a merged range takes the place of its first requested member. */
function coalesce(ranges: readonly ByteRange[], gap: number): readonly ByteRange[] {
  if (ranges.length < 2) return ranges;
  const ascending = ranges.map((range, rank): Ranked => ({ ...range, rank })).sort((a, b) => a.firstPos - b.firstPos);
  const merged: Ranked[] = [];
  for (const range of ascending) {
    const previous = merged.at(-1);
    if (previous === undefined || range.firstPos > previous.lastPos + 1 + gap) merged.push(range);
    else merged[merged.length - 1] = union(previous, range);
  }
  return merged.sort((a, b) => a.rank - b.rank).map(({ firstPos, lastPos }) => ({ firstPos, lastPos }));
}

function union(lower: Ranked, upper: Ranked): Ranked {
  return {
    firstPos: lower.firstPos,
    lastPos: Math.max(lower.lastPos, upper.lastPos),
    rank: Math.min(lower.rank, upper.rank),
  };
}

/** Whether each range begins after the end of the previous one, so that a single forward pass can serve them all. */
export function areAscending(ranges: readonly ByteRange[]): boolean {
  return ranges.every((range, i) => i === 0 || range.firstPos > (ranges[i - 1]?.lastPos ?? -1));
}
