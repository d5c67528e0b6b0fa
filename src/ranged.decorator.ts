import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { RangeInterceptor } from './range.interceptor.js';
import { checkRangedOptions, type RangedOptions } from './range.options.js';
import { RANGED_METADATA } from './range.tokens.js';

/**
 * Answers range and conditional requests for the `StreamableFile` or `RangedFile` that a method, or each method of a
 * class, returns. `false` leaves a method or class out.
 *
 * @throws TypeError (when the class is defined) that names an unknown or impossible option
 */
export function Ranged(options: RangedOptions | false = {}): MethodDecorator & ClassDecorator {
  const mark = SetMetadata(RANGED_METADATA, options);
  if (options === false) return applyDecorators(mark);
  checkRangedOptions(options, '@Ranged()');
  return applyDecorators(mark, UseInterceptors(RangeInterceptor));
}
