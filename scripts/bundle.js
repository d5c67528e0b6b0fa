// From the modules in build to the few files in dist. Each ES module costs an app up to a millisecond of its start, and what is
// compiled for both module systems is twice in the package. Hence:
// - modules become one chunk where the same entry points need them,
// - chunks that lead to no package but CommonJS ones are built once, as CommonJS, which `import` reads as well as `require`.
//   What leads to Nest, or to an SDK, has to import it when it is imported, and to require it when it is required.
// - comments go, but the one by which Node.js knows that a line is not to be shown,
// - local names are short; functions and classes keep theirs, and statements their lines, for stack traces.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { minify } from 'terser';
import ts from 'typescript';

const OUT = 'dist';
/** CommonJS, whoever loads them. */
const PORTABLE_PACKAGES = new Set([
  ...builtinModules.map((name) => `node:${name}`),
  'content-disposition',
  'mime-types',
]);

/** The helpers that decorators need: their half of it that a bundle can take single functions from. */
const TSLIB = fileURLToPath(import.meta.resolve('tslib/tslib.es6.mjs'));

const entries = entryPoints();
rmSync(OUT, { recursive: true, force: true });
await bundleCode();
await bundleDeclarations();

/** What tsconfig.json calls by the package's name: `{ s3: 'build/sources/stores/s3/s3-source' }`. */
function entryPoints() {
  const { paths } = ts.readConfigFile('tsconfig.json', ts.sys.readFile).config.compilerOptions;
  return Object.fromEntries(
    Object.entries(paths).map(([name, [path]]) => [
      name.split('/')[1] ?? 'index',
      resolve(path.replace('./src/', 'build/').replace(/\.ts$/, '')),
    ]),
  );
}

async function bundleCode() {
  const bundle = await rollup({
    input: withExtension('.js'),
    plugins: [{ name: 'tslib', resolveId: (id) => (id === 'tslib' ? TSLIB : null) }],
    external: isPackage,
    treeshake: { moduleSideEffects: false },
    onLog: fail,
  });
  /** The names of chunks that are built once. */
  const portable = new Set();
  const layout = {
    dir: OUT,
    minifyInternalExports: false,
    manualChunks: (id, { getModuleInfo }) => chunkOf(id, getModuleInfo, portable),
  };
  await bundle.write({
    ...layout,
    format: 'cjs',
    dynamicImportInCjs: false, // a classic Jest knows none
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    plugins: [terser({ toplevel: true })],
  });
  await bundle.write({
    ...layout,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].names.cjs',
    plugins: [terser({ module: true }), namesOf(portable)],
  });
  await bundle.close();
}

/** Which chunk a module is put into; undefined where that is its only entry point. */
function chunkOf(id, getModuleInfo, portable) {
  const users = Object.keys(entries).filter((name) => reaches(`${entries[name]}.js`, id));
  if (!isPortable(id)) return undefined;
  const portableUsers = users.filter((name) => isPortable(`${entries[name]}.js`));
  for (const name of portableUsers) portable.add(name);
  if (users.length === 1 && portableUsers.length === 1) return undefined;
  const name = users.includes('index') ? 'core' : 'stores';
  portable.add(name);
  return name;

  function isPortable(start) {
    return [...modulesFrom(start, getModuleInfo)].every(
      (module) => !isPackage(module) || PORTABLE_PACKAGES.has(module),
    );
  }

  function reaches(start, wanted) {
    return modulesFrom(start, getModuleInfo).has(wanted);
  }
}

/** A module, what it imports, and what these import. */
function modulesFrom(id, getModuleInfo, found = new Set()) {
  if (found.has(id)) return found;
  found.add(id);
  for (const imported of getModuleInfo(id)?.importedIds ?? []) modulesFrom(imported, getModuleInfo, found);
  return found;
}

function terser(options) {
  const names = { keep_classnames: true, keep_fnames: true };
  const settings = {
    ...options,
    compress: names,
    mangle: names,
    format: { semicolons: false, comments: /node-do-not-add-exception-line/ },
  };
  return { name: 'terser', renderChunk: (code) => minify(code, settings) };
}

/**
 * In place of chunks that are there already, their exports by name. Node.js searches all of a CommonJS module for them when it is
 * imported, at a quarter of a millisecond per KiB: here it finds them at once, and the chunk itself is only required.
 */
function namesOf(portable) {
  return {
    name: 'names',
    generateBundle(_, chunks) {
      for (const { name, fileName, exports, isEntry } of Object.values(chunks)) {
        if (!portable.has(name)) continue;
        delete chunks[fileName];
        if (isEntry) continue;
        const lines = [`const chunk=require('./${name}.cjs')`, ...exports.map((key) => `exports.${key}=chunk.${key}`)];
        this.emitFile({ type: 'asset', fileName, source: `${lines.join('\n')}\n` });
      }
    },
  };
}

/** Once, too: those of ES modules refer to those of CommonJS, which both module systems may import. */
async function bundleDeclarations() {
  const bundle = await rollup({ input: withExtension('.d.ts'), external: isPackage, plugins: [dts()], onLog: fail });
  await bundle.write({ dir: OUT, format: 'es', entryFileNames: '[name].d.cts', chunkFileNames: '[name].cts' });
  await bundle.close();
  for (const name of Object.keys(entries)) {
    if (existsSync(join(OUT, `${name}.js`)))
      writeFileSync(join(OUT, `${name}.d.ts`), `export * from './${name}.cjs';\n`);
  }
}

function withExtension(extension) {
  return Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, path + extension]));
}

function isPackage(id) {
  return id !== 'tslib' && !/^[./]/.test(id);
}

function fail(level, log) {
  if (level !== 'debug') throw new Error(log.message);
}
