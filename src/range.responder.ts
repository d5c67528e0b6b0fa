import { HttpException, Inject, Injectable, Logger, type StreamableFile } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { clear, commit, refuse } from './commit-plan.js';
import { ContentStream } from './content/content-stream.js';
import { PrimedContent } from './content/primed-content.js';
import { exchangeOf, type HttpExchange } from './http-exchange.js';
import { Negotiation, type Prepared, type ServingPolicy } from './negotiation.js';
import { errorFields, toHttpException } from './range.exceptions.js';
import {
  checkModuleOptions,
  checkRangedOptions,
  mergeOptions,
  type RangedOptions,
  type RangeModuleOptions,
  toServingOptions,
} from './range.options.js';
import { RangeParser } from './range.parser.js';
import { RANGE_MODULE_OPTIONS } from './range.tokens.js';
import { type Answer, contentFor } from './ranged-response.js';
import { ResponseReport } from './response-report.js';
import { RunningResponses } from './running-responses.js';
import { fileHandles } from './sources/file-handles.js';
import { limitChunks } from './sources/file-reader.js';
import type { RangeSource } from './sources/source.js';
import { discard, ownOptions, sourceOf } from './streamable-source.js';

/** What is left to finish its transfers to, in ms, when an app is closed: Kubernetes kills it after 30 s. */
const SHUTDOWN_TIMEOUT_MS = 25_000;

/**
 * Conducts a response: resolves the source, lets the plan be made, reads the first octets, and only then sets the
 * status and the fields.
 */
@Injectable()
export class RangeResponder implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(RangeResponder.name);
  private readonly policies = new WeakMap<RangedOptions, ServingPolicy>();
  private readonly running = new RunningResponses();
  private readonly options: RangedOptions;
  private readonly onError: RangeModuleOptions['onError'];
  private readonly shutdownTimeoutMs: number;
  private cutting: NodeJS.Timeout | undefined;

  constructor(
    @Inject(RANGE_MODULE_OPTIONS) options: RangeModuleOptions,
    @Inject(RangeParser) private readonly parser: RangeParser,
  ) {
    const { openFiles, chunkSize, onError, shutdownTimeoutMs, ...served } = checkModuleOptions(options, 'RangeModule');
    this.options = served;
    this.onError = onError;
    this.shutdownTimeoutMs = shutdownTimeoutMs ?? SHUTDOWN_TIMEOUT_MS;
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
    const report = ResponseReport.of(exchange);
    const isOurTurn = await exchange.turn();
    if (!isOurTurn) discard(file);
    const prepared = isOurTurn ? await this.prepare(exchange, file, options, report) : undefined;
    if (prepared === undefined) {
      return {
        exchange,
        content: new ContentStream(PrimedContent.empty(), exchange.response, () => {}),
        commit: () => {},
      };
    }
    const { plan, content, declared } = prepared;
    report?.planned(prepared);
    refuse(exchange, plan);
    return {
      exchange,
      content: contentFor(plan, content, exchange, (error) => this.fail(exchange, error, report)),
      commit: () => commit(exchange, plan, declared),
    };
  }

  private async prepare(
    exchange: HttpExchange,
    file: StreamableFile,
    options: RangedOptions,
    report: ResponseReport | undefined,
  ): Promise<Prepared | undefined> {
    let source: RangeSource | undefined;
    try {
      const policy = this.policyFor(file, options);
      source = sourceOf(file, declaredLength(exchange));
      if (source.ignoresSignal !== true) this.running.add(exchange);
      return await new Negotiation(exchange, source, policy, (content) => this.hold(content, exchange)).run();
    } catch (error) {
      if (source === undefined) discard(file);
      if (exchange.isClosed) return undefined; // nobody is left to be told; a source may well object to being aborted
      report?.failed(error);
      clear(exchange, errorFields(error));
      const exception = toHttpException(error);
      if (isOfServer(exception) && exception !== error) {
        // Nest logs what it does not know, but no HttpException: without this nobody would learn why.
        this.logger.error(`${exchange.target}: ${messageOf(error)}`, stackOf(error));
      }
      throw exception;
    }
  }

  /** Content that is released when its response is over. */
  private hold(content: PrimedContent, exchange: HttpExchange): void {
    this.running.add(exchange);
    const report = (error: unknown): void => this.logger.debug(`${exchange.target}: closing failed: ${String(error)}`);
    exchange.onClose(() => this.running.letGo(content.release().catch(report)));
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
  private fail(exchange: HttpExchange, error: unknown, report: ResponseReport | undefined): void {
    if (exchange.isClosed) return;
    report?.failed(error);
    this.logger.error(`${exchange.target} was cut off: ${messageOf(error)}`, stackOf(error));
    exchange.cut();
    try {
      this.onError?.(error, { request: exchange.request, method: exchange.method, path: exchange.path });
    } catch (thrown) {
      this.logger.error(`the option "onError" threw: ${messageOf(thrown)}`, stackOf(thrown));
    }
  }

  /** Gives the transfers that are under way some time to end. Nest closes the server, which waits for them, after this. */
  beforeApplicationShutdown(): void {
    this.running.drain();
    if (this.shutdownTimeoutMs === Infinity) return;
    this.cutting = setTimeout(() => this.cutRunning(), this.shutdownTimeoutMs).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.cutting);
    await this.running.allReleased();
    await fileHandles.closeIdle();
  }

  private cutRunning(): void {
    const count = this.running.cut();
    if (count > 0)
      this.logger.warn(`running transfers cut off ${this.shutdownTimeoutMs} ms into the shutdown: ${count}`);
  }
}

const NO_OPTIONS: RangedOptions = {};

function declaredLength(exchange: HttpExchange): number | undefined {
  const value = exchange.field('content-length');
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function isOfServer(error: unknown): boolean {
  return error instanceof HttpException && error.getStatus() >= 500;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
