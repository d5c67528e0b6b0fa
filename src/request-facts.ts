import type { IncomingMessage } from 'node:http';
import type { RequestFacts } from './http/response-plan.js';

/**
 * What of a request decides its answer.
 *
 * @param status that the handler chose
 * @param receivedAt in ms since the epoch
 */
export function factsOf(request: IncomingMessage, status: number, receivedAt: number): RequestFacts {
  const { headers, method = 'GET' } = request;
  return {
    method,
    status,
    receivedAt,
    range: headers.range,
    ifRange: joinLines(headers['if-range']),
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ifModifiedSince: unrepeated(request, 'if-modified-since'),
    ifUnmodifiedSince: unrepeated(request, 'if-unmodified-since'),
  };
}

/** The value of a field that may have come, or been set, in several lines. */
export function joinLines(value: number | string | readonly string[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'object' ? value.join(', ') : String(value);
}

/** Node.js keeps only the first line of a repeated date field, where RFC 9110 §13.1.3 wants none to count. */
function unrepeated({ headers, rawHeaders }: IncomingMessage, name: 'if-modified-since' | 'if-unmodified-since') {
  const value = headers[name];
  if (value === undefined) return undefined;
  const lines = rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === name);
  return lines.length === 1 ? value : `${value}, ${value}`;
}
