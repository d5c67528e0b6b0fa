import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { median } from '../statistics.js';
import type { Exchange } from './exchange.js';

/** Asks one thing after the other on one connection: the median time to the first byte of an answer's content, in ms. */
export async function firstByteMs(port: number, path: string, exchanges: readonly Exchange[]): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  try {
    for (const { header } of exchanges) {
      const headers = header === undefined ? {} : { [header[0]]: header[1] };
      const startedAt = performance.now();
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        get({ host: '127.0.0.1', port, path, headers, agent }, resolve).on('error', reject);
      });
      const ended = once(response, 'end');
      response.once('data', () => times.push(performance.now() - startedAt));
      await ended;
    }
  } finally {
    agent.destroy();
  }
  return median(times);
}
