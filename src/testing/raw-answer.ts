import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';

/** A response as it came, or why none came. */
export interface Answer {
  /** 0: none came. */
  readonly status: number;
  /** All lines of a field, by its name in lower case. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  /** What broke; `undefined`: it is complete. */
  readonly failure: string | undefined;
  /** Whether the connection had served a request before. */
  readonly isReused: boolean;
}

export interface Asked {
  readonly method?: 'GET' | 'HEAD';
  /** A name may stand more than once. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
  /** Lets go of the connection when this many octets of the content came. */
  readonly leaveAfter?: number;
}

/** Asks one URL, each time on a connection of its own unless an agent is given. */
export class RawClient {
  constructor(
    private readonly url: URL,
    private readonly headers: Readonly<Record<string, string>>,
    /** The longest content that is read, in octets, and the longest wait for more of it, in ms. */
    private readonly limits: { readonly maxSize: number; readonly timeoutMs: number },
  ) {}

  /** An agent with one connection that is used again. */
  keptAlive(): Agent {
    const options = { keepAlive: true, maxSockets: 1 };
    return this.url.protocol === 'https:' ? new TlsAgent(options) : new Agent(options);
  }

  /** Never rejects: what breaks is part of the answer. */
  ask({ method = 'GET', fields = [], leaveAfter = Infinity }: Asked = {}, agent?: Agent): Promise<Answer> {
    const own = Object.entries(this.headers).flat();
    const host = ['Host', this.url.host, 'Connection', agent === undefined ? 'close' : 'keep-alive'];
    const request = (this.url.protocol === 'https:' ? httpsRequest : httpRequest)(this.url, {
      method,
      agent: agent ?? false,
      headers: [...host, ...own, ...fields.flat()],
    });
    return this.answer(request, leaveAfter);
  }

  private answer(request: ClientRequest, leaveAfter: number): Promise<Answer> {
    const { maxSize, timeoutMs } = this.limits;
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let octets = 0;
      let response: IncomingMessage | undefined;
      const end = (failure?: string): void => {
        request.destroy();
        resolve(toAnswer(response, Buffer.concat(chunks), failure, request.reusedSocket));
      };
      request.setTimeout(timeoutMs, () => end(`nothing came for ${timeoutMs} ms`));
      request.on('error', ({ message }) => end(message));
      request.on('response', (incoming) => {
        response = incoming;
        incoming.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          octets += chunk.length;
          if (octets > maxSize) end(`more than ${maxSize} octets came`);
          else if (octets >= leaveAfter) end('left early');
        });
        incoming.on('end', () => {
          if (incoming.complete) resolve(toAnswer(incoming, Buffer.concat(chunks), undefined, request.reusedSocket));
          else end('it broke off');
        });
        incoming.on('error', ({ message }) => end(`it broke off: ${message}`));
      });
      request.end();
    });
  }
}

function toAnswer(
  response: IncomingMessage | undefined,
  body: Buffer,
  failure: string | undefined,
  isReused: boolean,
): Answer {
  const fields = new Map<string, string[]>();
  const raw = response?.rawHeaders ?? [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), raw[i + 1] ?? '']);
  }
  return { status: response?.statusCode ?? 0, fields, body, failure, isReused };
}

/** The value of a field, its lines joined as RFC 9110 §5.3 has it; `undefined`: there is none. */
export function valueOf({ fields }: Pick<Answer, 'fields'>, name: string): string | undefined {
  return fields.get(name)?.join(', ');
}

/** A response in words: its status, what matters of its fields, and how much came. */
export function describeAnswer(answer: Answer): string {
  if (answer.status === 0) return `no answer: ${answer.failure}`;
  const range = valueOf(answer, 'content-range');
  const words = [
    String(answer.status),
    range === undefined ? '' : ` with Content-Range ${range}`,
    `, ${answer.body.length} octets`,
    answer.failure === undefined ? '' : `, incomplete: ${answer.failure}`,
  ];
  return words.join('');
}
