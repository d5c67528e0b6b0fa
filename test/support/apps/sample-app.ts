import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type Adapter = 'express' | 'fastify';

export const ADAPTERS: readonly Adapter[] = ['express', 'fastify'];

/** The sample app in a process of its own. */
export interface SampleApp {
  /** Its origin, without a slash at the end. */
  readonly url: string;
  /** What it wrote to its standard error so far. */
  complaints(): string;
  /** Ends the process; returns when it is gone. */
  stop(): Promise<void>;
}

const REPOSITORY = new URL('../../../', import.meta.url);

/** Runs the compiled sample app, as the last step of `npm start` does, on a free port. */
export async function startSampleApp(
  adapter: Adapter,
  environment: Readonly<Record<string, string>> = {},
): Promise<SampleApp> {
  const child = spawn('node', ['--enable-source-maps', 'sample-app/dist/main.js', `--${adapter}`], {
    cwd: REPOSITORY,
    env: { ...process.env, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  for await (const line of createInterface(child.stdout)) {
    const port = /http:\/\/localhost:(\d+)$/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stdout.resume();
    return { url: `http://127.0.0.1:${port}`, complaints: () => complaints, stop: () => stop(child) };
  }
  throw new Error(`The sample app did not start:\n${complaints}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, 'close');
  child.kill();
  await gone;
}
