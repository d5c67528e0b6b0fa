import type { ByteRange } from '../../http/ranges/byte-range.js';

/** One part of a multipart/byteranges body. */
export interface BodyPart extends ByteRange {
  /** Its Content-Type. */
  readonly type: string | undefined;
  readonly content: Buffer;
}

/**
 * Parses a multipart/byteranges body by RFC 2046 §5.1.1, strictly; returns a text that says what is wrong with it. Shares no
 * code with the writer of such bodies in this package.
 */
export function parseByteranges(contentType: string, body: Buffer, size: number): readonly BodyPart[] | string {
  const boundary = /^multipart\/byteranges\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
    contentType,
  );
  const delimiter = boundary?.[1] ?? boundary?.[2];
  if (delimiter === undefined) return `its Content-Type ${contentType} has no boundary`;
  const text = body.toString('latin1');
  const parts: BodyPart[] = [];
  let at = text.startsWith(`--${delimiter}\r\n`) ? 0 : text.indexOf(`\r\n--${delimiter}\r\n`) + 2;
  if (at === 1) return 'its content has no delimiter on a line of its own, with CRLF';
  while (!text.startsWith(`--${delimiter}--`, at)) {
    const head = at + delimiter.length + 4;
    const headEnd = text.indexOf('\r\n\r\n', head - 2);
    if (!text.startsWith(`--${delimiter}\r\n`, at) || headEnd === -1) return `there is no delimiter at byte ${at}`;
    const headers = partHeaders(text.slice(head, headEnd));
    if (typeof headers === 'string') return headers;
    const range = readContentRange(headers.get('content-range'), size);
    if (range === undefined) return `a part has the Content-Range ${headers.get('content-range')}`;
    const start = headEnd + 4;
    const end = start + range.lastPos - range.firstPos + 1;
    if (!text.startsWith(`\r\n--${delimiter}`, end))
      return `the part ${range.firstPos}-${range.lastPos} has another length`;
    parts.push({ ...range, type: headers.get('content-type'), content: body.subarray(start, end) });
    at = end + 2;
  }
  return parts;
}

function partHeaders(head: string): ReadonlyMap<string, string> | string {
  const headers = new Map<string, string>();
  for (const line of head === '' ? [] : head.split('\r\n')) {
    const [, name, value = ''] = /^([\w-]+):[ \t]*([^\r\n]*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined) return `a part has ${JSON.stringify(line)} for a header`;
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}

/** Parses `bytes first-last/size` for a representation of that size; `undefined` for anything else. */
export function readContentRange(value: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(value ?? '');
  if (match === null || match[3] !== String(size)) return undefined;
  const [firstPos, lastPos] = [Number(match[1]), Number(match[2])];
  return firstPos <= lastPos && lastPos < size ? { firstPos, lastPos } : undefined;
}
