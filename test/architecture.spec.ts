import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize, sep } from 'node:path';

const SOURCES = join(import.meta.dirname, '..', 'src');

/** A source file by its path below src, and what it imports: paths below src, or names of modules. */
interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => {
    const text = readFileSync(join(SOURCES, name), 'utf8');
    return { path: name.split(sep).join('/'), text, imports: importsOf(name, text) };
  });

/** Every form that names a module: import, export … from, import() and require(). */
function importsOf(path: string, text: string): string[] {
  const names = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([^'"\n]+)\1/g)];
  return names.map(([, , name = '']) =>
    name.startsWith('.')
      ? normalize(join(dirname(path), name))
          .split(sep)
          .join('/')
      : name,
  );
}

const folderOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');
const isOurs = (name: string): boolean => name.endsWith('.js') && !name.startsWith('@');
const inFolder = (folder: string): SourceFile[] => files.filter(({ path }) => folderOf(path) === folder);

/** All modules that a file imports, and those that these import. */
function reachableFrom(path: string, known = new Set<string>()): Set<string> {
  for (const name of files.find((file) => file.path.replace(/\.ts$/, '.js') === path)?.imports ?? []) {
    if (known.has(name)) continue;
    known.add(name);
    reachableFrom(name, known);
  }
  return known;
}

/** The imports that a rule does not allow, as "file -> import". */
function offences(checked: readonly SourceFile[], isAllowed: (name: string, path: string) => boolean): string[] {
  return checked.flatMap(({ path, imports }) =>
    imports.filter((name) => !isAllowed(name, path)).map((name) => `${path} -> ${name}`),
  );
}

describe('the direction of imports: http <- sources <- content <- the files at the top', () => {
  it('every folder is known', () => {
    expect([...new Set(files.map(({ path }) => folderOf(path)))].sort()).toEqual([
      '',
      'content',
      'http',
      'sources',
      'swagger',
      'testing',
    ]);
  });

  it('imports are found at all', () => {
    expect(files.find(({ path }) => path === 'index.ts')?.imports).toContain('range.module.js');
    expect(files.find(({ path }) => path === 'sources/open-file.ts')?.imports).toContain('node:fs');
  });

  it('every relative import leads to a file', () => {
    const known = new Set(files.map(({ path }) => path.replace(/\.ts$/, '.js')));
    expect(offences(files, (name) => !isOurs(name) || known.has(name))).toEqual([]);
  });

  it('http imports nothing but itself, and one library in one file', () => {
    const isAllowed = (name: string, path: string): boolean =>
      folderOf(name) === 'http' || (path === 'http/content-disposition.ts' && name === 'content-disposition');
    expect(offences(inFolder('http'), isAllowed)).toEqual([]);
  });

  it('http knows no clock, no chance and no process', () => {
    const impure =
      /\bDate\.now\(|\bnew Date\(\)|\bperformance\.|\bMath\.random\(|\bprocess\.|\bglobalThis\b|\bsetTimeout\b/;
    expect(inFolder('http').filter(({ text }) => impure.test(text))).toEqual([]);
  });

  it('sources import http, themselves, Node.js and mime-types, and one of them the commands of its SDK', () => {
    const isAllowed = (name: string, path: string): boolean =>
      isOurs(name)
        ? ['http', 'sources'].includes(folderOf(name))
        : isBuiltin(name) ||
          name === 'mime-types' ||
          (path === 'sources/s3-source.ts' && name === '@aws-sdk/client-s3');
    expect(offences(inFolder('sources'), isAllowed)).toEqual([]);
  });

  it('testing imports what sources and http are, itself and Node.js: no framework, no test runner', () => {
    const isAllowed = (name: string): boolean =>
      isOurs(name) ? ['http', 'sources', 'testing'].includes(folderOf(name)) : isBuiltin(name);
    expect(offences(inFolder('testing'), isAllowed)).toEqual([]);
    const values = inFolder('testing').filter(({ text }) => /^import (?!type).*'\.\.\//m.test(text));
    expect(values).toEqual([]); // types only: what checks our answers shares no code with what makes them
  });

  it('swagger imports itself, Nest and the check of options', () => {
    const isAllowed = (name: string): boolean =>
      isOurs(name)
        ? folderOf(name) === 'swagger' || name === 'sources/check-options.js'
        : ['@nestjs/common', '@nestjs/swagger'].includes(name);
    expect(offences(inFolder('swagger'), isAllowed)).toEqual([]);
  });

  it('an app that imports only the package itself loads no SDK', () => {
    expect([...reachableFrom('index.js')].filter((name) => !isOurs(name) && !isBuiltin(name)).sort()).toEqual([
      '@nestjs/common',
      '@nestjs/common/constants.js',
      '@nestjs/common/enums/route-paramtypes.enum.js',
      '@nestjs/core',
      'content-disposition',
      'mime-types',
      'rxjs',
    ]);
  });

  it('content imports http, sources, itself and Node.js', () => {
    const isAllowed = (name: string): boolean =>
      isOurs(name) ? ['http', 'sources', 'content'].includes(folderOf(name)) : isBuiltin(name);
    expect(offences(inFolder('content'), isAllowed)).toEqual([]);
  });

  it('the files at the top import Nest, RxJS and Node.js, and no framework', () => {
    const isAllowed = (name: string): boolean =>
      isOurs(name) || isBuiltin(name) || /^(?:@nestjs\/(?:common(?:\/.*)?|core)|rxjs)$/.test(name);
    expect(offences(inFolder(''), isAllowed)).toEqual([]);
  });

  it('built-in modules are imported by their node: names', () => {
    expect(offences(files, (name) => !isBuiltin(name) || name.startsWith('node:'))).toEqual([]);
  });

  it('the index.ts of an entry point is the only kind of barrel, and nobody imports it', () => {
    const barrels = files
      .filter(({ text }) => /^export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^;'"]*\bfrom\b/m.test(text))
      .map(({ path }) => path);
    expect(barrels.sort()).toEqual(['index.ts', 'testing/index.ts']);
    expect(offences(files, (name) => !/(?:^|\/)index\.js$/.test(name))).toEqual([]);
  });

  it('nothing imports in a circle', () => {
    const importsBy = new Map(files.map(({ path, imports }) => [path.replace(/\.ts$/, '.js'), imports.filter(isOurs)]));
    const circles: string[] = [];
    const walk = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      else for (const next of importsBy.get(path) ?? []) walk(next, [...trail, path]);
    };
    for (const path of importsBy.keys()) walk(path, []);
    expect(circles).toEqual([]);
  });

  it('status and fields are written in one place', () => {
    const writing = /\.(?:setHeader|removeHeader|writeHead)\(|\.statusCode\s*=[^=]/;
    expect(files.filter(({ text }) => writing.test(text)).map(({ path }) => path)).toEqual(['http-exchange.ts']);
  });
});

describe('the layout', () => {
  it('no file is a miscellany', () => {
    expect(files.filter(({ path }) => /util|helper|common|manager|misc/i.test(path))).toEqual([]);
  });
});
