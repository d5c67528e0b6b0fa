import { describe, expect, it, jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

jest.setTimeout(120_000); // for a loaded machine: a compiler takes seconds

const ROOT = join(import.meta.dirname, '..', '..');

/** Runs what an app's developer wrote, on the built package. */
function run(type: 'module' | 'commonjs', code: string): string {
  const args = [`--input-type=${type}`, '--eval', code];
  return spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }).stderr;
}

describe('a mistake that ends the process shows its message first, and no line of the bundle:', () => {
  const MISTAKES = [
    [`folderSource('');`, 'TypeError: folderSource: option "root" must be the path of a directory, not ""'],
    [`fileSource(['a', 'b']);`, "TypeError: fileSource: the path must be a string, not the array [ 'a', 'b' ]"],
    [`Ranged({ etag: 'v1' });`, 'TypeError: @Ranged(): option "etag" must be an entity tag with its quotes'],
    [`RangeModule.forRoot({ parser: {} });`, 'TypeError: RangeModule: option "parser" must be a class or an object'],
    [`new RangedFile('a.mp4');`, 'TypeError: RangedFile: the source must come from fileSource()'],
  ] as const;
  const NAMES = '{ fileSource, folderSource, Ranged, RangedFile, RangeModule }';

  it.each(MISTAKES)('%s', (code, message) => {
    for (const stderr of [
      run('commonjs', `const ${NAMES} = require('nestjs-range');\n${code}`),
      run('module', `import ${NAMES} from 'nestjs-range';\n${code}`),
      run('module', `import ${NAMES} from 'nestjs-range';\nawait Promise.resolve();\n${code}`),
      run('module', `import ${NAMES} from 'nestjs-range';\n(async () => { ${code} })();`),
    ]) {
      expect(stderr.trimStart().slice(0, message.length)).toBe(message);
    }
  });
});

it('the declarations compile with the library of ES2021, and are checked themselves', () => {
  const files = ['index', 'swagger', 'testing'].map((name) => join('dist', `${name}.d.cts`));
  const options = ['--noEmit', '--strict', '--target', 'ES2021', '--lib', 'ES2021', '--types', 'node'];
  const compiler = join('node_modules', 'typescript', 'lib', 'tsc.js');
  const modules = ['--module', 'nodenext', '--skipLibCheck', 'false', '--pretty', 'false', '--ignoreConfig'];
  const { stdout } = spawnSync(process.execPath, [compiler, ...options, ...modules, ...files], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(stdout.split('\n').filter((line) => line.startsWith('dist'))).toEqual([]);
  expect(stdout).not.toContain('error TS5'); // of the compiler's own options
});
