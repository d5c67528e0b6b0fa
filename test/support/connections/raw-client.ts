import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ByteCount } from './byte-count.js';

/** A response as it stood on the wire. */
export interface RawResponse {
  readonly status: number;
  readonly httpVersion: string;
  /** Name and value of each field line, in their order and as they were written. */
  readonly lines: readonly (readonly [name: string, value: string])[];
  /** Trailing field lines of chunked content. */
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly framing: 'none' | 'length' | 'chunked' | 'close';
  /** Whether the content ended where the head, or its last chunk, said it would. */
  readonly isComplete: boolean;
}

/** The value of a field; `undefined` where it is absent. Fails where it stands twice: none of ours may. */
export function header(response: RawResponse, name: string): string | undefined {
  const values = response.lines.filter(([known]) => known.toLowerCase() === name.toLowerCase());
  if (values.length > 1) throw new Error(`${name} stands ${values.length} times in the response`);
  return values[0]?.[1];
}

/** All fields but those that the server itself adds to any response, names in lower case. */
export function headersOf(response: RawResponse): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name] of response.lines) {
    const key = name.toLowerCase();
    if (!SERVER_HEADERS.has(key)) result[key] = header(response, name) ?? '';
  }
  return result;
}

const SERVER_HEADERS = new Set(['connection', 'keep-alive', 'date', 'x-powered-by']);

/** A connection that sends text as it is given and reads responses byte by byte as RFC 9112 frames them. */
export class RawConnection {
  /** What has arrived and was not read yet; joined only when somebody looks at it. */
  private chunks: Buffer[] = [];
  private arrived = 0;
  private ended = false;
  private error: Error | undefined;
  private wake: () => void = () => {};
  private readonly seen = new ByteCount();

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.arrived += chunk.length;
      this.seen.add(chunk.length);
      this.wake();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('end', () => {
      this.ended = true;
      this.wake();
    });
    socket.on('close', () => {
      this.ended = true;
      this.seen.end();
      this.wake();
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const connection = new RawConnection(socket);
    await once(socket, 'connect');
    return connection;
  }

  static over(socket: Socket): RawConnection {
    return new RawConnection(socket);
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Bytes received and not yet read as a response. */
  get unread(): Buffer {
    const [first] = this.chunks;
    if (first !== undefined && this.chunks.length === 1) return first;
    const all = Buffer.concat(this.chunks);
    this.chunks = [all];
    return all;
  }

  /** How the connection broke, where it did: ECONNRESET for a reset. */
  get failure(): string | undefined {
    return (this.error as NodeJS.ErrnoException | undefined)?.code;
  }

  /** Whether the server closed its side. */
  get isEnded(): boolean {
    return this.ended;
  }

  /** Closes in an orderly way, with FIN. */
  finish(): void {
    this.socket.destroy();
  }

  /** Closes with RST; a connection that was ended already only closes: Node.js cannot reset it, and would never close it. */
  reset(): void {
    if (this.socket.writableEnded) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  /** Resolves when the server has closed its side. */
  async untilEnd(): Promise<void> {
    while (!this.ended) await this.more();
  }

  /** Resolves when at least `length` bytes were received and not yet read. */
  async untilReceived(length: number): Promise<void> {
    while (this.arrived < length) {
      if (this.ended) throw new Error(`the connection ended after ${this.arrived} of ${length} bytes`);
      await this.more();
    }
  }

  /** Resolves when at least `length` bytes were received in all, whether or not somebody has read them, or it has ended. */
  untilSeen(length: number): Promise<void> {
    return this.seen.reached(length);
  }

  /** The head of the next response, which stays unread. */
  async head(): Promise<string> {
    for (;;) {
      const received = this.unread;
      const end = received.indexOf('\r\n\r\n');
      if (end !== -1) return received.toString('latin1', 0, end + 4);
      if (this.ended) throw new Error(`the connection ended before a head: ${this.failure ?? 'FIN'}`);
      await this.more();
    }
  }

  /** Reads the next response; `method` is that of its request: the answer to HEAD has no content. */
  async next(method = 'GET'): Promise<RawResponse> {
    const text = await this.head();
    const { status, httpVersion, lines } = parseHead(text);
    this.take(text.length);
    if (status < 200) return this.next(method);
    const head = { status, httpVersion, lines };
    if (method === 'HEAD' || status === 204 || status === 304) {
      return { ...head, trailers: [], body: Buffer.alloc(0), framing: 'none', isComplete: true };
    }
    const valueOf = (name: string): string | undefined => lines.find(([known]) => known.toLowerCase() === name)?.[1];
    if (valueOf('transfer-encoding') !== undefined) {
      if (valueOf('transfer-encoding') !== 'chunked') throw new Error('a transfer coding other than chunked');
      if (valueOf('content-length') !== undefined) throw new Error('both Content-Length and Transfer-Encoding');
      return { ...head, ...(await this.chunked()), framing: 'chunked' };
    }
    const length = valueOf('content-length');
    if (length === undefined) {
      await this.untilEnd();
      const isComplete = this.error === undefined;
      return { ...head, trailers: [], body: this.take(this.arrived), framing: 'close', isComplete };
    }
    if (!/^\d+$/.test(length)) throw new Error(`Content-Length: ${length}`);
    const body = await this.upTo(Number(length));
    return { ...head, trailers: [], body, framing: 'length', isComplete: body.length === Number(length) };
  }

  private async chunked(): Promise<Pick<RawResponse, 'body' | 'isComplete' | 'trailers'>> {
    const chunks: Buffer[] = [];
    const broken = (): Pick<RawResponse, 'body' | 'isComplete' | 'trailers'> => ({
      body: Buffer.concat(chunks),
      isComplete: false,
      trailers: [],
    });
    for (;;) {
      const line = await this.line();
      if (line === undefined) return broken();
      if (!/^[\da-f]+$/i.test(line)) throw new Error(`chunk size "${line}"`);
      const size = Number.parseInt(line, 16);
      if (size === 0) break;
      const chunk = await this.upTo(size);
      chunks.push(chunk);
      if (chunk.length < size) return broken();
      if ((await this.line()) !== '') return broken();
    }
    const trailers: (readonly [string, string])[] = [];
    for (let line = await this.line(); line !== ''; line = await this.line()) {
      if (line === undefined) return broken();
      trailers.push(parseHeaderLine(line));
    }
    return { body: Buffer.concat(chunks), isComplete: true, trailers };
  }

  private async line(): Promise<string | undefined> {
    for (;;) {
      const received = this.unread;
      const end = received.indexOf('\r\n');
      if (end !== -1) {
        const line = received.toString('latin1', 0, end);
        this.take(end + 2);
        return line;
      }
      if (this.ended) return undefined;
      await this.more();
    }
  }

  private async upTo(length: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let missing = length;
    for (;;) {
      const chunk = this.take(Math.min(missing, this.arrived));
      chunks.push(chunk);
      missing -= chunk.length;
      if (missing === 0 || this.ended) return Buffer.concat(chunks);
      await this.more();
    }
  }

  private take(length: number): Buffer {
    const all = this.unread;
    this.chunks = [all.subarray(length)];
    this.arrived = all.length - length;
    return all.subarray(0, length);
  }

  private more(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}

/** A request's text; `fields` are written as they are, repeated names included. */
export function requestText(
  target: string,
  headers: readonly (readonly [name: string, value: string])[] = [],
  method = 'GET',
  version = '1.1',
): string {
  const lines = [['Host', 'media.example'] as const, ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/${version}\r\n${lines.join('')}\r\n`;
}

/**
 * Sends one request on a connection of its own and reads everything until the server closes it.
 * Fails where bytes follow the response.
 */
export async function fetchRaw(
  port: number,
  target: string,
  headers: readonly (readonly [name: string, value: string])[] = [],
  method = 'GET',
): Promise<RawResponse> {
  const connection = await RawConnection.open(port);
  try {
    connection.send(requestText(target, [...headers, ['Connection', 'close']], method));
    const response = await connection.next(method);
    await connection.untilEnd();
    if (connection.unread.length > 0) throw new Error(`${connection.unread.length} bytes after the response`);
    return response;
  } finally {
    connection.finish();
  }
}

function parseHead(text: string): Pick<RawResponse, 'status' | 'httpVersion' | 'lines'> {
  const [statusLine = '', ...headerLines] = text.slice(0, -4).split('\r\n');
  const match = /^HTTP\/(\d\.\d) (\d{3}) [\t\x20-\x7e]*$/.exec(statusLine);
  if (match === null) throw new Error(`status line "${statusLine}"`);
  return { httpVersion: match[1] ?? '', status: Number(match[2]), lines: headerLines.map(parseHeaderLine) };
}

function parseHeaderLine(line: string): readonly [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~\w]+):[ \t]*(.*?)[ \t]*$/.exec(line);
  if (match === null) throw new Error(`field line "${line}"`);
  return [match[1] ?? '', match[2] ?? ''];
}
