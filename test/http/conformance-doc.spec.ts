import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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

function specOf(file: string): string {
  return file.includes('/') ? join(TEST, `${file}.ts`) : join(TEST, 'http', `${file}.spec.ts`);
}

/** Whether a spec has a test, or a row of a table of tests, by that name. */
function hasRow({ file, row }: Citation): boolean {
  if (row === '' || !existsSync(specOf(file))) return false;
  const text = readFileSync(specOf(file), 'utf8');
  return text.includes(`'${row}'`) || text.includes(`"${row}"`);
}

describe('docs/conformance.md', () => {
  it('every clause cites tests, and each of them exists', () => {
    expect(citations.length).toBeGreaterThan(100);
    expect(citations.filter((citation) => !hasRow(citation))).toStrictEqual([]);
  });

  it('every spec of the pure core is cited', () => {
    const specs = readdirSync(join(TEST, 'http')).filter(
      (name) => name.endsWith('.spec.ts') && !name.startsWith('conf'),
    );
    const cited = new Set(citations.map(({ file }) => `${file}.spec.ts`));
    expect(specs.filter((name) => !cited.has(name))).toStrictEqual([]);
  });
});
