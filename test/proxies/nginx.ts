import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../integration/free-ports.js';
import type { FixtureDirectory } from '../support/sources/fixtures.js';
import { until } from '../support/until.js';

/** Whom nginx runs as where the tests run as root, to whom no file is closed. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** A real nginx with one worker, unprivileged, in a directory of its own that is removed in the end. */
export class Nginx {
  private constructor(
    private readonly child: ChildProcess,
    private readonly directory: string,
    readonly port: number,
  ) {}

  /**
   * @param configure writes what stands in the block `http`; relative paths lead into its directory
   * @throws Error with what nginx says, or what is to be installed
   */
  static async start(configure: (port: number) => string): Promise<Nginx> {
    const port = await freePorts(1);
    const directory = mkdtempSync(join(tmpdir(), 'nestjs-range-nginx-'));
    writeFileSync(join(directory, 'nginx.conf'), CONFIGURATION(configure(port)));
    if (isRoot) chownSync(directory, NOBODY, NOBODY);
    const child = spawn('nginx', ['-p', `${directory}/`, '-c', 'nginx.conf', '-e', 'error.log'], {
      cwd: directory,
      env: { PATH: `${process.env['PATH']}:/usr/sbin` },
      stdio: 'ignore',
      ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw new Error('nginx is missing; on Debian: apt-get install nginx', { cause: error });
    }
    const nginx = new Nginx(child, directory, port);
    // Written when it listens.
    await until(() => existsSync(join(directory, 'nginx.pid')) || child.exitCode !== null, 'nginx to listen');
    if (child.exitCode !== null) throw new Error(`nginx did not start:\n${nginx.log()}`);
    return nginx;
  }

  /** What it has logged, warnings and errors. */
  log(): string {
    return readFileSync(join(this.directory, 'error.log'), 'utf8');
  }

  async close(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exit;
    rmSync(this.directory, { recursive: true });
  }
}

/** Lets nginx read the files of a directory, whoever it runs as. */
export function openToNginx(fixtures: FixtureDirectory): void {
  chmodSync(fixtures.path, 0o755);
}

const CONFIGURATION = (http: string): string => `
  daemon off;
  worker_processes 1;
  pid nginx.pid;
  lock_file nginx.lock;
  error_log error.log warn;
  events { worker_connections 512; }
  http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    ${http}
  }`;
