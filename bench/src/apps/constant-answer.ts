import { StreamableFile } from '@nestjs/common';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { type ResponseLike, setField } from './http-types.js';
import { FILE } from './served-file.js';

/** A 206 that was made before the first request: the first octets of the file, with the fields that ours has. */
const CONTENT = firstOctets(Number(process.env['BENCH_LIMIT_LENGTH']));
const FIELDS = Object.entries({
  'Content-Type': 'application/octet-stream',
  'X-Content-Type-Options': 'nosniff',
  'Accept-Ranges': 'bytes',
  ETag: '"a-constant-tag-22-long"',
  'Last-Modified': statSync(FILE).mtime.toUTCString(),
  'Cache-Control': 'no-transform',
  'Content-Length': String(CONTENT.byteLength),
  'Content-Range': `bytes 0-${CONTENT.byteLength - 1}/${statSync(FILE).size}`,
});

/** Sets its status and fields, and gives its content in the form that the adapter takes best. */
export function answerConstant(response: ResponseLike): StreamableFile {
  response.statusCode = 206;
  for (const [name, value] of FIELDS) setField(response, name, value);
  return response.raw === undefined ? FOR_EXPRESS : FOR_FASTIFY;
}

/** Hands over what it was made with, as it is. */
class ConstantFile extends StreamableFile {
  constructor(private readonly content: Readable | Buffer) {
    super({ pipe: () => {} } as unknown as Readable); // all that the base class asks for
  }

  override getStream(): Readable {
    return this.content as Readable; // Fastify takes a Buffer too; the declared type knows only streams
  }

  override getHeaders(): ReturnType<StreamableFile['getHeaders']> {
    const none = { type: undefined, disposition: undefined, length: undefined };
    return none as unknown as ReturnType<StreamableFile['getHeaders']>; // Nest would add its defaults
  }
}

/** Is piped by a single call, and shared by all responses: therefore it has no state, no listeners and no end. */
class ConstantStream extends Readable {
  override pipe<T extends NodeJS.WritableStream>(destination: T): T {
    (destination as unknown as Writable).end(CONTENT);
    return destination;
  }

  override once(): this {
    return this;
  }

  override destroy(): this {
    return this;
  }
}

const FOR_EXPRESS = new ConstantFile(new ConstantStream());
const FOR_FASTIFY = new ConstantFile(CONTENT);

function firstOctets(length: number): Buffer {
  const octets = Buffer.alloc(length);
  const fd = openSync(FILE, 'r');
  readSync(fd, octets, 0, length, 0);
  closeSync(fd);
  return octets;
}
