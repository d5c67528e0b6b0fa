import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders.js';
import { pinned } from '../machine.js';
import type { Assignment, Started } from './server-process.js';

/** Starts nginx with `sendfile` and one worker, which is what is measured. */
export async function startNginx({ file, dir, cpu }: Assignment, { route }: Contender): Promise<Started> {
  const port = await freePort();
  const config = join(dir, `nginx-${port}.conf`);
  writeFileSync(
    config,
    `daemon off; ${process.getuid?.() === 0 ? 'user root;' : ''} worker_processes 1; worker_rlimit_nofile 16384;
     pid ${config}.pid; error_log ${config}.log;
     events { worker_connections 8192; }
     http { access_log off; sendfile on; keepalive_requests 1000000000;
       server { listen 127.0.0.1:${port} backlog=4096; root ${dirname(file)};
         location ~ ^/paced/(\\d+)$ { limit_rate $1; alias ${file}; } } }`,
  );
  const [command = '', ...args] = pinned(cpu, ['nginx', '-c', config]);
  const child = spawn(command, args, { stdio: ['ignore', 2, 2] });
  await once(child, 'spawn');
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error('nginx did not start');
    await sleep(20);
  }
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  return { child, port, path: `/${route === '' ? basename(file) : route}`, pid: Number(children.trim()) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/`);
    return true;
  } catch {
    return false;
  }
}
