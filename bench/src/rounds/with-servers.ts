import type { Contender } from '../contenders.js';
import type { Assignment, ServerProcess } from '../servers/server-process.js';
import { startServer } from '../servers/start-server.js';

/**
 * Starts a process for each contender (in one process they would share what V8 has learnt, and spoil it for each other),
 * and stops them all in the end.
 */
export async function withServers<T>(
  contenders: readonly Contender[],
  assignment: Assignment,
  work: (serverOf: (contender: Contender) => ServerProcess) => Promise<T>,
): Promise<T> {
  const servers = new Map<string, ServerProcess>();
  const stopAll = () => Promise.all([...servers.values()].map((server) => server.stop()));
  process.once('exit', stopAll); // where this process is interrupted
  try {
    for (const contender of contenders) {
      if (!servers.has(contender.name)) servers.set(contender.name, await startServer(contender, assignment));
    }
    return await work((contender) => servers.get(contender.name)!);
  } finally {
    process.off('exit', stopAll);
    await stopAll();
  }
}
