import type { HttpExchange } from './http-exchange.js';

/**
 * Frames content that the app sends chunked, for example for its trailers, without a Content-Length (RFC 9112 §6.2). A response
 * that cannot be chunked has no trailers: Node.js would throw.
 *
 * @param status of the head that is about to be written
 */
export function frameHead(exchange: HttpExchange, status: number): void {
  if (exchange.isHttp2) return; // it has trailers beside a Content-Length
  const hasTrailers = exchange.header('trailer') !== undefined;
  if (!hasTrailers && exchange.header('transfer-encoding') === undefined) return;
  if (canBeChunked(exchange, status)) exchange.setHeaders({ 'transfer-encoding': 'chunked' }, ['content-length']);
  else exchange.setHeaders({}, ['trailer', 'transfer-encoding']);
}

function canBeChunked({ method, response }: HttpExchange, status: number): boolean {
  const isHttp10 = !response.useChunkedEncodingByDefault;
  return method !== 'HEAD' && status !== 204 && status !== 304 && !isHttp10;
}
