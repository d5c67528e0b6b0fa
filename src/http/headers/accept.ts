import { trimOws } from './header-value.js';

/**
 * Whether an Accept header names a media type itself. Browsers name `text/html` where they navigate; a wildcard, which
 * `fetch` and curl send for anything at all, says nothing of a page.
 *
 * @param headerValue of Accept; `undefined`: the request has none
 * @param type in lower case
 * @see RFC 9110 §12.5.1
 */
export function namesMediaType(headerValue: string | undefined, type: string): boolean {
  return (headerValue ?? '').split(',').some((member) => {
    const [named = '', ...parameters] = member.split(';').map((part) => trimOws(part).toLowerCase());
    return named === type && !parameters.some((parameter) => NOT_ACCEPTABLE.test(parameter));
  });
}

const NOT_ACCEPTABLE = /^q=0(?:\.0{0,3})?$/;
