import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AdapterName } from '../support/test-app.js';

/** The app of `app.js`, on the built package, in a process of its own. */
export class AppProcess {
  private complaint = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.complaint += text));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.complaint += text));
  }

  /** @param root of the files that it serves */
  static async start(adapter: AdapterName, root: string): Promise<AppProcess> {
    const script = new URL('app.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, adapter, root], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new AppProcess(child, port);
  }

  /** As a proxy names it. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** How many requests came so far. */
  async requests(): Promise<number> {
    const answer = once(this.child, 'message');
    this.child.send('count');
    const [{ requests }] = (await answer) as [{ requests: number }];
    return requests;
  }

  /** @throws Error when it wrote an error or a warning, or did not come to its end by itself */
  async close(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.send('close');
    const [code] = (await exit) as [number | null];
    if (code !== 0 || this.complaint !== '') throw new Error(`the app ended with ${code}: ${this.complaint}`);
  }
}
