import { METADATA } from './metadata.js';
import { checkEmpty, READING } from './reading.js';
import { RELEASE } from './release.js';
import { checkMissing, checksOfChanges } from './replaced.js';
import { assertTrue, comesTrue, type ContractCheck, type MakeSource } from './source-reader.js';
import {
  checkFailing,
  checkOthers,
  checkSecrets,
  checkSilent,
  checksOfRefusals,
  type FailureStatus,
  type Refusing,
  type SourceMaker,
} from './storage.js';

/** A source over storage that fails, and what clients must get for it before the first byte is sent. */
export interface FailingSource {
  readonly source: SourceMaker;
  /**
   * 502 for a SourceProtocolError (it sends more or fewer bytes than requested, or something else), 503 for a
   * SourceUnavailableError (its connection is refused or reset), 504 for a SourceTimeoutError, 404 for a SourceNotFoundError
   * with `isForbidden`, 500 for any other error.
   */
  readonly status: FailureStatus;
}

export interface SourceContractOptions {
  /** Replaces the content of all sources that `make` returns, and resolves when they see the change. */
  readonly replace?: ((bytes: Uint8Array) => void | Promise<void>) | undefined;
  /** Removes that content, and resolves when the sources see the change. Needs `replace`, which puts it back. */
  readonly remove?: (() => void | Promise<void>) | undefined;
  /** A source over a missing object. */
  readonly missing?: SourceMaker | undefined;
  /** A source over an empty object. */
  readonly empty?: SourceMaker | undefined;
  /** Sources over storage that fails: it cannot be reached, breaks off in the content, or sends more or less than requested. */
  readonly failing?: Readonly<Record<string, SourceMaker | FailingSource>> | undefined;
  /** Makes a source over storage that responds with an HTTP status: to all requests, or only to those for content. */
  readonly refusing?: Refusing | undefined;
  /** Sources over storage that stops responding: before the metadata, before the content, or in the middle of it. */
  readonly silent?: Readonly<Record<string, SourceMaker>> | undefined;
  /**
   * Sources over other objects, or for other users, each with its own content: they must not share what they remember. Also
   * over objects whose type or name the storage keeps although it is no valid header.
   */
  readonly others?: Readonly<Record<string, MakeSource>> | undefined;
  /** Passwords, keys and tokens of the sources, which no error may contain. */
  readonly secrets?: readonly string[] | undefined;
  /**
   * The number of descriptors, connections or cursors in use by the sources. Each check waits at its end until there are no
   * more than at its beginning.
   */
  readonly resourcesInUse?: (() => number) | undefined;
}

/**
 * The contract of every `RangeSource`, as a list of checks for any test runner.
 *
 * @example
 * for (const { name, run } of rangeSourceContract(() => ({ source: mySource(key), bytes }))) it(name, run);
 * @param make is called by each check, often several times: returns a fresh source over the same object each time
 * @throws {TypeError} `remove` without `replace`
 */
export function rangeSourceContract(make: MakeSource, options: SourceContractOptions = {}): readonly ContractCheck[] {
  const checks = [
    ...[...READING, ...METADATA, ...RELEASE].map(([name, check]) => ({ name, run: () => check(make) })),
    ...checksOfOptions(make, options),
  ];
  const { resourcesInUse } = options;
  if (resourcesInUse === undefined) return checks;
  return checks.map(({ name, run }) => ({ name, run: () => leavingNothing(run, resourcesInUse) }));
}

function checksOfOptions(make: MakeSource, options: SourceContractOptions): readonly ContractCheck[] {
  const { replace, remove, missing, empty, failing = {}, refusing, silent = {}, others = {}, secrets = [] } = options;
  if (replace === undefined && remove !== undefined) {
    throw new TypeError('rangeSourceContract: the option "remove" needs "replace", which puts the content back');
  }
  const checks: ContractCheck[] = replace === undefined ? [] : [...checksOfChanges(make, { replace, remove })];
  const add = (name: string, run: () => Promise<void>): void => void checks.push({ name, run });
  if (missing !== undefined) {
    add('a missing object is a SourceNotFoundError', async () => checkMissing(await missing()));
  }
  if (empty !== undefined) add('an empty object returns no bytes', async () => checkEmpty(await empty()));
  for (const [what, one] of Object.entries(failing)) {
    const { source, status } = typeof one === 'function' ? { source: one } : one;
    const as = status === undefined ? 'it fails, and not as a missing object' : `clients get a ${status}`;
    add(`${what}: ${as}`, () => checkFailing(source, status));
  }
  if (refusing !== undefined) checks.push(...checksOfRefusals(refusing));
  for (const [what, makeSilent] of Object.entries(silent)) {
    add(`${what}: an abort ends the wait`, async () => checkSilent(await makeSilent()));
  }
  for (const [what, makeOther] of Object.entries(others)) {
    add(`${what}: each source has its own metadata and bytes`, () => checkOthers(make, makeOther));
  }
  const makers = Object.values(failing).map((one) => (typeof one === 'function' ? one : one.source));
  const broken = missing === undefined ? makers : [missing, ...makers];
  if (secrets.length > 0) add('no error contains a secret', () => checkSecrets(broken, secrets));
  return checks;
}

async function leavingNothing(run: () => Promise<void>, inUse: () => number): Promise<void> {
  const before = inUse();
  await run();
  assertTrue(await comesTrue(() => inUse() <= before), () => `${inUse() - before} of its resources are not released`);
}
