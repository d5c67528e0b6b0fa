import { create } from 'content-disposition';

/** How a user agent is to present the content: on the page, or as a file to save. */
export type Disposition = 'inline' | 'attachment';

/**
 * Writes a Content-Disposition value for any Unicode file name; a name alone is an attachment.
 *
 * @see RFC 6266, RFC 8187
 */
export function formatContentDisposition(disposition: Disposition | undefined, filename?: string): string {
  return create(filename?.replace(LONE_SURROGATE, '\ufffd'), { type: disposition ?? 'attachment' });
}

/** Half a character, which cannot be encoded; a file system may well have it in a name. */
const LONE_SURROGATE = /\p{Surrogate}/gu;
