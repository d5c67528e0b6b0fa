import { createHash } from 'node:crypto';

/** What a client asked. */
export interface Request {
  readonly method: string;
  /** All lines of a header, by its name in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What is sent after the head. */
  readonly body: Buffer;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

const TYPE = 'video/mp4';
export const MODIFIED = 'Thu, 29 Feb 2024 12:34:56 GMT';

export function etagOf(bytes: Buffer): string {
  return `"${createHash('sha1').update(bytes).digest('hex').slice(0, 12)}"`;
}

/** The only line of a header. */
export function lineOf({ headers }: Request, name: string): string | undefined {
  const lines = headers.get(name) ?? [];
  return lines.length === 1 ? lines[0] : undefined;
}

/** Answers by RFC 9110 for one file, and shares no code with the package. */
export function answer(request: Request, bytes: Buffer): Reply {
  const etag = etagOf(bytes);
  const identifying = {
    Date: new Date().toUTCString(),
    ETag: etag,
    'Last-Modified': MODIFIED,
    'Cache-Control': 'max-age=60',
    Vary: 'Origin',
  };
  const refusal = precondition(request, etag);
  if (refusal !== undefined) {
    const length = refusal === 412 ? { 'Content-Length': '0' } : {};
    return { status: refusal, headers: { ...identifying, ...length }, body: Buffer.alloc(0) };
  }
  const reply = contentOf(request, bytes, etag);
  const headers = { ...identifying, 'Accept-Ranges': 'bytes', ...reply.headers };
  const length = { 'Content-Length': String(reply.body.length) };
  const body = request.method === 'HEAD' ? Buffer.alloc(0) : reply.body;
  return { status: reply.status, headers: { ...headers, ...length }, body };
}

/** 412 or 304, by §13.2.2. */
function precondition(request: Request, etag: string): number | undefined {
  const ifMatch = request.headers.get('if-match');
  if (ifMatch !== undefined && !tagsOf(ifMatch).some((tag) => tag === '*' || tag === etag)) return 412;
  const unmodified = timeOf(lineOf(request, 'if-unmodified-since'));
  if (ifMatch === undefined && unmodified < Date.parse(MODIFIED)) return 412;
  const ifNoneMatch = request.headers.get('if-none-match');
  if (ifNoneMatch !== undefined) {
    return tagsOf(ifNoneMatch).some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag) ? 304 : undefined;
  }
  return timeOf(lineOf(request, 'if-modified-since')) >= Date.parse(MODIFIED) ? 304 : undefined;
}

function tagsOf(lines: readonly string[]): string[] {
  return lines.join(',').split(/[ \t]*,[ \t]*/);
}

/** NaN for what is no HTTP-date. */
function timeOf(text = ''): number {
  return /^[A-Z]/.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : NaN;
}

function contentOf(request: Request, bytes: Buffer, etag: string): Reply {
  const whole = { status: 200, headers: { 'Content-Type': TYPE }, body: bytes };
  const ifRange = lineOf(request, 'if-range');
  const isTrue = !request.headers.has('if-range') || ifRange === etag || ifRange === MODIFIED;
  const value = lineOf(request, 'range');
  if (request.method !== 'GET' || value === undefined || !isTrue || bytes.length === 0) return whole;
  const ranges = rangesOf(value, bytes.length);
  if (ranges === undefined) return whole;
  const name = ({ first, last }: Range): string => `bytes ${first}-${last}/${bytes.length}`;
  const [range] = ranges;
  if (range === undefined) {
    return { status: 416, headers: { 'Content-Range': `bytes */${bytes.length}` }, body: Buffer.alloc(0) };
  }
  if (ranges.length === 1) {
    const headers = { 'Content-Type': TYPE, 'Content-Range': name(range) };
    return { status: 206, headers, body: bytes.subarray(range.first, range.last + 1) };
  }
  const body = Buffer.concat([
    ...ranges.flatMap((part) => [
      Buffer.from(`\r\n--b\r\nContent-Type: ${TYPE}\r\nContent-Range: ${name(part)}\r\n\r\n`),
      bytes.subarray(part.first, part.last + 1),
    ]),
    Buffer.from('\r\n--b--\r\n'),
  ]);
  return body.length > 1.5 * bytes.length
    ? whole
    : { status: 206, headers: { 'Content-Type': 'multipart/byteranges; boundary=b' }, body };
}

/** The satisfiable ones; `undefined`: the field is none that could be followed. */
function rangesOf(value: string, size: number): Range[] | undefined {
  const set = /^bytes=(.*)$/i.exec(value)?.[1];
  const members = (set ?? '').split(',').map((member) => member.trim());
  const specs = members.filter((member) => member !== '').map((member) => /^(\d*)-(\d*)$/.exec(member));
  if (specs.length === 0) return undefined;
  const ranges: Range[] = [];
  for (const spec of specs) {
    const [, first = '', last = ''] = spec ?? [];
    if (first + last === '') return undefined;
    if (first !== '' && last !== '' && BigInt(last) < BigInt(first)) return undefined;
    const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
    const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
    if (start <= end) ranges.push({ first: start, last: end });
  }
  return ranges;
}
