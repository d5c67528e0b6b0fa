import type { IncomingMessage } from 'node:http';
import type { RequestFacts } from '../http/response-plan.js';

/** The headers of a request by name in lower case, after any changes by middleware and hooks. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Collects the parts of a request that determine its response.
 *
 * @param headers the headers to evaluate; `rawHeaders` are those received, and empty for an injected request
 * @param status the status the handler chose
 * @param receivedAt in ms since the epoch
 */
export function factsOf(
  { method = 'GET', rawHeaders }: Pick<IncomingMessage, 'method' | 'rawHeaders'>,
  headers: RequestHeaders,
  status: number,
  receivedAt: number,
): RequestFacts {
  const date = (name: string): string | undefined => unrepeated(joinLines(headers[name]), name, rawHeaders);
  return {
    method,
    status,
    receivedAt,
    range: joinLines(headers['range']),
    ifRange: joinLines(headers['if-range']),
    ifMatch: joinLines(headers['if-match']),
    ifNoneMatch: joinLines(headers['if-none-match']),
    ifModifiedSince: date('if-modified-since'),
    ifUnmodifiedSince: date('if-unmodified-since'),
  };
}

/** The value of a header that may have several lines. */
export function joinLines(value: number | string | readonly string[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'object' ? value.join(', ') : String(value);
}

/** Makes a repeated date header invalid (RFC 9110 §13.1.3); Node.js keeps only its first line. */
function unrepeated(value: string | undefined, name: string, rawHeaders: readonly string[]): string | undefined {
  if (value === undefined) return undefined;
  const lines = rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === name);
  return lines.length > 1 ? `${value}, ${value}` : value;
}
