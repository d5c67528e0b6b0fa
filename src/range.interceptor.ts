import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  StreamableFile,
  type Type,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { concatMap, Observable, of } from 'rxjs';
import { exchangeOf } from './http-exchange.js';
import { mergeOptions, type RangedOptions } from './range.options.js';
import { RangeResponder } from './range.responder.js';
import { RANGED_METADATA } from './range.tokens.js';
import { RangedFile, rangedFilesMade } from './ranged-file.js';
import { type Answer, answers, RangedResponse } from './ranged-response.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;

/**
 * Turns the StreamableFile that a handler returns into the response to the request's Range and preconditions. `@Ranged()`
 * binds it to a route; bound to the whole app it serves every route but those marked `@Ranged(false)`. It may run
 * several times for one request: the innermost negotiates.
 */
@Injectable()
export class RangeInterceptor implements NestInterceptor {
  private readonly reflector = new Reflector();
  /** By handler, then by class: subclasses of a controller share its handlers. */
  private readonly routes = new WeakMap<Handler, Map<Type, RangedOptions | false>>();

  constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const options = this.optionsOf(context);
    if (options === false) return next.handle();
    const madeBefore = rangedFilesMade();
    return next
      .handle()
      .pipe(
        concatMap((result: unknown) =>
          result instanceof StreamableFile ? this.respond(context, result, options, madeBefore) : of(result),
        ),
      );
  }

  private respond(
    context: ExecutionContext,
    file: StreamableFile,
    options: RangedOptions,
    madeBefore: number,
  ): Observable<StreamableFile> {
    const http = context.switchToHttp();
    const exchange = exchangeOf(http.getRequest(), http.getResponse());
    if (answers(file, exchange.response)) return of(file);
    return new Observable((subscriber) => {
      let isSettled = false;
      const succeed = (answer: Answer): void => {
        isSettled = true;
        const isFresh = file instanceof RangedFile && file.serial > madeBefore;
        subscriber.next(isFresh ? file.carry(answer) : new RangedResponse(answer));
        subscriber.complete();
      };
      const fail = (error: unknown): void => {
        isSettled = true;
        subscriber.error(error);
      };
      this.responder.respond(exchange, file, options).then(succeed, fail);
      return () => {
        if (!isSettled) exchange.close(); // another interceptor, a timeout say, answers in our place
      };
    });
  }

  /** The options of a route, read from its metadata once. */
  private optionsOf(context: ExecutionContext): RangedOptions | false {
    const handler = context.getHandler();
    const controller = context.getClass();
    const known = this.routes.get(handler)?.get(controller);
    if (known !== undefined) return known;
    const options = this.readOptions(handler, controller);
    const ofHandler = this.routes.get(handler) ?? new Map<Type, RangedOptions | false>();
    this.routes.set(handler, ofHandler.set(controller, options));
    return options;
  }

  /** Class before method; `false` counts where it stands nearest to the method. */
  private readOptions(handler: Handler, controller: Type): RangedOptions | false {
    const ofMethod = this.reflector.get<RangedOptions | false | undefined>(RANGED_METADATA, handler);
    const ofClass = this.reflector.get<RangedOptions | false | undefined>(RANGED_METADATA, controller);
    if (ofMethod === false || (ofMethod === undefined && ofClass === false)) return false;
    return mergeOptions(ofClass === false ? undefined : ofClass, ofMethod);
  }
}
