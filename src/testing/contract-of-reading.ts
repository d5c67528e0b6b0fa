import type { ByteRange } from '../http/byte-range.js';
import type { RangeSource } from '../sources/source.js';
import {
  assertTrue,
  codeOf,
  type MakeSource,
  type NamedCheck,
  onRepresentation,
  readRange,
  withRepresentation,
} from './source-reader.js';

/** A range as a pair of positions, or all there is. */
type Positions = readonly [firstPos: number, lastPos: number] | undefined;

/** Which octets a source gives for which range. */
export const READING: readonly NamedCheck[] = [
  ['open() without a range gives all octets', (make) => checkRanges(make, () => [undefined])],
  ['the range of everything gives all octets', (make) => checkRanges(make, (size) => [[0, size - 1]])],
  ['the range 0-0 is the first octet', (make) => checkRanges(make, () => [[0, 0]])],
  ['the range of the last position is the last octet', (make) => checkRanges(make, (size) => [[size - 1, size - 1]])],
  ['the last position of a range is part of it', (make) => checkRanges(make, () => [[3, 7]])],
  ['a range may go to the end', (make) => checkRanges(make, (size) => [[Math.floor(size / 2), size - 1]])],
  ['several ranges are read one after the other', (make) => checkRanges(make, ascending)],
  ['ranges are read in any order, and again, unless it says forwardOnly', checkAnyOrder],
  ['sources that are read at the same time do not disturb each other', checkSideBySide],
  ['what is replaced meanwhile is sent as it was, or as it is, or not at all', checkReplaced],
];

async function checkRanges(make: MakeSource, choose: (size: number) => readonly Positions[]): Promise<void> {
  await onRepresentation(make, async (representation, bytes) => {
    for (const positions of choose(bytes.length)) {
      const range = positions === undefined ? undefined : { firstPos: positions[0], lastPos: positions[1] };
      expectOctets(await readRange(representation, range), bytes, range);
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

/** Ranges with gaps between them, around positions at which sources are likely to cut their chunks. */
function ascending(size: number): readonly Positions[] {
  const cuts = [1, 16, 64, 256, 1024].map((kib) => kib * 1024).filter((cut) => cut + 4 < size);
  return [[0, 1], ...cuts.map((cut): Positions => [cut - 1, cut + 1]), [size - 2, size - 1]];
}

async function checkReplaced(make: MakeSource): Promise<void> {
  const { source, bytes, replace } = await make();
  if (replace === undefined) return;
  const other = Uint8Array.from(bytes, (octet) => octet ^ 0xff);
  try {
    await withRepresentation(source, async (representation) => {
      await replace(other);
      const inner = { firstPos: 1, lastPos: bytes.length - 2 };
      expectOctets(await readRange(representation, inner), bytes, inner);
    });
  } catch (error) {
    expectChanged(error);
    await expectServed(source, other);
  } finally {
    await replace(bytes);
  }
  await expectServed(source, bytes);
}

/** As a response does it: what changes before its first octets were read is resolved again, once. */
async function expectServed(source: RangeSource, bytes: Uint8Array): Promise<void> {
  const readWhole = (): Promise<void> =>
    withRepresentation(source, async (representation) => {
      expectOctets(await readRange(representation, undefined), bytes, undefined);
    });
  await readWhole().catch((error: unknown) => {
    expectChanged(error);
    return readWhole();
  });
}

function expectChanged(error: unknown): void {
  const isTold = codeOf(error) === 'SOURCE_CHANGED';
  assertTrue(isTold, () => `reading what was replaced must fail with a SourceChangedError, not ${String(error)}`);
}

export async function checkMissing(source: RangeSource): Promise<void> {
  let failure: unknown;
  try {
    await withRepresentation(source, (representation) => readRange(representation, undefined));
  } catch (error) {
    failure = error;
  }
  assertTrue(failure !== undefined, () => 'octets came from where there is nothing');
  assertTrue(codeOf(failure) === 'SOURCE_NOT_FOUND', () => `it failed otherwise: ${String(failure)}`);
}

export async function checkEmpty(source: RangeSource): Promise<void> {
  await withRepresentation(source, async (representation) => {
    assertTrue((representation.size ?? 0) === 0, () => `the size of nothing is ${representation.size}`);
    expectOctets(await readRange(representation, undefined), new Uint8Array(0), undefined);
  });
}

function expectOctets(got: Buffer, bytes: Uint8Array, range: ByteRange | undefined): void {
  const expected = range === undefined ? bytes : bytes.subarray(range.firstPos, range.lastPos + 1);
  const asked = range === undefined ? 'all of it' : `${range.firstPos}-${range.lastPos}`;
  assertTrue(
    got.length === expected.length,
    () => `${got.length} octets came for ${asked}, where ${expected.length} were due`,
  );
  assertTrue(got.equals(expected), () => `the octets that came for ${asked} are others`);
}
