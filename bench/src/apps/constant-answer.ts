import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { StreamableFile } from '@nestjs/common';
import { type ResponseLike, setHeader } from './http-types.js';
import { readyFile } from './ready-file.js';
import { FILE } from './served-file.js';

/** A 206 that was made before the first request: the first bytes of the file, with the fields that ours has. */
const CONTENT = firstBytes(Number(process.env['BENCH_LIMIT_LENGTH']));
const HEADERS = Object.entries({
  'Content-Type': 'application/octet-stream',
  'X-Content-Type-Options': 'nosniff',
  'Accept-Ranges': 'bytes',
  ETag: '"a-constant-tag-22-long"',
  'Last-Modified': statSync(FILE).mtime.toUTCString(),
  'Cache-Control': 'no-transform',
  'Content-Length': String(CONTENT.byteLength),
  'Content-Range': `bytes 0-${CONTENT.byteLength - 1}/${statSync(FILE).size}`,
});

/** Sets its status and fields, and returns its content. */
export function answerConstant(response: ResponseLike): StreamableFile {
  response.statusCode = 206;
  for (const [name, value] of HEADERS) setHeader(response, name, value);
  return readyFile(CONTENT, response);
}

function firstBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const fd = openSync(FILE, 'r');
  readSync(fd, bytes, 0, length, 0);
  closeSync(fd);
  return bytes;
}
