import { Injectable } from '@nestjs/common';
import { RangeParser, type RangeSet } from 'nestjs-range';

/** For a log that is followed by `curl -r -1000`: everything but the last bytes is nobody's business. */
@Injectable()
export class SuffixesOnlyParser extends RangeParser {
  override parse(headerValue: string): RangeSet | undefined {
    const rangeSet = super.parse(headerValue);
    return rangeSet?.every((spec) => 'suffixLength' in spec) ? rangeSet : undefined; // undefined: 200, all of it
  }
}
