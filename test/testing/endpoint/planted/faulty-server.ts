import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { answer, type Reply, type Request } from './reference-server.js';

/** One thing that a server does wrong, and nothing else. */
export interface Plant {
  /** How it misreads what is asked. */
  readonly read?: (request: Request) => Request;
  /** What it makes of the right answer; a Buffer: the whole message as it is sent; `undefined`: no answer at all. */
  readonly write?: (reply: Reply, request: Request, bytes: Buffer) => Reply | Buffer | undefined;
  /** What is served; default: what the test serves. */
  readonly bytes?: Buffer;
}

export const NO_FAULT: Plant = {};

/** The reference server over a socket, with a fault. */
export class FaultyServer {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private plant = NO_FAULT;

  private constructor(private readonly bytes: Buffer) {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {}); // clients may leave
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
          this.serve(parse(text.slice(0, end)), socket);
          text = text.slice(end + 4);
        }
      });
    });
  }

  static async start(bytes: Buffer): Promise<FaultyServer> {
    const server = new FaultyServer(bytes);
    server.server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    return server;
  }

  /** Where the server serves with this fault from now on. */
  urlWith(plant: Plant): string {
    this.plant = plant;
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/clip`;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private serve(asked: Request, socket: Socket): void {
    const { read = (request) => request, write = (reply) => reply, bytes = this.bytes } = this.plant;
    const sent = write(answer(read(asked), bytes), asked, bytes);
    if (sent === undefined) return;
    const message = Buffer.isBuffer(sent) ? sent : toMessage(sent);
    if (asked.headers.get('connection')?.[0] === 'close') socket.end(message);
    else socket.write(message);
  }
}

/** A reply as it is sent. */
export function toMessage({ status, headers, body }: Reply): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`, 'latin1'), body]);
}

function parse(head: string): Request {
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+): *(.*)$/.exec(line) ?? [];
    headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value]);
  }
  return { method: first.split(' ')[0] ?? '', headers };
}
