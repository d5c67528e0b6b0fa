// Starts the apps of docs/examples as their README says, installed from the tarball, and uses each as its visitors would.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { checkDownloads, checkFrontEnd, checkS3Media, checkVideoSite } from './checks.js';
import { startStore } from './store.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const EXAMPLES = [
  { name: 'video-site', folder: 'videos', check: checkVideoSite },
  { name: 'downloads', folder: 'files', check: checkDownloads, environment: { PASSWORD: 'open sesame' } },
  { name: 's3-media', check: checkS3Media, hasStore: true },
  { name: 'front-end-and-api', folder: 'music', check: checkFrontEnd },
];
const FILE = 'clip one.mp4';

/** @param install `(app) => Promise`, installs the package that is tried into the app */
export async function tryExamples(directory, install) {
  await Promise.all(EXAMPLES.map(({ name }) => install(copyOf(directory, name))));
  for (const example of EXAMPLES) {
    await tryExample(join(directory, example.name), example);
    console.log(`ok: docs/examples/${example.name}`);
  }
}

function copyOf(directory, name) {
  const app = join(directory, name);
  cpSync(join(ROOT, 'docs', 'examples', name), app, { recursive: true });
  return app;
}

async function tryExample(app, { folder, check, environment = {}, hasStore = false }) {
  const bytes = randomBytes(300_001);
  if (folder !== undefined) putFile(join(app, folder), bytes);
  const store = hasStore ? await startStore(FILE, bytes) : undefined;
  try {
    const { origin, stop } = await start(app, { ...environment, ...store?.environment });
    try {
      await check(origin, FILE, bytes);
    } finally {
      await stop();
    }
  } finally {
    store?.close();
  }
}

/** Older than the two seconds in which a file has no entity tag. */
function putFile(folder, bytes) {
  mkdirSync(folder);
  const path = join(folder, FILE);
  writeFileSync(path, bytes);
  const yesterday = Date.now() / 1000 - 86_400;
  utimesSync(path, yesterday, yesterday);
}

/** `npm start`, until the app says its address. */
async function start(app, environment) {
  // The leader of a group: npm, its shell and the app are ended together.
  const child = spawn('npm', ['start'], {
    cwd: app,
    env: { ...process.env, ...environment, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`npm could not be started in ${app}`);
  const stop = async () => {
    const gone = once(child, 'close');
    process.kill(-pid, 'SIGTERM');
    await gone;
  };
  for await (const line of createInterface(child.stdout)) {
    const origin = /^\w+: (http:\/\/(?:\[.*?\]|[\w.]+):\d+)/.exec(line)?.[1];
    if (origin === undefined) continue;
    child.stdout.resume();
    return { origin, stop };
  }
  throw new Error(`npm start in ${app} ended before the app listened`);
}
