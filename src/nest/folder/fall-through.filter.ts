import { type ArgumentsHost, Catch, type ExceptionFilter, NotFoundException } from '@nestjs/common';
import { codeOf } from '../../sources/source-errors.js';

/** Continues with later routes if the folder has no such file, on adapters that can. */
@Catch(NotFoundException)
export class FallThrough implements ExceptionFilter {
  catch(exception: NotFoundException, host: ArgumentsHost): void {
    const next: (() => void) | undefined = host.switchToHttp().getNext();
    const isMissing = codeOf(exception.cause) === 'SOURCE_NOT_FOUND';
    if (!isMissing || next === undefined) throw exception; // for the app's filters
    next();
  }
}
