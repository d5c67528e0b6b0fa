import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Done } from './done.js';
import type { Exchange } from './exchange.js';

/** What to ask of whom. */
export interface Load {
  readonly port: number;
  readonly path: string;
  /** In turn, on each connection one after the other. */
  readonly exchanges: readonly Exchange[];
  /** Kept alive. */
  readonly connections: number;
  /** For the script that `wrk` is given. */
  readonly dir: string;
}

/**
 * Sends requests by `wrk`: it is written in C, and they are made before the first is sent.
 *
 * @throws Error where one failed, or was answered 4xx or 5xx
 */
export async function hammer(load: Load, seconds: number): Promise<Done> {
  const script = join(load.dir, 'requests.lua');
  writeFileSync(script, scriptFor(load.exchanges));
  const url = `http://127.0.0.1:${load.port}${load.path}`;
  const args = ['-t1', `-c${load.connections}`, `-d${seconds}s`, '--timeout', '60s', '-s', script, url];
  const wrk = spawn('wrk', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let report = '';
  wrk.stderr.on('data', (text: Buffer) => (report += text.toString()));
  await once(wrk, 'close');
  const [requests = 0, bytes = 0, microseconds = 0, errors = 0, clientCpuSeconds = 0] = report.split(' ').map(Number);
  if (!(errors === 0 && bytes > 0)) throw new Error(`${url}: ${errors} of ${requests} requests failed\n${report}`);
  return { requests, bytes, seconds: microseconds / 1e6, clientCpuSeconds };
}

function scriptFor(exchanges: readonly Exchange[]): string {
  const headers = exchanges.map(({ header }) => (header === undefined ? '{}' : `{['${header[0]}']='${header[1]}'}`));
  return `
    local fields = {${headers.join(',\n')}}
    local requests, turn, worker = {}, 0
    function setup(thread)
      worker = thread
    end
    function init()
      for i, field in ipairs(fields) do requests[i] = wrk.format("GET", nil, field) end
      readyAt = os.clock()
    end
    function request()
      turn = turn % #requests + 1
      return requests[turn]
    end
    function done(s)
      local failed = s.errors.status + s.errors.connect + s.errors.read + s.errors.write + s.errors.timeout
      io.stderr:write(s.requests, " ", s.bytes, " ", s.duration, " ", failed, " ", os.clock() - worker:get("readyAt"))
    end`;
}
