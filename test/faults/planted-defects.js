import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * npm run test:defects -- [words of their names]
 *
 * Breaks the code in one way after the other, in a copy, and sees that the tests turn red each time: tests that cannot
 * fail promise nothing.
 */
const FAULTS = 'test/faults/jest.config.js';
const DEFECTS = [
  {
    name: 'a last position behind the end is not clamped',
    edits: [
      { file: 'src/http/select-ranges.ts', code: 'lastPos: Math.min(lastPos, size - 1) };', instead: 'lastPos };' },
    ],
    specs: ['hostile-fields'],
    config: FAULTS,
  },
  {
    name: 'members of a range set are not counted',
    edits: [
      {
        file: 'src/http/range-header.ts',
        code: 'members.push(member) > MAX_MEMBERS',
        instead: 'members.push(member) > MAX_MEMBERS * 1000',
      },
    ],
    specs: ['hostile-fields'],
    config: FAULTS,
  },
  {
    name: 'If-Range is satisfied by a weak tag',
    edits: [
      {
        file: 'src/http/preconditions.ts',
        code: 'current !== undefined && strongMatch(asked, current);\n  }',
        instead: 'current !== undefined && weakMatch(asked, current);\n  }',
      },
    ],
    specs: ['hostile-fields'],
    config: FAULTS,
  },
  {
    name: 'a surplus of the source is not noticed',
    edits: [
      {
        file: 'src/content/exact-octets.ts',
        code: 'if (chunk.byteLength > this.remaining) {',
        instead: 'if (chunk.byteLength > Infinity) {',
      },
    ],
    only: 'breaks off after the head',
    specs: ['test/e2e/lifetime'],
  },
  {
    name: 'an early end of the source is not noticed',
    edits: [
      {
        file: 'src/content/exact-octets.ts',
        code: 'this.length !== undefined && this.remaining > 0',
        instead: 'this.length !== undefined && this.remaining < 0',
      },
      {
        file: 'src/content/content-stream.ts',
        code: 'if (unsent !== Infinity && unsent !== 0) throw',
        instead: 'if (unsent < 0) throw',
      },
    ],
    only: 'breaks off after the head',
    specs: ['test/e2e/lifetime'],
  },
  {
    name: 'nobody watches for the end of the response',
    edits: [{ file: 'src/response-lifetime.ts', code: "this.response.once('close', close);", instead: '' }],
    only: 'while resolve is pending has its source told',
    specs: ['test/e2e/lifetime'],
  },
  {
    name: 'pipelined responses do not wait for their turn',
    edits: [
      {
        file: 'src/connection-turn.ts',
        code: 'return response.socket === null && request.httpVersionMajor === 1;',
        instead: 'return response.socket === null && request.httpVersionMajor === 0;',
      },
    ],
    only: 'open nothing before their turn',
    specs: ['test/e2e/lifetime'],
  },
  {
    name: 'a file is not looked at before its last octets',
    edits: [
      {
        file: 'src/sources/file-reader.ts',
        code: 'const isUnchanged = this.lease.isUnchanged();',
        instead: 'const isUnchanged = true as boolean | Promise<boolean>;',
      },
    ],
    specs: ['changing-files'],
    config: FAULTS,
  },
  {
    name: 'links may lead out of the root',
    edits: [
      {
        file: 'src/sources/confine-path.ts',
        code: 'return realPath.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep);',
        instead: "return realPath.startsWith(sep) || realRoot === '';",
      },
    ],
    specs: ['test/sources/file-source'],
  },
  {
    name: 'a name may lead upwards',
    edits: [
      {
        file: 'src/sources/confine-path.ts',
        code: "segment === '' || segment === '.' || segment === '..'",
        instead: "segment === ''",
      },
      { file: 'src/sources/confine-path.ts', code: 'if (/[. ]$/.test(segment)) return false;', instead: '' },
    ],
    specs: ['test/sources/confine-path'],
  },
  {
    name: 'the fields of a success stay on an error',
    edits: [
      {
        file: 'src/commit-plan.ts',
        code: "exchange.setFields({ 'cache-control': 'no-store', ...ofError }, SUCCESS_FIELDS);",
        instead: 'exchange.setFields(ofError, []);',
      },
    ],
    only: 'fails before its first octet',
    specs: ['test/e2e/lifetime'],
  },
  {
    name: 'a silent source is waited for',
    edits: [
      { file: 'src/negotiation.ts', code: 'return sourceTimeoutMs === 0 ?', instead: 'return sourceTimeoutMs >= 0 ?' },
    ],
    only: 'before its first octets: 504',
    specs: ['test/e2e/silent-sources'],
  },
  {
    name: 'memory is used again before it has left',
    edits: [
      {
        file: 'src/content/content-stream.ts',
        code: '    response.write(chunk, (error) => {',
        instead: '    chunkPool.give(chunk);\n    response.write(chunk, (error) => {',
      },
    ],
    specs: ['test/e2e/transports'],
  },
  {
    name: 'a descriptor is closed under its reader',
    edits: [
      {
        file: 'src/sources/file-handles.ts',
        code: '    if (handle.leases === 0) await closeFile(handle.descriptor.fd);\n  }\n\n  private toLease',
        instead: '    await closeFile(handle.descriptor.fd);\n  }\n\n  private toLease',
      },
    ],
    specs: ['test/sources/file-handles'],
  },
  {
    name: 'a replaced file is served from the descriptor that was kept',
    edits: [
      {
        file: 'src/sources/open-descriptor.ts',
        code: 'stats.nlink > 0n &&\n      stats.ino === version.ino &&\n      stats.dev === version.dev &&',
        instead: '',
      },
      { file: 'src/sources/open-descriptor.ts', code: 'stats.ctimeNs === ctimeNs', instead: 'true' },
    ],
    specs: ['test/e2e/hardening', 'test/sources/file-handles'],
  },
  {
    name: 'a failure after the head ends the response as if it were whole',
    edits: [{ file: 'src/response-lifetime.ts', code: 'response.destroy();\n', instead: 'response.end();\n' }],
    only: 'breaks off after the head',
    specs: ['test/e2e/lifetime'],
  },
];

const ROOT = new URL('../..', import.meta.url).pathname;
const copy = mkdtempSync(join(tmpdir(), 'nestjs-range-defects-'));
let survived = 0;
try {
  for (const file of trackedFiles()) cpSync(join(ROOT, file), join(copy, file), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  symlinkSync(join(ROOT, 'test/nest-11/node_modules'), join(copy, 'test/nest-11/node_modules'));
  const words = process.argv.slice(2);
  for (const defect of DEFECTS.filter(({ name }) => words.every((word) => name.includes(word)))) plant(defect);
} finally {
  rmSync(copy, { recursive: true });
}
process.exitCode = survived === 0 ? 0 : 1;

function trackedFiles() {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  return list.toString().trim().split('\n');
}

/** Breaks the code, runs the tests that should see it, and mends it. */
function plant({ name, edits, specs, only, config }) {
  const sound = edits.map(({ file }) => [join(copy, file), readFileSync(join(copy, file), 'utf8')]);
  for (const { file, code, instead } of edits) breakCode(join(copy, file), code, instead);
  const startedAt = performance.now();
  const args = [
    'run',
    '--silent',
    'jest',
    '--',
    ...(config === undefined ? [] : ['--config', config]),
    '--bail',
    ...(only === undefined ? [] : ['-t', only]),
    ...specs,
  ];
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: copy, encoding: 'utf8' });
  for (const [path, text] of sound) writeFileSync(path, text);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const isSeen = status !== 0 && /^Tests: .*failed/m.test(stderr);
  console.log(`${isSeen ? 'red  ' : 'GREEN'} ${name} (${specs.join(', ')}; ${seconds} s)`);
  if (isSeen) return;
  survived++;
  console.log(stdout + stderr);
}

function breakCode(path, code, instead) {
  const text = readFileSync(path, 'utf8');
  if (!text.includes(code)) throw new Error(`${path} has changed: the defect must be planted anew`);
  writeFileSync(
    path,
    text.replace(code, () => instead),
  );
}
