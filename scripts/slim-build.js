// Leaves in dist what a user of the package needs: comments stay in the declarations only, and declarations that no entry
// point leads to go.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const files = readdirSync('dist', { recursive: true }).map((name) => join('dist', name));

for (const path of files.filter((name) => name.endsWith('.js'))) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  writeFileSync(path, ts.createPrinter({ removeComments: true }).printFile(source));
}

const reachable = new Set();
for (const conditions of Object.values(exports)) {
  for (const { types } of Object.values(conditions)) if (types !== undefined) addReachable(join(types));
}
for (const path of files) {
  if (path.endsWith('.d.ts') && !reachable.has(path)) rmSync(path);
}

function addReachable(path) {
  if (reachable.has(path)) return;
  reachable.add(path);
  const { importedFiles } = ts.preProcessFile(readFileSync(path, 'utf8'));
  for (const { fileName } of importedFiles) {
    if (fileName.startsWith('.')) addReachable(join(dirname(path), fileName.replace(/\.js$/, '.d.ts')));
  }
}
