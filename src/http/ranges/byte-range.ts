/**
 * A range of bytes within a representation: offsets from 0, both inclusive.
 *
 * @see RFC 9110 §14.1.2
 */
export interface ByteRange {
  readonly firstPos: number;
  readonly lastPos: number;
}

/** How many bytes a range covers. */
export function rangeLength({ firstPos, lastPos }: ByteRange): number {
  return lastPos - firstPos + 1;
}
