import type { ByteRange } from '../../http/ranges/byte-range.js';
import type { RangeSource, Representation } from '../../sources/source.js';
import { expectBytes } from './reading.js';
import {
  assertTrue,
  codeOf,
  type ContractCheck,
  type MakeSource,
  NotOfTheSource,
  ofTheSource,
  readRange,
  withRepresentation,
} from './source-reader.js';

/** Functions of the app that change the content. */
export interface Changes {
  readonly replace: (bytes: Uint8Array) => void | Promise<void>;
  readonly remove?: (() => void | Promise<void>) | undefined;
}

/** What content is replaced by. */
const REPLACEMENTS: readonly (readonly [by: string, make: (bytes: Uint8Array) => Uint8Array])[] = [
  ['other content', inverted],
  ['shorter content', (bytes) => inverted(bytes).subarray(0, bytes.length >> 1)],
  ['longer content', (bytes) => Buffer.concat([inverted(bytes), bytes])],
  ['nothing', () => new Uint8Array(0)],
];

/** Checks of a source whose content changes. */
export function checksOfChanges(make: MakeSource, { replace, remove }: Changes): readonly ContractCheck[] {
  const changing = { make, replace: saying('replace', replace) };
  const checks = REPLACEMENTS.flatMap(([by, alter]): ContractCheck[] => [
    {
      name: `content replaced by ${by} before it is read is sent in its old version, or fails with a SourceChangedError`,
      run: () => withReplacement(changing, alter, replacedBeforeReading),
    },
    {
      name: `content replaced by ${by} while it is read is sent in its old version, or fails`,
      run: () => withReplacement(changing, alter, replacedWhileReading),
    },
  ]);
  if (remove === undefined) return checks;
  return [
    ...checks,
    {
      name: 'content that is removed is not found, and is served again when it is back',
      run: () => checkRemoved(changing, saying('remove', remove)),
    },
  ];
}

/** A function of the app whose errors say whose they are. */
function saying<A extends readonly unknown[]>(
  name: string,
  change: (...args: A) => void | Promise<void>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await change(...args);
    } catch (cause) {
      throw new NotOfTheSource(`the option "${name}" failed: ${String(cause)}`, { cause });
    }
  };
}

interface Changing {
  readonly make: MakeSource;
  readonly replace: (bytes: Uint8Array) => Promise<void>;
}

interface Replacement {
  readonly source: RangeSource;
  readonly bytes: Uint8Array;
  readonly other: Uint8Array;
  readonly replace: Changing['replace'];
}

/** Restores the content, which sources that already exist and new ones must both see. */
async function withReplacement(
  { make, replace }: Changing,
  alter: (bytes: Uint8Array) => Uint8Array,
  check: (replacement: Replacement) => Promise<void>,
): Promise<void> {
  const { source, bytes } = await make();
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
  for (const range of [inner, undefined]) {
    const read = await withRepresentation(source, async (representation) => {
      await replace(other);
      return readRange(representation, range).catch(expectChanged);
    });
    if (read === undefined) await expectServed(source, other);
    else expectOldBytes(read, bytes, range);
    await replace(bytes);
    await expectServed(source, bytes); // what is remembered of the time between is forgotten, whatever tag the bytes have now
  }
  await replace(other);
}

async function replacedWhileReading({ source, bytes, other, replace }: Replacement): Promise<void> {
  await withRepresentation(source, async (representation) => {
    let read: Buffer | undefined;
    try {
      read = await readRange(representation, undefined, (index) => (index === 0 ? replace(other) : undefined));
    } catch (error) {
      ofTheSource(error);
      await replace(other); // also if nothing could be read
    }
    if (read !== undefined) expectOldBytes(read, bytes, undefined);
  });
}

async function checkRemoved({ make, replace }: Changing, remove: () => Promise<void>): Promise<void> {
  const { source, bytes } = await make();
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
    return ofTheSource(error) ?? new Error('it failed without an error');
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

function expectOldBytes(read: Buffer, bytes: Uint8Array, range: ByteRange | undefined): void {
  try {
    expectBytes(read, bytes, range);
  } catch (error) {
    const found = `it returned other bytes than those of the version that was resolved: ${(error as Error).message}`;
    throw new Error(`${found}. If that version is no longer there, throw a SourceChangedError`, { cause: error });
  }
}

function expectChanged(error: unknown): undefined {
  const isTold = codeOf(ofTheSource(error)) === 'SOURCE_CHANGED';
  assertTrue(isTold, () => `reading replaced content must fail with a SourceChangedError, not ${String(error)}`);
}

function expectGone(error: unknown): undefined {
  const isTold = codeOf(error) === 'SOURCE_CHANGED' || codeOf(error) === 'SOURCE_NOT_FOUND';
  assertTrue(isTold, () => `reading removed content must fail with a SourceNotFoundError, not ${String(error)}`);
}

function inverted(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (byte) => byte ^ 0xff);
}
