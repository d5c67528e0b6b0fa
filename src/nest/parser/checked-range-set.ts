import { inspect, types } from 'node:util';
import type { RangeSet, RangeSpec } from '../../http/ranges/range-header.js';
import { callQuietly } from '../../sources/call-quietly.js';

/**
 * Checks the result of a custom parser and returns it as an immutable RangeSet.
 *
 * @throws TypeError if it is not a RangeSet
 */
export function checkedRangeSet(parsed: unknown): RangeSet | undefined {
  if (parsed === undefined) return undefined;
  const set = Array.isArray(parsed) ? parsed.map(toSpec) : [];
  if (set.length > 0 && set.every((spec) => spec !== undefined)) return set;
  callQuietly(() => parsed); // if it is a rejecting promise, nothing else fails
  const shown = types.isPromise(parsed) ? 'a Promise' : inspect(parsed, { depth: 1 });
  throw new TypeError(
    `parse() of the RangeParser returned ${shown}, which is not a RangeSet: return an array of { firstPos, lastPos } or { suffixLength }, or undefined`,
  );
}

function toSpec(
  member: Partial<Record<'firstPos' | 'lastPos' | 'suffixLength', unknown>> | null,
): RangeSpec | undefined {
  const { firstPos, lastPos, suffixLength } = member ?? {};
  if (isPosition(suffixLength)) return { suffixLength };
  if (!isPosition(firstPos)) return undefined;
  if (lastPos === undefined) return { firstPos };
  return isPosition(lastPos) && lastPos >= firstPos ? { firstPos, lastPos } : undefined;
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
