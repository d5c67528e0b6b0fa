import { Agent, get } from 'node:http';
import type { Load } from './wrk.js';

/** Each server gets a request this often while another is measured, in ms. */
const EVERY_MS = 200;

/** Keeps servers from falling asleep between their turns. Returns how to stop. */
export function keepAwake(loads: readonly Load[]): () => void {
  const agent = new Agent({ keepAlive: true });
  const timer = setInterval(() => loads.forEach((load) => ask(load, agent)), EVERY_MS);
  return () => {
    clearInterval(timer);
    agent.destroy();
  };
}

function ask({ port, path, exchanges }: Load, agent: Agent): void {
  const field = exchanges[0]?.field;
  const headers = field === undefined ? {} : { [field[0]]: field[1] };
  get({ host: '127.0.0.1', port, path, headers, agent }, (response) => response.resume()).on('error', () => {});
}
