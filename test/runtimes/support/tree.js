import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { REPOSITORY, transpile } from './transpile.js';

/** What the specs import by these names, as in `jest.config.js`. */
const MODULES = {
  'nestjs-range': 'src/index.js',
  'nestjs-range/testing': 'src/testing/index.js',
  'nestjs-range/zip': 'src/sources/archive/index.js',
  'nestjs-range/swagger': 'src/swagger/api-ranged.js',
  '@aws-sdk/client-s3': 'test/support/aws-commands.js',
  '@jest/globals': 'test/runtimes/support/globals.js',
};

const IMPORTED = new RegExp(`(?<=\\b(?:from|import\\() ?['"])(?:${Object.keys(MODULES).join('|')})(?=['"])`, 'g');

/** Makes the sources and the e2e specs what every runtime can run, ES modules of JavaScript, in a directory of its own. */
export function makeTree() {
  const tree = mkdtempSync(join(tmpdir(), 'nestjs-range-runtimes-'));
  const edit = (text) => text.replaceAll(IMPORTED, (name) => pathToFileURL(join(tree, MODULES[name])).href);
  writeFileSync(join(tree, 'package.json'), '{ "type": "module" }\n');
  for (const folder of ['src', 'test/e2e', 'test/support', 'test/runtimes/support']) transpile(folder, tree, { edit });
  for (const folder of ['docs', 'node_modules', 'test/nest-11'])
    symlinkSync(join(REPOSITORY, folder), join(tree, folder));
  return tree;
}
