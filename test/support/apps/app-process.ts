import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { RUNTIME } from './runtime.js';

/** An app on the built package in a process of its own, which tells its port when it listens, and takes orders. */
export class AppProcess {
  private complaint = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.complaint += text));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.complaint += text));
  }

  static async start(script: URL, args: readonly string[]): Promise<AppProcess> {
    const { command, options } = RUNTIME;
    const child = spawn(command, [...options, script.pathname, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new AppProcess(child, port);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** As a proxy names it. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** What it wrote, errors and warnings alone. */
  get complaints(): string {
    return this.complaint;
  }

  /** Gives an order, and takes what it answers. */
  async ask<Answer>(order: string): Promise<Answer> {
    const answer = once(this.child, 'message');
    this.child.send(order);
    const [message] = (await answer) as [Answer];
    return message;
  }

  /** Lets the app close; resolves with the exit code when the process has come to its end by itself. */
  async close(): Promise<number | null> {
    const exit = once(this.child, 'exit');
    this.child.send('close');
    const [code] = (await exit) as [number | null];
    return code;
  }

  /** @throws Error when it wrote an error or a warning, or ended by one */
  async closeWithoutComplaint(): Promise<void> {
    const code = await this.close();
    if (code !== 0 || this.complaint !== '') throw new Error(`the app ended with ${code}: ${this.complaint}`);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Resolves when the process has ended, with its exit code or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals> {
    const { exitCode, signalCode } = this.child;
    if (exitCode === null && signalCode === null) await once(this.child, 'exit');
    return this.child.signalCode ?? this.child.exitCode ?? 0;
  }
}
