import { create } from 'content-disposition';

/** Whether a user agent should display the content or save it as a file. */
export type Disposition = 'inline' | 'attachment';

/**
 * Formats a Content-Disposition value for any Unicode file name; the default disposition is `attachment`.
 *
 * @see RFC 6266, RFC 8187
 */
export function formatContentDisposition(disposition: Disposition | undefined, filename?: string): string {
  return create(filename?.replace(LONE_SURROGATE, '\ufffd'), { type: disposition ?? 'attachment' });
}

/** Half of a surrogate pair, which cannot be encoded in UTF-8 but may occur in file names. */
const LONE_SURROGATE = /\p{Surrogate}/gu;
