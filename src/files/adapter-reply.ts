import { StreamableFile } from '@nestjs/common';
import { exchangeOf, requestOf } from '../exchange/frameworks/exchange-of.js';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { RANGED_RESPONSE } from './file-symbols.js';
import { isRangedFile } from './ranged-file.js';
import { answers } from './ranged-response.js';
import { UnrangedFiles } from './unranged-warning.js';

/** The part of Nest's HTTP adapters that we use. */
interface Replying {
  reply: (this: Replying, response: unknown, body: unknown, statusCode?: number) => unknown;
}

/** The patched adapters, each with the warnings about files sent without ranges. */
const recognising = new WeakMap<Replying, UnrangedFiles>();
const taught = new WeakSet<Replying>();

/**
 * Patches an adapter's `reply` so that it recognises our answers. Only there can we tell an answer that is being sent from a
 * file that somebody merely inspects. Everything else is passed on unchanged.
 */
export function recogniseAnswers(adapter: Replying | undefined): void {
  if (adapter === undefined || recognising.has(adapter)) return;
  recognising.set(adapter, new UnrangedFiles());
  const owner = baseOf(adapter);
  if (taught.has(owner)) return;
  taught.add(owner);
  const { reply } = owner;
  owner.reply = function (response, body, statusCode) {
    const unranged = recognising.get(this);
    if (unranged === undefined || !(body instanceof StreamableFile))
      return reply.call(this, response, body, statusCode);
    const exchange = exchangeOf(requestOf(response), response);
    if (answers(body, exchange.response) && isStatusKept(exchange, statusCode)) return body[RANGED_RESPONSE].send();
    if (!isRangedFile(body)) return reply.call(this, response, body, statusCode);
    if (!(RANGED_RESPONSE in body) && isStatusKept(exchange, statusCode)) unranged.warn(exchange, body.rangedOptions);
    return reply.call(this, response, body.take(exchange), statusCode);
  };
}

/** The lowest prototype that owns `reply`, so that overrides in the app's own adapters still run. */
function baseOf(adapter: Replying): Replying {
  let base = adapter;
  for (let object: object | null = adapter; object !== null; object = Reflect.getPrototypeOf(object)) {
    if (Object.hasOwn(object, 'reply')) base = object as Replying; // it has one
  }
  return base;
}

/** `false` if an exception filter replies with the file under a status of its own. */
function isStatusKept({ status }: HttpExchange, statusCode: number | undefined): boolean {
  return statusCode === undefined || statusCode === status;
}
