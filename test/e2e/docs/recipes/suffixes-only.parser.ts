import { Injectable } from '@nestjs/common';
import { RangeParser, type RangeSet } from 'nestjs-range';

/** For logs that are read by `curl -r -1000`: only suffix ranges are served. */
@Injectable()
export class SuffixesOnlyParser extends RangeParser {
  override parse(headerValue: string): RangeSet | undefined {
    const rangeSet = super.parse(headerValue);
    return rangeSet?.every((spec) => 'suffixLength' in spec) ? rangeSet : undefined; // undefined: the header is ignored, 200
  }
}
