import {
  BadGatewayException,
  GatewayTimeoutException,
  HttpException,
  HttpStatus,
  NotFoundException,
  PreconditionFailedException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { codeOf } from './sources/source-errors.js';

/**
 * None of the ranges asked for overlaps the representation. It goes through the app's exception filters; the response
 * has its Content-Range with the complete length by then.
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

/** The exception for what a source threw. Its message names nothing; what does is its cause, for the log. */
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
    default:
      return error; // an HttpException of the app's own, or a fault that the filters report
  }
}

/** The fields that belong to the response for what a source threw: when to try again, where that is known. */
export function errorFields(error: unknown): Record<string, string> {
  const seconds = (error as { retryAfterSeconds?: unknown } | null)?.retryAfterSeconds;
  return Number.isSafeInteger(seconds) ? { 'retry-after': String(seconds) } : {};
}
