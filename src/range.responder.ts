import { Inject, Injectable, Logger, type StreamableFile } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { clear, commit, refuse, type Seen } from './commit-plan.js';
import { PrimedContent } from './content/primed-content.js';
import { describeRepresentation } from './describe-representation.js';
import { planResponse, type ResponsePlan } from './http/response-plan.js';
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

interface Prepared {
  readonly plan: ResponsePlan;
  readonly seen: Seen;
  readonly content: PrimedContent;
}

/**
 * Conducts a response: resolves the source, lets the plan be made, reads the first octets, and only then sets the
 * status and the fields.
 */
@Injectable()
export class RangeResponder {
  private readonly logger = new Logger(RangeResponder.name);
  private readonly served = new WeakMap<RangedOptions, ServingOptions>();

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
    const prepared = isOurTurn ? await unlessClosed(exchange, this.prepare(exchange, file, options)) : undefined;
    if (prepared === undefined) {
      return { content: contentFor(PrimedContent.empty(), exchange, false, () => {}), commit: () => {} };
    }
    const { plan, content, seen } = prepared;
    refuse(exchange, plan);
    return {
      content: contentFor(content, exchange, 'etag' in plan.fields, (error) => this.fail(exchange, error)),
      commit: () => commit(exchange, plan, seen),
    };
  }

  private async prepare(
    exchange: HttpExchange,
    file: StreamableFile,
    options: RangedOptions,
  ): Promise<Prepared | undefined> {
    let source: RangeSource | undefined;
    try {
      const serving = this.servingOptions(file, options);
      source = sourceOf(file, declaredLength(exchange));
      return await this.attemptTwice(exchange, source, serving);
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
    options: ServingOptions,
  ): Promise<Prepared | undefined> {
    try {
      return await this.attempt(exchange, source, options);
    } catch (error) {
      if (!isChanged(error)) throw error;
      return this.attempt(exchange, source, options);
    }
  }

  private async attempt(
    exchange: HttpExchange,
    source: RangeSource,
    options: ServingOptions,
  ): Promise<Prepared | undefined> {
    const signal = source.ignoresSignal === true ? NEVER : exchange.signal;
    const representation = await source.resolve(signal);
    const seen = new Map<string, string | undefined>();
    const plan = await this.plan(exchange, representation, options, seen);
    if (plan === undefined) return undefined;
    const [segments, length] = 'content' in plan ? [plan.content, plan.contentLength] : [[], 0];
    const content = await PrimedContent.read(segments, length, representation, signal);
    exchange.onClose(() => {
      content
        .release()
        .catch((error: unknown) => this.logger.debug(`${exchange.target}: closing failed: ${String(error)}`));
    });
    return { plan, seen, content };
  }

  /** `undefined`: the response is over. Closes the representation where it makes no plan. */
  private async plan(
    exchange: HttpExchange,
    representation: Representation,
    options: ServingOptions,
    seen: Map<string, string | undefined>,
  ): Promise<ResponsePlan | undefined> {
    let plan: ResponsePlan | undefined;
    try {
      if (exchange.isClosed) return undefined;
      const { facts } = exchange;
      const declared = (name: string): string | undefined => {
        const value = exchange.field(name);
        seen.set(name, value);
        return value;
      };
      const described = describeRepresentation(representation, options, declared, facts.receivedAt);
      const acceptRanges = options.acceptRanges && exchange.field('accept-ranges') !== 'none';
      plan = planResponse(facts, described, { ...options, acceptRanges, ...this.means });
      return plan;
    } finally {
      if (plan === undefined) await representation.close?.();
    }
  }

  private readonly means = {
    parseRange: (fieldValue: string) => this.parser.parse(fieldValue),
    newBoundary: () => randomBytes(18).toString('hex'),
  };

  private servingOptions(file: StreamableFile, options: RangedOptions): ServingOptions {
    const own = ownOptions(file);
    if (own === undefined) return this.routeOptions(options);
    const { contentDisposition, ...rangedOptions } = own;
    const serving = toServingOptions(mergeOptions(this.options, options, rangedOptions));
    return contentDisposition === undefined ? serving : { ...serving, contentDisposition };
  }

  /** What no file of a route changes is worked out once. */
  private routeOptions(options: RangedOptions): ServingOptions {
    const known = this.served.get(options);
    if (known !== undefined) return known;
    const serving = toServingOptions(mergeOptions(this.options, options));
    this.served.set(options, serving);
    return serving;
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
