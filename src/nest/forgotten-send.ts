import { HttpException, type Logger } from '@nestjs/common';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { defaultAnswerTo, errorHeaders, statusOf } from '../negotiation/range.exceptions.js';
import { clear } from '../negotiation/response-headers.js';
import { stackOf } from '../observability/error-text.js';
import { messageOf } from '../sources/error-message.js';
import { callQuietly } from '../sources/call-quietly.js';

/**
 * Responds where a handler did not await `RangeResponder.send()` and it failed. No exception filter sees that error, so the
 * client would wait forever.
 */
export class ForgottenSend {
  private hasWarned = false;

  constructor(private readonly logger: Logger) {}

  respond(exchange: HttpExchange, error: unknown): void {
    if (!this.hasWarned) callQuietly(() => this.logger.warn(`${exchange.target}: ${SEND_FORGOTTEN}`));
    this.hasWarned = true;
    if (!(error instanceof HttpException)) {
      callQuietly(() => this.logger.error(`${exchange.target}: ${messageOf(error)}`, stackOf(error)));
      if (!exchange.response.headersSent) clear(exchange, statusOf(error), errorHeaders(error));
    }
    if (!exchange.response.headersSent && !exchange.isClosed) sendDefault(exchange, error);
  }
}

/** Sends the body that Nest's own exception filter sends. */
function sendDefault(exchange: HttpExchange, error: unknown): void {
  const { status, body } = defaultAnswerTo(error);
  const content = Buffer.from(JSON.stringify(body));
  exchange.setStatus(status);
  exchange.setHeaders(
    { 'content-type': 'application/json; charset=utf-8', 'content-length': String(content.byteLength) },
    [],
  );
  exchange.send(content);
}

const SEND_FORGOTTEN =
  'RangeResponder.send() is not awaited, so exception filters do not see its error: write "await responder.send(…)", or return it';
