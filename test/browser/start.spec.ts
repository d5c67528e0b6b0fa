import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { createServer, type AddressInfo } from 'node:net';

import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../sample-app/dist/main.js', import.meta.url));

describe('the sample app does not start, and says why in a sentence,', () => {
  it.each<[string, readonly string[], Record<string, string>, string]>([
    ['if PORT is a word', [], { PORT: 'abc' }, 'PORT must be a number from 0 (any free port) to 65535, not "abc".'],
    [
      'if PORT is too high',
      [],
      { PORT: '65536' },
      'PORT must be a number from 0 (any free port) to 65535, not "65536".',
    ],
    ['if PORT is negative', [], { PORT: '-1' }, 'PORT must be a number from 0 (any free port) to 65535, not "-1".'],
    [
      'if PORT is not whole',
      [],
      { PORT: '80.5' },
      'PORT must be a number from 0 (any free port) to 65535, not "80.5".',
    ],
    [
      'if a flag is unknown',
      ['--koa'],
      {},
      '--koa is no option of the sample app. It has --express (the default) and --fastify.',
    ],
    [
      'if a word is no flag',
      ['fastify'],
      {},
      'fastify is no option of the sample app. It has --express (the default) and --fastify.',
    ],
    [
      'if there are two adapters',
      ['--express', '--fastify'],
      {},
      'The app runs on --express or on --fastify, not on both.',
    ],
    [
      'if MEDIA_EXTRA is missing',
      [],
      { MEDIA_EXTRA: '/nowhere/films' },
      'MEDIA_EXTRA is /nowhere/films, which does not exist.',
    ],
    [
      'if MEDIA_EXTRA is empty',
      [],
      { MEDIA_EXTRA: '' },
      'MEDIA_EXTRA is empty. Set it to a folder, or leave it unset.',
    ],
    [
      'if MEDIA_EXTRA is a file',
      [],
      { MEDIA_EXTRA: MAIN },
      `MEDIA_EXTRA is ${MAIN}, which is a file. It must be a folder.`,
    ],
    [
      'if MEDIA_EXTRA lies below a file',
      [],
      { MEDIA_EXTRA: join(MAIN, 'films') },
      `MEDIA_EXTRA is ${join(MAIN, 'films')}, which does not exist.`,
    ],
  ])('%s', async (_, args, environment, sentence) => {
    expect(await run(args, environment)).toEqual({ code: 1, output: '', complaints: `${sentence}\n` });
  });

  it.each([[[]], [['--fastify']]])('if its port is taken, with the next one that is free: %j', async (args) => {
    const taken = createServer().listen(0, '0.0.0.0');
    await once(taken, 'listening');
    try {
      const { port } = taken.address() as AddressInfo; // it listens on TCP
      const { code, complaints } = await run(args, { PORT: String(port) });
      expect(code).toBe(1);
      const rest = args.length === 0 ? '' : ' -- --fastify';
      const [, next] = /Port (\d+) is free/.exec(complaints) ?? [];
      expect(complaints).toBe(
        `Port ${port} is taken by another program. Port ${next} is free: PORT=${next} npm start${rest}\n`,
      );
      expect(Number(next)).toBeGreaterThan(port);
    } finally {
      taken.close();
    }
  });
});

async function run(args: readonly string[], environment: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const [[code], output, complaints] = await Promise.all([
    once(child, 'close') as Promise<[number | null]>, // as Node.js has it
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, output, complaints };
}
