import { StreamableFile } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { ContentStream } from './content/content-stream.js';
import type { PrimedContent } from './content/primed-content.js';
import type { HttpExchange } from './http-exchange.js';

/** The content of a response in the form that its framework likes best. */
export type Content = Readable | Uint8Array;

/**
 * A negotiated response on its way through Nest: the status and the fields are set already, and this is the content.
 * It is a StreamableFile because that is what every adapter passes on without touching the fields.
 */
export class RangedResponse extends StreamableFile {
  constructor(readonly content: Content) {
    super(NO_STREAM);
  }

  /** Fastify sends a Buffer faster than a stream and takes both; the declared type knows only streams. */
  override getStream(): Readable {
    return this.content as Readable;
  }

  /** Nest would add its default type and length to those that were left out. */
  override getHeaders(): ReturnType<StreamableFile['getHeaders']> {
    return { type: undefined, disposition: undefined, length: undefined } as unknown as ReturnType<
      StreamableFile['getHeaders']
    >;
  }
}

/** Puts content into that form. */
export function contentFor(
  content: PrimedContent,
  exchange: HttpExchange,
  onFailure: (error: unknown) => void,
): Content {
  // Not given back to its pool: a hook of the app may keep the payload it sees.
  if (exchange.takesBuffers && content.isComplete && content.first !== undefined) return content.first;
  return new ContentStream(content, exchange.response, onFailure);
}

/** The base class wants something that pipes; `getStream` hides it. A real stream would collect its error listeners. */
const NO_STREAM = { pipe: () => {} } as unknown as Readable;
