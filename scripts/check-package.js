// Looks at the package as npm would publish it: its tarball, not this directory.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from './pack.js';

const directory = mkdtempSync(join(tmpdir(), 'nestjs-range-package-'));
try {
  const tarball = pack(directory);
  execFileSync('publint', ['run', tarball, '--strict'], { stdio: 'inherit' });
  execFileSync('attw', [tarball, '--no-definitely-typed'], { stdio: 'inherit' });
} finally {
  rmSync(directory, { recursive: true, force: true });
}
