import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
  Optional,
  StreamableFile,
  type Type,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { concatMap, Observable, of, tap } from 'rxjs';
import { exchangeOf } from './http-exchange.js';
import { holdsResponse } from './held-response.js';
import { mergeOptions, type RangedOptions } from './range.options.js';
import { RangeResponder } from './range.responder.js';
import { RANGE_MODULE_IMPORTED, RANGED_METADATA } from './range.tokens.js';
import { RangedFile, rangedFilesMade } from './ranged-file.js';
import { type Answer, answers, RangedResponse } from './ranged-response.js';
import { discard } from './streamable-source.js';
import { adviceOn } from './unusable-result.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;

interface Route {
  /** `false`: left out. */
  readonly options: RangedOptions | false;
  /** Whether `@Ranged()` stands on the method itself: a class may well have methods that return no file. */
  readonly isMarked: boolean;
  /** Whether Nest leaves the answer to the handler. */
  readonly isHeld: boolean;
}

/**
 * Turns the StreamableFile that a handler returns into the response to the request's Range and preconditions. `@Ranged()`
 * binds it to a route; bound to the whole app it serves every route but those marked `@Ranged(false)`. It may run
 * several times for one request: the innermost negotiates.
 */
@Injectable()
export class RangeInterceptor implements NestInterceptor {
  private readonly logger = new Logger(RangeInterceptor.name);
  private readonly reflector = new Reflector();
  /** By handler, then by class: subclasses of a controller share its handlers. */
  private readonly routes = new WeakMap<Handler, Map<Type, Route>>();
  /**
   * Optional for Nest, whose own complaint would not name the module. A responder that cannot be made is reported where it
   * is made.
   */
  constructor(
    @Optional() @Inject(RangeResponder) private readonly responder: RangeResponder,
    @Optional() @Inject(RANGE_MODULE_IMPORTED) isModuleImported = false,
  ) {
    if (responder === undefined && !isModuleImported) throw new Error(MODULE_MISSING);
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const { options, isMarked, isHeld } = this.routeOf(context);
    if (options === false) return next.handle();
    if (isHeld) return next.handle().pipe(tap((result: unknown) => this.refuseHeld(context, result, isMarked)));
    const madeBefore = rangedFilesMade();
    return next.handle().pipe(
      concatMap((result: unknown) => {
        if (result instanceof StreamableFile) return this.respond(context, result, options, madeBefore);
        if (isMarked) this.complain(context, result);
        return of(result);
      }),
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

  /** A file that nobody would ever send: the client would wait in vain. */
  private refuseHeld(context: ExecutionContext, result: unknown, isMarked: boolean): void {
    if (!(result instanceof RangedFile) && !(isMarked && result instanceof StreamableFile)) return;
    const http = context.switchToHttp();
    const exchange = exchangeOf(http.getRequest(), http.getResponse());
    if (exchange.response.headersSent || exchange.isClosed) return; // it was sent, or its client has left
    discard(result);
    throw new Error(`${context.getClass().name}.${context.getHandler().name}() ${RESPONSE_HELD}`);
  }

  /** Once for each handler that returns what cannot be ranged. Nothing may be what it has: there is no file, or it holds `@Res()`. */
  private complain(context: ExecutionContext, result: unknown): void {
    const handler = context.getHandler();
    if (result === undefined || result === null || complained.has(handler)) return;
    const http = context.switchToHttp();
    const advice = adviceOn(result, http.getResponse(), exchangeOf(http.getRequest(), http.getResponse()));
    if (advice === undefined) return;
    complained.add(handler);
    this.logger.warn(`@Ranged() on ${context.getClass().name}.${handler.name}() got ${advice}`);
  }

  /** What the metadata of a route says, read once. */
  private routeOf(context: ExecutionContext): Route {
    const handler = context.getHandler();
    const controller = context.getClass();
    const known = this.routes.get(handler)?.get(controller);
    if (known !== undefined) return known;
    const route = this.readRoute(handler, controller);
    const ofHandler = this.routes.get(handler) ?? new Map<Type, Route>();
    this.routes.set(handler, ofHandler.set(controller, route));
    return route;
  }

  /** Class before method; `false` counts where it stands nearest to the method. */
  private readRoute(handler: Handler, controller: Type): Route {
    const ofMethod = this.reflector.get<RangedOptions | false | undefined>(RANGED_METADATA, handler);
    const ofClass = this.reflector.get<RangedOptions | false | undefined>(RANGED_METADATA, controller);
    const isLeftOut = ofMethod === false || (ofMethod === undefined && ofClass === false);
    const isHeld = holdsResponse(controller, handler);
    if (isLeftOut) return { options: false, isMarked: false, isHeld };
    const options = mergeOptions(ofClass === false ? undefined : ofClass, ofMethod);
    return { options, isMarked: ofMethod !== undefined, isHeld };
  }
}

/** Handlers whose results were complained of: app-wide and on a route, several interceptors see each. */
const complained = new WeakSet<Handler>();

const RESPONSE_HELD =
  'holds the response, so Nest does not send the file that it returns: take @Res({ passthrough: true }), or await RangeResponder.send()';

const MODULE_MISSING =
  'RangeInterceptor, which @Ranged() binds, needs RangeModule: add RangeModule to the imports of the root module';
