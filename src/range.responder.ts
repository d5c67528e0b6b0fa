import { Inject, Injectable, Logger, type StreamableFile } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { clear, commit, refuse } from './commit-plan.js';
import { ContentStream } from './content/content-stream.js';
import { PrimedContent } from './content/primed-content.js';
import { type Declared, declaredFields, describeRepresentation } from './describe-representation.js';
import { planResponse, type ResponsePlan, type ResponsePolicy, type Segment } from './http/response-plan.js';
import { exchangeOf, type HttpExchange } from './http-exchange.js';
import { errorFields, toHttpException } from './range.exceptions.js';
import {
  checkModuleOptions,
  checkRangedOptions,
  mergeOptions,
  type RangedOptions,
  type RangeModuleOptions,
  type ServingOptions,
  toServingOptions,
} from './range.options.js';
import { RangeParser } from './range.parser.js';
import { RANGE_MODULE_OPTIONS } from './range.tokens.js';
import { type Answer, contentFor } from './ranged-response.js';
import { fileHandles } from './sources/file-handles.js';
import { limitChunks } from './sources/file-reader.js';
import type { RangeSource, Representation } from './sources/source.js';
import { discard, ownOptions, sourceOf } from './streamable-source.js';

interface Planned {
  readonly plan: ResponsePlan;
  /** What the plan was made with. */
  readonly declared: Declared;
}

interface Prepared extends Planned {
  readonly content: PrimedContent;
}

/** Everything but the request and the representation that decides a response. */
type ServingPolicy = ServingOptions & ResponsePolicy;

/**
 * Conducts a response: resolves the source, lets the plan be made, reads the first octets, and only then sets the
 * status and the fields.
 */
@Injectable()
export class RangeResponder {
  private readonly logger = new Logger(RangeResponder.name);
  private readonly policies = new WeakMap<RangedOptions, ServingPolicy>();

  constructor(
    @Inject(RANGE_MODULE_OPTIONS) private readonly options: RangeModuleOptions,
    @Inject(RangeParser) private readonly parser: RangeParser,
  ) {
    const { openFiles, chunkSize, ...served } = checkModuleOptions(options, 'RangeModule');
    this.options = served;
    if (openFiles !== undefined) fileHandles.resize(openFiles);
    if (chunkSize !== undefined) limitChunks(chunkSize);
  }

  /**
   * Sends a file where a handler holds `@Res()`, or from middleware: the same answer that `@Ranged()` gives. Takes the
   * objects of Express, of Fastify or of Node.js. Resolves when the response is over, also where the client left.
   *
   * @throws HttpException (404, 412, 416, 502, 503, 504) or what the source threw, while nothing has been sent: let the
   * exception filters have it
   */
  async send(request: unknown, response: unknown, file: StreamableFile, options = NO_OPTIONS): Promise<void> {
    const exchange = exchangeOf(request, response);
    const over = new Promise<void>((resolve) => exchange.onClose(resolve));
    const answer = await this.respond(exchange, file, checkRangedOptions(options, 'RangeResponder.send()'));
    answer.commit();
    exchange.send(answer.content);
    await over;
  }

  /**
   * Negotiates the response to a file; what is left is to commit its status and fields, and to send its content.
   *
   * @internal
   */
  async respond(exchange: HttpExchange, file: StreamableFile, options: RangedOptions): Promise<Answer> {
    const isOurTurn = await exchange.turn();
    if (!isOurTurn) discard(file);
    const prepared = isOurTurn ? await this.prepare(exchange, file, options) : undefined;
    if (prepared === undefined) {
      return {
        exchange,
        content: new ContentStream(PrimedContent.empty(), exchange.response, () => {}),
        commit: () => {},
      };
    }
    const { plan, content, declared } = prepared;
    refuse(exchange, plan);
    return {
      exchange,
      content: contentFor(plan, content, exchange, (error) => this.fail(exchange, error)),
      commit: () => commit(exchange, plan, declared),
    };
  }

  private async prepare(
    exchange: HttpExchange,
    file: StreamableFile,
    options: RangedOptions,
  ): Promise<Prepared | undefined> {
    let source: RangeSource | undefined;
    try {
      const policy = this.policyFor(file, options);
      source = sourceOf(file, declaredLength(exchange));
      const work = this.attemptTwice(exchange, source, policy);
      return await (source.ignoresSignal === true ? work : unlessClosed(exchange, work));
    } catch (error) {
      if (source === undefined) discard(file);
      if (exchange.isClosed) return undefined; // nobody is left to be told; a source may well object to being aborted
      clear(exchange, errorFields(error));
      throw toHttpException(error);
    }
  }

  /** A representation that changed before its first octets were read is resolved again, once. */
  private async attemptTwice(
    exchange: HttpExchange,
    source: RangeSource,
    policy: ServingPolicy,
  ): Promise<Prepared | undefined> {
    try {
      return await this.attempt(exchange, source, policy);
    } catch (error) {
      if (!isChanged(error)) throw error;
      return this.attempt(exchange, source, policy);
    }
  }

  private async attempt(
    exchange: HttpExchange,
    source: RangeSource,
    policy: ServingPolicy,
  ): Promise<Prepared | undefined> {
    const signal = source.ignoresSignal === true ? NEVER : exchange.signal;
    const representation = await source.resolve(signal);
    let planned: Planned | undefined;
    try {
      if (!exchange.isClosed) planned = this.plan(exchange, representation, policy);
    } finally {
      if (planned === undefined) await representation.close?.();
    }
    if (planned === undefined) return undefined;
    const { plan, declared } = planned;
    const [segments, length] = 'content' in plan ? [plan.content, plan.contentLength] : [NO_CONTENT, 0];
    const content = await PrimedContent.read(segments, length, representation, signal);
    if (!content.isReleased) exchange.onClose(() => this.release(content, exchange));
    return { plan, declared, content };
  }

  private plan(exchange: HttpExchange, representation: Representation, policy: ServingPolicy): Planned {
    const { facts } = exchange;
    const declared = declaredFields((name) => exchange.field(name));
    const described = describeRepresentation(representation, policy, declared, facts.receivedAt);
    const isRefused = policy.acceptRanges && exchange.field('accept-ranges') === 'none';
    const plan = planResponse(facts, described, isRefused ? { ...policy, acceptRanges: false } : policy);
    return { plan, declared };
  }

  private release(content: PrimedContent, exchange: HttpExchange): void {
    content
      .release()
      .catch((error: unknown) => this.logger.debug(`${exchange.target}: closing failed: ${String(error)}`));
  }

  private policyFor(file: StreamableFile, options: RangedOptions): ServingPolicy {
    const own = ownOptions(file);
    if (own === undefined) return this.routePolicy(options);
    const { contentDisposition, ...rangedOptions } = own;
    const policy = this.toPolicy(mergeOptions(this.options, options, rangedOptions));
    return contentDisposition === undefined ? policy : { ...policy, contentDisposition };
  }

  /** What no file of a route changes is worked out once. */
  private routePolicy(options: RangedOptions): ServingPolicy {
    const known = this.policies.get(options);
    if (known !== undefined) return known;
    const policy = this.toPolicy(mergeOptions(this.options, options));
    this.policies.set(options, policy);
    return policy;
  }

  private toPolicy(options: RangedOptions): ServingPolicy {
    return {
      ...toServingOptions(options),
      parseRange: (fieldValue) => this.parser.parse(fieldValue),
      newBoundary: () => randomBytes(18).toString('hex'),
    };
  }

  /** After the head no filter can answer any more: the connection is cut, and the log says why. */
  private fail(exchange: HttpExchange, error: unknown): void {
    if (exchange.isClosed) return;
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
    this.logger.error(`${exchange.target} was cut off: ${message}`, stack);
    exchange.cut();
  }
}

const NO_OPTIONS: RangedOptions = {};
const NO_CONTENT: readonly Segment[] = [];

/** For sources that look at no signal; shared by all their responses. */
const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

/** Settles when the work does, or with `undefined` when the response is over; what comes later releases itself. */
function unlessClosed<T>(exchange: HttpExchange, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    exchange.onClose(() => resolve(undefined));
    work.then(resolve, reject);
  });
}

function declaredLength(exchange: HttpExchange): number | undefined {
  const value = exchange.field('content-length');
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function isChanged(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'SOURCE_CHANGED';
}
