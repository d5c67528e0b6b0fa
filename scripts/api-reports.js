// Reports the public surface in etc/, a file for each entry point: with --local what has changed is written, else it fails.
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const packageJsonFullPath = join(import.meta.dirname, '..', 'package.json');
const configObjectFullPath = join(import.meta.dirname, '..', 'api-extractor.json');
const { name, exports } = JSON.parse(readFileSync(packageJsonFullPath, 'utf8'));
const localBuild = process.argv.includes('--local');

for (const [subpath, conditions] of Object.entries(exports)) {
  const types = (conditions.require ?? conditions).types;
  if (types === undefined) continue; // ./package.json
  const config = configFor(types, [name, ...subpath.split('/').slice(1)].join('-'));
  if (!Extractor.invoke(config, { localBuild }).succeeded) process.exitCode = 1;
}

function configFor(types, reportFileName) {
  const shared = ExtractorConfig.loadFile(configObjectFullPath);
  const configObject = {
    ...shared,
    mainEntryPointFilePath: types.replace(/^\./, '<projectFolder>'),
    apiReport: { ...shared.apiReport, reportFileName },
  };
  return ExtractorConfig.prepare({ configObject, configObjectFullPath, packageJsonFullPath });
}
