import { closeSync, openSync, readSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { contentLength, type Exchange, type Expected, type Slice } from './exchange.js';

/** Where to ask, and the file that should be the answer. */
export interface Asked {
  readonly port: number;
  readonly path: string;
  readonly file: string;
}

/**
 * Asks once and compares status, length and every byte, so that no bench measures errors.
 *
 * @throws Error that says what is wrong
 */
export async function checkAnswer(
  { port, path, file }: Asked,
  { header }: Exchange,
  expected: Expected,
): Promise<void> {
  const headers = header === undefined ? {} : { [header[0]]: header[1] };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers, agent: false }, resolve).on('error', reject);
  });
  const fd = openSync(file, 'r');
  try {
    if (response.statusCode !== expected.status) throw new Error(`status ${response.statusCode}`);
    await compare(response, expected, fd);
  } catch (error) {
    throw new Error(`the answer to ${path} (${header?.join(': ').slice(0, 80)}) is wrong: ${String(error)}`, {
      cause: error,
    });
  } finally {
    response.destroy();
    closeSync(fd);
  }
}

async function compare(response: IncomingMessage, expected: Expected, fd: number): Promise<void> {
  if (expected.kind === 'parts') return compareParts(await bytesOf(response), expected.slices, fd);
  const firstPos = expected.kind === 'slice' ? expected.slice.firstPos : 0;
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    compareBytes(chunk, firstPos + length, fd);
    length += chunk.length;
  }
  if (length !== contentLength(expected)) throw new Error(`${length} bytes`);
}

function compareParts(content: Buffer, slices: readonly Slice[], fd: number): void {
  let position = 0;
  for (const { firstPos, length } of slices) {
    const start = content.indexOf('\r\n\r\n', position) + 4;
    const head = content.toString('latin1', position, start);
    if (!head.includes(` ${firstPos}-${firstPos + length - 1}/`)) throw new Error(`a part begins with ${head}`);
    compareBytes(content.subarray(start, start + length), firstPos, fd);
    position = start + length;
  }
  if (content.indexOf('\r\n\r\n', position) !== -1) throw new Error('there are more parts');
}

function compareBytes(bytes: Buffer, position: number, fd: number): void {
  const original = Buffer.allocUnsafe(bytes.length);
  const bytesRead = readSync(fd, original, 0, original.length, position);
  if (bytesRead !== bytes.length || !original.equals(bytes)) throw new Error(`other bytes behind ${position}`);
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
