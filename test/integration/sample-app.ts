import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..', '..');

/** Runs the compiled sample app in a process of its own, which finds the SDKs that are installed here. */
export async function startSampleApp(
  adapter: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const register = join(REPOSITORY, 'test', 'integration', 'sdk-register.js');
  const args = ['--import', register, join(REPOSITORY, 'sample-app', 'dist', 'main.js'), `--${adapter}`];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...environment, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) {
    const port = /http:\/\/localhost:(\d+)$/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stdout.resume();
    return {
      url: `http://127.0.0.1:${port}`,
      async stop() {
        const gone = once(child, 'close');
        child.kill();
        await gone;
      },
    };
  }
  throw new Error('the sample app did not start');
}
