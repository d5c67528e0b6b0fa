// Fails unless a tag, package.json and CHANGELOG.md speak of one version, and the address of the repository is filled in.
import { readFileSync } from 'node:fs';
import { ADDRESS, checkAddress } from './address.js';

const [, , tag] = process.argv;
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
if (tag !== `v${version}`) throw new Error(`the tag ${tag} is not that of version ${version}`);
const isDated = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d$`, 'm');
if (!isDated.test(readFileSync('CHANGELOG.md', 'utf8'))) {
  throw new Error(`CHANGELOG.md has no part "## [${version}] - <date>"`);
}
checkAddress(ADDRESS);
