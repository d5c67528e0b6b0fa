import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What a server process has used so far. */
export interface Usage {
  /** CPU time of all threads by the scheduler's clock, in ns. */
  readonly cpuNs: number;
  /** Resident memory in octets. */
  readonly rss: number;
  readonly descriptors: number;
}

/** A server under test in a process of its own. */
export interface ServerProcess {
  readonly port: number;
  usage(): Usage;
  stop(): Promise<void>;
}

/** Starts one of our own servers: `express`, `fastify` or `bare`. */
export async function startServer(kind: string, file: string): Promise<ServerProcess> {
  const child = fork(join(import.meta.dirname, 'server.js'), [kind], { env: { ...process.env, BENCH_FILE: file } });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return serverProcess(child, port, [child.pid ?? 0]);
}

/** Starts nginx with one worker and sendfile. */
export async function startNginx(file: string, dir: string): Promise<ServerProcess> {
  const port = await freePort();
  const config = join(dir, 'nginx.conf');
  const root = file.slice(0, file.lastIndexOf('/'));
  writeFileSync(
    config,
    `daemon off; user root; worker_processes 1; pid ${dir}/nginx.pid; error_log ${dir}/nginx.log;
     events { worker_connections 8192; }
     http { access_log off; sendfile on; keepalive_requests 1000000; server { listen 127.0.0.1:${port}; root ${root}; } }`,
  );
  const child = spawn('nginx', ['-c', config], { stdio: 'inherit' });
  await once(child, 'spawn');
  while (!(await answers(port)));
  const workers = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number);
  return serverProcess(child, port, workers);
}

function serverProcess(child: ChildProcess, port: number, pids: readonly number[]): ServerProcess {
  return {
    port,
    usage: () =>
      pids.map(usageOf).reduce((sum, one) => ({
        cpuNs: sum.cpuNs + one.cpuNs,
        rss: sum.rss + one.rss,
        descriptors: sum.descriptors + one.descriptors,
      })),
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

function usageOf(pid: number): Usage {
  let cpuNs = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    cpuNs += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ', 1)[0]);
  }
  const resident = /VmRSS:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return { cpuNs, rss: Number(resident?.[1]) * 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
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
