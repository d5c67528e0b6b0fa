import { existsSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';

/** What npm, or a reader, expects beside the code. */
const DOCUMENTS = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];

/** How one file of `dist` names another: `from './a.js'`, `import('./a.cjs')`, `require("./a.cjs")`. */
const RELATIVE_IMPORT = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])(\.{1,2}\/[^'"]+)\1/g;

/**
 * Compares a packed list of files with the files that the package needs: its documents, and what its entry points lead to.
 * Throws where one is missing, or one is there that nothing needs: a source map, a test, a file with a secret.
 */
export function checkContents(packed) {
  const { exports: entries } = JSON.parse(readFileSync('package.json', 'utf8'));
  const needed = new Set(DOCUMENTS);
  const follow = (path) => {
    if (needed.has(path)) return;
    needed.add(path);
    if (!existsSync(path)) return; // said below, by name
    for (const [, , specifier] of readFileSync(path, 'utf8').matchAll(RELATIVE_IMPORT)) {
      follow(fileOf(posix.join(dirname(path), specifier), path));
    }
  };
  for (const path of targetsOf(entries)) follow(posix.normalize(path));

  const missing = [...needed].filter((path) => !packed.includes(path));
  const surplus = packed.filter((path) => !needed.has(path));
  if (missing.length > 0) throw new Error(`the package lacks ${missing.join(', ')}`);
  if (surplus.length > 0) throw new Error(`nothing in the package needs ${surplus.join(', ')}`);
}

/** The paths that `exports` in package.json names, under any condition. */
function targetsOf(value) {
  return typeof value === 'string' ? [value] : Object.values(value).flatMap(targetsOf);
}

/** A declaration names the code of another: its declaration is meant. */
function fileOf(path, importer) {
  return /\.d\.c?ts$/.test(importer) ? path.replace(/\.(c?)js$/, '.d.$1ts') : path;
}
