// Looks at the package as npm would publish it: its tarball, not this directory.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from './pack.js';
import { checkContents } from './package-contents.js';

/** In bytes, unpacked: what an install may cost, two builds and their declarations. */
const LARGEST = 420_000;

const directory = mkdtempSync(join(tmpdir(), 'nestjs-range-package-'));
try {
  const tarball = pack(directory);
  execFileSync('publint', ['run', tarball, '--strict'], { stdio: 'inherit' });
  execFileSync('attw', [tarball, '--no-definitely-typed'], { stdio: 'inherit' });
  const [{ size, unpackedSize, files }] = JSON.parse(
    execFileSync('npm', ['pack', tarball, '--dry-run', '--json', '--silent'], { encoding: 'utf8' }),
  );
  console.log(`${size} bytes packed, ${unpackedSize} unpacked, in ${files.length} files`);
  checkContents(files.map(({ path }) => path));
  if (unpackedSize > LARGEST) throw new Error(`the package has more than ${LARGEST} bytes`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
