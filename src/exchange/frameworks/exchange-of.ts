import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpExchange } from '../http-exchange.js';
import { ExpressExchange } from './express-exchange.js';
import { FastifyExchange, type FastifyRequest, isFastifyReply } from './fastify-exchange.js';

/** Wraps the request and response that a handler, interceptor or middleware receives: those of a framework or of Node.js. */
export function exchangeOf(request: unknown, response: unknown): HttpExchange {
  if (isFastifyReply(response)) return new FastifyExchange(request as FastifyRequest, response);
  return new ExpressExchange(request as IncomingMessage, response as ServerResponse);
}

/** The request that belongs to a response of any framework. */
export function requestOf(response: unknown): unknown {
  return isFastifyReply(response) ? response.request : (response as ServerResponse).req;
}
