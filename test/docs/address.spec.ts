import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADDRESS, addressFields, checkAddress, withAbsoluteLinks } from '../../scripts/address.js';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const EXAMPLE = 'https://github.com/someone/nestjs-range';
const readme = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');
const published = withAbsoluteLinks(readme, EXAMPLE, 'v1.2.3');

const targetsIn = (markdown: string): string[] =>
  [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

describe('README on npm', () => {
  it('has no relative link', () => {
    expect(targetsIn(published).length).toBe(targetsIn(readme).length);
    expect(targetsIn(published).filter((target) => !/^(?:https:\/\/|#)/.test(target))).toEqual([]);
  });

  it('links to files that are there', () => {
    const paths = targetsIn(published)
      .map((target) => /\/(?:blob\/|)v1\.2\.3\/([^#]+)/.exec(target)?.[1])
      .filter((path) => path !== undefined);
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
  });

  it.each([
    ['a link', '[a](docs/a.md)', `[a](${EXAMPLE}/blob/v1.2.3/docs/a.md)`],
    ['a link to a heading', '[a](docs/a.md#b)', `[a](${EXAMPLE}/blob/v1.2.3/docs/a.md#b)`],
    [
      'a picture',
      '![a](docs/a.webp)',
      '![a](https://raw.githubusercontent.com/someone/nestjs-range/v1.2.3/docs/a.webp)',
    ],
    [
      'a badge',
      '[![CI](../../actions/workflows/ci.yml/badge.svg)](../../actions/workflows/ci.yml)',
      `[![CI](${EXAMPLE}/actions/workflows/ci.yml/badge.svg)](${EXAMPLE}/actions/workflows/ci.yml)`,
    ],
    ['a heading of its own', '[a](#b)', '[a](#b)'],
    ['another site', '[a](https://a.example/b)', '[a](https://a.example/b)'],
  ])('%s', (_, relative, absolute) => {
    expect(withAbsoluteLinks(relative, EXAMPLE, 'v1.2.3')).toBe(absolute);
  });
});

describe('the address of the repository', () => {
  it('is what npm looks up', () => {
    expect(addressFields(EXAMPLE)).toEqual({
      repository: { type: 'git', url: 'git+https://github.com/someone/nestjs-range.git' },
      homepage: 'https://github.com/someone/nestjs-range#readme',
      bugs: { url: 'https://github.com/someone/nestjs-range/issues' },
    });
  });

  it('is a repository of GitHub, if it is filled in', () => {
    expect(() => checkAddress(ADDRESS ?? EXAMPLE)).not.toThrow();
  });

  it.each<[string | undefined, RegExp]>([
    [undefined, /^fill in ADDRESS in scripts\/address\.js/],
    [`${EXAMPLE}.git`, /^ADDRESS in scripts\/address\.js must be/],
    [`${EXAMPLE}/`, /^ADDRESS in scripts\/address\.js must be/],
    ['github.com/someone/nestjs-range', /^ADDRESS in scripts\/address\.js must be/],
  ])('%s stops a release', (address, message) => {
    expect(() => checkAddress(address)).toThrow(message);
  });

  it('stands nowhere else', () => {
    const { repository, homepage, bugs } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
    expect({ repository, homepage, bugs }).toEqual({});
    const documents = [
      ...readdirSync(REPOSITORY).filter((name) => name.endsWith('.md')),
      ...readdirSync(join(REPOSITORY, 'docs'))
        .filter((name) => name.endsWith('.md'))
        .map((name) => join('docs', name)),
    ];
    const naming = documents.filter((path) =>
      /github(?:usercontent)?\.com\/[\w.-]+\/nestjs-range\b/.test(readFileSync(join(REPOSITORY, path), 'utf8')),
    );
    expect(naming).toEqual([]);
  });
});
