import type { RangeSource } from '../../sources/source.js';
import { METADATA } from './metadata.js';
import { checkEmpty, READING } from './reading.js';
import { RELEASE } from './release.js';
import { checkMissing, REPLACED } from './replaced.js';
import { assertTrue, comesTrue, type MakeSource } from './source-reader.js';
import { checkFailing, checkOthers, checkSecrets, checkSilent } from './storage.js';

/** A requirement: its description, and a function that rejects if a source violates it. */
export interface ContractCheck {
  readonly name: string;
  readonly run: () => Promise<void>;
}

type SourceMaker = () => RangeSource | Promise<RangeSource>;

export interface SourceContractOptions {
  /** A source over a missing object. */
  readonly missing?: SourceMaker | undefined;
  /** A source over an empty object. */
  readonly empty?: SourceMaker | undefined;
  /** Sources over storage that fails: it denies access, cannot be reached, or breaks off in the middle of the content. */
  readonly failing?: Readonly<Record<string, SourceMaker>> | undefined;
  /** Sources over storage that stops responding: before the metadata, before the content, or in the middle of it. */
  readonly silent?: Readonly<Record<string, SourceMaker>> | undefined;
  /** Sources over other objects, or for other users, each with its own content: they must not share what they remember. */
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
 * @param make returns a fresh source over the same object each time
 */
export function rangeSourceContract(make: MakeSource, options: SourceContractOptions = {}): readonly ContractCheck[] {
  const checks = [
    ...[...READING, ...REPLACED, ...METADATA, ...RELEASE].map(([name, check]) => ({ name, run: () => check(make) })),
    ...checksOfOptions(make, options),
  ];
  const { resourcesInUse } = options;
  if (resourcesInUse === undefined) return checks;
  return checks.map(({ name, run }) => ({ name, run: () => leavingNothing(run, resourcesInUse) }));
}

function checksOfOptions(make: MakeSource, options: SourceContractOptions): readonly ContractCheck[] {
  const { missing, empty, failing = {}, silent = {}, others = {}, secrets = [] } = options;
  const checks: ContractCheck[] = [];
  const add = (name: string, run: () => Promise<void>): void => void checks.push({ name, run });
  if (missing !== undefined) {
    add('a missing object is a SourceNotFoundError', async () => checkMissing(await missing()));
  }
  if (empty !== undefined) add('an empty object returns no bytes', async () => checkEmpty(await empty()));
  for (const [what, makeFailing] of Object.entries(failing)) {
    add(`${what}: it fails, and not as a missing object`, async () => checkFailing(await makeFailing()));
  }
  for (const [what, makeSilent] of Object.entries(silent)) {
    add(`${what}: an abort ends the wait`, async () => checkSilent(await makeSilent()));
  }
  for (const [what, makeOther] of Object.entries(others)) {
    add(`${what}: each source has its own metadata and bytes`, () => checkOthers(make, makeOther));
  }
  const broken = missing === undefined ? failing : { missing, ...failing };
  if (secrets.length > 0) add('no error contains a secret', () => checkSecrets(Object.values(broken), secrets));
  return checks;
}

async function leavingNothing(run: () => Promise<void>, inUse: () => number): Promise<void> {
  const before = inUse();
  await run();
  assertTrue(await comesTrue(() => inUse() <= before), () => `${inUse() - before} of its resources are not released`);
}
