import { setMaxListeners } from 'node:events';
import { isPromise } from 'node:util/types';
import type { Pace } from '../content/pace/paced-content.js';
import { PrimedContent } from '../content/primed-content.js';
import { SourceDeadline } from '../content/source-deadline.js';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { dependsOnSize } from '../http/depends-on-size.js';
import type { DescribedRepresentation } from '../http/representation.js';
import { planResponse, type ResponsePlan, type ResponsePolicy, type Segment } from '../http/response-plan.js';
import { callQuietly } from '../sources/call-quietly.js';
import { codeOf, SourceFaultError } from '../sources/source-errors.js';
import type { RangeSource, Representation } from '../sources/source.js';
import { registerResponse, type WaitingResponse } from '../sources/stream/waiting-response.js';
import { type Declared, declaredHeaders, describeRepresentation } from './describe-representation.js';
import { seenBefore } from './later-headers.js';
import type { ServingOptions } from './ranged-options.js';

/** Everything that decides a response, apart from the request and the representation. */
export type ServingPolicy = ServingOptions & ResponsePolicy;

interface Described {
  readonly declared: Declared;
  readonly described: DescribedRepresentation;
  readonly policy: ServingPolicy;
}

interface Planned {
  readonly plan: ResponsePlan;
  /** The response's headers when it was planned. */
  readonly declared: Declared;
  readonly described: DescribedRepresentation;
}

/** A planned response whose first bytes have been read. */
export interface Prepared extends Planned {
  /** The source of the negotiated file. */
  readonly source: RangeSource;
  readonly content: PrimedContent;
  /** `undefined`: as fast as its client takes it. */
  readonly pace?: Pace;
}

/** Negotiates the response for a file: resolves the source, plans the response, and reads the first bytes. */
export class Negotiation implements WaitingResponse {
  private readonly signal: AbortSignal;
  private readonly deadline: SourceDeadline | undefined;
  private hasFailed = false;

  /** @param hold takes over content, to release it when the response ends */
  constructor(
    private readonly exchange: HttpExchange,
    private readonly source: RangeSource,
    private readonly policy: ServingPolicy,
    private readonly hold: (content: PrimedContent) => void,
  ) {
    const heedsSignal = source.ignoresSignal !== true;
    this.signal = heedsSignal ? exchange.signal : NEVER;
    this.deadline = heedsSignal ? deadlineOf(exchange, policy) : undefined;
    if (heedsSignal) registerResponse(this, this.signal);
  }

  /**
   * At once if nothing has to be waited for. `undefined` as soon as the response ends: whatever the source returns after that
   * is released.
   *
   * @throws the source's error; SourceTimeoutError if it does not respond in time
   */
  run(): Prepared | undefined | Promise<Prepared | undefined> {
    if (this.source.ignoresSignal === true) return this.attemptTwice();
    const answer = unlessClosed(this.exchange, this.attemptLater());
    const timely = this.deadline === undefined ? answer : this.deadline.within(answer);
    timely.catch(() => {
      this.hasFailed = true;
    });
    return timely;
  }

  noteProgress(): void {
    this.deadline?.renew();
  }

  onFinished(callback: (isSent: boolean) => void): void {
    const { exchange } = this;
    exchange.onClose(() => callback(exchange.isSent && !this.hasFailed && exchange.method !== 'HEAD'));
  }

  /** A source that obeys its signal may do anything, so it is awaited in any case. */
  private async attemptLater(): Promise<Prepared | undefined> {
    return this.attemptTwice();
  }

  /** Resolves the source again, once, if the representation changed before its first bytes were read. */
  private attemptTwice(): Prepared | undefined | Promise<Prepared | undefined> {
    const again = (error: unknown): Prepared | undefined | Promise<Prepared | undefined> => {
      if (!isChanged(error)) throw error;
      return this.attempt();
    };
    try {
      const prepared = this.attempt();
      return isPromise(prepared) ? prepared.catch(again) : prepared;
    } catch (error) {
      return again(error);
    }
  }

  private attempt(): Prepared | undefined | Promise<Prepared | undefined> {
    const resolved = this.source.resolve(this.signal);
    if (isRepresentation(resolved) && resolved.whenSized === undefined) return this.prepare(resolved);
    return this.resolveLater(resolved);
  }

  private async resolveLater(resolving: Representation | Promise<Representation>): Promise<Prepared | undefined> {
    const representation = checked(await resolving);
    return this.prepare(representation.whenSized === undefined ? representation : await this.sized(representation));
  }

  private prepare(representation: Representation): Prepared | undefined | Promise<Prepared | undefined> {
    const { exchange, signal, deadline } = this;
    let planned: Planned | undefined;
    try {
      if (!exchange.isClosed && !signal.aborted) planned = this.plan(representation);
    } finally {
      if (planned === undefined) callQuietly(() => representation.close?.());
    }
    if (planned === undefined) return undefined;
    const { plan, declared, described } = planned;
    const [segments, length] = 'content' in plan ? [plan.content, plan.contentLength] : [NO_CONTENT, 0];
    const content = PrimedContent.read(segments, length, representation, signal, deadline);
    const { source } = this;
    if (!isPromise(content)) return { plan, declared, described, source, content };
    return content.then(async (read) => {
      if (!read.isReleased) await this.releaseOrHold(read);
      return { plan, declared, described, source, content: read };
    });
  }

  /** Waits for the source to close only if that takes no time; otherwise the response goes ahead. */
  private async releaseOrHold(content: PrimedContent): Promise<void> {
    if (!content.isReleasing || this.source.ignoresSignal !== true) return this.hold(content);
    try {
      await content.release();
    } catch {
      this.hold(content); // it reports failures
    }
  }

  /** Waits for the size if the response depends on it. Closes the old representation if waiting yields a new one, or fails. */
  private async sized(unsized: Representation): Promise<Representation> {
    const { exchange, signal } = this;
    let isKept = false;
    try {
      const { described, policy } = this.describe(unsized);
      if (unsized.whenSized !== undefined && dependsOnSize(exchange.facts, described, policy))
        return await unsized.whenSized(signal);
      isKept = true;
      return unsized;
    } finally {
      if (!isKept) callQuietly(() => unsized.close?.());
    }
  }

  private plan(representation: Representation): Planned {
    const { declared, described, policy } = this.describe(representation);
    const plan = planResponse(this.exchange.facts, described, policy);
    return { plan, declared: seenBefore(plan, declared, this.exchange), described };
  }

  /** Describes a representation, headers set by the handler included. */
  private describe(representation: Representation): Described {
    const { exchange, policy } = this;
    const declared = declaredHeaders(representation.headers, exchange);
    const described = describeRepresentation(representation, policy, declared, exchange.receivedAt);
    const isRefused = policy.acceptRanges && exchange.header('accept-ranges') === 'none';
    return { declared, described, policy: isRefused ? { ...policy, acceptRanges: false } : policy };
  }
}

function isRepresentation(resolved: Representation | Promise<Representation>): resolved is Representation {
  return resolved !== null && typeof resolved === 'object' && 'open' in resolved && typeof resolved.open === 'function';
}

function checked(representation: Representation): Representation {
  if (isRepresentation(representation)) return representation;
  throw new SourceFaultError(
    'resolve() of a source returned no representation: return an object with open(), or throw a source error',
  );
}

const NO_CONTENT: readonly Segment[] = [];

/** Shared by all sources that ignore their signal. */
const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

function deadlineOf(exchange: HttpExchange, { sourceTimeoutMs }: ServingPolicy): SourceDeadline | undefined {
  if (sourceTimeoutMs === 0) return undefined;
  const deadline = new SourceDeadline(sourceTimeoutMs, () => exchange.abort());
  exchange.onClose(() => deadline.end());
  return deadline;
}

/** Settles like `work`, or resolves to `undefined` when the response ends first. */
function unlessClosed<T>(exchange: HttpExchange, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    exchange.onClose(() => resolve(undefined));
    work.then(resolve, reject);
  });
}

function isChanged(error: unknown): boolean {
  return codeOf(error) === 'SOURCE_CHANGED';
}
