import { type Checks, checkOptions, fieldText } from './check-options.js';
import type { RangeSource, Representation } from './source.js';

export interface RedirectSourceOptions {
  /** Cache-Control of the redirection. Default: `no-store`, for a presigned URL is good for a while only. */
  readonly cacheControl?: string | undefined;
}

/**
 * A source whose octets another server sends: the client is told to ask there, with its Range and its conditions. For
 * presigned URLs of a store: give a function that makes one, which is called once per request.
 *
 * @example
 * return new RangedFile(redirectSource(() => getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 300 })));
 * @throws TypeError (at once, or when it is resolved) for what is no absolute http: or https: URL
 * @see RFC 9110 §15.4.8
 */
export function redirectSource(
  target: string | URL | ((signal: AbortSignal) => string | URL | Promise<string | URL>),
  options: RedirectSourceOptions = {},
): RangeSource {
  const { cacheControl = 'no-store' } = checkOptions('redirectSource', options, CHECKS);
  if (typeof target === 'function') {
    return { resolve: async (signal) => redirection(locationOf(await target(signal)), cacheControl) };
  }
  const location = locationOf(target);
  return { ignoresSignal: true, resolve: () => redirection(location, cacheControl) };
}

function redirection(location: string, cacheControl: string): Representation {
  return {
    delegated: { status: 307, fields: { location, 'cache-control': cacheControl } },
    open() {
      throw new TypeError('redirectSource has no octets: it answers through @Ranged() or RangeResponder.send() only');
    },
  };
}

/** As the client will read it: `URL` takes line breaks out, where a field would be split by them. */
function locationOf(target: string | URL): string {
  const text = String(target);
  const url = URL.canParse(text) && !/\p{Cc}/u.test(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url.href;
  const [shown = ''] = text.split('?', 1); // a query may be a signature
  throw new TypeError(`redirectSource: ${JSON.stringify(shown)} is not an absolute http: or https: URL`);
}

const CHECKS: Checks<RedirectSourceOptions> = { cacheControl: fieldText };
