import type { HttpExchange } from '../exchange/http-exchange.js';
import type { Prepared } from './negotiation.js';
import { ReplacedPayload, type ReplacementEvents } from './replaced-payload.js';

/**
 * Watches a response whose methods middleware has wrapped. Such middleware may change the content, and shows it by changing
 * Content-Length or Content-Encoding. The whole then loses the headers that are true of the file only; a part is cut off.
 */
export function watchRewriting(exchange: HttpExchange, prepared: Prepared, events: ReplacementEvents): void {
  const { plan } = prepared;
  if (exchange.method === 'HEAD' || !('content' in plan) || plan.content.length === 0) return;
  const length = exchange.header('content-length');
  const coding = exchange.header('content-encoding');
  const isPart = plan.kind !== 'full';
  let isCut = false;
  const check = (status: number): void => {
    const isChunked = exchange.header('transfer-encoding') !== undefined; // as for trailers: without a length
    const isLengthKept = isChunked || exchange.header('content-length') === length;
    if (isCut || status !== plan.status || (isLengthKept && exchange.header('content-encoding') === coding)) return;
    isCut = isPart;
    if (isPart) events.onFailure(new Error(REWRITTEN));
    else if (!exchange.response.headersSent)
      new ReplacedPayload(exchange, prepared, events).replaced({ status, isDerived: true, length: undefined });
  };
  exchange.whenHeadIsStored(check);
}

const REWRITTEN =
  'middleware changed the Content-Length or Content-Encoding of a part of the file: let it pass on what has a Content-Range, or ' +
  'switch ranges off by @Ranged({ acceptRanges: false }) if it changes the content';
