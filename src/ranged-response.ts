import { StreamableFile } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { ContentStream } from './content/content-stream.js';
import type { PrimedContent } from './content/primed-content.js';
import type { HttpExchange } from './http-exchange.js';
import { NO_STREAM } from './no-stream.js';
import { RANGED_RESPONSE } from './range.tokens.js';

/** The content of a response in the form that its framework likes best. */
export type Content = Readable | Uint8Array;

/** A negotiated response: what is left is to set its status and fields, and to send its content. */
export interface Answer {
  readonly content: Content;
  /** Sets status and fields. Late, so that they do not stand on what an interceptor outside of ours puts in its place. */
  commit(): void;
}

/**
 * An answer on its way through Nest. It is a StreamableFile because that is what every adapter passes on as it is, after
 * asking once for its headers.
 */
export class RangedResponse extends StreamableFile {
  /** @internal */
  readonly [RANGED_RESPONSE] = true;

  constructor(private readonly answer: Answer) {
    super(NO_STREAM);
    // The responder has logged what was ours. Nest 11.0 would log each client that leaves.
    this.setErrorLogger(() => {});
  }

  /** Fastify sends a Buffer faster than a stream and takes both; the declared type knows only streams. */
  override getStream(): Readable {
    return this.answer.content as Readable;
  }

  /** Nest would add its default type and length to those that were left out. */
  override getHeaders(): ReturnType<StreamableFile['getHeaders']> {
    this.answer.commit();
    return { type: undefined, disposition: undefined, length: undefined } as unknown as ReturnType<
      StreamableFile['getHeaders']
    >;
  }
}

/** Whether a value is an answer already, be it of the other copy of this package. */
export function isRangedResponse(value: object): value is RangedResponse {
  return RANGED_RESPONSE in value;
}

/**
 * Puts content into that form. Not every Buffer may be handed over: a hook that makes entity tags of payloads would take
 * one without a tag, which may be a part, for a representation.
 */
export function contentFor(
  content: PrimedContent,
  exchange: HttpExchange,
  hasTag: boolean,
  onFailure: (error: unknown) => void,
): Content {
  const { first, isComplete } = content;
  // It is not given back to its pool either: a hook may keep the payload it sees.
  if (exchange.takesBuffers && hasTag && isComplete && first !== undefined) return first;
  return new ContentStream(content, exchange.response, onFailure);
}
