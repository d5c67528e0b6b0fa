import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** What the server tells of itself. */
export interface Report {
  /** Of the counting source. */
  readonly resolved: number;
  readonly closed: number;
  readonly opened: number;
  readonly ended: number;
  /** Sockets to clients. */
  readonly connections: number;
  readonly descriptors: number;
  /** Handles and requests that keep the event loop going. */
  readonly handles: number;
  /** In use after a garbage collection, in octets. */
  readonly memory: number;
  /** Resident, in octets. */
  readonly resident: number;
}

/** The app of `server.js`, on the built package, in a process of its own. */
export class ServerProcess {
  private complaint = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.complaint += text));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.complaint += text));
  }

  /** @param file that it serves */
  static async start(adapter: 'express' | 'fastify' | 'fastify-http2', file: string): Promise<ServerProcess> {
    const script = new URL('server.js', import.meta.url).pathname;
    const child = spawn(process.execPath, ['--expose-gc', script, adapter, file], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new ServerProcess(child, port);
  }

  /** What it wrote, errors and warnings alone. */
  get complaints(): string {
    return this.complaint;
  }

  async report(): Promise<Report> {
    const answer = once(this.child, 'message');
    this.child.send('report');
    const [report] = (await answer) as [Report];
    return report;
  }

  /** Lets the app close; resolves with the exit code when the process has come to its end. */
  async close(): Promise<number | null> {
    const exit = once(this.child, 'exit');
    this.child.send('close');
    const [code] = (await exit) as [number | null];
    return code;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
