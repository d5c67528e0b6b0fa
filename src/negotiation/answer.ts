import type { Readable } from 'node:stream';
import type { Content } from '../content/content.js';
import { ContentStream } from '../content/writing/content-stream.js';
import { PacedContent } from '../content/pace/paced-content.js';
import { PrimedContent, SMALL_CONTENT } from '../content/primed-content.js';
import { wholeContent } from '../content/whole-content.js';
import { isPatched } from '../content/writing/kernel-writes.js';
import { HTTP2_SLICE, sendContent } from '../content/writing/send-content.js';
import type { Payload } from '../exchange/payload-guard.js';
import { isSucceeding } from '../exchange/failed-attempt.js';
import type { HttpExchange } from '../exchange/http-exchange.js';
import type { ResponsePlan } from '../http/response-plan.js';
import { SMALL_BLOCK } from '../sources/file/chunk-pool.js';
import type { RangeSource } from '../sources/source.js';
import { AnswerStream } from './answer-stream.js';
import type { Prepared } from './negotiation.js';
import { ReplacedPayload, type ReplacementEvents } from './replaced-payload.js';
import { commit } from './response-headers.js';
import { watchRewriting } from './rewritten-content.js';

/** Callbacks for the fate of an answer. */
export interface AnswerEvents extends ReplacementEvents {
  /** The content failed after the headers were sent, or for a reader of the whole file who does not listen to errors. */
  onFailure(error: unknown): void;
  /** Somebody sent the whole file instead of this answer. */
  onBypassed(): void;
}

/**
 * The negotiated response to one request. It owns status, headers and content, and sends them together or not at all. Until
 * `send()` it does not touch the response, so that another interceptor can still respond instead.
 */
export class Answer {
  private isSent = false;
  private stream: AnswerStream | undefined;
  /** What is sent: the content, at its pace. */
  private sending: Content | undefined;

  constructor(
    readonly exchange: HttpExchange,
    readonly prepared: Prepared,
    private readonly events: AnswerEvents,
  ) {}

  /**
   * For a client that disconnected, or a response that the app took over, before the negotiation ended: holds nothing.
   *
   * @param source for other requests, if an interceptor replies to them with this answer
   */
  static unheard(exchange: HttpExchange, events: AnswerEvents, source: RangeSource): Answer {
    const plan: ResponsePlan = { kind: 'full', status: 200, headers: {}, content: [], contentLength: 0 };
    const described = { size: undefined };
    return new Answer(exchange, { source, plan, declared: {}, described, content: PrimedContent.empty() }, events);
  }

  /**
   * Sets status and headers, and sends the content. Does nothing if the client disconnected, or the app took the response over.
   * Cuts off a response that has begun and not ended, this answer or another: an error thrown then would end the process
   * (Fastify with Nest 11).
   *
   * @throws TypeError if a response was sent before, or if somebody has read the content
   */
  send(): void {
    const { exchange, stream, prepared } = this;
    const { plan, declared } = prepared;
    if (this.isSent) return this.refuse(ALREADY_SENT);
    if (stream?.isOpened === true && this.isOnlyReadableOnce) throw new TypeError(ALREADY_READ);
    this.isSent = true;
    if (exchange.isClosed) return this.endUnheard();
    if (exchange.isTaken) return this.abandon();
    if (exchange.response.headersSent || isSucceeding(exchange)) return this.refuse(ALREADY_BEGUN);
    const content = this.pacedContent();
    this.sending = content;
    const isRead = stream?.isObserved === true && !stream.isOpened;
    const isAtOnce = !isRead && !exchange.prefersBuffers && content === prepared.content && this.isWithin(SMALL_BLOCK);
    const isWrittenNext = isAtOnce && !isPatched(exchange.response);
    commit(exchange, plan, declared, isWrittenNext);
    if (isWrittenNext) this.writeAtOnce(prepared.content);
    else if (isRead) this.pass(stream.carry());
    else if (exchange.prefersBuffers) this.pass(this.payload(content));
    else this.write(content);
  }

  /** Whether the whole is sent without ranges, since nobody knows its length. */
  get isOfUnknownLength(): boolean {
    const { plan, described } = this.prepared;
    return plan.kind === 'full' && described.size === undefined && !this.exchange.isClosed;
  }

  private write(content: Content): void {
    const { response } = this.exchange;
    const onFailure = (error: unknown): void => this.events.onFailure(error);
    if (!isPatched(response)) return void sendContent(content, response, onFailure);
    this.watchRewriting();
    new ContentStream(content, response, onFailure).pipe(response);
  }

  /** Sends content that is in memory, without anything that could wait. */
  private writeAtOnce(content: PrimedContent): void {
    const { first } = content;
    try {
      content.countWritten(first?.byteLength ?? 0);
      this.exchange.send(first);
    } catch (error) {
      this.events.onFailure(error);
    }
  }

  /** Whether the first chunk is all of the content, and has at most this many bytes. */
  private isWithin(most: number): boolean {
    const { first, length } = this.prepared.content;
    const read = first?.byteLength ?? 0;
    return read === length && read <= most;
  }

  private watchRewriting(): void {
    if (isPatched(this.exchange.response)) watchRewriting(this.exchange, this.prepared, this.events);
  }

  /** Sends the content through the framework, whose hooks may replace it. */
  private pass(payload: Payload): void {
    this.watchRewriting();
    this.exchange.send(payload, new ReplacedPayload(this.exchange, this.prepared, this.events));
  }

  private refuse(reason: string): void {
    const error = new TypeError(reason);
    if (this.exchange.isClosed || this.exchange.response.writableEnded) throw error;
    this.events.onFailure(error);
  }

  /**
   * The content in the form that Fastify sends fastest. A Buffer only if the response has an entity tag: otherwise a hook that
   * makes tags of payloads would tag a part as if it were the representation. Nor if middleware has wrapped the response: Fastify
   * sends the head of a Buffer before the middleware sees a byte.
   */
  private payload(content: Content): Payload {
    const { exchange } = this;
    const { plan } = this.prepared;
    // Without a stream Fastify adds `Content-Length: 0` to the response to a HEAD.
    if (plan.status === 304 && exchange.method !== 'HEAD') return undefined;
    // The chunk does not return to its pool either: a hook may keep the payload.
    const most = exchange.isHttp2 ? HTTP2_SLICE : SMALL_CONTENT;
    const { first } = this.prepared.content;
    const isBuffer = plan.headers['etag'] !== undefined && this.isWithin(most) && !isPatched(exchange.response);
    if (first !== undefined && isBuffer && mayLeaveAtOnce(content, first)) {
      content.countWritten(first.byteLength);
      return first;
    }
    const stream = new ContentStream(content, exchange.response, (error) => this.events.onFailure(error));
    exchange.onClose(() => stream.close(exchange.isSent));
    return stream;
  }

  /** The content at its pace. Its bucket is released when the response is over. */
  private pacedContent(): Content {
    const { content, pace } = this.prepared;
    if (pace === undefined || content.first === undefined) return content;
    const paced = new PacedContent(content, pace);
    this.exchange.onClose(() => paced.stop());
    return paced;
  }

  /** Releases the content at once, since the app's own response may take long. The owner reports a failure. */
  private abandon(): void {
    this.prepared.content.release().catch(() => {});
  }

  /** Completes the reply, since Fastify waits for each one to be sent. */
  private endUnheard(): void {
    if (!this.exchange.response.headersSent && !this.exchange.isTaken) this.exchange.send(undefined);
  }

  /** The whole file as a stream, for interceptors that inspect it: the same at each call, opened at the first read. */
  getStream(): Readable {
    if (this.stream !== undefined && !this.stream.destroyed) return this.stream;
    const stream: AnswerStream = new AnswerStream(
      (signal) => this.open(stream, signal),
      (error) => this.events.onFailure(error),
    );
    this.stream = stream;
    if (!this.exchange.isClosed) this.exchange.onClose(() => this.close(stream));
    return stream;
  }

  private open(stream: AnswerStream, signal: AbortSignal): Content | Promise<Content> {
    const { plan, content } = this.prepared;
    const isWhole = plan.kind === 'full' && plan.content.length > 0;
    if (stream.isCarrying) return this.sending ?? content;
    if (isWhole && this.isOnlyReadableOnce && !this.isSent) return content;
    if (this.isOnlyReadableOnce) throw new TypeError(NOT_FROM_ITS_BEGINNING);
    return wholeContent(this.prepared.source, signal);
  }

  private get isOnlyReadableOnce(): boolean {
    return this.prepared.described.forwardOnly === true;
  }

  private close(stream: AnswerStream): void {
    stream.close(this.exchange.isSent);
    if (stream.isOpened && !this.isSent && this.prepared.plan.kind !== 'full') this.events.onBypassed();
  }
}

function mayLeaveAtOnce(content: Content, bytes: Uint8Array): boolean {
  return !(content instanceof PacedContent) || content.takeAtOnce(bytes);
}

const ALREADY_SENT = 'this answer was sent already; return a fresh file for each request';
const ALREADY_BEGUN = 'another response to this request has begun; send either that or the file';
const ALREADY_READ =
  "an interceptor has read this file's stream, which can be read only once: return a StreamableFile over what it made of it";
const NOT_FROM_ITS_BEGINNING =
  'an interceptor reads the stream of a file that can be read only once, and of which a range was negotiated: ' +
  'put its @UseInterceptors() above @Ranged(), on the method';
