import type { RangeSource } from '../../sources/source.js';
import { METADATA } from './metadata.js';
import { expectBytes } from './reading.js';
import { failureOf } from './replaced.js';
import {
  assertTrue,
  codeOf,
  type ContractCheck,
  inTime,
  type MakeSource,
  onRepresentation,
  pause,
  readRange,
  readUntilAborted,
} from './source-reader.js';

export type SourceMaker = () => RangeSource | Promise<RangeSource>;

/** What clients get for the failure of a source, as a status. */
export type FailureStatus = 404 | 500 | 502 | 503 | 504;

/** The whole, and a part of it, of which a source may know the length less well. */
const READ: readonly Parameters<typeof failureOf>[1][] = [
  () => undefined,
  ({ size }) => (size === undefined || size < 10 ? undefined : { firstPos: 1, lastPos: size - 2 }),
];

/** Only what the storage says of this object makes it missing; anything else must reach those who run the app. */
export async function checkFailing(make: SourceMaker, status?: FailureStatus): Promise<void> {
  for (const choose of READ) {
    const failure = await failureOf(await make(), choose);
    assertTrue(failure !== undefined, () => 'it was read to its end without an error');
    assertTrue(
      !isMissing(failure),
      () => `a failure of the storage was taken for a missing object: ${String(failure)}`,
    );
    if (status !== undefined) expectStatus(failure, [status]);
  }
}

/** What storage responds, and what clients may get for it: first the status that a source error stands for. */
const REFUSALS: readonly (readonly [status: number, ofAll: readonly number[], ofContent?: readonly number[]])[] = [
  [401, [500, 502, 503]],
  [403, [404, 403, 500]],
  [404, [404], [404, 503]], // 503: it was there a moment ago, so it has changed
  [429, [503, 429]],
  [500, [503, 502, 500]],
  [503, [503]],
  [504, [504, 503]],
];

export type Refusing = (status: number, requests: 'all' | 'content') => RangeSource | Promise<RangeSource>;

export function checksOfRefusals(refusing: Refusing): readonly ContractCheck[] {
  return REFUSALS.flatMap(([status, ofAll, ofContent = ofAll]) => [
    {
      name: `${status} from the storage for all requests: clients get a ${ofAll.join(' or ')}`,
      run: async () => checkRefused(await refusing(status, 'all'), status, ofAll),
    },
    {
      name: `${status} from the storage for content: clients get a ${ofContent.join(' or ')}`,
      run: async () => checkRefused(await refusing(status, 'content'), status, ofContent),
    },
  ]);
}

async function checkRefused(source: RangeSource, status: number, expected: readonly number[]): Promise<void> {
  const failure = await failureOf(source);
  assertTrue(failure !== undefined, () => `it was read to its end although its storage responded ${status}`);
  expectStatus(failure, expected);
  if (status === 404)
    assertTrue(!isForbidden(failure), () => `a missing object was taken for a denial: ${String(failure)}`);
  else assertTrue(!isMissing(failure), () => `a ${status} was taken for a missing object: ${String(failure)}`);
}

function expectStatus(failure: unknown, expected: readonly number[]): void {
  const status = statusOf(failure);
  assertTrue(expected.includes(status), () => {
    const advice = ERRORS[expected[0] ?? 0];
    const instead = advice === undefined ? '' : `: throw a ${advice}`;
    return `clients would get ${status} for ${String(failure)}, where ${expected.join(' or ')} is expected${instead}`;
  });
}

const ERRORS: Readonly<Record<number, string | undefined>> = {
  404: 'SourceNotFoundError, with isForbidden: true for a denial',
  502: 'SourceProtocolError',
  503: 'SourceUnavailableError',
  504: 'SourceTimeoutError',
};

const STATUSES: Readonly<Record<string, number | undefined>> = {
  SOURCE_NOT_FOUND: 404,
  SOURCE_CHANGED: 503,
  SOURCE_UNAVAILABLE: 503,
  SOURCE_TIMEOUT: 504,
  SOURCE_PROTOCOL: 502,
};

/** The status that an error becomes: that of an HttpException is its own, and of an unknown error 500. */
function statusOf(error: unknown): number {
  const { getStatus } = error as { readonly getStatus?: () => number };
  return STATUSES[String(codeOf(error))] ?? getStatus?.call(error) ?? 500;
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'SOURCE_NOT_FOUND' && !isForbidden(error);
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
  for (const [name, check] of METADATA) {
    await check(makeOther).catch((error: unknown) => {
      throw new Error(`${name}: ${String((error as Partial<Error>).message)}`, { cause: error });
    });
  }
}

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
