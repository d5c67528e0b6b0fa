import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { answers } from './defects/answers.js';
import { checks } from './defects/checks.js';
import { files } from './defects/files.js';
import { generated } from './defects/generated.js';
import { headers } from './defects/headers.js';
import { ranges } from './defects/ranges.js';
import { reports } from './defects/reports.js';
import { stores } from './defects/stores.js';
import { streams } from './defects/streams.js';
import { transfers } from './defects/transfers.js';
import { upstreams } from './defects/upstreams.js';

/**
 * npm run test:defects -- [--check] [words]
 *
 * Plants one defect after the other in a copy of the code, and checks that tests that pass without it fail with it: tests
 * that cannot fail promise nothing. Words select the defects whose table and name contain them all. `--check` only
 * checks that each defect can still be planted.
 *
 * @typedef {object} Defect
 * @property {string} name
 * @property {readonly Edit[]} edits
 * @property {readonly string[]} specs that must fail: their names alone, without `.spec.ts`
 * @property {string} [only] part of the names of the tests that are run
 *
 * @typedef {object} Edit
 * @property {string} file its name alone, anywhere below src
 * @property {string} code occurs there exactly once
 * @property {string} instead
 */
const TABLES = { answers, checks, files, generated, headers, ranges, reports, stores, streams, transfers, upstreams };
const ROOT = new URL('../..', import.meta.url).pathname;
const MOST_MS = 10 * 60_000; // for tests that hang

const options = process.argv.slice(2);
const words = options.filter((option) => option !== '--check');
const all = Object.entries(TABLES).flatMap(([table, defects]) => defects.map((defect) => ({ ...defect, table })));
const chosen = all.filter(({ table, name }) => words.every((word) => `${table}: ${name}`.includes(word)));
const [sources, tests] = ['src', 'test'].map(pathsBelow);
const drifted = chosen.flatMap((defect) => faultsOf(defect).map((fault) => `${defect.name}: ${fault}`));
for (const line of drifted) console.error(line);
if (chosen.length === 0) console.error('no defect has such a name');
if (drifted.length > 0 || chosen.length === 0) process.exit(1);
console.log(`${chosen.length} defects can be planted`);
if (!options.includes('--check')) process.exitCode = plantAll();

/** By the name of each file below a folder: its paths from the root. */
function pathsBelow(folder) {
  const found = new Map();
  for (const path of readdirSync(join(ROOT, folder), { recursive: true })) {
    if (path.includes('node_modules')) continue;
    const name = basename(path);
    found.set(name, [...(found.get(name) ?? []), join(folder, path)]);
  }
  return found;
}

/** Why a defect cannot be planted. */
function faultsOf({ edits, specs }) {
  return [...edits.map(faultOfEdit), ...specs.map((spec) => faultOfName(`${spec}.spec.ts`, tests))].filter(Boolean);
}

function faultOfEdit({ file, code }) {
  const fault = faultOfName(file, sources);
  if (fault !== undefined) return fault;
  const path = sources.get(file)[0];
  const count = readFileSync(join(ROOT, path), 'utf8').split(code).length - 1;
  return count === 1 ? undefined : `${path} has ${count} times ${JSON.stringify(code)}: plant it anew`;
}

function faultOfName(name, paths) {
  const count = paths.get(name)?.length ?? 0;
  return count === 1 ? undefined : `${count} files are called ${name}`;
}

function plantAll() {
  const copy = mkdtempSync(join(tmpdir(), 'nestjs-range-defects-'));
  try {
    copyTo(copy);
    const sound = new Map();
    const missed = chosen.filter((defect) => !isFound(defect, copy, sound));
    console.log(`${chosen.length - missed.length} of ${chosen.length} found`);
    return missed.length === 0 ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function copyTo(copy) {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const file of list.toString().trim().split('\n'))
    cpSync(join(ROOT, file), join(copy, file), { recursive: true });
  for (const modules of ['node_modules', 'test/nest-11/node_modules'])
    symlinkSync(join(ROOT, modules), join(copy, modules));
  mkdirSync(join(copy, 'tmp'));
}

/** Whether the tests of a defect pass without it, and fail with it. */
function isFound(defect, copy, sound) {
  const startedAt = performance.now();
  const key = JSON.stringify([defect.specs, defect.only]);
  if (!sound.has(key)) sound.set(key, runTests(defect, copy));
  const { hasPassed, output } = sound.get(key);
  const result = hasPassed ? withDefect(defect, copy) : { output };
  const verdict = !hasPassed ? 'UNSOUND' : result.failed === undefined ? 'MISSED' : 'found';
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`${verdict.padEnd(7)} ${defect.table}: ${defect.name} (${seconds} s)`);
  console.log(result.failed === undefined ? result.output : `        by "${result.failed}"`);
  return verdict === 'found';
}

/** Breaks the code, runs the tests that should notice, and repairs it. */
function withDefect(defect, copy) {
  const targets = [...new Set(defect.edits.map(({ file }) => join(copy, sources.get(file)[0])))];
  const repaired = targets.map((path) => [path, readFileSync(path, 'utf8')]);
  for (const { file, code, instead } of defect.edits) {
    const path = join(copy, sources.get(file)[0]);
    writeFileSync(path, readFileSync(path, 'utf8').split(code).join(instead));
  }
  const result = runTests(defect, copy);
  for (const [path, text] of repaired) writeFileSync(path, text);
  return result;
}

/** Runs tests until one fails, in a process group of their own: what hangs, or is left, ends with it. */
function runTests({ specs, only }, copy) {
  const first = join(copy, 'tmp', 'first-failure');
  rmSync(first, { force: true });
  const found = specs.map((spec) => tests.get(`${spec}.spec.ts`)[0]);
  const isOfFaults = found.every((path) => path.startsWith('test/faults/'));
  const options = [
    '--reporters=default',
    '--reporters=./test/faults/first-failure.js',
    ...(isOfFaults ? ['--config', 'test/faults/jest.config.js'] : []),
    ...(only === undefined ? [] : ['-t', only.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)]),
    '--runInBand',
    '--forceExit', // the last before the specs must take no list
  ];
  const { pid, status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'jest', '--', ...options, ...found], {
    cwd: copy,
    env: { ...process.env, TMPDIR: join(copy, 'tmp'), FIRST_FAILURE: first },
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024, // with each failure its stack
    timeout: MOST_MS,
    detached: true,
  });
  endGroup(pid);
  return {
    hasPassed: status === 0 && /^Tests: .*passed/m.test(stderr),
    failed: existsSync(first) ? readFileSync(first, 'utf8') : failedOutside(stderr),
    output: stdout + stderr,
  };
}

/** What Jest tells of at the end alone: a rejection that nobody handles, which belongs to no test that runs. */
function failedOutside(stderr) {
  const name = /^FAIL /m.test(stderr) ? /● (.*)/.exec(stderr)?.[1] : undefined;
  return name === 'Test suite failed to run' ? undefined : name;
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended: nothing was left.
  }
}
