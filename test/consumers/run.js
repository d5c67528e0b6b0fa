// Installs the packed package into fresh apps, as their developers would, and lets each of them check it from inside.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pack } from '../../scripts/pack.js';
import { tryExamples } from './examples/run.js';

const APPS = [
  {
    name: 'nest-12-esm',
    runs: [
      ['node', 'src/one-set-of-classes.cjs'],
      ['node', 'dist/main.js'],
      ['node', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'],
    ],
  },
  {
    name: 'nest-11-cjs',
    runs: [
      ['node', 'src/one-set-of-classes.cjs'],
      ['node', 'dist/main.js'],
    ],
  },
  { name: 'nest-11-jest', runs: [['npx', 'jest']] },
];

const directory = mkdtempSync(join(tmpdir(), 'nestjs-range-consumers-'));
try {
  const tarball = pack(directory);
  // Together: that is waiting for the registry, most of the time.
  await Promise.all(APPS.map(({ name }) => install(makeApp(name), tarball)));
  for (const { name, runs } of APPS) {
    console.log(`\n--- ${name}`);
    const app = join(directory, name);
    compile(app);
    for (const run of runs) inApp(app, run);
  }
  console.log('\n--- docs/examples');
  await tryExamples(directory, (app) => install(app, tarball));
  reportSize(tarball, join(directory, APPS[0].name, 'node_modules', 'nestjs-range'));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function makeApp(name) {
  const app = join(directory, name);
  cpSync(join(import.meta.dirname, name), app, { recursive: true });
  cpSync(join(import.meta.dirname, 'shared'), join(app, 'src'), { recursive: true });
  mkdirSync(join(app, 'media'));
  const clip = join(app, 'media', 'clip.mp4');
  writeFileSync(clip, randomBytes(300_001));
  // Older than the two seconds in which a file only gets a weak entity tag.
  const yesterday = Date.now() / 1000 - 86_400;
  utimesSync(clip, yesterday, yesterday);
  return app;
}

async function install(app, tarball) {
  const args = ['install', '--silent', '--no-audit', '--no-fund', tarball];
  await promisify(execFile)('npm', args, { cwd: app, env: ownEnvironment() });
}

/** Emits the app. Libraries are checked too, but only errors in the app or in our declarations count. */
function compile(app) {
  const { status, stdout, error } = spawnSync('npx', ['tsc', '--pretty', 'false'], {
    cwd: app,
    env: ownEnvironment(),
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  const errors = stdout.split('\n').filter((line) => /: error TS\d+|^error TS\d+/.test(line));
  if (status !== 0 && errors.length === 0) throw new Error(`tsc ended with ${status}: ${stdout}`);
  const foreign = errors.filter((line) => /^(?:\.\.\/)*node_modules\/(?!nestjs-range\/)/.test(line));
  console.log(
    `tsc: ${errors.length - foreign.length} errors of ours, ${foreign.length} in other packages' declarations`,
  );
  if (errors.length > foreign.length) throw new Error(errors.filter((line) => !foreign.includes(line)).join('\n'));
}

function inApp(app, [command, ...args]) {
  execFileSync(command, args, { cwd: app, env: ownEnvironment(), stdio: 'inherit' });
}

/** Without what `npm run` and our Jest left in it: a developer's shell. */
function ownEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_|^(INIT_CWD|NODE_OPTIONS|NODE_ENV)$/i.test(name)),
  );
}

function reportSize(tarball, installed) {
  const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const unpacked = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
  console.log(
    `\nnestjs-range: ${kib(statSync(tarball).size)} packed, ${kib(unpacked)} unpacked, ${files.length} files`,
  );
}
