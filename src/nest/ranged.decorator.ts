import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { checkRangedOptions, type RangedOptions } from '../negotiation/ranged-options.js';
import { RangeInterceptor } from './range.interceptor.js';
import { RANGED_METADATA } from './range.tokens.js';
import { keepMethodName } from './routes/method-name.js';

/**
 * Serves range and conditional requests for the `StreamableFile` or `RangedFile` that a method returns; on a class, for all of
 * its methods. `@Ranged(false)` opts a method or class out.
 *
 * @throws TypeError (when the class is defined) naming an unknown or invalid option
 */
export function Ranged(options: RangedOptions | false = {}): MethodDecorator & ClassDecorator {
  const mark = applyDecorators(SetMetadata(RANGED_METADATA, options), withMethodName);
  if (options === false) return mark;
  checkRangedOptions(options, '@Ranged()');
  return applyDecorators(mark, UseInterceptors(RangeInterceptor));
}

/** Does nothing for a class. */
function withMethodName(target: object, name?: string | symbol, descriptor?: PropertyDescriptor): void {
  if (name !== undefined && descriptor !== undefined) keepMethodName(name)(target, name, descriptor);
}
