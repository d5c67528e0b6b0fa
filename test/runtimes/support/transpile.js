import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export const REPOSITORY = join(import.meta.dirname, '..', '..', '..');

const { config } = ts.readConfigFile(join(REPOSITORY, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, REPOSITORY);

/** Copies a folder of the repository to the same place in another tree, with JavaScript beside each source. */
export function transpile(folder, tree, { module = ts.ModuleKind.ESNext, edit = (text) => text } = {}) {
  const compilerOptions = { ...options, module, moduleResolution: ts.ModuleResolutionKind.Bundler, noEmit: false };
  cpSync(join(REPOSITORY, folder), join(tree, folder), { recursive: true });
  for (const name of readdirSync(join(tree, folder), { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const path = join(tree, folder, name);
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), { compilerOptions });
    writeFileSync(path.replace(/\.ts$/, '.js'), edit(outputText));
  }
}
