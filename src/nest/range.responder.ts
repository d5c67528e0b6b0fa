import { Inject, Injectable, Logger, Optional, type StreamableFile } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { isPromise } from 'node:util/types';
import { SharedBuckets } from '../content/pace/shared-buckets.js';
import type { PrimedContent } from '../content/primed-content.js';
import { beginAttempt } from '../exchange/failed-attempt.js';
import { exchangeOf } from '../exchange/frameworks/exchange-of.js';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { RunningResponses } from '../exchange/running-responses.js';
import { Shutdown } from '../exchange/shutdown.js';
import { recogniseAnswers } from '../files/adapter-reply.js';
import { discard, sourceForOthers, sourceOf } from '../files/streamable-source.js';
import { Answer, type AnswerEvents } from '../negotiation/answer.js';
import { Negotiation, type Prepared } from '../negotiation/negotiation.js';
import { checkRangedOptions, type RangedOptions } from '../negotiation/ranged-options.js';
import { paceOf } from '../negotiation/rate-limit.js';
import { refuse } from '../negotiation/response-headers.js';
import { stackOf } from '../observability/error-text.js';
import { ResponseReport } from '../observability/response-report.js';
import { andThen } from '../sources/and-then.js';
import { callQuietly } from '../sources/call-quietly.js';
import { fileHandles } from '../sources/descriptors/descriptor-cache.js';
import { limitChunks } from '../sources/file/file-reader.js';
import { allowResidentReads } from '../sources/file/resident-read.js';
import { messageOf } from '../sources/error-message.js';
import type { RangeSource } from '../sources/source.js';
import { withoutUnhandled } from './awaited-promise.js';
import { FailureLog } from './failure-log.js';
import { ForgottenSend } from './forgotten-send.js';
import { checkModuleOptions, type RangeModuleOptions } from './range-module.options.js';
import { parserFor } from './parser/parser-of-request.js';
import type { RangeParser } from './parser/range.parser.js';
import { PARSER_OF_REQUEST, RANGE_MODULE_OPTIONS } from './range.tokens.js';
import { checkSent } from './routes/send-arguments.js';
import { ServingPolicies } from './serving-policies.js';

/** How long transfers may continue when the app shuts down, in ms: Kubernetes kills it after 30 s. */
const SHUTDOWN_TIMEOUT_MS = 25_000;

/**
 * Conducts a response: resolves the source, plans the response, reads the first bytes, and only then sets status and headers.
 */
@Injectable()
export class RangeResponder implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(RangeResponder.name);
  private readonly failures = new FailureLog(this.logger);
  private readonly forgotten = new ForgottenSend(this.logger);
  private readonly running = new RunningResponses();
  private readonly buckets = new SharedBuckets();
  private readonly policies: ServingPolicies;
  private readonly onError: RangeModuleOptions['onError'];
  private readonly shutdown: Shutdown;
  /** Warnings that were logged already. */
  private readonly warnings = new Set<string>();

  constructor(
    @Inject(RANGE_MODULE_OPTIONS) options: RangeModuleOptions,
    @Inject(PARSER_OF_REQUEST) private readonly parserOf: (request: object) => RangeParser | Promise<RangeParser>,
    /** Missing in an application context without a server. */
    @Optional() @Inject(HttpAdapterHost) private readonly adapterHost?: HttpAdapterHost,
  ) {
    const { openFiles, chunkSize, residentReads, onError, shutdownTimeoutMs, ...served } = checkModuleOptions(
      options,
      'RangeModule',
    );
    this.policies = new ServingPolicies(served);
    this.onError = onError;
    const warn = (message: string): void => callQuietly(() => this.logger.warn(message));
    this.shutdown = new Shutdown(this.running, shutdownTimeoutMs ?? SHUTDOWN_TIMEOUT_MS, warn);
    if (openFiles !== undefined) fileHandles.resize(openFiles);
    if (chunkSize !== undefined) limitChunks(chunkSize);
    if (residentReads !== undefined) allowResidentReads(residentReads);
  }

  onModuleInit(): void {
    recogniseAnswers(this.adapterHost?.httpAdapter);
  }

  /**
   * Sends a file from a handler that injects `@Res()`, or from middleware, as `@Ranged()` would. Accepts the request and
   * response of Express, Fastify or Node.js. Resolves when the response has ended, even if the client disconnected. Await
   * it: exception filters get only errors that are awaited. Otherwise the default error response of Nest is sent.
   *
   * @throws TypeError (synchronously) for an unknown or invalid option
   * @throws HttpException (404, 412, 416, 502, 503, 504), or the error of the source, if nothing has been sent yet
   */
  send(request: unknown, response: unknown, file: StreamableFile, options = NO_OPTIONS): Promise<void> {
    checkRangedOptions(options, 'RangeResponder.send()');
    checkSent(response, file);
    const exchange = exchangeOf(request, response);
    const deliver = (answer: Answer): Promise<void> => {
      answer.send();
      return new Promise((resolve) => exchange.onClose(resolve));
    };
    const onForgotten = (error: unknown): void => this.forgotten.respond(exchange, error);
    try {
      const answer = this.respond(exchange, file, options);
      return isPromise(answer) ? withoutUnhandled(answer.then(deliver), onForgotten) : deliver(answer); // never rejects
    } catch (error) {
      return withoutUnhandled(Promise.reject(error), onForgotten);
    }
  }

  /**
   * Negotiates the response for a file, at once if nothing has to be waited for. The caller sends it.
   *
   * @param route the handler's name, for the log
   * @internal
   */
  respond(exchange: HttpExchange, file: StreamableFile, options: RangedOptions, route = ''): Answer | Promise<Answer> {
    recogniseAnswers(this.adapterHost?.httpAdapter); // a lazily loaded module gets no onModuleInit
    const report = ResponseReport.of(exchange);
    const events: AnswerEvents = {
      onFailure: (error) => this.fail(exchange, error, report),
      onReplaced: () => report?.replaced(),
      onRefused: (error) => {
        report?.replaced();
        report?.failed(error);
      },
      onBypassed: () => this.warnOnce(`${route}: ${BYPASSED}`),
      onRewritten: () => callQuietly(() => this.warnOnce(`${route === '' ? 'a file' : route}: ${REWRITTEN}`)),
    };
    const answer = (prepared: Prepared | undefined): Answer => {
      if (prepared === undefined) return Answer.unheard(exchange, events, sourceForOthers(file));
      if (exchange.isTaken) return new Answer(exchange, prepared, events); // sends nothing, not even a 416
      report?.planned(prepared);
      refuse(exchange, prepared.plan);
      return new Answer(exchange, prepared, events);
    };
    const prepare = (parser: RangeParser): ReturnType<RangeResponder['prepare']> =>
      this.prepare(exchange, file, options, report, parser);
    const begin = (isNext: boolean): Answer | Promise<Answer> => {
      const isOurTurn = isNext && !exchange.isTaken;
      if (!isOurTurn) discard(file);
      if (exchange.isStatusIgnored) this.warnOnce(statusIgnored(route, exchange.status));
      return andThen(
        isOurTurn ? andThen(parserFor(exchange.frameworkRequest, file, this.parserOf), prepare) : undefined,
        answer,
      );
    };
    return andThen(exchange.turn(), begin);
  }

  private prepare(
    exchange: HttpExchange,
    file: StreamableFile,
    options: RangedOptions,
    report: ResponseReport | undefined,
    parser: RangeParser,
  ): Prepared | undefined | Promise<Prepared | undefined> {
    beginAttempt(exchange);
    let source: RangeSource | undefined;
    const fail = (error: unknown): undefined => {
      if (source === undefined) discard(file);
      // The client disconnected, and aborting the source may have made it throw; or the app responds itself.
      if (exchange.isClosed || exchange.isTaken) return undefined;
      report?.failed(error);
      throw this.failures.explain(exchange, error);
    };
    try {
      const policy = this.policies.policyFor(file, options, parser);
      const pace = paceOf(policy.rateLimit, exchange.frameworkRequest, this.buckets);
      source = sourceOf(file, declaredLength(exchange));
      const ignoresSignal = source.ignoresSignal === true;
      if (!ignoresSignal) this.running.add(exchange);
      const hold = (content: PrimedContent): void => {
        if (ignoresSignal) this.running.add(exchange);
        this.releaseAtEnd(content, exchange);
      };
      const preparing = new Negotiation(exchange, source, policy, hold).run();
      const paced = (prepared: Prepared | undefined): Prepared | undefined =>
        prepared === undefined || pace === undefined ? prepared : { ...prepared, pace };
      if (!isPromise(preparing)) return paced(preparing);
      return preparing.then(paced, fail).finally(this.running.negotiate(exchange));
    } catch (error) {
      return fail(error);
    }
  }

  private releaseAtEnd(content: PrimedContent, exchange: HttpExchange): void {
    const report = (error: unknown): void =>
      callQuietly(() => this.logger.debug(`${exchange.target}: closing failed: ${messageOf(error)}`));
    exchange.onClose(() => this.running.trackRelease(exchange, content.release().catch(report)));
  }

  /** @param message may name a handler, but nothing of a request: each message is remembered */
  private warnOnce(message: string): void {
    if (this.warnings.has(message)) return;
    this.warnings.add(message);
    this.logger.warn(message);
  }

  /** After the headers no exception filter can respond: cuts the connection and logs why. */
  private fail(exchange: HttpExchange, error: unknown, report: ResponseReport | undefined): void {
    if (exchange.isClosed) return;
    report?.failed(error);
    exchange.cut();
    callQuietly(() => this.logger.error(`${exchange.target} was cut off: ${messageOf(error)}`, stackOf(error)));
    const { request, method, path } = exchange;
    callQuietly(
      () => this.onError?.(error, { request, method, path }),
      (thrown) => this.logger.error(`the option "onError" threw: ${messageOf(thrown)}`, stackOf(thrown)),
    );
  }

  /** Gives running transfers time to finish. Nest closes the server, which waits for them, after this hook. */
  beforeApplicationShutdown(): void {
    this.shutdown.begin();
  }

  /** Waits for the remaining transfers, bounded by the same time. */
  onApplicationShutdown(): Promise<void> {
    return this.shutdown.end();
  }
}

function statusIgnored(route: string, status: number): string {
  return (
    `${route === '' ? 'a handler' : route} set status ${status} for a file, which is ignored: whether the response is a ${status} ` +
    `depends on the request; remove @HttpCode(${status}) or status(${status})`
  );
}

const NO_OPTIONS: RangedOptions = {};

const BYPASSED =
  'an interceptor outside @Ranged() sent the stream of the file in a response of its own, whole and without ranges: ' +
  'put its @UseInterceptors() above @Ranged(), on the method, and pass length and type to its new StreamableFile';

const REWRITTEN =
  'an onSend hook or middleware changes the content, so the file is sent without ranges and entity tag: let it pass on what ' +
  'nestjs-range sends (compression: Cache-Control has no-transform), or write @Ranged({ acceptRanges: false })';

function declaredLength(exchange: HttpExchange): number | undefined {
  const value = exchange.header('content-length');
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
