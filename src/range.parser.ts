import { Injectable } from '@nestjs/common';
import { parseRange, type RangeSet } from './http/range-header.js';

/**
 * The service that reads Range fields. Inject it anywhere; extend it and give it to `RangeModule.forRoot({ parser })`
 * to change what is understood.
 */
@Injectable()
export class RangeParser {
  /**
   * The members of a Range field as written; `undefined` where the field is not understood and is to be ignored.
   *
   * @example
   * parser.parse('bytes=0-99, -5'); // [{ firstPos: 0, lastPos: 99 }, { suffixLength: 5 }]
   * @see RFC 9110 §14.2
   */
  parse(fieldValue: string): RangeSet | undefined {
    return parseRange(fieldValue);
  }
}
