import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** Files and folders of the repository that a page names in code, with or without the ending of a spec. */
function pathsIn(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/`((?:test|bench|scripts|sample-app|docs)\/[\w./-]+)`/g)].map(([, path = '']) => path);
}

/** Made by `npm run docs`. */
const GENERATED = 'docs/api';

const isThere = (path: string): boolean =>
  path === GENERATED || ['', '.ts', '.js', '.spec.ts'].some((ending) => existsSync(join(ROOT, path + ending)));

describe('the paths in the docs', () => {
  it('is found at all', () => {
    expect(PAGES.flatMap(pathsIn).length).toBeGreaterThan(50);
  });

  it.each(PAGES)('exists: %s', (page) => {
    expect(pathsIn(page).filter((path) => !isThere(path))).toEqual([]);
  });
});
