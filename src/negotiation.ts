import { setMaxListeners } from 'node:events';
import { PrimedContent } from './content/primed-content.js';
import { SourceDeadline } from './content/source-deadline.js';
import { type Declared, declaredFields, describeRepresentation } from './describe-representation.js';
import { dependsOnSize } from './http/depends-on-size.js';
import { planResponse, type ResponsePlan, type ResponsePolicy, type Segment } from './http/response-plan.js';
import type { HttpExchange } from './http-exchange.js';
import type { ServingOptions } from './range.options.js';
import { codeOf } from './sources/source-errors.js';
import type { RangeSource, Representation } from './sources/source.js';

/** Everything but the request and the representation that decides a response. */
export type ServingPolicy = ServingOptions & ResponsePolicy;

interface Planned {
  readonly plan: ResponsePlan;
  /** What the plan was made with. */
  readonly declared: Declared;
  /** Of the representation, in octets; `undefined`: unknown. */
  readonly completeLength: number | undefined;
}

/** A response whose first octets are read: what is left is to commit and to send it. */
export interface Prepared extends Planned {
  readonly content: PrimedContent;
}

/** How a file comes to its response: its source is resolved, the response planned, and its first octets are read. */
export class Negotiation {
  private readonly signal: AbortSignal;
  private readonly deadline: SourceDeadline | undefined;

  /** @param hold takes over content that is to be released when the response is over */
  constructor(
    private readonly exchange: HttpExchange,
    private readonly source: RangeSource,
    private readonly policy: ServingPolicy,
    private readonly hold: (content: PrimedContent) => void,
  ) {
    this.signal = source.ignoresSignal === true ? NEVER : exchange.signal;
    this.deadline = source.ignoresSignal === true ? undefined : deadlineOf(exchange, policy);
  }

  /**
   * Settles early where the response ends before the source has answered: to `undefined`. What comes after that lets go
   * of itself.
   *
   * @throws what the source throws; SourceTimeoutError where it is silent
   */
  run(): Promise<Prepared | undefined> {
    const work = this.attemptTwice();
    if (this.source.ignoresSignal === true) return work;
    const answer = unlessClosed(this.exchange, work);
    return this.deadline === undefined ? answer : this.deadline.within(answer);
  }

  /** A representation that changed before its first octets were read is resolved again, once. */
  private async attemptTwice(): Promise<Prepared | undefined> {
    try {
      return await this.attempt();
    } catch (error) {
      if (!isChanged(error)) throw error;
      return this.attempt();
    }
  }

  private async attempt(): Promise<Prepared | undefined> {
    const { exchange, signal, deadline } = this;
    let representation = checked(await this.source.resolve(signal));
    if (representation.whenSized !== undefined) representation = await this.sized(representation);
    let planned: Planned | undefined;
    try {
      if (!exchange.isClosed && !signal.aborted) planned = this.plan(representation);
    } finally {
      if (planned === undefined) await representation.close?.();
    }
    if (planned === undefined) return undefined;
    const { plan } = planned;
    const [segments, length] = 'content' in plan ? [plan.content, plan.contentLength] : [NO_CONTENT, 0];
    const content = await PrimedContent.read(segments, length, representation, signal, deadline);
    if (!content.isReleased) this.hold(content);
    return { ...planned, content };
  }

  /** Waits for the size where the answer depends on it. Closes what is given where it gives another, or fails. */
  private async sized(unsized: Representation): Promise<Representation> {
    const { exchange, policy, signal } = this;
    let isKept = false;
    try {
      if (unsized.whenSized !== undefined && dependsOnSize(exchange.facts, policy))
        return await unsized.whenSized(signal);
      isKept = true;
      return unsized;
    } finally {
      if (!isKept) await unsized.close?.();
    }
  }

  private plan(representation: Representation): Planned {
    const { exchange, policy } = this;
    const { facts } = exchange;
    const declared = declaredFields((name) => exchange.field(name));
    const described = describeRepresentation(representation, policy, declared, facts.receivedAt);
    const isRefused = policy.acceptRanges && exchange.field('accept-ranges') === 'none';
    const plan = planResponse(facts, described, isRefused ? { ...policy, acceptRanges: false } : policy);
    return { plan, declared, completeLength: described.size };
  }
}

function checked(representation: Representation): Representation {
  if (typeof representation?.open === 'function') return representation;
  throw new TypeError(
    'resolve() of a source gave no representation: give an object with open(), or throw a source error',
  );
}

const NO_CONTENT: readonly Segment[] = [];

/** For sources that look at no signal; shared by all their responses. */
const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

function deadlineOf(exchange: HttpExchange, { sourceTimeoutMs }: ServingPolicy): SourceDeadline | undefined {
  return sourceTimeoutMs === 0 ? undefined : new SourceDeadline(sourceTimeoutMs, () => exchange.abort());
}

/** Settles when the work does, or with `undefined` when the response is over; what comes later releases itself. */
function unlessClosed<T>(exchange: HttpExchange, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    exchange.onClose(() => resolve(undefined));
    work.then(resolve, reject);
  });
}

function isChanged(error: unknown): boolean {
  return codeOf(error) === 'SOURCE_CHANGED';
}
