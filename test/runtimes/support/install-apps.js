import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { REPOSITORY, transpile } from './transpile.js';

const FORMATS = [
  { name: 'esm', type: 'module', module: ts.ModuleKind.ESNext },
  { name: 'cjs', type: 'commonjs', module: ts.ModuleKind.CommonJS },
];

/** What an app has installed: what is published of this package. */
const PUBLISHED = ['package.json', 'dist'];

/** Builds the package, and installs it into an app of ES modules and into one of CommonJS. */
export default function installApps() {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: REPOSITORY, stdio: 'inherit' });
  for (const { name, type, module } of FORMATS) {
    const app = join(REPOSITORY, 'build', 'runtimes', name);
    rmSync(app, { recursive: true, force: true });
    const installed = join(app, 'node_modules', 'nestjs-range');
    mkdirSync(installed, { recursive: true });
    for (const part of PUBLISHED) cpSync(join(REPOSITORY, part), join(installed, part), { recursive: true });
    writeFileSync(join(app, 'package.json'), JSON.stringify({ type }));
    for (const folder of ['test/runtimes/app', 'test/support/sources', 'test/e2e/responses/rows']) {
      transpile(folder, app, { module });
    }
  }
}
