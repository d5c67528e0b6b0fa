import { createRequire } from 'node:module';

/**
 * Fails the run when a Nest package of another major is loaded than the configuration promises in `NEST_MAJOR`:
 * otherwise a wrong mapping would let the Nest 11 run pass on Nest 12.
 */
const requireFrom = createRequire(import.meta.url);

for (const name of ['common', 'core', 'platform-express', 'platform-fastify']) {
  const { version } = requireFrom(`@nestjs/${name}/package.json`) as { version: string };
  if (version.split('.')[0] !== process.env['NEST_MAJOR']) {
    throw new Error(`@nestjs/${name} ${version} is loaded where Nest ${process.env['NEST_MAJOR']} is to be tested`);
  }
}
