import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { freePorts } from '../integration/free-ports.js';
import type { FixtureDirectory } from '../support/sources/fixtures.js';
import { until } from '../support/until.js';
import { Nginx, openToNginx } from './nginx.js';

/** A server that is widely used, with one file. */
export interface FileServer {
  readonly url: string;
  close(): Promise<void>;
}

/** nginx as Debian has it. */
export async function startNginx(fixtures: FixtureDirectory, file: string): Promise<FileServer> {
  openToNginx(fixtures);
  const nginx = await Nginx.start(
    (port) => `
      types { video/mp4 mp4; }
      server {
        listen 127.0.0.1:${port};
        root ${dirname(file)};
        add_header Cache-Control max-age=60;
        add_header Vary Origin;
      }`,
  );
  return { url: `http://127.0.0.1:${nginx.port}/${basename(file)}`, close: () => nginx.close() };
}

/** Apache httpd as Debian has it, as whoever runs the tests. @throws Error that says what to install */
export async function startApache(fixtures: FixtureDirectory, file: string): Promise<FileServer> {
  openToNginx(fixtures); // Apache's children become another user too
  const port = await freePorts(1);
  const [configuration, pid] = [fixtures.at('httpd.conf'), fixtures.at('httpd.pid')];
  const modules = ['mpm_event', 'authz_core', 'mime', 'headers'];
  writeFileSync(
    configuration,
    `ServerRoot /usr/lib/apache2
     ServerName localhost
     Listen 127.0.0.1:${port}
     PidFile ${pid}
     ErrorLog ${fixtures.at('httpd.log')}
     Mutex sem
     User nobody
     Group nogroup
     ${modules.map((name) => `LoadModule ${name}_module modules/mod_${name}.so`).join('\n')}
     TypesConfig /dev/null
     AddType video/mp4 .mp4
     DocumentRoot ${dirname(file)}
     Header set Cache-Control max-age=60
     Header set Vary Origin`,
  );
  const env = { PATH: `${process.env['PATH']}:/usr/sbin` };
  const child = spawn('apache2', ['-f', configuration, '-D', 'FOREGROUND'], { env, stdio: 'ignore' });
  await spawned(child, 'apache2-bin');
  await until(() => existsSync(pid) || child.exitCode !== null, 'Apache to listen');
  return { url: `http://127.0.0.1:${port}/${basename(file)}`, close: () => end(child) };
}

/** `http.ServeContent` of Go's library. @throws Error where Go is missing */
export async function startGo(fixtures: FixtureDirectory, file: string): Promise<FileServer> {
  const binary = fixtures.at('serve-content');
  const program = join(import.meta.dirname, 'serve-content.go');
  execFileSync('go', ['build', '-o', binary, program], { env: { ...process.env, GOCACHE: fixtures.at('go-cache') } });
  const child = spawn(binary, [file], { stdio: ['ignore', 'pipe', 'ignore'] });
  await spawned(child, 'golang-go');
  const [port]: unknown[] = await once(child.stdout, 'data');
  return { url: `http://127.0.0.1:${String(port).trim()}/`, close: () => end(child) };
}

async function spawned(child: ChildProcess, debianPackage: string): Promise<void> {
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new Error(`on Debian: apt-get install ${debianPackage}`, { cause });
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill();
  await gone;
}
