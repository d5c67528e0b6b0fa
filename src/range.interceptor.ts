import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  StreamableFile,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { concatMap, from, map, type Observable, of, tap } from 'rxjs';
import { exchangeOf } from './http-exchange.js';
import { mergeOptions, type RangedOptions } from './range.options.js';
import { RangeResponder } from './range.responder.js';
import { RANGED_METADATA } from './range.tokens.js';
import { RangedResponse } from './ranged-response.js';

type Route = Pick<ExecutionContext, 'getHandler' | 'getClass'>;

/**
 * Turns the StreamableFile that a handler returns into the response to the request's Range and preconditions. `@Ranged()`
 * binds it to a route; bound to the whole app it serves every route but those marked `@Ranged(false)`. It may run
 * several times for one request: the innermost negotiates.
 */
@Injectable()
export class RangeInterceptor implements NestInterceptor {
  private readonly reflector = new Reflector();

  constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const options = this.optionsOf(context);
    if (options === false) return next.handle();
    return next
      .handle()
      .pipe(
        concatMap((result: unknown) =>
          result instanceof StreamableFile && !(result instanceof RangedResponse)
            ? this.respond(context, result, options)
            : of(result),
        ),
      );
  }

  private respond(context: ExecutionContext, file: StreamableFile, options: RangedOptions): Observable<RangedResponse> {
    const http = context.switchToHttp();
    const exchange = exchangeOf(http.getRequest(), http.getResponse());
    let isAnswered = false;
    return from(this.responder.respond(exchange, file, options)).pipe(
      map((content) => {
        isAnswered = true;
        return new RangedResponse(content);
      }),
      tap({
        unsubscribe: () => {
          if (!isAnswered) exchange.close(); // another interceptor, a timeout say, answers in our place
        },
      }),
    );
  }

  /** Class before method; `false` counts where it stands nearest to the method. */
  private optionsOf(route: Route): RangedOptions | false {
    const ofMethod = this.reflector.get<RangedOptions | false | undefined>(RANGED_METADATA, route.getHandler());
    const ofClass = this.reflector.get<RangedOptions | false | undefined>(RANGED_METADATA, route.getClass());
    if (ofMethod === false || (ofMethod === undefined && ofClass === false)) return false;
    return mergeOptions(ofClass === false ? undefined : ofClass, ofMethod);
  }
}
