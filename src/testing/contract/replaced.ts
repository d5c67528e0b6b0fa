import type { ByteRange } from '../../http/ranges/byte-range.js';
import type { RangeSource, Representation } from '../../sources/source.js';
import { expectBytes } from './reading.js';
import {
  assertTrue,
  codeOf,
  type MakeSource,
  type NamedCheck,
  readRange,
  type SourceUnderTest,
  unlessNeverEnded,
  withRepresentation,
} from './source-reader.js';

type Replace = NonNullable<SourceUnderTest['replace']>;

/** What content is replaced by. */
const REPLACEMENTS: readonly (readonly [by: string, make: (bytes: Uint8Array) => Uint8Array])[] = [
  ['other content', inverted],
  ['shorter content', (bytes) => inverted(bytes).subarray(0, bytes.length >> 1)],
  ['longer content', (bytes) => Buffer.concat([inverted(bytes), bytes])],
  ['nothing', () => new Uint8Array(0)],
];

/** Checks of a source whose content changes. They need `replace`. */
export const REPLACED: readonly NamedCheck[] = [
  ...REPLACEMENTS.flatMap(([by, alter]): NamedCheck[] => [
    [
      `content replaced by ${by} before it is read is sent in its old or new version, or not at all`,
      (make) => withReplacement(make, alter, replacedBeforeReading),
    ],
    [
      `content replaced by ${by} while it is read is sent in its old version, or fails`,
      (make) => withReplacement(make, alter, replacedWhileReading),
    ],
  ]),
  ['content that is removed is not found, and is served again when it is back', checkRemoved],
];

interface Replacement {
  readonly source: RangeSource;
  readonly bytes: Uint8Array;
  readonly other: Uint8Array;
  readonly replace: Replace;
}

/** Restores the content, which sources that already exist and new ones must both see. */
async function withReplacement(
  make: MakeSource,
  alter: (bytes: Uint8Array) => Uint8Array,
  check: (replacement: Replacement) => Promise<void>,
): Promise<void> {
  const { source, bytes, replace } = await make();
  if (replace === undefined) return;
  const other = alter(bytes);
  try {
    await check({ source, bytes, other, replace });
    await expectServed((await make()).source, other);
  } finally {
    await replace(bytes);
  }
  await expectServed(source, bytes);
}

async function replacedBeforeReading({ source, bytes, other, replace }: Replacement): Promise<void> {
  const inner = { firstPos: 1, lastPos: bytes.length - 2 };
  let etag: string | undefined;
  for (const range of [inner, undefined]) {
    try {
      await withRepresentation(source, async (representation) => {
        etag ??= representation.etag;
        const expected = representation.etag === etag ? bytes : other; // remembered from the time between
        await replace(other);
        expectBytes(await readRange(representation, range), expected, range);
      });
    } catch (error) {
      expectChanged(error);
      await expectServed(source, other);
    }
    await replace(bytes);
  }
  await replace(other);
}

async function replacedWhileReading({ source, bytes, other, replace }: Replacement): Promise<void> {
  await withRepresentation(source, async (representation) => {
    let read: Buffer | undefined;
    try {
      read = await readRange(representation, undefined, (index) => (index === 0 ? replace(other) : undefined));
    } catch (error) {
      unlessNeverEnded(error);
      await replace(other); // also if nothing could be read
    }
    if (read !== undefined) expectBytes(read, bytes, undefined);
  });
}

async function checkRemoved(make: MakeSource): Promise<void> {
  const { source, bytes, replace, remove } = await make();
  if (replace === undefined || remove === undefined) return;
  try {
    await withRepresentation(source, async (representation) => {
      await remove();
      const read = await readRange(representation, undefined).catch(expectGone);
      if (read !== undefined) expectBytes(read, bytes, undefined);
    });
    await checkMissing(source);
  } finally {
    await replace(bytes);
  }
  await expectServed(source, bytes);
}

export async function checkMissing(source: RangeSource): Promise<void> {
  const failure = await failureOf(source);
  assertTrue(failure !== undefined, () => 'a missing object returned bytes');
  assertTrue(codeOf(failure) === 'SOURCE_NOT_FOUND', () => `it failed with ${String(failure)}`);
}

/** Chooses what to read; `undefined`: the whole. */
type Choose = (representation: Representation) => ByteRange | undefined;

/**
 * Reads like a response: if the source changes before its first bytes are read, it is resolved again, once.
 *
 * @returns the error; `undefined`: there was none
 */
export async function failureOf(source: RangeSource, choose: Choose = () => undefined): Promise<unknown> {
  const failure = await failureOnce(source, choose);
  return codeOf(failure) === 'SOURCE_CHANGED' ? failureOnce(source, choose) : failure;
}

async function failureOnce(source: RangeSource, choose: Choose): Promise<unknown> {
  try {
    await withRepresentation(source, (representation) => readRange(representation, choose(representation)));
    return undefined;
  } catch (error) {
    return unlessNeverEnded(error) ?? new Error('it failed without an error');
  }
}

/** Retried as in `failureOf`. */
async function expectServed(source: RangeSource, bytes: Uint8Array): Promise<void> {
  const readWhole = (): Promise<void> =>
    withRepresentation(source, async (representation) => {
      expectBytes(await readRange(representation, undefined), bytes, undefined);
      const { size } = representation; // what is remembered may be out of date until it is read
      assertTrue(size === undefined || size === bytes.length, () => `its size is ${size}, not ${bytes.length}`);
    });
  await readWhole().catch((error: unknown) => {
    expectChanged(error);
    return readWhole();
  });
}

function expectChanged(error: unknown): void {
  const isTold = codeOf(error) === 'SOURCE_CHANGED';
  assertTrue(isTold, () => `reading replaced content must fail with a SourceChangedError, not ${String(error)}`);
}

function expectGone(error: unknown): undefined {
  const isTold = codeOf(error) === 'SOURCE_CHANGED' || codeOf(error) === 'SOURCE_NOT_FOUND';
  assertTrue(isTold, () => `reading removed content must fail with a SourceNotFoundError, not ${String(error)}`);
}

function inverted(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (byte) => byte ^ 0xff);
}
