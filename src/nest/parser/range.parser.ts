import { Injectable } from '@nestjs/common';
import { parseRange, type RangeSet } from '../../http/ranges/range-header.js';

/**
 * Parses Range headers. Inject it anywhere. To change what is accepted, extend it and pass the class to
 * `RangeModule.forRoot({ parser })`.
 */
@Injectable()
export class RangeParser {
  /**
   * Returns the ranges as the client wrote them; `undefined` if the header is missing or must be ignored.
   *
   * @example
   * parser.parse('bytes=0-99, -5'); // [{ firstPos: 0, lastPos: 99 }, { suffixLength: 5 }]
   * @see RFC 9110 §14.2
   */
  parse(headerValue: string | undefined): RangeSet | undefined {
    return headerValue === undefined ? undefined : parseRange(headerValue);
  }
}
