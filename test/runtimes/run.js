// Runs the e2e specs on the runtime that RUNTIME names, each in a process of its own.
//
//   RUNTIME=bun node test/runtimes/run.js              all that depend on the runtime
//   RUNTIME=bun node test/runtimes/run.js shutdown     those with that in their names
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ELSEWHERE, QUIRKS } from './quirks.js';
import { makeTree } from './support/tree.js';

/** In ms: a spec that takes longer hangs. */
const HANGS_AFTER = 240_000;

const tree = makeTree();
const { RUNTIME } = await import(pathToFileURL(join(tree, 'test', 'support', 'apps', 'runtime.js')).href);
const quirks = QUIRKS[RUNTIME.name];
const seen = new Set();
const counts = { passed: 0, failed: 0 };

try {
  const specs = chosenSpecs();
  const worker = async () => {
    for (let spec = specs.shift(); spec !== undefined; spec = specs.shift()) report(spec, await runSpec(spec));
  };
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, worker));
} finally {
  rmSync(tree, { recursive: true, force: true });
}

const unseen = quirks.filter((quirk) => process.argv.length === 2 && !seen.has(quirk));
for (const { tests } of unseen) console.log(`● No test is called ${tests}: its quirk has to go.`);
counts.failed += unseen.length;
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;

function chosenSpecs() {
  const words = process.argv.slice(2);
  return readdirSync(join(tree, 'test', 'e2e'), { recursive: true })
    .filter((name) => name.endsWith('.spec.js'))
    .filter((name) => (words.length === 0 ? !ELSEWHERE.test(name) : words.some((word) => name.includes(word))));
}

async function runSpec(spec) {
  const { command, options } = RUNTIME;
  const script = join(tree, 'test', 'runtimes', 'support', 'run-spec.js');
  const child = spawn(command, [...options, script, join(tree, 'test', 'e2e', spec)], {
    cwd: tree,
    env: { ...process.env, NEST_MAJOR: '12', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const results = [];
  let isComplete = false;
  let output = '';
  child.on('message', (message) => (message === 'complete' ? (isComplete = true) : results.push(message)));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-4000)));
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), HANGS_AFTER);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  if (!isComplete) results.push({ name: 'comes to its end', errors: [`It ended with ${code ?? signal}.\n${output}`] });
  return results;
}

function report(spec, results) {
  const outcomes = results.map(({ name, errors }) => ({ name, error: judge(`${spec} › ${name}`, errors) }));
  const faults = outcomes.filter(({ error }) => error !== undefined);
  counts.passed += outcomes.length - faults.length;
  counts.failed += faults.length;
  console.log(`${faults.length === 0 ? 'PASS' : 'FAIL'} ${spec} (${outcomes.length})`);
  for (const { name, error } of faults) console.log(`  ● ${name}\n${error.replaceAll(/^/gm, '    ')}`);
}

/** What is wrong with the end of a test: it failed, or it did not although the runtime is known to be incapable of it. */
function judge(name, errors) {
  const quirk = quirks.find(({ tests }) => tests.test(name));
  if (quirk === undefined) return errors.length === 0 ? undefined : errors.join('\n');
  seen.add(quirk);
  return errors.length > 0 || quirk.mayPass === true
    ? undefined
    : `It passes now, and is known not to: ${quirk.because}`;
}
