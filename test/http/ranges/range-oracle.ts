/**
 * A second reading of RFC 9110 §14.1.1, §14.1.2 and §14.2 to measure ours by. It is slow, it uses BigInt and regular
 * expressions, and for small sizes it marks byte by byte. It shares nothing with src.
 */

/** Positions are inclusive. */
export type OracleRange = readonly [first: bigint, last: bigint];
export type OracleSelection = 'ignored' | 'whole' | 'unsatisfiable' | readonly OracleRange[];

/** What each member selects, the unsatisfiable ones left out, nothing merged. */
export function selectByGrammar(headerValue: string, size: bigint): OracleSelection {
  const specifier = /^bytes=(?<rangeSet>[^]*)$/i.exec(headerValue);
  if (headerValue.length > 4096 || specifier === null) return 'ignored';
  const members = specifier[1]!
    .split(',')
    .map((element) => element.replace(/^[ \t]*/, '').replace(/[ \t]*$/, ''))
    .filter((element) => element !== '');
  if (members.length === 0 || members.length > 100) return 'ignored';
  const selected: OracleRange[] = [];
  for (const member of members) {
    const int = /^([0-9]+)-([0-9]*)$/.exec(member);
    const suffix = /^-([0-9]+)$/.exec(member);
    if (int !== null) {
      const first = BigInt(int[1]!);
      const last = int[2] === '' ? size - 1n : BigInt(int[2]!);
      if (int[2] !== '' && first > last) return 'ignored';
      if (first < size) selected.push([first, last < size ? last : size - 1n]);
    } else if (suffix !== null) {
      const length = BigInt(suffix[1]!);
      if (length > 0n) selected.push([length < size ? size - length : 0n, size - 1n]);
    } else {
      return 'ignored';
    }
  }
  if (size === 0n) return 'whole';
  if (selected.length === 0) return 'unsatisfiable';
  return selected;
}

/** Merges by painting bytes: gaps of at most `gap` are painted over, and each run stands where it was first mentioned. */
export function mergeByPainting(ranges: readonly OracleRange[], size: number, gap: number): OracleRange[] {
  const painted = Array.from({ length: size }, (_, byte) => ranges.some(([a, b]) => a <= byte && byte <= b));
  let last = -1;
  for (let byte = 0; byte < size; byte++) {
    if (!painted[byte]) continue;
    if (last !== -1 && byte - last - 1 <= gap) painted.fill(true, last, byte);
    last = byte;
  }
  const runs: OracleRange[] = [];
  for (const [from] of ranges) {
    let first = Number(from);
    let end = first;
    while (painted[first - 1]) first--;
    while (painted[end + 1]) end++;
    if (!runs.some((run) => run[0] === BigInt(first))) runs.push([BigInt(first), BigInt(end)]);
  }
  return runs;
}
