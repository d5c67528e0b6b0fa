/** What was measured of each row, round by round. */
export type Rounds<S> = ReadonlyMap<string, readonly S[]>;

/**
 * Measures each row once per round, so that a slow minute of the machine is shared by all. Each round begins with another
 * row, so that none always follows the same one.
 */
export async function interleave<R extends { readonly name: string }, S>(
  rows: readonly R[],
  rounds: number,
  measure: (row: R) => Promise<S>,
): Promise<Rounds<S>> {
  const samples = new Map<string, S[]>(rows.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const turn = round % rows.length;
    for (const row of [...rows.slice(turn), ...rows.slice(0, turn)]) samples.get(row.name)?.push(await measure(row));
  }
  return samples;
}

export function median(values: readonly number[]): number {
  const ascending = values.toSorted((a, b) => a - b);
  const middle = Math.floor(ascending.length / 2);
  const [below = NaN, above = NaN] = [ascending[Math.ceil(ascending.length / 2) - 1], ascending[middle]];
  return (below + above) / 2;
}
