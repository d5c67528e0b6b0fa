import { isHeaderValue, isToken } from '../../../http/headers/header-value.js';

/** Headers of the app, or those of an incoming request: `request.headers`. */
export type OwnHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Headers that must not be forwarded: those set here (ranges, conditions, codings), those that describe content, which is
 * not sent, and hop-by-hop headers, some of which fetch rejects. Names that begin with a colon are HTTP/2 pseudo-headers.
 *
 * @see RFC 9110 §7.6.1
 */
const NOT_OURS = new RegExp(
  `^(?::.*|${[
    'range|if-.*|accept-encoding|content-.*|expect|host',
    'connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|proxy-.*',
  ].join('|')})$`,
);

/**
 * The headers to send to an upstream, with names in lower case, without those that must not be forwarded.
 *
 * @throws TypeError that names a header with an invalid name or value
 */
export function ownHeaders(headers: OwnHeaders): Record<string, string> {
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const named = new Set(given.filter(([name]) => name === 'connection').flatMap(([, value]) => tokensOf(value)));
  const result: Record<string, string> = {};
  for (const [name, value] of given) {
    if (value === undefined || NOT_OURS.test(name) || named.has(name)) continue;
    const text = typeof value === 'string' ? value : value.join(name === 'cookie' ? '; ' : ', ');
    if (!isToken(name) || (text !== '' && !isHeaderValue(text))) {
      throw new TypeError(
        `httpSource: option "headers" has ${JSON.stringify(name)}, whose name or value cannot be sent`,
      );
    }
    result[name] = text;
  }
  return result;
}

function tokensOf(connection: OwnHeaders[string]): string[] {
  return String(connection ?? '')
    .toLowerCase()
    .split(/[\s,]+/);
}

export function areHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Symbol.iterator in value) return false;
  return Object.values(value).every(
    (text) => text === undefined || [text].flat().every((one) => typeof one === 'string'),
  );
}
