import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { PrimedContent } from './content/primed-content.js';
import type { ByteRange } from './http/byte-range.js';
import type { ResponsePlan } from './http/response-plan.js';
import type { HttpExchange } from './http-exchange.js';

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
  /** Of the content, the heads of parts included; `undefined`: the length was unknown. */
  readonly octetsPlanned: number | undefined;
  /** Of the content, as far as the kernel has taken them. */
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
  private plan: ResponsePlan | undefined;
  private content: PrimedContent | undefined;
  private failure: { readonly error: unknown } | undefined;

  /** `undefined` where nobody has subscribed: then nothing is collected. */
  static of(exchange: HttpExchange): ResponseReport | undefined {
    return responses.hasSubscribers ? new ResponseReport(exchange) : undefined;
  }

  private constructor(private readonly exchange: HttpExchange) {
    exchange.onClose(() => responses.publish(this.message()));
  }

  planned(plan: ResponsePlan, content: PrimedContent): void {
    this.plan = plan;
    this.content = content;
  }

  failed(error: unknown): void {
    this.failure = { error };
  }

  private message(): RangedResponseMessage {
    const { exchange, plan, failure } = this;
    const octetsPlanned = plan === undefined ? 0 : octetsOf(plan);
    const isComplete = exchange.isSent && failure === undefined;
    const octetsGiven = this.content?.octetsSent ?? 0;
    return {
      method: exchange.method,
      path: exchange.path,
      request: exchange.request,
      status: exchange.response.statusCode,
      disposition: plan === undefined && failure !== undefined ? 'error' : plan?.kind,
      ranges: plan === undefined ? [] : rangesOf(plan),
      octetsPlanned,
      octetsSent: isComplete ? (octetsPlanned ?? octetsGiven) : octetsGiven,
      outcome: isComplete ? 'complete' : failure === undefined ? 'aborted' : 'failed',
      ...failure,
      durationMs: performance.now() - this.startedAt,
    };
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
