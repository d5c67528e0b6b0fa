import { HttpException, type Logger } from '@nestjs/common';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { errorHeaders, statusOf, toHttpException } from '../negotiation/range.exceptions.js';
import { clear } from '../negotiation/response-headers.js';
import { stackOf, withRequest } from '../observability/error-text.js';
import { RouteLogIntervals } from '../observability/log-interval.js';
import { NotFoundLog } from '../observability/not-found-log.js';
import { callQuietly } from '../sources/call-quietly.js';
import { messageOf } from '../sources/error-message.js';
import { isForbidden } from '../sources/source-errors.js';

/** Logs why a file could not be sent, where the exception that the app's filters get does not tell. */
export class FailureLog {
  private readonly notFound: NotFoundLog;
  private readonly forbidden = new RouteLogIntervals(60_000);

  constructor(private readonly logger: Logger) {
    this.notFound = new NotFoundLog(logger);
  }

  /** Logs why a source failed, and clears the response for the exception, which it returns. */
  explain(exchange: HttpExchange, error: unknown): unknown {
    const exception = toHttpException(withRequest(error, exchange.target));
    clear(exchange, statusOf(exception), errorHeaders(error));
    if (isOfServer(exception) && exception !== error) {
      // Nest does not log HttpExceptions, so the cause would be lost.
      callQuietly(() => this.logger.error(`${exchange.target}: ${messageOf(error)}`, stackOf(error)));
    }
    if (isForbidden(error)) this.warnOfForbidden(exchange, error);
    else callQuietly(() => this.notFound.note(exchange, error));
    return exception;
  }

  /** The client sees an ordinary 404, but the app may lack a permission. */
  private warnOfForbidden({ target, route }: HttpExchange, error: unknown): void {
    if (!this.forbidden.begin(route)) return;
    this.logger.warn(
      `${target}: 404, because access was refused (logged once a minute for this route): ${messageOf(error)}`,
    );
  }
}

function isOfServer(error: unknown): boolean {
  return error instanceof HttpException && error.getStatus() >= 500;
}
