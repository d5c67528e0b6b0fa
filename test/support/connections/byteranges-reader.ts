/** One part of a multipart/byteranges body. */
export interface BodyPart {
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly firstPos: number;
  readonly lastPos: number;
  readonly size: number;
  readonly content: Buffer;
}

/**
 * Reads a multipart/byteranges body (RFC 9110 §14.6, RFC 2046 §5.1.1) and accepts no deviation: CRLF everywhere, also
 * before the first delimiter (zsync relies on it), no preamble, no epilogue but the last CRLF, each part exactly as long as its Content-Range says, and the delimiter
 * nowhere inside a part.
 */
export function readByteranges(contentType: string, body: Buffer): BodyPart[] {
  const boundary = boundaryOf(contentType);
  const between = `\r\n--${boundary}\r\n`;
  const closing = `\r\n--${boundary}--\r\n`;
  const startsWith = (text: string, at: number): boolean => body.toString('latin1', at, at + text.length) === text;

  if (!startsWith(between, 0)) throw new Error('the body does not begin with CRLF and its delimiter');
  const parts: BodyPart[] = [];
  for (let at = between.length; ; at += between.length) {
    const headEnd = body.indexOf('\r\n\r\n', at);
    if (headEnd === -1) throw new Error('a part without the empty line behind its head');
    const headers = parseHeaders(body.toString('latin1', at, headEnd));
    const { firstPos, lastPos, size } = parseContentRange(headers['content-range']);
    const contentStart = headEnd + 4;
    at = contentStart + lastPos - firstPos + 1;
    const content = body.subarray(contentStart, at);
    if (content.includes(`\r\n--${boundary}`)) throw new Error('the delimiter stands inside a part');
    parts.push({ headers, firstPos, lastPos, size, content });
    if (startsWith(closing, at)) {
      if (at + closing.length !== body.length) throw new Error('bytes behind the closing delimiter');
      return parts;
    }
    if (!startsWith(between, at)) throw new Error(`no delimiter where the part ${firstPos}-${lastPos} must end`);
  }
}

/** Reads `bytes first-last/size`, the only form that a 206 may have here. */
export function parseContentRange(value: string | undefined): { firstPos: number; lastPos: number; size: number } {
  const match = /^bytes (0|[1-9]\d*)-(0|[1-9]\d*)\/(0|[1-9]\d*)$/.exec(value ?? '');
  if (match === null) throw new Error(`Content-Range: ${value}`);
  const [firstPos = 0, lastPos = 0, size = 0] = match.slice(1).map(Number);
  if (firstPos > lastPos || lastPos >= size) throw new Error(`Content-Range: ${value}`);
  return { firstPos, lastPos, size };
}

/** A boundary is a token of at most 70 characters, so that it needs no quotes (RFC 2046 §5.1.1). */
function boundaryOf(contentType: string): string {
  const match = /^multipart\/byteranges; boundary=([\w'+.-]{1,70})$/.exec(contentType);
  if (match?.[1] === undefined) throw new Error(`Content-Type: ${contentType}`);
  return match[1];
}

function parseHeaders(head: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of head.split('\r\n')) {
    const match = /^([\w-]+): (.*)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) throw new Error(`field line "${line}" in a part`);
    const name = match[1].toLowerCase();
    if (name in headers) throw new Error(`${name} twice in a part`);
    headers[name] = match[2];
  }
  return headers;
}
