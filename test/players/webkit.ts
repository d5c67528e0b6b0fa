import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePorts } from '../integration/free-ports.js';
import { until } from '../support/until.js';
import type { Browser } from './browser.js';

/** WebKitGTK's own browser on a display of its own, driven by W3C WebDriver. @throws Error that says what to install */
export async function launchWebKit(): Promise<Browser> {
  const running: ChildProcess[] = [];
  const endAll = async (): Promise<void> => {
    for (const child of running.toReversed()) await end(child);
  };
  try {
    const display = await startDisplay(running);
    const session = new Session(await startDriver(display, running));
    await session.start();
    return {
      run: (url, script, ...args) => session.run(url, script, args),
      close: async () => {
        await session.end();
        await endAll();
      },
    };
  } catch (error) {
    await endAll();
    throw new Error('WebKitGTK did not start; on Debian: apt-get install webkit2gtk-driver xvfb', { cause: error });
  }
}

/** Its name, such as `:1`: the server chooses a number that is free, and writes it when it is ready. */
async function startDisplay(running: ChildProcess[]): Promise<string> {
  const server = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(server, 'spawn');
  running.push(server);
  const [number]: unknown[] = await once(server.stdout, 'data');
  return `:${String(number).trim()}`;
}

/** Its origin. */
async function startDriver(display: string, running: ChildProcess[]): Promise<string> {
  const port = await freePorts(1);
  const env = { ...process.env, DISPLAY: display };
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], { env, stdio: 'ignore' });
  await once(driver, 'spawn');
  running.push(driver);
  return `http://127.0.0.1:${port}`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill();
  await gone;
}

class Session {
  private path = '';

  constructor(private readonly origin: string) {}

  async start(): Promise<void> {
    let isReady = false;
    const ask = (): void => {
      fetch(`${this.origin}/status`).then(
        () => (isReady = true),
        () => setImmediate(ask),
      );
    };
    ask();
    await until(() => isReady, 'WebKitWebDriver to listen');
    const options = { args: ['--automation', '--autoplay-policy=allow'] };
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
    const { sessionId } = (await this.call('POST', '/session', { capabilities })) as { sessionId: string };
    this.path = `/session/${sessionId}`;
    await this.call('POST', `${this.path}/timeouts`, { script: 100_000 });
  }

  async run(url: string, script: string, args: readonly unknown[]): Promise<unknown> {
    await this.call('POST', `${this.path}/url`, { url });
    const body = `const done = arguments[arguments.length - 1];
      (async () => { ${script} })(...arguments).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const result = await this.call('POST', `${this.path}/execute/async`, { script: body, args });
    const { value, error } = result as { value?: unknown; error?: string };
    if (error !== undefined) throw new Error(error);
    return value;
  }

  async end(): Promise<void> {
    await this.call('DELETE', this.path);
  }

  private async call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(this.origin + path, { method, ...(body && { body: JSON.stringify(body) }) });
    const { value } = (await response.json()) as { value: unknown };
    if (!response.ok) throw new Error(`WebDriver: ${JSON.stringify(value)}`);
    return value;
  }
}
