import { StreamableFile } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { ContentStream } from './content/content-stream.js';
import type { PrimedContent } from './content/primed-content.js';
import type { ResponsePlan } from './http/response-plan.js';
import type { HttpExchange } from './http-exchange.js';
import { NO_STREAM } from './no-stream.js';
import { RANGED_RESPONSE } from './range.tokens.js';

/** The content of a response in the form that its framework likes best; `undefined`: none. */
export type Content = Readable | Uint8Array | undefined;

/** A negotiated response: what is left is to set its status and fields, and to send its content. */
export interface Answer {
  readonly exchange: HttpExchange;
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
  readonly [RANGED_RESPONSE]: Answer;

  constructor(answer: Answer) {
    super(NO_STREAM);
    this[RANGED_RESPONSE] = answer;
    this.setErrorLogger(ignoreError);
  }

  override getStream(): Readable {
    return streamOf(this[RANGED_RESPONSE]);
  }

  override getHeaders(): ReturnType<StreamableFile['getHeaders']> {
    return commitHeaders(this[RANGED_RESPONSE]);
  }
}

/** Whether a file is the answer of a response already, be it by the other copy of this package. */
export function answers(
  file: StreamableFile & { readonly [RANGED_RESPONSE]?: Answer | undefined },
  response: ServerResponse,
): boolean {
  return file[RANGED_RESPONSE]?.exchange.response === response;
}

/** Fastify sends a Buffer, or nothing, faster than a stream and takes all; the declared type knows only streams. */
export function streamOf({ content }: Answer): Readable {
  return content as Readable;
}

/** Commits an answer, and leaves nothing to the adapter: it would add its default type and length. */
export function commitHeaders(answer: Answer): ReturnType<StreamableFile['getHeaders']> {
  answer.commit();
  return NO_HEADERS;
}

/** The declared type knows only headers that are there. */
const NO_HEADERS = { type: undefined, disposition: undefined, length: undefined } as unknown as ReturnType<
  StreamableFile['getHeaders']
>;

/** The responder has logged what was ours. Nest 11.0 would log each client that leaves. */
export function ignoreError(): void {}

/**
 * Puts the content of a plan into that form. Not every Buffer may be handed over: a hook that makes entity tags of
 * payloads would take one without a tag, which may be a part, for a representation.
 */
export function contentFor(
  { status, fields }: ResponsePlan,
  content: PrimedContent,
  exchange: HttpExchange,
  onFailure: (error: unknown) => void,
): Content {
  const { first, isComplete } = content;
  // To the answer of a HEAD without a stream Fastify adds a length of 0.
  if (exchange.takesPayloads && status === 304 && exchange.method !== 'HEAD') return undefined;
  // It is not given back to its pool either: a hook may keep the payload it sees.
  if (exchange.takesPayloads && fields['etag'] !== undefined && isComplete && first !== undefined) {
    content.countGiven(first.byteLength);
    return first;
  }
  return new ContentStream(content, exchange.response, onFailure);
}
