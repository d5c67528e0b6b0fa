import {
  BadGatewayException,
  GatewayTimeoutException,
  HttpException,
  HttpStatus,
  InternalServerErrorException,
  NotFoundException,
  PreconditionFailedException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { propertyOf } from '../sources/call-quietly.js';
import { codeOf } from '../sources/source-errors.js';

/**
 * No requested range overlaps the representation. It goes through the app's exception filters; by then the response has its
 * Content-Range with the complete length.
 *
 * @see RFC 9110 §15.5.17
 */
export class RangeNotSatisfiableException extends HttpException {
  constructor(message = 'Range Not Satisfiable') {
    super(message, HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE);
  }
}

/** @see RFC 9110 §15.5.13 */
export function preconditionFailed(): HttpException {
  return new PreconditionFailedException();
}

/** Maps a source's error to an HttpException. Its message names no file; the cause, which is logged, does. */
export function toHttpException(error: unknown): unknown {
  switch (codeOf(error)) {
    case 'SOURCE_NOT_FOUND':
      return new NotFoundException('Not Found', { cause: error });
    case 'SOURCE_CHANGED':
    case 'SOURCE_UNAVAILABLE':
      return new ServiceUnavailableException('Service Unavailable', { cause: error });
    case 'SOURCE_TIMEOUT':
      return new GatewayTimeoutException('Gateway Timeout', { cause: error });
    case 'SOURCE_PROTOCOL':
      return new BadGatewayException('Bad Gateway', { cause: error });
    case 'SOURCE_FAILED':
      return new InternalServerErrorException('Internal Server Error', { cause: error });
    default:
      return error; // the app's own HttpException, or an error for the exception filters
  }
}

/** The status of Nest's response: 500 unless it is an HttpException. */
export function statusOf(exception: unknown): number {
  return exception instanceof HttpException ? exception.getStatus() : HttpStatus.INTERNAL_SERVER_ERROR;
}

/** Headers for the error response: Retry-After, if the source knows. */
export function errorHeaders(error: unknown): Record<string, string> {
  const seconds = propertyOf(error, 'retryAfterSeconds');
  return Number.isSafeInteger(seconds) ? { 'retry-after': String(seconds) } : {};
}

/** Nest's default response to an exception. */
export function defaultAnswerTo(error: unknown): { readonly status: number; readonly body: object } {
  if (!(error instanceof HttpException)) {
    return { status: 500, body: { statusCode: 500, message: 'Internal server error' } };
  }
  const [status, body] = [error.getStatus(), error.getResponse()];
  return { status, body: typeof body === 'string' ? { statusCode: status, message: body } : body };
}
