/** The URL of an upstream, without user info and fragment, and its credentials. */
export interface UpstreamTarget {
  readonly url: URL;
  /** Authorization header made from the URL's user info; `undefined`: there is none. */
  readonly authorization: string | undefined;
}

/**
 * Separates a URL and its credentials.
 *
 * @param base base of a relative URL
 * @returns `undefined` if it is not an http: or https: URL, or its user name is invalid in Basic credentials
 * @see RFC 7617 §2
 */
export function upstreamTarget(text: string, base?: URL): UpstreamTarget | undefined {
  if (!URL.canParse(text, base?.href)) return undefined;
  const url = new URL(text, base);
  const [user, password] = [percentDecoded(url.username), percentDecoded(url.password)];
  if (!/^https?:$/.test(url.protocol) || user.includes(':')) return undefined;
  const hasUserInfo = url.username !== '' || url.password !== '';
  url.username = '';
  url.password = '';
  url.hash = '';
  const credentials = Buffer.concat([user, Buffer.from(':'), password]).toString('base64');
  return { url, authorization: hasUserInfo ? `Basic ${credentials}` : undefined };
}

/** Decodes percent-encoded user info to bytes, which need not be UTF-8. */
function percentDecoded(text: string): Buffer {
  const binary = text.replace(/%([\da-f]{2})/gi, (_, hex: string) => Buffer.from(hex, 'hex').toString('latin1'));
  return Buffer.from(binary, 'latin1');
}

/** A URL for the log, without user info, which is secret, and query, which may be a signature. */
export function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** The same for a text that may not be a URL: anything before an `@` may be a secret. */
export function shownText(text: string): string {
  const [shown = ''] = text.split(/[?#]/, 1);
  if (!text.includes('@')) return shown;
  return `${/^[a-z][a-z\d+.-]*:\/\//i.exec(text)?.[0] ?? ''}…`;
}
