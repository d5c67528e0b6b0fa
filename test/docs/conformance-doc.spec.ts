import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const TEST = join(import.meta.dirname, '..');
const DOC = join(TEST, '..', 'docs', 'conformance.md');

interface Citation {
  readonly clause: string;
  readonly file: string;
  readonly row: string;
}

/** The last cell of each row of each table, split into its citations. */
const citations: readonly Citation[] = readFileSync(DOC, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.at(-2) !== 'Test')
  .flatMap((cells) =>
    (cells.at(-2) ?? '').split('<br>').map((citation) => {
      const [file = '', row = ''] = citation.split(' › ');
      return { clause: cells.slice(1, 4).join(' '), file, row };
    }),
  );

const paths = readdirSync(TEST, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !path.includes('node_modules'),
);
const nameOf = (path: string): string => basename(path).replace(/(?:\.spec)?\.ts$/, '');

/** Whether exactly one file has that name, and it has a test, or a row of a table of tests, by the name of the row. */
function hasRow({ file, row }: Citation): boolean {
  const [path, another] = paths.filter((name) => nameOf(name) === file);
  if (row === '' || path === undefined || another !== undefined) return false;
  const text = readFileSync(join(TEST, path), 'utf8');
  return text.includes(`'${row}'`) || text.includes(`"${row}"`);
}

describe('docs/conformance.md', () => {
  it('every clause cites tests, and each of them exists', () => {
    expect(citations.length).toBeGreaterThan(100);
    expect(citations.filter((citation) => !hasRow(citation))).toStrictEqual([]);
  });

  it('every spec of the pure core is cited', () => {
    const specs = paths.filter((path) => path.startsWith('http') && path.endsWith('.spec.ts')).map(nameOf);
    const cited = new Set(citations.map(({ file }) => file));
    expect(specs.length).toBeGreaterThan(10);
    expect(specs.filter((name) => !cited.has(name))).toStrictEqual([]);
  });
});
