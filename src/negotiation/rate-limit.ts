import type { IncomingHttpHeaders } from 'node:http';
import type { Pace } from '../content/pace/paced-content.js';
import type { SharedBuckets } from '../content/pace/shared-buckets.js';
import { callQuietly } from '../sources/call-quietly.js';
import { messageOf } from '../sources/error-message.js';
import { callback, checkOptions, type Checks, count, describe } from '../sources/options/check-options.js';
import { SourceFailedError, SourceFaultError } from '../sources/source-errors.js';

/** How fast content is sent, like `limit_rate` and `limit_rate_after` of nginx. */
export interface RateLimit {
  /** Bytes of content per second. A quarter of that is sent at once, before the limit applies. */
  readonly bytesPerSecond: number;
  /** Bytes that are sent as fast as the client reads them, before the limit applies. Default: 0. */
  readonly after?: number;
  /**
   * Responses with the same key share the limit, and `after`, in the whole app. `undefined`: this response has its own. Called
   * once per request, before its source is resolved. If it throws, the response is a 500.
   *
   * @param request of Express or Fastify, as guards see it; you may declare your own type for it
   */
  key?(request: RateLimitedRequest): string | undefined;
}

/** What requests of Express and Fastify have in common. */
export interface RateLimitedRequest {
  /** As the framework determines it: behind a proxy with its setting `trust proxy` or `trustProxy`. */
  readonly ip?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

const RATE_LIMIT_CHECKS: Checks<Record<string, unknown>> = {
  'rateLimit.bytesPerSecond': [
    'a positive number',
    (value) => typeof value === 'number' && value > 0 && value < Infinity,
  ],
  'rateLimit.after': count,
  'rateLimit.key': callback,
};

/** @throws TypeError naming an unknown, invalid or missing option */
export function checkRateLimit(place: string, limit: RateLimit | false | undefined): void {
  if (limit === undefined || limit === false) return;
  const named = Object.entries(limit).map(([name, value]) => [`rateLimit.${name}`, value as unknown]);
  checkOptions<Record<string, unknown>>(place, Object.fromEntries(named), RATE_LIMIT_CHECKS, [
    'rateLimit.bytesPerSecond',
  ]);
}

/**
 * The pace of one response; `undefined`: there is no limit.
 *
 * @throws SourceFailedError, SourceFaultError if `key` throws or returns something other than a string
 */
export function paceOf(
  limit: RateLimit | false | undefined,
  request: unknown,
  buckets: SharedBuckets,
): Pace | undefined {
  if (limit === undefined || limit === false) return undefined;
  const { bytesPerSecond, after = 0 } = limit;
  const key = keyOf(limit, request as RateLimitedRequest);
  return { rate: { bytesPerSecond, after }, lease: () => buckets.lease(key) };
}

function keyOf(limit: RateLimit, request: RateLimitedRequest): string | undefined {
  const key: unknown = calledKey(limit, request);
  if (key === undefined || typeof key === 'string') return key;
  callQuietly(() => key); // a promise that rejects ends nothing else
  throw new SourceFaultError(`the option "rateLimit.key" must return a string or undefined, not ${describe(key)}`);
}

function calledKey(limit: RateLimit, request: RateLimitedRequest): unknown {
  try {
    return limit.key?.(request);
  } catch (error) {
    throw new SourceFailedError(`the option "rateLimit.key" threw: ${messageOf(error)}`, { cause: error });
  }
}
