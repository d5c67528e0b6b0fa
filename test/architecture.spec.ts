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

/** From the bottom to the top: the files of a room import that room and those before it. */
const ROOMS = ['http', 'sources', 'content', 'exchange', 'negotiation', 'observability', 'files', 'nest'];
/** Entry points of their own. */
const ENTRY_ROOMS = ['swagger', 'testing'];
const MOST_FILES = 12;

const roomOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');
const isOurs = (name: string): boolean => name.endsWith('.js') && !name.startsWith('@');
const inRoom = (room: string): SourceFile[] => files.filter(({ path }) => roomOf(path) === room);

/** All modules that a file imports, and those that these import. */
function reachableFrom(path: string, known = new Set<string>()): Set<string> {
  for (const name of files.find((file) => file.path.replace(/\.ts$/, '.js') === path)?.imports ?? []) {
    if (known.has(name)) continue;
    known.add(name);
    reachableFrom(name, known);
  }
  return known;
}

/** Each way that leads back to where it began. */
function circlesIn(graph: ReadonlyMap<string, Iterable<string>>): string[] {
  const circles: string[] = [];
  const finished = new Set<string>();
  const walk = (node: string, trail: readonly string[]): void => {
    if (trail.includes(node)) circles.push([...trail.slice(trail.indexOf(node)), node].join(' -> '));
    if (trail.includes(node) || finished.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...trail, node]);
    finished.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return circles;
}

/** The imports that a rule does not allow, as "file -> import". */
function offences(checked: readonly SourceFile[], isAllowed: (name: string, path: string) => boolean): string[] {
  return checked.flatMap(({ path, imports }) =>
    imports.filter((name) => !isAllowed(name, path)).map((name) => `${path} -> ${name}`),
  );
}

describe(`the direction of imports: ${ROOMS.join(' <- ')}`, () => {
  it('every room is known', () => {
    expect([...new Set(files.map(({ path }) => roomOf(path)))].sort()).toEqual(['', ...ROOMS, ...ENTRY_ROOMS].sort());
  });

  it.each(ROOMS)('%s imports itself and the rooms before it', (room) => {
    const allowed = new Set(ROOMS.slice(0, ROOMS.indexOf(room) + 1));
    expect(inRoom(room).length).toBeGreaterThan(0);
    expect(offences(inRoom(room), (name) => !isOurs(name) || allowed.has(roomOf(name)))).toEqual([]);
  });

  it('the folders of a room import each other in one direction', () => {
    const importsOfFolder = new Map<string, Set<string>>();
    for (const { path, imports } of files) {
      const folder = dirname(path);
      const others = imports.filter(isOurs).map((name) => dirname(name));
      importsOfFolder.set(
        folder,
        new Set([...(importsOfFolder.get(folder) ?? []), ...others.filter((name) => name !== folder)]),
      );
    }
    expect(circlesIn(importsOfFolder)).toEqual([]);
  });

  it('imports are found at all', () => {
    expect(files.find(({ path }) => path === 'index.ts')?.imports).toContain('nest/range.module.js');
    expect(files.find(({ path }) => path === 'sources/descriptors/open-file.ts')?.imports).toContain('node:fs');
  });

  it('every relative import leads to a file', () => {
    const known = new Set(files.map(({ path }) => path.replace(/\.ts$/, '.js')));
    expect(offences(files, (name) => !isOurs(name) || known.has(name))).toEqual([]);
  });

  it('http imports nothing but itself, and one library in one file', () => {
    const isAllowed = (name: string, path: string): boolean =>
      roomOf(name) === 'http' || (path === 'http/headers/content-disposition.ts' && name === 'content-disposition');
    expect(offences(inRoom('http'), isAllowed)).toEqual([]);
  });

  it('http knows no clock, no chance and no process', () => {
    const impure =
      /\bDate\.now\(|\bnew Date\(\)|\bperformance\.|\bMath\.random\(|\bprocess\.|\bglobalThis\b|\bsetTimeout\b/;
    expect(inRoom('http').filter(({ text }) => impure.test(text))).toEqual([]);
  });

  it('sources import Node.js and mime-types, and one of them the commands of its SDK', () => {
    const isAllowed = (name: string, path: string): boolean =>
      isOurs(name) ||
      isBuiltin(name) ||
      name === 'mime-types' ||
      (path === 'sources/stores/s3/s3-source.ts' && name === '@aws-sdk/client-s3');
    expect(offences(inRoom('sources'), isAllowed)).toEqual([]);
  });

  it('testing imports what sources and http are, itself and Node.js: no framework, no test runner', () => {
    const isAllowed = (name: string): boolean =>
      isOurs(name) ? ['http', 'sources', 'testing'].includes(roomOf(name)) : isBuiltin(name);
    expect(offences(inRoom('testing'), isAllowed)).toEqual([]);
    const values = inRoom('testing').filter(({ text }) => /^import (?!type).*'\.\.\//m.test(text));
    expect(values).toEqual([]); // types only: what checks our answers shares no code with what makes them
  });

  it('swagger imports itself, Nest and the check of options', () => {
    const isAllowed = (name: string): boolean =>
      isOurs(name)
        ? roomOf(name) === 'swagger' || name === 'sources/options/check-options.js'
        : ['@nestjs/common', '@nestjs/swagger'].includes(name);
    expect(offences(inRoom('swagger'), isAllowed)).toEqual([]);
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

  it.each(['content', 'exchange'])('%s imports Node.js, and no framework', (room) => {
    expect(offences(inRoom(room), (name) => isOurs(name) || isBuiltin(name))).toEqual([]);
  });

  it.each(['negotiation', 'observability', 'files', 'nest'])(
    '%s imports Nest, RxJS and Node.js, and no framework',
    (room) => {
      const isAllowed = (name: string): boolean =>
        isOurs(name) || isBuiltin(name) || /^(?:@nestjs\/(?:common(?:\/.*)?|core)|rxjs)$/.test(name);
      expect(offences(inRoom(room), isAllowed)).toEqual([]);
    },
  );

  it('built-in modules are imported by their node: names', () => {
    expect(offences(files, (name) => !isBuiltin(name) || name.startsWith('node:'))).toEqual([]);
  });

  it('the index.ts of an entry point is the only kind of barrel, and nobody imports it', () => {
    const barrels = files
      .filter(({ text }) => /^export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^;'"]*\bfrom\b/m.test(text))
      .map(({ path }) => path);
    expect(barrels.sort()).toEqual(['index.ts', 'sources/archive/index.ts', 'testing/index.ts']);
    expect(offences(files, (name) => !/(?:^|\/)index\.js$/.test(name))).toEqual([]);
  });

  it('nothing imports in a circle', () => {
    const importsBy = files.map(({ path, imports }) => [path.replace(/\.ts$/, '.js'), imports.filter(isOurs)] as const);
    expect(circlesIn(new Map(importsBy))).toEqual([]);
  });

  it('status and headers are written by the exchanges of the frameworks alone', () => {
    const writing = /\.(?:setHeader|removeHeader|writeHead)\(|\.statusCode\s*=[^=]/;
    expect(files.filter(({ text }) => writing.test(text)).map(({ path }) => path)).toEqual([
      'exchange/http-exchange.ts',
      'exchange/frameworks/express-exchange.ts',
      'exchange/frameworks/fastify-exchange.ts',
    ]);
  });

  it('what may come from Node.js is recognised in every realm: under Jest, its promises and errors are of another', () => {
    const narrow = files.filter(({ text }) => /instanceof (?:Promise|Error|Date|Map|Set|RegExp)\b/.test(text));
    expect(narrow.map(({ path }) => path)).toEqual(['sources/error-message.ts']);
  });
});

describe('the layout', () => {
  it(`no folder has more than ${MOST_FILES} files`, () => {
    const counts = new Map<string, number>();
    for (const { path } of files) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > MOST_FILES)).toEqual([]);
  });

  it('no file is a miscellany', () => {
    expect(files.filter(({ path }) => /util|helper|common|manager|misc/i.test(path))).toEqual([]);
  });
});
