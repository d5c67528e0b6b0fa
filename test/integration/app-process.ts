import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..', '..');

/** An app in a process of its own. */
export interface AppProcess {
  readonly url: string;
  stop(): Promise<void>;
}

type Environment = Readonly<Record<string, string>>;

/** Runs the compiled sample app, which finds the SDKs that are installed here. */
export function startSampleApp(adapter: string, environment: Environment): Promise<AppProcess> {
  const register = join(REPOSITORY, 'test', 'integration', 'sdk-register.js');
  const script = join(REPOSITORY, 'sample-app', 'dist', 'main.js');
  return start(['--import', register, script, `--${adapter}`], environment);
}

/** Runs docs/examples/s3-media, which run.js has copied and compiled here. */
export function startS3Example(environment: Environment): Promise<AppProcess> {
  return start([join(REPOSITORY, 'test', 'integration', 'dist', 's3-media', 'dist', 'main.js')], environment);
}

/** Resolves when the app has printed its address. */
async function start(args: readonly string[], environment: Environment): Promise<AppProcess> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...environment, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) {
    const port = /http:\/\/(?:localhost|\[::1?\]|127\.0\.0\.1):(\d+)(?:\/\w*)?$/.exec(line)?.[1];
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
  throw new Error(`${args.at(-1)} ended before the app listened`);
}
