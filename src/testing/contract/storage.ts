import type { RangeSource } from '../../sources/source.js';
import { expectBytes } from './reading.js';
import { failureOf } from './replaced.js';
import {
  assertTrue,
  codeOf,
  inTime,
  type MakeSource,
  onRepresentation,
  pause,
  readRange,
  readUntilAborted,
} from './source-reader.js';

/** Only what the storage says of this object makes it missing; anything else must reach those who run the app. */
export async function checkFailing(source: RangeSource): Promise<void> {
  const failure = await failureOf(source);
  assertTrue(failure !== undefined, () => 'it was read to its end without an error');
  const isMissing = codeOf(failure) === 'SOURCE_NOT_FOUND' && !isForbidden(failure);
  assertTrue(!isMissing, () => `a failure of the storage was taken for a missing object: ${String(failure)}`);
}

function isForbidden(error: unknown): boolean {
  return (error as { isForbidden?: unknown }).isForbidden === true;
}

/** Long enough for the source to be waiting for its storage, in ms. */
const SILENCE_MS = 50;

export async function checkSilent(source: RangeSource): Promise<void> {
  const controller = new AbortController();
  const reading = readUntilAborted(source, controller.signal).then(ended, ended); // by the abort, with an error or without
  const isOver = await Promise.race([reading, pause(SILENCE_MS)]);
  assertTrue(isOver !== true, () => 'it ended before the abort, so its storage is not silent');
  controller.abort();
  await inTime('after an abort, the wait', reading);
}

function ended(): true {
  return true;
}

/** Twice, in turns: the second time, metadata may be remembered. */
export async function checkOthers(make: MakeSource, makeOther: MakeSource): Promise<void> {
  for (const makeOne of [make, makeOther, make, makeOther]) {
    await onRepresentation(makeOne, async (representation, bytes) => {
      const { size } = representation;
      assertTrue(size === undefined || size === bytes.length, () => `its size is ${size}, not ${bytes.length}`);
      expectBytes(await readRange(representation, undefined), bytes, undefined);
    });
  }
}

type SourceMaker = () => RangeSource | Promise<RangeSource>;

export async function checkSecrets(broken: readonly SourceMaker[], secrets: readonly string[]): Promise<void> {
  for (const make of broken) {
    const shown = textsOf(await failureOf(await make())).join('\n');
    const found = secrets.find((secret) => shown.includes(secret));
    assertTrue(found === undefined, () => `an error contains a secret: ${shown.replaceAll(found ?? '', '***')}`);
  }
}

/** What log lines show of an error: its message and stack, and those of its causes. */
function textsOf(error: unknown, depth = 0): string[] {
  if (typeof error !== 'object' || error === null || depth > MOST_CAUSES) return [String(error)];
  const { message, stack, cause } = error as Partial<Error>;
  return [String(message), String(stack), ...(cause === undefined ? [] : textsOf(cause, depth + 1))];
}

const MOST_CAUSES = 5;
