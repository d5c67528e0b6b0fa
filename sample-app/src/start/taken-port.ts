import { once } from 'node:events';
import { createServer } from 'node:net';
import { HIGHEST_PORT, SettingsError } from './settings.js';

/**
 * @param args of the command line, for the line that is offered instead
 * @throws SettingsError the port is taken, and which one is free
 */
export async function checkPort(port: number, args: readonly string[]): Promise<void> {
  const code = await errorAt(port);
  if (code === undefined) return;
  if (code === 'EACCES') throw new SettingsError(`You may not listen on port ${port}. Try PORT=3000 npm start`);
  const next = await freePortAfter(port);
  const rest = args.length === 0 ? '' : ` -- ${args.join(' ')}`;
  throw new SettingsError(
    `Port ${port} is taken by another program. Port ${next} is free: PORT=${next} npm start${rest}`,
  );
}

async function freePortAfter(port: number): Promise<number> {
  for (let next = port + 1; next <= HIGHEST_PORT; next++) if ((await errorAt(next)) === undefined) return next;
  return 0;
}

/** The code of what a server would fail with. `undefined`: nothing. */
async function errorAt(port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen(port, '0.0.0.0');
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code; // `listen` fails with errors of the system
  } finally {
    server.close();
  }
}
