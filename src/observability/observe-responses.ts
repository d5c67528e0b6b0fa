import { Logger } from '@nestjs/common';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { callQuietly } from '../sources/call-quietly.js';
import { describe } from '../sources/options/check-options.js';
import { refuse } from '../sources/options/refuse.js';
import { messageOf } from '../sources/error-message.js';
import { RESPONSE_CHANNEL, type RangedResponseMessage } from './response-report.js';

/**
 * What a response counts as: all of a file, ranges of it, one that the client left or that the shutdown cut, one that
 * failed, no content because the client has it, no content because of what was asked (404, 412, 416), a HEAD, or one whose
 * bytes somebody else sends.
 */
export type ResponseClass =
  'complete' | 'partial' | 'aborted' | 'failed' | 'not-modified' | 'refused' | 'head' | 'delegated';

/**
 * Calls back for each response that is over. Returns what ends that. What the listener throws is logged, and harms nobody.
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

/** A label for counters. A seek is `partial` or `aborted`; only `complete` is a file that was sent whole, by one response. */
export function classifyResponse({ method, status, disposition, outcome }: RangedResponseMessage): ResponseClass {
  // Below 400 no filter has refused anything: its client left before it had answered, or it covers the failure up.
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
 * A line for the log, without the query: `GET /film.mp4 206 partial bytes=0-99 100/100 1.3ms`. The bytes are those sent
 * and those planned (`-`: of unknown length).
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
