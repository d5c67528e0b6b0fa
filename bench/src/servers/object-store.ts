import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { INSTALLED_IN } from '../apps/controllers/find-s3-sdk.js';
import type { Totals } from '../apps/object-store.js';
import { pinned } from '../machine.js';
import type { Bench } from '../workloads/workload.js';

/** A store over HTTP, beside the client: what it costs is not the servers'. */
export interface ObjectStore {
  readonly url: string;
  totals(): Promise<Totals>;
}

/**
 * Starts a store that has the 1 GiB file as an object, and stops it in the end.
 *
 * @throws Error that says what to install, where the SDK is not there
 */
export async function withObjectStore<T>(bench: Bench, work: (store: ObjectStore) => Promise<T>): Promise<T> {
  requireSdk();
  const script = join(import.meta.dirname, '..', 'apps', 'object-store.js');
  const [command = '', ...args] = pinned(bench.pinning.client, [process.execPath, script]);
  const child = spawn(command, args, {
    stdio: ['ignore', 2, 2, 'ipc'],
    env: { ...process.env, BENCH_FILE: bench.subjects.whole },
  });
  const told = async <A>(): Promise<A> => ((await once(child, 'message')) as [A])[0];
  const kill = (): boolean => child.kill();
  process.once('exit', kill); // where this process is interrupted
  try {
    const { port } = await told<{ port: number }>();
    const totals = (): Promise<Totals> => {
      const answer = told<Totals>();
      child.send('totals');
      return answer;
    };
    return await work({ url: `http://127.0.0.1:${port}`, totals });
  } finally {
    process.off('exit', kill);
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }
}

function requireSdk(): void {
  try {
    createRequire(INSTALLED_IN).resolve('@aws-sdk/client-s3');
  } catch {
    throw new Error('missing: the SDK of S3 (cd test/integration && npm ci)');
  }
}
