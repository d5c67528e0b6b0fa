import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** A TCP line to a server that breaks on purpose, and knows what went over it. */
export interface LossyLine {
  /** Stands for the server's origin. */
  readonly url: string;
  /** The Range field of each request so far, in order; undefined where there was none. */
  ranges(): readonly (string | undefined)[];
  /** Bytes that the server's answers, heads included, brought to the client so far. */
  bytesCarried(): number;
  /** Returns when no connection is left. */
  close(): Promise<void>;
}

/**
 * Opens a line to a server. Its first connection ends after `cuts[0]` bytes of answers, wherever in them that is, the
 * second after `cuts[1]` and so on; the ones after that last.
 */
export async function openLossyLine(serverUrl: string, cuts: readonly number[] = []): Promise<LossyLine> {
  const { hostname, port } = new URL(serverUrl);
  const connections: { requests: string }[] = [];
  let bytesCarried = 0;

  const line = createServer((client) => {
    const connection = { requests: '' };
    const bytesLeft = cuts[connections.push(connection) - 1] ?? Infinity;
    const server = connect(Number(port), hostname);
    client.on('data', (bytes) => (connection.requests += bytes.toString('latin1')));
    client.pipe(server);
    // Whoever hangs up, however rudely, the other side is told: no error is one to this line.
    client.on('error', () => {});
    pipeline(server, (chunks: AsyncIterable<Buffer>) => carry(chunks, bytesLeft), client)
      .catch(() => {})
      .finally(() => hangUp(client, server));
  });

  async function* carry(chunks: AsyncIterable<Buffer>, bytesLeft: number): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      const part = chunk.subarray(0, bytesLeft);
      bytesLeft -= part.length;
      bytesCarried += part.length;
      yield part;
      if (bytesLeft === 0) return;
    }
  }

  line.listen(0, '127.0.0.1');
  await once(line, 'listening');
  return {
    url: `http://127.0.0.1:${(line.address() as AddressInfo).port}`,
    ranges: () => connections.flatMap(({ requests }) => rangesOf(requests)),
    bytesCarried: () => bytesCarried,
    close: async () => {
      line.close();
      await once(line, 'close');
    },
  };
}

function hangUp(client: Socket, server: Socket): void {
  server.destroy();
  client.destroySoon();
}

/** Requests without content follow each other with an empty line after each. */
function rangesOf(requests: string): (string | undefined)[] {
  const heads = requests.split('\r\n\r\n').slice(0, -1);
  return heads.map((head) => /^range: *(.*)$/im.exec(head)?.[1]);
}
