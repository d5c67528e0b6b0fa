import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { ByteRange } from './http/byte-range.js';
import type { ResponsePlan } from './http/response-plan.js';
import type { HttpExchange } from './http-exchange.js';
import type { Prepared } from './negotiation.js';
import { UnsentOctets } from './unsent-octets.js';

/** What the diagnostics channel `nestjs-range:response` carries: one message per response, when it is over. */
export interface RangedResponseMessage {
  readonly method: string;
  /** Of the request, without its query. */
  readonly path: string;
  /** For what else a subscriber may want to know. */
  readonly request: IncomingMessage;
  /** What went out, an exception filter's choice included. */
  readonly status: number;
  /** What was planned; `'error'`: the source failed before there was a plan; `undefined`: the client had left by then. */
  readonly disposition: ResponsePlan['kind'] | 'error' | undefined;
  /** The ranges that a 206 was to send, merged, positions inclusive. */
  readonly ranges: readonly ByteRange[];
  /**
   * Of the representation, in octets, whatever is sent of it; `undefined`: unknown, as it is where there was no plan, and
   * where somebody else sends the octets.
   *
   * @see RFC 9110 §14.4
   */
  readonly completeLength: number | undefined;
  /** Of the content, the heads of parts included; `undefined`: the length was unknown. */
  readonly octetsPlanned: number | undefined;
  /**
   * Of the content, as far as the kernel has taken them, which is more than the client has received: of a complete response
   * all, of another what was written less what Node.js still held when the connection broke. Over TLS and HTTP/2, and where
   * somebody else in the app destroys the connection, nobody can tell how much of the chunk that was being written has left:
   * there it counts as not sent. Where a middleware reads the content, to compress it say, what it has read.
   */
  readonly octetsSent: number;
  /** `'aborted'`: the client left, or the server was shut down; `'failed'`: the source did. */
  readonly outcome: 'complete' | 'aborted' | 'failed';
  /** What it failed with. */
  readonly error?: unknown;
  /** From the handler's return to the end of the response, in ms. */
  readonly durationMs: number;
}

export const RESPONSE_CHANNEL = 'nestjs-range:response';

const responses = channel(RESPONSE_CHANNEL);

/** Collects what is published of a response when it is over. */
export class ResponseReport {
  private readonly startedAt = performance.now();
  private prepared: Prepared | undefined;
  private unsent: UnsentOctets | undefined;
  private failure: { readonly error: unknown } | undefined;

  /** `undefined` where nobody has subscribed: then nothing is collected. */
  static of(exchange: HttpExchange): ResponseReport | undefined {
    return responses.hasSubscribers ? new ResponseReport(exchange) : undefined;
  }

  private constructor(private readonly exchange: HttpExchange) {
    exchange.onClose(() => responses.publish(this.message()));
  }

  planned(prepared: Prepared): void {
    this.prepared = prepared;
    this.unsent = UnsentOctets.of(this.exchange);
  }

  /** To be told before the connection is cut. */
  failed(error: unknown): void {
    this.failure = { error };
    this.unsent?.look();
  }

  private message(): RangedResponseMessage {
    const { exchange, failure } = this;
    const { plan, completeLength } = this.prepared ?? {};
    const octetsPlanned = plan === undefined ? 0 : octetsOf(plan);
    const isComplete = exchange.isSent && failure === undefined;
    return {
      method: exchange.method,
      path: exchange.path,
      request: exchange.request,
      status: exchange.response.statusCode,
      disposition: plan === undefined && failure !== undefined ? 'error' : plan?.kind,
      ranges: plan === undefined ? [] : rangesOf(plan),
      completeLength,
      octetsPlanned,
      octetsSent: isComplete ? (octetsPlanned ?? this.octetsGiven) : this.octetsTaken,
      outcome: isComplete ? 'complete' : failure === undefined ? 'aborted' : 'failed',
      ...failure,
      durationMs: performance.now() - this.startedAt,
    };
  }

  private get octetsGiven(): number {
    return this.prepared?.content.octetsGiven ?? 0;
  }

  /** The content is what is written last, so what has not left is its end. */
  private get octetsTaken(): number {
    if (this.prepared === undefined || !this.exchange.response.headersSent) return 0;
    const { octetsGiven, octetsTaken } = this.prepared.content;
    const unsent = this.unsent?.count ?? octetsGiven;
    return Math.max(octetsTaken, octetsGiven - unsent);
  }
}

/** To a HEAD, the length that is told is that of a GET. */
function octetsOf(plan: ResponsePlan): number | undefined {
  return 'content' in plan && plan.content.length > 0 ? plan.contentLength : 0;
}

function rangesOf(plan: ResponsePlan): ByteRange[] {
  if (plan.status !== 206) return [];
  return plan.content.flatMap((segment) =>
    segment.kind === 'octets' && segment.range !== undefined ? [segment.range] : [],
  );
}
