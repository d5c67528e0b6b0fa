import { Logger } from '@nestjs/common';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { callQuietly } from '../sources/call-quietly.js';
import { describe } from '../sources/options/check-options.js';
import { refuse } from '../sources/options/refuse.js';
import { messageOf } from '../sources/error-message.js';
import { RESPONSE_CHANNEL, type RangedResponseMessage } from './response-report.js';

/**
 * The class of a response: `complete`, a whole file; `partial`, ranges of it; `aborted`, the client disconnected or the
 * shutdown cut it; `failed`, the source failed; `not-modified`, 304; `refused`, 404, 412 or 416; `head`, a HEAD; `delegated`,
 * a proxy or a store sends the bytes, or a hook of Fastify sent other ones.
 */
export type ResponseClass =
  'complete' | 'partial' | 'aborted' | 'failed' | 'not-modified' | 'refused' | 'head' | 'delegated';

/**
 * Calls the listener when a response ends. Returns a function that removes it. Errors of the listener are only logged.
 *
 * @example
 * const stop = onRangeResponse((message) => log.info(formatResponse(message)));
 */
export function onRangeResponse(listener: (message: RangedResponseMessage) => void): () => void {
  if (typeof listener !== 'function')
    refuse(`onRangeResponse: the listener must be a function, not ${describe(listener)}`);
  const listen = (message: unknown): void => {
    callQuietly(
      () => listener(message as RangedResponseMessage), // nobody else publishes there
      (error) => Logger.error(`a listener of onRangeResponse() threw: ${messageOf(error)}`, 'RangeResponder'),
    );
  };
  subscribe(RESPONSE_CHANNEL, listen);
  return () => void unsubscribe(RESPONSE_CHANNEL, listen);
}

/** The class of a response, as a label for counters. A seek is `partial` or `aborted`; a download by one response is `complete`. */
export function classifyResponse({ method, status, disposition, outcome }: RangedResponseMessage): ResponseClass {
  // Below 400 no filter has refused anything: the client disconnected before, or the filter hides the failure.
  if (disposition === 'error' && status >= 400 && status < 500) return 'refused';
  if (outcome !== 'complete') return outcome;
  switch (disposition) {
    case 'full':
      return method === 'HEAD' ? 'head' : 'complete';
    case 'partial':
    case 'multipart':
      return 'partial';
    case 'not-modified':
    case 'delegated':
      return disposition;
    case 'precondition-failed':
    case 'range-not-satisfiable':
      return 'refused';
    case 'error':
      return 'failed';
    case undefined:
      return 'aborted';
  }
}

/**
 * Formats a message as a log line, without the query: `GET /film.mp4 206 partial bytes=0-99 100/100 1.3ms`. `100/100` are the
 * bytes sent and planned (`-`: unknown).
 */
export function formatResponse(message: RangedResponseMessage): string {
  const { method, path, status, ranges, bytesSent, bytesPlanned = '-', durationMs, error } = message;
  const asked = ranges.map(({ firstPos, lastPos }) => `${firstPos}-${lastPos}`).join(',');
  return [
    `${method} ${path} ${status} ${classifyResponse(message)}`,
    ...(asked === '' ? [] : [`bytes=${asked}`]),
    `${bytesSent}/${bytesPlanned} ${durationMs.toFixed(1)}ms`,
    ...(error === undefined ? [] : [messageOf(error)]),
  ].join(' ');
}
