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
