import { SOURCE_IS_NOT_JSON } from './not-json.js';
import { type Checks, checkOptions, headerText } from './options/check-options.js';
import { shownText } from './options/target-url.js';
import type { RangeSource, Representation } from './source.js';

export interface RedirectSourceOptions {
  /** Cache-Control of the redirection. Default: `no-store`, since presigned URLs expire. */
  readonly cacheControl?: string | undefined;
}

/**
 * A source whose bytes another server sends: the client is redirected there and repeats its Range and conditions. For
 * presigned URLs of a store, pass a function that creates one; it is called once per request.
 *
 * @example
 * return new RangedFile(redirectSource(() => getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 300 })));
 * @throws TypeError (immediately, or when resolved) if the target is not an absolute http: or https: URL
 * @see RFC 9110 §15.4.8
 */
export function redirectSource(
  target: string | URL | ((signal: AbortSignal) => string | URL | Promise<string | URL>),
  options: RedirectSourceOptions = {},
): RangeSource {
  const { cacheControl = 'no-store' } = checkOptions('redirectSource', options, CHECKS);
  if (typeof target === 'function') {
    return {
      ...SOURCE_IS_NOT_JSON,
      resolve: async (signal) => redirection(locationOf(await target(signal)), cacheControl),
    };
  }
  const location = locationOf(target);
  return { ...SOURCE_IS_NOT_JSON, ignoresSignal: true, resolve: () => redirection(location, cacheControl) };
}

function redirection(location: string, cacheControl: string): Representation {
  return {
    delegated: { status: 307, headers: { location, 'cache-control': cacheControl } },
    open() {
      throw new TypeError(
        'redirectSource has no bytes of its own: it works only with @Ranged() or RangeResponder.send()',
      );
    },
  };
}

/** The URL as the client will parse it. Control characters are rejected, since `URL` would silently drop some of them. */
function locationOf(target: string | URL): string {
  const text = String(target);
  const url = URL.canParse(text) && !/\p{Cc}/u.test(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url.href;
  throw new TypeError(`redirectSource: ${JSON.stringify(shownText(text))} is not an absolute http: or https: URL`);
}

const CHECKS: Checks<RedirectSourceOptions> = { cacheControl: headerText };
