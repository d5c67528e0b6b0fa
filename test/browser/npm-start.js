import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Before all specs: what a visitor types, until the app listens. It leaves built what the specs run. */
export default async function startAsVisitorsDo() {
  await npm('start');
  await npm('start', '--', '--fastify');
}

async function npm(...args) {
  // The leader of a group: npm, its shell and the app are ended together.
  const child = spawn('npm', args, {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  for await (const line of createInterface(child.stdout)) {
    if (!/http:\/\/localhost:\d+$/.test(line) || child.pid === undefined) continue;
    const gone = once(child, 'close');
    child.stdout.resume();
    process.kill(-child.pid, 'SIGTERM');
    await gone;
    return;
  }
  throw new Error(`npm ${args.join(' ')} did not start the sample app`);
}
