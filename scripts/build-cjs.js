// The CommonJS half of the package: classic Jest and `require` on a Node without module-sync load this one.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

rmSync('dist/cjs', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.cjs.json'], { stdio: 'inherit' });
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
