// Writes the public address of the repository wherever the package needs it: package.json and README.md, as npm shows them.
// The release does it just before it publishes; in the repository itself links stay relative.
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** `https://github.com/OWNER/NAME`. The one place to fill in before the first release; `undefined`: not decided yet. */
export const ADDRESS = undefined;

/** @throws Error `ADDRESS` is not filled in, or is no repository of GitHub */
export function checkAddress(address) {
  if (address === undefined)
    throw new Error('fill in ADDRESS in scripts/address.js: the address of the public repository');
  if (!/^https:\/\/github\.com\/[\w.-]+\/[\w.-]+(?<!\.git)$/.test(address)) {
    throw new Error(`ADDRESS in scripts/address.js must be https://github.com/OWNER/NAME, not ${address}`);
  }
}

/** What npm and its readers look up, for package.json. */
export function addressFields(address) {
  return {
    repository: { type: 'git', url: `git+${address}.git` },
    homepage: `${address}#readme`,
    bugs: { url: `${address}/issues` },
  };
}

/** README.md with links that lead somewhere from npm. @param tag of the release, such as `v1.2.3` */
export function withAbsoluteLinks(readme, address, tag) {
  const raw = address.replace('https://github.com/', 'https://raw.githubusercontent.com/');
  return readme.replaceAll(/(!\[[^\]]*)?\]\((?![a-z]+:|#)([^)\s]+)\)/g, (_, picture, path) => {
    if (picture !== undefined && !path.startsWith('../../')) return `${picture}](${raw}/${tag}/${path})`;
    const target = path.startsWith('../../') ? path.slice('../../'.length) : `blob/${tag}/${path}`;
    return `${picture ?? ''}](${address}/${target})`;
  });
}

function write() {
  checkAddress(ADDRESS);
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  const { version } = manifest;
  writeFileSync('package.json', `${JSON.stringify({ ...manifest, ...addressFields(ADDRESS) }, undefined, 2)}\n`);
  writeFileSync('README.md', withAbsoluteLinks(readFileSync('README.md', 'utf8'), ADDRESS, `v${version}`));
}

if (argv[1] === fileURLToPath(import.meta.url)) write();
