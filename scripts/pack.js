import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Packs this package, built afresh by `prepack`, into an empty directory, and returns the path of the tarball. */
export function pack(directory) {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', directory], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`npm pack left no tarball in ${directory}`);
  return join(directory, tarball);
}
