import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Answer, AnswerReader } from './answer-reader.js';

export interface Asked {
  readonly method?: 'GET' | 'HEAD';
  /** A name may occur more than once. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Disconnects after this many bytes of content. */
  readonly leaveAfter?: number;
}

/** How long to wait for surplus bytes if the server does not close the connection as requested, in ms. */
const SURPLUS_MS = 100;

/** Requests one URL over its own sockets, by default on a new connection each time. */
export class RawClient {
  constructor(
    private readonly url: URL,
    private readonly headers: Readonly<Record<string, string>>,
    /** The largest content to read, in bytes, and the longest wait for more of it, in ms. */
    private readonly limits: { readonly maxSize: number; readonly timeoutMs: number },
  ) {}

  /** A connection for several consecutive requests. The caller destroys it. */
  connect(): Socket {
    const { protocol, port, hostname } = this.url;
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket =
      protocol === 'https:'
        ? connectTls({ host, port: Number(port || 443), ...(isIP(host) === 0 ? { servername: host } : {}) })
        : connect({ host, port: Number(port || 80) });
    socket.on('error', () => {}); // a pending request reports it
    return socket;
  }

  /** Never rejects: failures are part of the answer. */
  async ask(asked: Asked = {}, connection?: Socket): Promise<Answer> {
    const socket = connection ?? this.connect();
    const answer = await this.exchange(asked, socket, connection !== undefined);
    if (connection === undefined) socket.destroy();
    return answer;
  }

  private exchange({ method = 'GET', headers = [], leaveAfter = Infinity }: Asked, socket: Socket, isKept: boolean) {
    const { maxSize, timeoutMs } = this.limits;
    const reader = new AnswerReader(method);
    return new Promise<Answer>((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const wait = (ms: number, then: () => void): void => {
        clearTimeout(timer);
        timer = setTimeout(then, ms);
      };
      const end = (reason?: string): void => {
        clearTimeout(timer);
        socket.off('data', read).off('close', closed).off('error', fail);
        reader.end(reason);
        resolve(reader.answer());
      };
      const closed = (): void => end();
      const fail = ({ message }: Error): void => end(message);
      const read = (bytes: Buffer): void => {
        reader.read(bytes);
        if (reader.contentLength > maxSize)
          return end(`more than maxSize (${maxSize}) bytes arrived: check a smaller file, or pass a larger maxSize`);
        if (reader.contentLength >= leaveAfter) return end('disconnected early');
        if (!reader.isComplete) return wait(timeoutMs, late);
        if (isKept) end();
        else wait(SURPLUS_MS, closed);
      };
      const late = (): void => end(`nothing arrived for ${timeoutMs} ms`);
      socket.on('data', read).on('close', closed).on('error', fail);
      wait(timeoutMs, late);
      socket.write(this.requestText(method, headers, isKept), 'latin1');
    });
  }

  private requestText(method: string, headers: NonNullable<Asked['headers']>, isKept: boolean): string {
    const { pathname, search, host, username, password } = this.url;
    const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const lines = [
      ['Host', host],
      ['Connection', isKept ? 'keep-alive' : 'close'],
      ...(user === ':' ? [] : [['Authorization', `Basic ${Buffer.from(user).toString('base64')}`]]),
      ...Object.entries(this.headers),
      ...headers,
    ];
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return `${method} ${pathname}${search} HTTP/1.1\r\n${head}\r\n`;
  }
}
