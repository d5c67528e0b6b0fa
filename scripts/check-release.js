// Fails unless a tag, package.json and CHANGELOG.md speak of one version, and npm can tell where it was built from.
import { readFileSync } from 'node:fs';

const [, , tag] = process.argv;
const { version, repository } = JSON.parse(readFileSync('package.json', 'utf8'));
if (tag !== `v${version}`) throw new Error(`the tag ${tag} is not that of version ${version}`);
const isDated = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d$`, 'm');
if (!isDated.test(readFileSync('CHANGELOG.md', 'utf8'))) {
  throw new Error(`CHANGELOG.md has no part "## [${version}] - <date>"`);
}
if (repository === undefined) {
  throw new Error(
    'package.json needs "repository", the address of the public repository: npm checks it for the provenance',
  );
}
