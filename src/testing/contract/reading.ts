import type { ByteRange } from '../../http/ranges/byte-range.js';
import type { RangeSource } from '../../sources/source.js';
import {
  assertTrue,
  type MakeSource,
  type NamedCheck,
  onRepresentation,
  readRange,
  ofTheSource,
  withRepresentation,
} from './source-reader.js';

/** A range as a pair of positions; `undefined`: the whole. */
type Positions = readonly [firstPos: number, lastPos: number] | undefined;

/** Checks of the bytes that a source returns for a range. */
export const READING: readonly NamedCheck[] = [
  ['open() without a range returns all bytes', (make) => checkRanges(make, () => [undefined])],
  ['the range of everything returns all bytes', (make) => checkRanges(make, (size) => [[0, size - 1]])],
  ['the range 0-0 is the first byte', (make) => checkRanges(make, () => [[0, 0]])],
  ['the range of the last position is the last byte', (make) => checkRanges(make, (size) => [[size - 1, size - 1]])],
  ['the last position of a range is included', (make) => checkRanges(make, () => [[3, 7]])],
  ['a range may extend to the end', (make) => checkRanges(make, (size) => [[Math.floor(size / 2), size - 1]])],
  ['several ranges are read one after another', (make) => checkRanges(make, ascending)],
  ['ranges are read in any order, and repeatedly, unless forwardOnly is set', checkAnyOrder],
  ['sources that are read at the same time do not affect each other', checkSideBySide],
  ['a source that is resolved twice serves both responses, or refuses the second', checkResolvedTwice],
];

async function checkRanges(make: MakeSource, choose: (size: number) => readonly Positions[]): Promise<void> {
  await onRepresentation(make, async (representation, bytes) => {
    for (const positions of choose(bytes.length)) {
      const range = positions === undefined ? undefined : { firstPos: positions[0], lastPos: positions[1] };
      expectBytes(await readRange(representation, range), bytes, range);
    }
  });
}

async function checkAnyOrder(make: MakeSource): Promise<void> {
  let isForwardOnly = false;
  await onRepresentation(make, ({ forwardOnly }) => {
    isForwardOnly = forwardOnly === true;
  });
  if (!isForwardOnly) await checkRanges(make, (size) => [...ascending(size).toReversed(), [0, size - 1], [0, 0]]);
}

async function checkSideBySide(make: MakeSource): Promise<void> {
  const small = Array.from({ length: 8 }, (_, i) => checkRanges(make, () => [[i, i + 1]]));
  await Promise.all([...small, checkRanges(make, () => [undefined]), checkRanges(make, ascending)]);
}

/** A file that a handler keeps is sent to several clients at once. A source that can be read once says so. */
async function checkResolvedTwice(make: MakeSource): Promise<void> {
  const { source, bytes } = await make();
  await withRepresentation(source, async (first) => {
    let second: Promise<Buffer> | undefined;
    const readSecond = (): Promise<Buffer> =>
      withRepresentation(source, (representation) => readRange(representation, { firstPos: 2, lastPos: 9 }));
    const all = await readRange(first, undefined, (index) => {
      if (index === 0) second = readSecond();
      second?.catch(() => {});
    });
    expectBytes(all, bytes, undefined);
    const part = await second?.catch((error: unknown) => void ofTheSource(error));
    if (part !== undefined) expectBytes(part, bytes, { firstPos: 2, lastPos: 9 });
  });
}

/** Ranges with gaps between them, around likely boundaries of chunks. */
function ascending(size: number): readonly Positions[] {
  const cuts = [1, 16, 64, 256, 1024].map((kib) => kib * 1024).filter((cut) => cut + 4 < size);
  return [[0, 1], ...cuts.map((cut): Positions => [cut - 1, cut + 1]), [size - 2, size - 1]];
}

export async function checkEmpty(source: RangeSource): Promise<void> {
  await withRepresentation(source, async (representation) => {
    assertTrue((representation.size ?? 0) === 0, () => `the size of an empty object is ${representation.size}`);
    expectBytes(await readRange(representation, undefined), new Uint8Array(0), undefined);
  });
}

export function expectBytes(got: Buffer, bytes: Uint8Array, range: ByteRange | undefined): void {
  const expected = range === undefined ? bytes : bytes.subarray(range.firstPos, range.lastPos + 1);
  const requested = range === undefined ? 'the whole' : `${range.firstPos}-${range.lastPos}`;
  assertTrue(
    got.length === expected.length,
    () => `${got.length} bytes returned for ${requested}, where ${expected.length} were expected`,
  );
  assertTrue(got.equals(expected), () => `wrong bytes returned for ${requested}`);
}
