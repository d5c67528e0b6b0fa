import { AsyncResource } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { UnsentBytes } from '../exchange/unsent-bytes.js';
import type { ByteRange } from '../http/ranges/byte-range.js';
import type { ResponsePlan } from '../http/response-plan.js';
import type { Prepared } from '../negotiation/negotiation.js';

/** What the diagnostics channel `nestjs-range:response` carries: one message per response, when it is over. */
export interface RangedResponseMessage {
  readonly method: string;
  /** Of the request, without its query. */
  readonly path: string;
  /** For what else a subscriber may want to know. */
  readonly request: IncomingMessage;
  /** What went out, an exception filter's choice included; where nothing did, what the response had by then, such as 200. */
  readonly status: number;
  /** What was planned; `'error'`: the source failed before there was a plan; `undefined`: the client had left by then. */
  readonly disposition: ResponsePlan['kind'] | 'error' | undefined;
  /** The ranges that a 206 was to send, merged, positions inclusive. */
  readonly ranges: readonly ByteRange[];
  /**
   * Of the representation, in bytes, whatever is sent of it; `undefined`: unknown, as it is where there was no plan, and
   * where somebody else sends the bytes.
   *
   * @see RFC 9110 §14.4
   */
  readonly completeLength: number | undefined;
  /** Of the content, the heads of parts included; `undefined`: the length was unknown. */
  readonly bytesPlanned: number | undefined;
  /**
   * Of the content, as far as the kernel has taken them, which is more than the client has received: of a complete response
   * all, of another what was written less what Node.js still held when the connection broke: to the byte over HTTP/1.1,
   * over TLS less what its records add. Over HTTP/2 a lower bound: what a slice of 32 KiB under way has sent, and the last
   * few before it, count as not sent. So does the chunk under way where somebody else in the app destroys the connection.
   * Where a middleware reads the content, to compress it say, what it has read.
   */
  readonly bytesSent: number;
  /** `'aborted'`: the client left, or the server was shut down; `'failed'`: the source did. */
  readonly outcome: 'complete' | 'aborted' | 'failed';
  /** What it failed with. */
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

/** Collects what is published of a response when it is over: of the attempt that sent content, or else of the last one. */
export class ResponseReport {
  private readonly startedAt = performance.now();
  private prepared: Prepared | undefined;
  private readonly attempts: Attempts;
  private failure: { readonly error: unknown } | undefined;

  /** `undefined` where nobody has subscribed: then nothing is collected. */
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

  /** To be told before the connection is cut. */
  failed(error: unknown): void {
    this.failure = { error };
    this.attempts.unsent?.record();
  }

  private message(): RangedResponseMessage {
    const { exchange, failure } = this;
    const { plan, described } = this.prepared ?? {};
    const bytesPlanned = plan === undefined ? 0 : bytesOf(plan);
    const isComplete = exchange.isSent && failure === undefined;
    return {
      method: exchange.method,
      path: exchange.path,
      request: exchange.request,
      status: exchange.response.statusCode,
      disposition: plan === undefined && failure !== undefined ? 'error' : plan?.kind,
      ranges: plan === undefined ? [] : rangesOf(plan),
      completeLength: described?.size,
      bytesPlanned,
      bytesSent: isComplete ? (bytesPlanned ?? this.bytesWritten) : this.bytesFlushed,
      outcome: isComplete ? 'complete' : failure === undefined ? 'aborted' : 'failed',
      ...failure,
      durationMs: performance.now() - this.startedAt,
    };
  }

  private get bytesWritten(): number {
    return this.prepared?.content.bytesWritten ?? 0;
  }

  /** The content is what is written last, so what has not left is its end. */
  private get bytesFlushed(): number {
    if (this.prepared === undefined || !this.exchange.response.headersSent) return 0;
    const { bytesWritten, bytesFlushed } = this.prepared.content;
    const unsent = this.attempts.unsent?.count ?? bytesWritten;
    return Math.max(bytesFlushed, bytesWritten - unsent);
  }
}

/** To a HEAD, the length that is told is that of a GET. */
function bytesOf(plan: ResponsePlan): number | undefined {
  return 'content' in plan && plan.content.length > 0 ? plan.contentLength : 0;
}

function rangesOf(plan: ResponsePlan): ByteRange[] {
  if (plan.status !== 206) return [];
  return plan.content.flatMap((segment) =>
    segment.kind === 'bytes' && segment.range !== undefined ? [segment.range] : [],
  );
}
