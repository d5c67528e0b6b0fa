// Runs inside `npm version`: what was unreleased becomes that of the version.
import { readFileSync, writeFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const changelog = readFileSync('CHANGELOG.md', 'utf8');
const today = new Date().toISOString().slice(0, 10);
const headed = changelog.replace('\n## [Unreleased]\n', `\n## [Unreleased]\n\n## [${version}] - ${today}\n`);
if (headed === changelog) throw new Error('CHANGELOG.md has no part "## [Unreleased]"');
writeFileSync('CHANGELOG.md', headed);
