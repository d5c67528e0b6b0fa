import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
  type OnModuleInit,
  Optional,
  StreamableFile,
  type Type,
} from '@nestjs/common';
import { ModulesContainer, Reflector } from '@nestjs/core';
import { isPromise } from 'node:util/types';
import { type Observable, tap } from 'rxjs';
import { exchangeOf } from '../exchange/frameworks/exchange-of.js';
import { RangedFile } from '../files/ranged-file.js';
import { answers, RangedResponse } from '../files/ranged-response.js';
import { discard, ownOptions } from '../files/streamable-source.js';
import { leaveOut } from '../files/unranged-warning.js';
import type { Answer } from '../negotiation/answer.js';
import { mergeOptions, type RangedOptions } from '../negotiation/ranged-options.js';
import { inTurn, Pending } from './routes/results-in-turn.js';
import { RangeResponder } from './range.responder.js';
import { RANGE_MODULE_IMPORTED, RANGED_METADATA } from './range.tokens.js';
import { routesBoundTo } from './routes/bound-routes.js';
import { methodNameOf } from './routes/method-name.js';
import { holdsResponse } from './routes/response-parameter.js';
import { adviceOn, isForeignFile } from './routes/unusable-result.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;

interface Route {
  /** `Controller.method()`, for messages. */
  readonly name: string;
  /** `false`: the route opted out. */
  readonly options: RangedOptions | false;
  /** Whether `@Ranged()` is on the method itself: a class may have other methods that return no file. */
  readonly isMarked: boolean;
  /** Whether the handler injects `@Res()`, so that Nest sends nothing. */
  readonly isHeld: boolean;
}

/**
 * Turns the StreamableFile that a handler returns into the response that the Range and conditional headers of the request ask
 * for. `@Ranged()` binds it to a route. As a global interceptor it serves every route except those marked `@Ranged(false)`.
 * If it runs several times for a request, the innermost one negotiates.
 */
@Injectable()
export class RangeInterceptor implements NestInterceptor, OnModuleInit {
  private readonly logger = new Logger(RangeInterceptor.name);
  private readonly reflector = new Reflector();
  /** By handler, then by class, since subclasses of a controller share its handlers. */
  private readonly routes = new WeakMap<Handler, Map<Type, Route>>();
  /** The handlers that were warned about. */
  private readonly lengthless = new Set<string>();
  /**
   * Optional, so that a unit test of a controller compiles without RangeModule.
   */
  constructor(
    @Optional() @Inject(RangeResponder) private readonly responder: RangeResponder,
    @Optional() @Inject(RANGE_MODULE_IMPORTED) private readonly isModuleImported = false,
    @Optional() @Inject(ModulesContainer) private readonly modules?: ModulesContainer,
  ) {}

  /** @throws Error if an app starts without RangeModule */
  onModuleInit(): void {
    if (this.responder === undefined && !this.isModuleImported) throw new Error(moduleMissing(this.modules));
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const route = this.routeOf(context);
    if (route.options === false) {
      const http = context.switchToHttp();
      leaveOut(exchangeOf(http.getRequest(), http.getResponse()));
      return next.handle();
    }
    if (route.isHeld) return next.handle().pipe(tap((result: unknown) => this.refuseHeld(context, result, route)));
    return inTurn(next.handle(), (result: unknown) => {
      if (result instanceof StreamableFile) return this.respond(context, result, route);
      if (route.isMarked || isForeignFile(result)) this.complain(context, result, route);
      return result;
    });
  }

  private respond(
    context: ExecutionContext,
    file: StreamableFile,
    route: Route,
  ): StreamableFile | Pending<StreamableFile> {
    const { options, name } = route;
    const http = context.switchToHttp();
    const exchange = exchangeOf(http.getRequest(), http.getResponse());
    if (options === false || answers(file, exchange.response)) return file;
    const answer = this.responder.respond(exchange, file, options, name);
    const carry = (negotiated: Answer): RangedResponse => {
      if (negotiated.isOfUnknownLength) this.warnOfLength(negotiated, file, route);
      return new RangedResponse(negotiated, file, ownOptions(file));
    };
    if (!isPromise(answer)) return carry(answer);
    return new Pending(answer.then(carry), () => exchange.close()); // another interceptor, such as a timeout, responds instead
  }

  /** @throws Error for a file that Nest would never send, since the handler injects `@Res()` */
  private refuseHeld(context: ExecutionContext, result: unknown, { name, isMarked }: Route): void {
    if (!(result instanceof RangedFile) && !(isMarked && result instanceof StreamableFile)) return;
    const http = context.switchToHttp();
    const exchange = exchangeOf(http.getRequest(), http.getResponse());
    if (exchange.response.headersSent || exchange.isClosed) return; // it was sent, or the client disconnected
    discard(result);
    throw new Error(`${name} ${RESPONSE_HELD}`);
  }

  /** Warns once for each handler that returns something other than a file. `undefined` is fine: there may be no file. */
  private complain(context: ExecutionContext, result: unknown, { name }: Route): void {
    const complaints = complained.get(context.getClass()) ?? new Set();
    if (result === undefined || result === null || complaints.has(name)) return;
    const http = context.switchToHttp();
    const advice = adviceOn(result, http.getResponse(), exchangeOf(http.getRequest(), http.getResponse()));
    if (advice === undefined) return;
    complained.set(context.getClass(), complaints.add(name));
    this.logger.warn(`@Ranged() on ${name} got ${advice}`);
  }

  /** Warns once for each handler whose stream has no length, if a client requests a range. A `streamSource` says so by itself. */
  private warnOfLength({ exchange }: Answer, file: StreamableFile, { name, options, isMarked }: Route): void {
    const isMeant = file instanceof RangedFile || options === false || options.acceptRanges === false;
    if (isMeant || !isMarked || exchange.request.headers.range === undefined || this.lengthless.has(name)) return;
    this.lengthless.add(name);
    this.logger.warn(`${name} ${LENGTH_UNKNOWN}`);
  }

  /** Reads the metadata of a route once. */
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

  /** Options of the method win over those of the class, and so does `false`. */
  private readRoute(handler: Handler, controller: Type): Route {
    const ofMethod = this.reflector.get<RangedOptions | false | undefined>(RANGED_METADATA, handler);
    const ofClass = this.reflector.get<RangedOptions | false | undefined>(RANGED_METADATA, controller);
    const isLeftOut = ofMethod === false || (ofMethod === undefined && ofClass === false);
    const method = methodNameOf(controller, handler);
    const name = `${controller.name}.${method}()`;
    const isHeld = holdsResponse(controller, method);
    if (isLeftOut) return { name, options: false, isMarked: false, isHeld };
    const options = mergeOptions(ofClass === false ? undefined : ofClass, ofMethod);
    return { name, options, isMarked: ofMethod !== undefined, isHeld };
  }
}

/** By controller, the methods already warned about: a global interceptor and one on the route both see each result. */
const complained = new WeakMap<Type, Set<string>>();

const LENGTH_UNKNOWN =
  'returned a stream without its length, so it is sent without ranges: it, or an interceptor between @Ranged() and it, must return ' +
  'new StreamableFile(stream, { type, length }); if nobody knows the length, write new RangedFile(streamSource(stream, { type }))';

const RESPONSE_HELD =
  'injects @Res(), so Nest does not send the file that it returns: use @Res({ passthrough: true }), or await RangeResponder.send()';

function moduleMissing(modules = new ModulesContainer()): string {
  const routes = routesBoundTo(RangeInterceptor, modules);
  const others = routes.length > SHOWN_ROUTES ? [`${routes.length - SHOWN_ROUTES} others`] : [];
  return [MODULE_MISSING, ...routes.slice(0, SHOWN_ROUTES), ...others].join('\n  for ');
}

const SHOWN_ROUTES = 10;

const MODULE_MISSING =
  'RangeInterceptor, which @Ranged() and RangedFolderModule bind, needs RangeModule: add RangeModule to the imports of the root module';
