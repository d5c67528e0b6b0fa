import { trimOws } from './field-value.js';

/** A longer field is taken for none: no client knows as many codings. In octets. */
const MAX_FIELD_LENGTH = 1024;

/** The coding that stands for no coding. */
export const IDENTITY = 'identity';

/** Below any weight that a client can give: what is acceptable only because it was not refused comes last. */
const UNLISTED = 0.0001;

/**
 * In which order a client would have a representation: in one of the codings that are available, or as it is
 * (`identity`). What it refuses is left out. Where it gives equal weights, the order of `available` decides, and then
 * `identity`. No field is taken for a client that knows no coding, though the RFC would let it have any.
 *
 * @param fieldValue of Accept-Encoding; `undefined`: the request has none
 * @param available content codings in lower case, the best first
 * @see RFC 9110 §12.5.3
 */
export function preferredCodings(fieldValue: string | undefined, available: readonly string[]): string[] {
  const weights = parseWeights(fieldValue ?? '');
  const ofOthers = weights.get('*');
  const weightOf = (coding: string): number => {
    return weights.get(coding) ?? ofOthers ?? (coding === IDENTITY ? UNLISTED : 0);
  };
  const acceptable = [...available, IDENTITY].filter((coding) => weightOf(coding) > 0);
  return acceptable.sort((left, right) => weightOf(right) - weightOf(left));
}

/** A coding (or an asterisk), and perhaps a weight from 0 to 1 with at most three decimals (§12.4.2). */
const MEMBER = /^([!#$%&'*+.^_`|~\w-]+)(?:[\t ]*;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

/** A member that breaks the grammar is passed over; of a coding that stands there twice, the lower weight counts. */
function parseWeights(fieldValue: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  if (fieldValue.length > MAX_FIELD_LENGTH) return weights;
  for (const member of fieldValue.split(',')) {
    const [, name = '', weight = '1'] = MEMBER.exec(trimOws(member)) ?? [];
    const coding = name.toLowerCase() === 'x-gzip' ? 'gzip' : name.toLowerCase(); // §8.4.1.3
    if (coding !== '') weights.set(coding, Math.min(Number(weight), weights.get(coding) ?? 1));
  }
  return weights;
}
