import { type CallHandler, Controller, type ExecutionContext, Get, UseInterceptors } from '@nestjs/common';
import type { NestInterceptor } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { answerConstant } from '../constant-answer.js';
import type { ResponseLike } from '../http-types.js';
import { DoNothing } from './do-nothing.js';

class AnswerConstant implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map(() => answerConstant(context.switchToHttp().getResponse<ResponseLike>())));
  }
}

/** What Nest and the socket cost alone, without and with an answer: no implementation in an interceptor can cost less. */
@Controller()
export class BoundsController {
  @Get('floor')
  @UseInterceptors(DoNothing)
  floor() {
    return '';
  }

  @Get('limit')
  @UseInterceptors(AnswerConstant)
  limit() {
    return '';
  }
}
