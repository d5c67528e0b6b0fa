import type { RangeSource } from '../sources/source.js';
import { METADATA } from './contract-of-metadata.js';
import { checkEmpty, checkMissing, READING } from './contract-of-reading.js';
import { RELEASE } from './contract-of-release.js';
import { assertTrue, comesTrue, type MakeSource } from './source-reader.js';

/** One requirement: its sentence, and a function that rejects where a source breaks it. */
export interface ContractCheck {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface SourceContractOptions {
  /** A source over what is not there. */
  readonly missing?: (() => RangeSource | Promise<RangeSource>) | undefined;
  /** A source over no octets. */
  readonly empty?: (() => RangeSource | Promise<RangeSource>) | undefined;
  /**
   * How many descriptors, connections or cursors are in use for the sources now. Each check ends by waiting until there
   * are no more of them than when it began.
   */
  readonly resourcesInUse?: (() => number) | undefined;
}

/**
 * What every `RangeSource` owes to those who read it, as a list of checks for any test runner.
 *
 * @example
 * for (const { name, run } of rangeSourceContract(() => ({ source: mySource(key), bytes }))) it(name, run);
 * @param make gives a fresh source, over the same thing each time
 */
export function rangeSourceContract(make: MakeSource, options: SourceContractOptions = {}): readonly ContractCheck[] {
  const { missing, empty, resourcesInUse } = options;
  const checks: ContractCheck[] = [...READING, ...METADATA, ...RELEASE].map(([name, check]) => ({
    name,
    run: () => check(make),
  }));
  if (missing !== undefined) {
    checks.push({ name: 'what is not there is a SourceNotFoundError', run: async () => checkMissing(await missing()) });
  }
  if (empty !== undefined) {
    checks.push({ name: 'what is empty gives nothing', run: async () => checkEmpty(await empty()) });
  }
  if (resourcesInUse === undefined) return checks;
  return checks.map(({ name, run }) => ({ name, run: () => leavingNothing(run, resourcesInUse) }));
}

async function leavingNothing(run: () => Promise<void>, inUse: () => number): Promise<void> {
  const before = inUse();
  await run();
  assertTrue(await comesTrue(() => inUse() <= before), () => `${inUse() - before} of its resources stay in use`);
}
