import { Logger } from '@nestjs/common';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { RESPONSE_CHANNEL, type RangedResponseMessage } from './response-report.js';

/**
 * What a response counts as: all of a file, ranges of it, one that the client left or that the shutdown cut, one that
 * failed, no content because the client has it, no content because of what was asked (404, 412, 416), a HEAD, or one whose
 * octets somebody else sends.
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
  const listen = (message: unknown): void => {
    try {
      listener(message as RangedResponseMessage); // nobody else publishes there
    } catch (error) {
      Logger.error(`a listener of onRangeResponse() threw: ${String(error)}`, 'RangeResponder');
    }
  };
  subscribe(RESPONSE_CHANNEL, listen);
  return () => void unsubscribe(RESPONSE_CHANNEL, listen);
}

/** A label for counters. A seek is `partial` or `aborted`; only `complete` is a file that was sent whole, by one response. */
export function classifyResponse({ method, status, disposition, outcome }: RangedResponseMessage): ResponseClass {
  if (disposition === 'error' && status < 500) return 'refused';
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
 * A line for the log, without the query: `GET /film.mp4 206 partial bytes=0-99 100/100 1.3ms`. The octets are those sent
 * and those planned (`-`: of unknown length).
 */
export function formatResponse(message: RangedResponseMessage): string {
  const { method, path, status, ranges, octetsSent, octetsPlanned = '-', durationMs, error } = message;
  const asked = ranges.map(({ firstPos, lastPos }) => `${firstPos}-${lastPos}`).join(',');
  return [
    `${method} ${path} ${status} ${classifyResponse(message)}`,
    ...(asked === '' ? [] : [`bytes=${asked}`]),
    `${octetsSent}/${octetsPlanned} ${durationMs.toFixed(1)}ms`,
    ...(error === undefined ? [] : [messageOf(error)]),
  ].join(' ');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
