import type { ByteRange } from './byte-range.js';

/** The head of each part of a multipart/byteranges body, and the closing delimiter. Latin-1 text. */
export interface MultipartLayout {
  readonly contentType: string;
  readonly heads: readonly string[];
  readonly tail: string;
}

/**
 * Lays out a multipart/byteranges body: CRLF throughout, and in each part `partHeaders` and a Content-Range. The body begins
 * with CRLF, as in nginx and Apache: it is part of the delimiter, and zsync discards the first line.
 *
 * @param size complete length of the representation in bytes
 * @param partHeaders headers of every part, as `[name, value]`
 * @see RFC 9110 §14.6, §15.3.7.2; RFC 2046 §5.1.1
 */
export function layOutMultipart(
  ranges: readonly ByteRange[],
  size: number,
  partHeaders: readonly (readonly [name: string, value: string])[],
  boundary: string,
): MultipartLayout {
  const described = partHeaders.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    heads: ranges.map(
      (range) => `\r\n--${boundary}\r\n${described}Content-Range: ${contentRange(range, size)}\r\n\r\n`,
    ),
    tail: `\r\n--${boundary}--\r\n`,
  };
}

/** @see RFC 9110 §14.4 */
export function contentRange({ firstPos, lastPos }: ByteRange, size: number): string {
  return `bytes ${firstPos}-${lastPos}/${size}`;
}

/** The Content-Range of a 416. */
export function unsatisfiedRange(size: number): string {
  return `bytes */${size}`;
}
