import { trimOws } from './header-value.js';

/** A longer header is ignored: no client supports that many codings. In bytes. */
const MAX_HEADER_LENGTH = 1024;

/** The name for the absence of a coding. */
export const IDENTITY = 'identity';

/** Below any weight that a client can assign: `identity` comes last unless the client lists it. */
const UNLISTED = 0.0001;

/**
 * The codings in which a client accepts a representation, preferred first: some of `available`, and `identity`. With equal
 * weights the order of `available` decides, then `identity`. Without the header only `identity` is returned, although the
 * RFC would allow any coding.
 *
 * @param headerValue value of Accept-Encoding; `undefined`: absent
 * @param available content codings in lower case, best first
 * @see RFC 9110 §12.5.3
 */
export function preferredCodings(headerValue: string | undefined, available: readonly string[]): string[] {
  const weights = parseWeights(headerValue ?? '');
  const wildcard = weights.get('*');
  const weightOf = (coding: string): number => {
    return weights.get(coding) ?? wildcard ?? (coding === IDENTITY ? UNLISTED : 0);
  };
  const acceptable = [...available, IDENTITY].filter((coding) => weightOf(coding) > 0);
  return acceptable.sort((left, right) => weightOf(right) - weightOf(left));
}

/** A coding or `*`, with an optional weight from 0 to 1 of at most three decimals (§12.4.2). */
const MEMBER = /^([!#$%&'*+.^_`|~\w-]+)(?:[\t ]*;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

/** Skips members that violate the grammar; if a coding is listed twice, the lower weight counts. */
function parseWeights(headerValue: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  if (headerValue.length > MAX_HEADER_LENGTH) return weights;
  for (const member of headerValue.split(',')) {
    const [, name = '', weight = '1'] = MEMBER.exec(trimOws(member)) ?? [];
    const coding = name.toLowerCase() === 'x-gzip' ? 'gzip' : name.toLowerCase(); // §8.4.1.3
    if (coding !== '') weights.set(coding, Math.min(Number(weight), weights.get(coding) ?? 1));
  }
  return weights;
}
