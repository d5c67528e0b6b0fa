import type { Contender } from '../contenders.js';
import { startNginx } from './nginx.js';
import { startNode } from './node.js';
import { type Assignment, serverProcess, type ServerProcess } from './server-process.js';

/** Starts a contender. Whoever does stops it. */
export async function startServer(contender: Contender, assignment: Assignment): Promise<ServerProcess> {
  return serverProcess(await (contender.family === 'nginx' ? startNginx : startNode)(assignment, contender));
}
