import { describe, expect, it, jest } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { PREAMBLE } from './preamble.js';

jest.setTimeout(120_000); // for a loaded machine: the compiler reads all of Nest

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))];

interface Snippet {
  /** As `README.md: import {…}`. */
  readonly title: string;
  /** A module, with all that the text around it takes for granted. */
  readonly code: string;
}

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(ROOT, page === 'README.md' ? page : `docs/${page}`), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)]
    .map(([, code = '']) => code)
    .filter((code) => !code.includes("from './")) // whole files, which are compiled and run by test/e2e/recipes
    .map((code) => ({ title: `${page}: ${code.trim().split('\n', 1)[0]}`, code: asModule(code) }));
}

/** Snippets are modules, or members of a controller, or what stands in one of its methods: paragraph by paragraph. */
function asModule(code: string): string {
  const imports = code.match(/^import .*?;.*?$/gms) ?? [];
  const rest = code.replaceAll(/^import .*?;.*?$/gms, '').trim();
  if (/^export /m.test(rest)) return code; // with all that it needs
  if (/^(?:@Injectable|class )/m.test(rest)) return `${code}\n${unlessImported(imports)}`;
  const body = rest.split(/\n\n+/).map((paragraph, i) => {
    if (/^(?:private|constructor)\b/.test(paragraph)) return `class Own${i} { ${paragraph}\n}`;
    if (paragraph.startsWith('@')) return `class Member${i} extends Surroundings { ${withMethod(paragraph)}\n}`;
    if (/^return\b|\bthis\.|^const source\b/m.test(paragraph)) {
      return `class Method${i} extends Surroundings { async method() { ${paragraph}\n} }`;
    }
    return paragraph;
  });
  return [...imports, ...body, unlessImported(imports)].join('\n');
}

/** Decorators alone mean those of the method that they stand on. */
function withMethod(paragraph: string): string {
  return paragraph.includes('{\n') ? paragraph : `${paragraph}\nmethod() {}`;
}

/** The preamble without what the snippet imports itself. */
function unlessImported(imports: readonly string[]): string {
  const own = new Set(imports.join(' ').match(/\w+/g));
  return PREAMBLE.replaceAll(/^import \{ (?:type )?(\w+) \} .*$/gm, (line, name: string) =>
    own.has(name) ? '' : line,
  );
}

/** Compiles all of them at once, as the tests are compiled; returns what is wrong with each. */
function compile(snippets: readonly Snippet[]): string[][] {
  const configPath = join(ROOT, 'tsconfig.json');
  const { config } = ts.readConfigFile(configPath, (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const names = snippets.map((_, i) => join(import.meta.dirname, `snippet-${i}.ts`));
  const codes = new Map(names.map((name, i) => [name, snippets[i]?.code ?? '']));
  const lenient = {
    ...options,
    noUnusedLocals: false,
    noUnusedParameters: false,
    noImplicitReturns: false,
    noPropertyAccessFromIndexSignature: false,
  };
  const host = ts.createCompilerHost(lenient);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => codes.has(name) || fileExists(name);
  host.getSourceFile = (name, language, ...others) => {
    const code = codes.get(name);
    return code === undefined
      ? getSourceFile(name, language, ...others)
      : ts.createSourceFile(name, code, language, true);
  };
  const program = ts.createProgram(names, lenient, host);
  return names.map((name) => {
    const file = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText, start, length }) =>
        `${ts.flattenDiagnosticMessageText(messageText, ' ')} (at ${codes.get(name)?.slice(start, (start ?? 0) + (length ?? 0))})`,
    );
  });
}

describe('the snippets in the docs compile', () => {
  const snippets = PAGES.flatMap(snippetsOf);
  let errors: string[][] | undefined;

  it('is found', () => {
    expect(snippets.length).toBeGreaterThan(30);
  });

  it.each(snippets.map(({ title }, i) => [title, i] as const))('%s', (_, i) => {
    errors ??= compile(snippets);
    expect(errors[i]).toEqual([]);
  });

  it('a mistake would be noticed', () => {
    const wrong = { title: '', code: asModule("return new RangedFile(fileSource('a', { rot: 'b' }));") };
    expect(compile([wrong])[0]).toEqual([expect.stringContaining('rot')]);
  });
});
