import { StreamableFile } from '@nestjs/common';
import type { Readable, Writable } from 'node:stream';
import type { ResponseLike } from './http-types.js';

/** A StreamableFile of bytes in memory, in the form that the adapter sends fastest. Its response has all its headers. */
export function readyFile(content: Buffer, response: ResponseLike): StreamableFile {
  return new ReadyFile(response.raw === undefined ? streamOf(content) : content);
}

/** Returns what it was made with, as it is. */
class ReadyFile extends StreamableFile {
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

/** The members of a stream that Nest's adapter of Express uses; its pipe is a single write. */
function streamOf(content: Buffer): Readable {
  const stream = {
    readableEnded: true,
    once: () => stream,
    destroy: () => stream,
    pipe(destination: Writable) {
      destination.end(content);
      return destination;
    },
  };
  return stream as unknown as Readable;
}
