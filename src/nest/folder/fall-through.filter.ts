import { type ArgumentsHost, Catch, type ExceptionFilter, NotFoundException } from '@nestjs/common';
import { codeOf } from '../../sources/source-errors.js';

/** Goes on to the routes behind the folder's where it has no such file, on an adapter that has any. */
@Catch(NotFoundException)
export class FallThrough implements ExceptionFilter {
  catch(exception: NotFoundException, host: ArgumentsHost): void {
    const next: (() => void) | undefined = host.switchToHttp().getNext();
    const isMissing = codeOf(exception.cause) === 'SOURCE_NOT_FOUND';
    if (!isMissing || next === undefined) throw exception; // the app's filters are behind all routes
    next();
  }
}
