// Runs the sources over real clients of real stores: installs the packed package and the SDKs here, and Swift from Debian.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from '../../scripts/pack.js';

const here = import.meta.dirname;
const root = join(here, '..', '..');
const TSC = join(root, 'node_modules', '.bin', 'tsc');
const SWIFT = ['swift-proxy', 'swift-account', 'swift-container', 'swift-object', 'memcached', 'curl'];

const directory = mkdtempSync(join(tmpdir(), 'nestjs-range-integration-'));
try {
  installSwift();
  run('npm', ['ci', '--no-audit', '--no-fund']);
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', pack(directory)]);
  rmSync(join(here, 'dist'), { recursive: true, force: true });
  run(TSC, ['-p', '.']);
  run(TSC, ['-p', join(root, 'sample-app', 'tsconfig.build.json')]);
  compileS3Example();
  const tests = readdirSync(join(here, 'dist', 'integration')).filter((name) => name.endsWith('.test.js'));
  run('node', ['--test', '--test-concurrency=2', ...tests.map((name) => join('dist', 'integration', name))]);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function installSwift() {
  if (existsSync('/usr/bin/swift-proxy-server') && existsSync('/usr/bin/memcached')) return;
  const asRoot = process.getuid() === 0 ? ['env'] : ['sudo'];
  const apt = (...args) => run(asRoot[0], ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]);
  apt('update', '-q');
  apt('install', '-yq', '--no-install-recommends', ...SWIFT);
}

/** docs/examples/s3-media, which finds the package and the SDK that are installed here. */
function compileS3Example() {
  const app = join(here, 'dist', 's3-media');
  cpSync(join(root, 'docs', 'examples', 's3-media'), app, { recursive: true });
  run(TSC, ['-p', app]);
}

function run(command, args) {
  execFileSync(command, args, { cwd: here, stdio: 'inherit', env: ownEnvironment() });
}

/** Without what `npm run` left in it. */
function ownEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:npm_|INIT_CWD$)/i.test(name)));
}
