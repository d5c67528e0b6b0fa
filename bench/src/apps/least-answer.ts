import { fstatSync, openSync, readSync } from 'node:fs';
import { type RequestLike, type ResponseLike, setHeader } from './http-types.js';
import { FILE } from './served-file.js';

const fd = openSync(FILE, 'r');

/**
 * The least that a correct answer to one range takes: `fstat`, a read, `fstat` again, status and headers. No conditions, no
 * errors, no other clients. The caller sends the bytes in one write.
 */
export function answerLeast(request: RequestLike, response: ResponseLike): Buffer {
  const [, first = '0', last = '0'] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const [start, end] = [Number(first), Number(last)];
  const before = fstatSync(fd);
  const bytes = Buffer.allocUnsafe(end - start + 1);
  readSync(fd, bytes, 0, bytes.byteLength, start);
  const after = fstatSync(fd);
  if (after.mtimeMs !== before.mtimeMs || after.size !== before.size) throw new Error('the file has changed');
  response.statusCode = 206;
  setHeader(response, 'Content-Type', 'application/octet-stream');
  setHeader(response, 'X-Content-Type-Options', 'nosniff');
  setHeader(response, 'Accept-Ranges', 'bytes');
  setHeader(response, 'ETag', `"${before.size}-${before.mtimeMs}-long"`);
  setHeader(response, 'Last-Modified', before.mtime.toUTCString());
  setHeader(response, 'Cache-Control', 'no-transform');
  setHeader(response, 'Content-Length', String(bytes.byteLength));
  setHeader(response, 'Content-Range', `bytes ${start}-${end}/${before.size}`);
  return bytes;
}
