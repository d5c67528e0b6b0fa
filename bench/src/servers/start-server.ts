import type { Contender } from '../contenders.js';
import { startGo } from './go.js';
import { startNginx } from './nginx.js';
import { startNode } from './node.js';
import { type Assignment, serverProcess, type ServerProcess } from './server-process.js';

/** Starts a contender. Whoever does stops it. */
export async function startServer(contender: Contender, assignment: Assignment): Promise<ServerProcess> {
  const start = { nginx: startNginx, go: startGo, express: startNode, fastify: startNode, node: startNode };
  return serverProcess(await start[contender.family](assignment, contender));
}
