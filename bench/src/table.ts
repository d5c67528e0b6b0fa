import { median, type Rounds } from './statistics.js';

/** A column: its title, and what it says of a row. */
export interface Column<S> {
  readonly title: string;
  cell(row: string, rounds: Rounds<S>): string;
}

/** The median of a figure, and its least and its greatest value. */
export function figure<S>(title: string, of: (sample: S) => number): Column<S> {
  return { title, cell: (row, rounds) => spread((rounds.get(row) ?? []).map(of)) };
}

/** The greatest value of a figure. */
export function greatest<S>(title: string, of: (sample: S) => number): Column<S> {
  return { title, cell: (row, rounds) => format(Math.max(...(rounds.get(row) ?? []).map(of))) };
}

/**
 * A figure as a multiple of that of another row: worked out in each round, then the median. The ratio of two medians would
 * compare rounds in which the machine was not equally fast.
 *
 * @param baseOf the row to compare with; what is no row of the table leaves the cell empty
 */
export function ratio<S>(title: string, of: (sample: S) => number, baseOf: (row: string) => string): Column<S> {
  return {
    title,
    cell(row, rounds) {
      const base = rounds.get(baseOf(row));
      if (base === undefined) return '';
      if (baseOf(row) === row) return '1';
      return spread((rounds.get(row) ?? []).map((sample, round) => of(sample) / of(base[round]!)));
    },
  };
}

/** The rounds as a table in Markdown. */
export function table<S>(rounds: Rounds<S>, columns: readonly Column<S>[]): string {
  const lines = [line('', ...columns.map(({ title }) => title)), line('---', ...columns.map(() => '---:'))];
  for (const row of rounds.keys()) lines.push(line(row, ...columns.map((column) => column.cell(row, rounds))));
  return lines.join('\n');
}

/** A row of a table in Markdown. */
export function line(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function spread(values: readonly number[]): string {
  const middle = format(median(values));
  return values.length === 1 ? middle : `${middle} (${format(Math.min(...values))}–${format(Math.max(...values))})`;
}

/** Three digits, and all of what stands before the point. */
function format(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',');
  return value === 0 ? '0' : value.toPrecision(Math.abs(value) < 1 ? 2 : 3);
}
