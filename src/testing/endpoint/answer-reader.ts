/** A response as received, or the reason that there was none. */
export interface Answer {
  /** 0: no response. */
  readonly status: number;
  /** All lines of each header, by name in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** For HEAD and 304: bytes that were sent although none are allowed. */
  readonly body: Buffer;
  /** What is wrong with the message; `undefined`: it is complete, and nothing follows it. */
  readonly failure: string | undefined;
}

type Framing = { readonly kind: 'none' | 'close' | 'chunked' } | { readonly kind: 'length'; readonly length: number };

const NONE: Framing = { kind: 'none' };
const LARGEST_HEAD = 65_536;

/**
 * Parses one HTTP/1.1 response from the bytes of a connection, strictly, and detects what an HTTP client corrects or hides:
 * content where none is allowed, and bytes beyond the end.
 */
export class AnswerReader {
  private head:
    { readonly status: number; readonly headers: Map<string, string[]>; readonly framing: Framing } | undefined;
  private unread = Buffer.alloc(0);
  private readonly chunks: Buffer[] = [];
  private length = 0;
  private failure: string | undefined;
  /** Whether the message is complete. */
  isComplete = false;

  constructor(private readonly method: 'GET' | 'HEAD') {}

  /** Bytes of content so far. */
  get contentLength(): number {
    return this.length;
  }

  read(bytes: Buffer): void {
    if (this.head !== undefined) return this.readContent(bytes);
    this.unread = Buffer.concat([this.unread, bytes]);
    const end = this.unread.indexOf('\r\n\r\n');
    if (end === -1) {
      if (this.unread.length > LARGEST_HEAD) this.fail('its head has no end');
      return;
    }
    const [head, rest] = [this.unread.toString('latin1', 0, end), this.unread.subarray(end + 4)];
    this.unread = Buffer.alloc(0);
    this.readHead(head);
    this.readContent(rest);
  }

  /** Call when the connection was closed, or failed. */
  end(reason = 'it was cut off'): void {
    if (this.isComplete) return;
    if (this.head?.framing.kind === 'close' && reason === 'it was cut off') this.isComplete = true;
    else this.fail(reason);
  }

  fail(reason: string): void {
    this.failure ??= reason;
    this.isComplete = true;
  }

  answer(): Answer {
    const { status = 0, headers = new Map<string, string[]>() } = this.head ?? {};
    return { status, headers, body: Buffer.concat(this.chunks), failure: this.failure };
  }

  private readHead(head: string): void {
    const [first = '', ...lines] = head.split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1] ?? 0);
    if (status === 0) return this.fail(`its first line is ${JSON.stringify(first.slice(0, 80))}`);
    if (status < 200) return; // the final one follows
    const headers = new Map<string, string[]>();
    for (const line of lines) {
      const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(line);
      if (match === null) this.failure ??= `${JSON.stringify(line.slice(0, 80))} is not a header`;
      const [, name = '', value = ''] = match ?? [];
      headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value]);
    }
    const framing = this.method === 'HEAD' || status === 204 || status === 304 ? NONE : framingOf(headers);
    if (typeof framing === 'string') this.failure ??= framing;
    this.head = { status, headers, framing: typeof framing === 'string' ? { kind: 'close' } : framing };
    this.isComplete = this.head.framing.kind === 'none';
  }

  private readContent(bytes: Buffer): void {
    if (this.head === undefined) {
      if (bytes.length > 0) this.read(bytes);
      return;
    }
    const { framing } = this.head;
    if (framing.kind === 'chunked' && !this.isComplete) return this.readChunks(bytes);
    if (framing.kind === 'length' && !this.isComplete) {
      const content = bytes.subarray(0, framing.length - this.length);
      this.keep(content);
      this.isComplete = this.length === framing.length;
      bytes = bytes.subarray(content.length);
    }
    if (bytes.length === 0) return;
    if (this.isComplete) this.failure ??= `${bytes.length} bytes or more follow its end`;
    if (framing.kind === 'close' || framing.kind === 'none') this.keep(bytes);
  }

  private readChunks(bytes: Buffer): void {
    this.unread = Buffer.concat([this.unread, bytes]);
    while (!this.isComplete) {
      const lineEnd = this.unread.indexOf('\r\n');
      if (lineEnd === -1) return;
      const size = /^([\da-f]{1,12})(?:[ \t]*;.*)?$/i.exec(this.unread.toString('latin1', 0, lineEnd))?.[1];
      if (size === undefined) return this.fail('it has a chunk without a size');
      const length = Number.parseInt(size, 16);
      if (length === 0) return this.readTrailer(lineEnd);
      const start = lineEnd + 2;
      if (this.unread.length < start + length + 2) return;
      if (this.unread.toString('latin1', start + length, start + length + 2) !== '\r\n')
        return this.fail('it has a chunk of another length');
      this.keep(this.unread.subarray(start, start + length));
      this.unread = this.unread.subarray(start + length + 2);
    }
  }

  private readTrailer(lineEnd: number): void {
    const end = this.unread.indexOf('\r\n\r\n', lineEnd);
    if (end === -1) return;
    this.isComplete = true;
    this.readContent(this.unread.subarray(end + 4));
  }

  private keep(content: Buffer): void {
    this.chunks.push(content);
    this.length += content.length;
  }
}

/** The framing of the content by RFC 9112 §6.3, or what is wrong with it. */
function framingOf(headers: ReadonlyMap<string, readonly string[]>): Framing | string {
  const lengths = headers.get('content-length');
  const coding = headers.get('transfer-encoding')?.join(', ');
  if (coding !== undefined && lengths !== undefined) return 'it has a Content-Length beside a Transfer-Encoding';
  if (coding !== undefined) return coding.toLowerCase() === 'chunked' ? { kind: 'chunked' } : { kind: 'close' };
  if (lengths === undefined) return { kind: 'close' };
  const [length = ''] = lengths;
  if (!/^\d{1,15}$/.test(length) || lengths.length > 1) return `its Content-Length is ${lengths.join(', ')}`;
  return { kind: 'length', length: Number(length) };
}

/** The value of a header, its lines joined as in RFC 9110 §5.3; `undefined`: absent. */
export function valueOf({ headers }: Pick<Answer, 'headers'>, name: string): string | undefined {
  return headers.get(name)?.join(', ');
}

/** Describes a response: status, Content-Range and length. */
export function describeAnswer(answer: Answer): string {
  if (answer.status === 0) return `no response: ${answer.failure}`;
  const range = valueOf(answer, 'content-range');
  const words = [
    String(answer.status),
    range === undefined ? '' : ` with Content-Range ${range}`,
    `, ${answer.body.length} bytes`,
    answer.failure === undefined ? '' : `, but ${answer.failure}`,
  ];
  return words.join('');
}
