import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const INDEX = join('docs', 'README.md');
const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  join('docs', 'examples', 'README.md'),
  join('docs', 'evidence', 'performance.md'),
];
const FENCED = /^```.*?^```$/gms;

const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8').replaceAll(FENCED, '');

function linksIn(page: string): string[] {
  const targets = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^(?:[a-z]+:|\.\.\/\.\.\/(?:actions|security))/.test(target));
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const headings = [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(/\s/g, '-'),
    ),
  );
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || statSync(join(ROOT, target)).isDirectory() || anchorsOf(target).has(anchor);
}

/** The pages in the order of the index. */
const order = linksIn(INDEX).map((link) => join('docs', link));
const titleOf = (page: string): string => /^# (.+)$/m.exec(textOf(page))?.[1] ?? '';

describe('the links of the docs', () => {
  it('are found at all', () => {
    expect(PAGES.flatMap(linksIn).length).toBeGreaterThan(100);
  });

  it.each(PAGES)('lead to a file, and to a heading of it: %s', (page) => {
    expect(linksIn(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it('lead from the index to each page', () => {
    expect(order.toSorted()).toEqual(PAGES.filter((page) => page.startsWith('docs') && page !== INDEX).toSorted());
  });

  it('lead from the site of TypeDoc to each page', () => {
    const config = readFileSync(join(ROOT, 'typedoc.json'), 'utf8');
    const { projectDocuments } = JSON.parse(config) as { projectDocuments: string[] };
    expect(projectDocuments.toSorted()).toEqual(order.toSorted());
  });

  it.each(order)('lead from %s to the next page', (page) => {
    const next = order[order.indexOf(page) + 1] ?? INDEX;
    const words = next === INDEX ? 'All pages' : `Next: ${titleOf(next)}`;
    const [label, title] = words.startsWith('Next: ') ? ['Next: ', words.slice('Next: '.length)] : ['', words];
    expect(textOf(page).trimEnd().split('\n').at(-1)).toBe(`${label}[${title}](${relative(dirname(page), next)})`);
  });
});

it('README is at most 9,000 characters long', () => {
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8').length).toBeLessThanOrEqual(9000);
});
