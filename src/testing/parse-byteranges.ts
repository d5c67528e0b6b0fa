import type { ByteRange } from '../http/byte-range.js';

/** One part of a multipart/byteranges body. */
export interface BodyPart extends ByteRange {
  readonly content: Buffer;
}

/**
 * Reads a multipart/byteranges body by RFC 2046 §5.1.1, strictly. Returns what is wrong with it as a text. It shares no
 * code with what writes such bodies here.
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
  if (at === 1) return 'its content has no delimiter that stands on a line of its own, with CRLF';
  while (!text.startsWith(`--${delimiter}--`, at)) {
    const head = at + delimiter.length + 4;
    const headEnd = text.indexOf('\r\n\r\n', head - 2);
    if (!text.startsWith(`--${delimiter}\r\n`, at) || headEnd === -1) return `there is no delimiter at octet ${at}`;
    const range = partRange(text.slice(head, headEnd), size);
    if (typeof range === 'string') return range;
    const start = headEnd + 4;
    const end = start + range.lastPos - range.firstPos + 1;
    if (!text.startsWith(`\r\n--${delimiter}`, end))
      return `the part ${range.firstPos}-${range.lastPos} has another length`;
    parts.push({ ...range, content: body.subarray(start, end) });
    at = end + 2;
  }
  return parts;
}

function partRange(head: string, size: number): ByteRange | string {
  const value = /^content-range:[ \t]*(.*?)[ \t]*$/im.exec(head)?.[1];
  return readContentRange(value, size) ?? `a part has the Content-Range ${value}`;
}

/** Reads `bytes first-last/size` for a representation of that size; `undefined` where it is anything else. */
export function readContentRange(value: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(value ?? '');
  if (match === null || match[3] !== String(size)) return undefined;
  const [firstPos, lastPos] = [Number(match[1]), Number(match[2])];
  return firstPos <= lastPos && lastPos < size ? { firstPos, lastPos } : undefined;
}
