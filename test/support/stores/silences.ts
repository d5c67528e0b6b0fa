import type { IncomingMessage } from 'node:http';
import { type Interference, when } from './fake-store.js';

/** Whether a request is for content, and not for what is known of it. */
export function isRead({ headers, url = '' }: IncomingMessage): boolean {
  const range = headers['x-ms-range'] ?? headers.range;
  return (range !== undefined && range !== 'bytes=0-0') || url.includes('alt=media');
}

const isLook = (request: IncomingMessage): boolean => !isRead(request);

/** Where a store may fall silent: it never says another word, and leaves the connection open. */
export const SILENCES: readonly (readonly [where: string, silence: Interference])[] = [
  ['before the head of a look', when(isLook, () => true)],
  ['in the head of a look', when(isLook, partOfHead)],
  ['before the head of a read', when(isRead, () => true)],
  ['in the head of a read', when(isRead, partOfHead)],
];

function partOfHead(...[, response]: Parameters<Interference>): boolean {
  response.socket?.write('HTTP/1.1 206 Partial Content\r\nContent-Type: video/mp4\r\nContent-Ran');
  return true;
}

/** Real clients read what a refusal says; those of the fakes look at its head alone. */
export const SILENT_REFUSAL = ['in the content of a refusal', when(isRead, partOfRefusal)] as const;

function partOfRefusal(...[, response]: Parameters<Interference>): boolean {
  response.writeHead(403, { 'content-type': 'application/json', 'content-length': 500 });
  response.write('{"error":');
  return true;
}

/** Where a store may end the connection, by an orderly FIN: a reset is an error of the socket, which clients hear anyway. */
export const CUTS: readonly (readonly [where: string, cut: Interference])[] = [
  ['before the head of a look', when(isLook, cutAfter(''))],
  ['before the head of a read', when(isRead, cutAfter(''))],
  ['in the head of a read', when(isRead, cutAfter('HTTP/1.1 206 Partial Content\r\nContent-Ran'))],
  ['in the content of a refusal', when(isRead, cutAfter('HTTP/1.1 503 Busy\r\nContent-Length: 500\r\n\r\n{"error":'))],
  ['before the content', when(isRead, cutContent(0))],
  ['in the content', when(isRead, cutContent(100_000))],
];

function cutAfter(text: string): Interference {
  return (_, { socket }) => {
    if (text === '') socket?.end();
    else socket?.write(text, () => socket.end());
    return true;
  };
}

/** The right head, and as many bytes of the content. */
function cutContent(length: number): Interference {
  return ({ headers }, response) => {
    const range = String(headers['x-ms-range'] ?? headers.range);
    const [, first = '0', last = '0'] = /bytes=(\d+)-(\d+)/.exec(range) ?? [];
    response.writeHead(206, {
      'content-range': `bytes ${first}-${last}/600000`,
      'content-length': Number(last) - Number(first) + 1,
      ...(headers['if-match'] === undefined ? {} : { etag: headers['if-match'] }),
    });
    response.flushHeaders();
    if (length > 0) response.write(Buffer.alloc(length));
    setImmediate(() => response.socket?.end());
    return true;
  };
}
