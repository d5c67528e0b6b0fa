import { Logger } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { HttpExchange } from '../exchange/http-exchange.js';
import type { RangedOptions } from '../negotiation/ranged-options.js';
import { callQuietly } from '../sources/call-quietly.js';

/** Responses of routes marked `@Ranged(false)`. */
const leftOut = new WeakSet<ServerResponse>();

/** Suppresses the warning for a route marked `@Ranged(false)`. */
export function leaveOut({ response }: HttpExchange): void {
  leftOut.add(response);
}

/** Warns once per route that a RangedFile is sent without ranges: players cannot seek in it. */
export class UnrangedFiles {
  private readonly warned = new Set<string>();

  /** @param options the file's own: it may refuse ranges */
  warn(exchange: HttpExchange, options: RangedOptions | undefined): void {
    const { method, response } = exchange;
    if (leftOut.has(response) || options?.acceptRanges === false) return;
    if (exchange.facts.status !== 200 || (method !== 'GET' && method !== 'HEAD')) return;
    const route = exchange.route ?? exchange.path;
    if (this.warned.has(route)) return;
    if (this.warned.size < MOST_ROUTES) this.warned.add(route);
    callQuietly(() => Logger.warn(`${method} ${route} ${UNRANGED}`, 'RangeInterceptor'));
  }
}

/** A bound, since without a known route the paths come from clients. */
const MOST_ROUTES = 1000;

const UNRANGED =
  'sends a RangedFile without ranges: put @Ranged() on the handler that returns it, above any decorator that replaces the method; ' +
  'in an exception filter, await RangeResponder.send(); if this is intended, write new RangedFile(source, { acceptRanges: false })';
