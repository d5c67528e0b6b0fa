import { types } from 'node:util';
import type { HttpExchange } from './http-exchange.js';

/**
 * What a handler marked `@Ranged()`, or an interceptor in its place, has returned, and what to return instead; `undefined`
 * where it has answered by itself.
 */
export function adviceOn(result: unknown, response: unknown, exchange: HttpExchange): string | undefined {
  if (exchange.response.headersSent) return undefined;
  if (result === response || result === exchange.response) return undefined; // of `return response.send(…)`
  return `${nameOf(result)}: ${replacementOf(result)}`;
}

function nameOf(result: unknown): string {
  if (typeof result !== 'object' || result === null) return `a value of type ${typeof result}`;
  const { constructor } = result as { constructor?: { readonly name?: string } };
  const name = constructor?.name ?? 'Object'; // of Object.create(null)
  return name === 'Object' ? 'an object' : `an instance of ${name}`;
}

function replacementOf(result: unknown): string {
  if (types.isUint8Array(result) || has(result, 'pipe')) return 'return a StreamableFile over it';
  if (has(result, 'resolve')) return 'return a RangedFile over it';
  return 'return a RangedFile or a StreamableFile, or leave @Ranged() out';
}

function has(result: unknown, method: string): boolean {
  return typeof (result as Record<string, unknown>)[method] === 'function';
}
