import { AsyncResource } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { UnsentBytes } from '../exchange/unsent-bytes.js';
import type { ByteRange } from '../http/ranges/byte-range.js';
import type { ResponsePlan } from '../http/response-plan.js';
import type { Prepared } from '../negotiation/negotiation.js';

/** A message of the diagnostics channel `nestjs-range:response`: one for each response, published when it ends. */
export interface RangedResponseMessage {
  readonly method: string;
  /** The path of the request, without its query. */
  readonly path: string;
  /** The request, for anything else a subscriber needs. */
  readonly request: IncomingMessage;
  /** The status sent, even if an exception filter chose it. If nothing was sent, the status at that time, such as 200. */
  readonly status: number;
  /**
   * The plan; `'error'`: the source failed before there was one; `undefined`: the client disconnected before. If a hook of
   * Fastify has replaced the content: `'delegated'`, or by the status that it sent `'not-modified'` or `'error'`.
   */
  readonly disposition: ResponsePlan['kind'] | 'error' | undefined;
  /** The planned ranges of a 206, merged; positions are inclusive. */
  readonly ranges: readonly ByteRange[];
  /**
   * The size of the representation, in bytes, whatever part of it is sent; `undefined`: unknown, as without a plan, or if
   * somebody else sends the bytes.
   *
   * @see RFC 9110 §14.4
   */
  readonly completeLength: number | undefined;
  /** The planned bytes of content, including the heads of parts; `undefined`: the length was unknown. */
  readonly bytesPlanned: number | undefined;
  /**
   * The bytes of content that the kernel has accepted; the client may have received fewer. Exact over HTTP/1.1, unless the client
   * resets the connection during a write, of which up to 1 MiB may not count. Over TLS it may also be too low by the overhead of
   * the records. Over HTTP/2 it is a lower bound: the last slices of 32 KiB do not count, unless the response is complete. If the
   * app destroys the connection, the current chunk does not count. If a middleware reads the content, to compress it for example,
   * these are the bytes that it has read.
   */
  readonly bytesSent: number;
  /** `'aborted'`: the client disconnected, or the server was shut down; `'failed'`: the source failed. */
  readonly outcome: 'complete' | 'aborted' | 'failed';
  /** The error, if it failed. */
  readonly error?: unknown;
  /** From the handler's return to the end of the response, in ms. */
  readonly durationMs: number;
}

export const RESPONSE_CHANNEL = 'nestjs-range:response';

const responses = channel(RESPONSE_CHANNEL);

/** The reports on one response, which an app may negotiate several times. */
interface Attempts {
  readonly running: Set<ResponseReport>;
  last: ResponseReport;
  unsent: UnsentBytes | undefined;
}

const attemptsAt = new WeakMap<object, Attempts>();

/** Collects the message of a response: from the attempt that sent content, or else from the last one. */
export class ResponseReport {
  private readonly startedAt = performance.now();
  private prepared: Prepared | undefined;
  private readonly attempts: Attempts;
  private failure: { readonly error: unknown } | undefined;
  private isReplaced = false;

  /** `undefined` if nobody has subscribed: then nothing is collected. */
  static of(exchange: HttpExchange): ResponseReport | undefined {
    return responses.hasSubscribers ? new ResponseReport(exchange) : undefined;
  }

  private constructor(private readonly exchange: HttpExchange) {
    const { response } = exchange;
    this.attempts = attemptsAt.get(response) ?? { running: new Set(), last: this, unsent: undefined };
    attemptsAt.set(response, this.attempts);
    this.attempts.running.add(this);
    this.attempts.last = this;
    // The end of a connection has no context, or that of another request.
    exchange.onClose(AsyncResource.bind(() => this.end()));
  }

  private end(): void {
    const { attempts } = this;
    attempts.running.delete(this);
    if (this.bytesWritten > 0) attempts.last = this;
    if (attempts.running.size > 0) return;
    attemptsAt.delete(this.exchange.response);
    responses.publish(attempts.last.message());
  }

  planned(prepared: Prepared): void {
    this.prepared = prepared;
    this.attempts.unsent ??= UnsentBytes.of(this.exchange);
  }

  /** Must be called before the connection is cut. */
  failed(error: unknown): void {
    this.failure = { error };
    this.attempts.unsent?.record();
  }

  /** An answer of the app's own, or an error, is sent instead of the planned one. */
  replaced(): void {
    this.isReplaced = true;
  }

  private message(): RangedResponseMessage {
    const { exchange, failure } = this;
    const { plan, described } = (this.isReplaced ? undefined : this.prepared) ?? {};
    const bytesPlanned = plan === undefined ? 0 : bytesOf(plan);
    const isComplete = exchange.isSent && failure === undefined;
    return {
      method: exchange.method,
      path: exchange.path,
      request: exchange.request,
      status: exchange.response.statusCode,
      disposition: this.disposition,
      ranges: plan === undefined ? [] : rangesOf(plan),
      completeLength: described?.size,
      bytesPlanned,
      bytesSent: isComplete ? (bytesPlanned ?? this.bytesWritten) : this.bytesFlushed,
      outcome: isComplete ? 'complete' : failure === undefined ? 'aborted' : 'failed',
      ...failure,
      durationMs: performance.now() - this.startedAt,
    };
  }

  private get disposition(): RangedResponseMessage['disposition'] {
    if (this.isReplaced) return dispositionOfOwn(this.exchange.response.statusCode);
    return this.prepared === undefined && this.failure !== undefined ? 'error' : this.prepared?.plan.kind;
  }

  private get bytesWritten(): number {
    return this.prepared?.content.bytesWritten ?? 0;
  }

  /** The content is written last, so unsent bytes are the end of the content. */
  private get bytesFlushed(): number {
    if (this.prepared === undefined || this.isReplaced || !this.exchange.response.headersSent) return 0;
    const { bytesWritten, bytesFlushed } = this.prepared.content;
    const unsent = this.attempts.unsent?.count ?? bytesWritten;
    return Math.max(bytesFlushed, bytesWritten - unsent);
  }
}

/** The Content-Length of a HEAD is that of the GET, but no content is planned. */
function bytesOf(plan: ResponsePlan): number | undefined {
  return 'content' in plan && plan.content.length > 0 ? plan.contentLength : 0;
}

function rangesOf(plan: ResponsePlan): ByteRange[] {
  if (plan.status !== 206) return [];
  return plan.content.flatMap((segment) =>
    segment.kind === 'bytes' && segment.range !== undefined ? [segment.range] : [],
  );
}

/** The disposition of an answer of the app's own. */
function dispositionOfOwn(status: number): RangedResponseMessage['disposition'] {
  if (status === 304) return 'not-modified';
  return status < 400 ? 'delegated' : 'error';
}
