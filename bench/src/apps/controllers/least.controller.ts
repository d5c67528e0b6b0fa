import { Controller, Get, Req, Res, UseInterceptors } from '@nestjs/common';
import type { RequestLike, ResponseLike } from '../http-types.js';
import { answerLeast } from '../least-answer.js';
import { readyFile } from '../ready-file.js';
import { DoNothing } from './do-nothing.js';

/** The least answer, on the three ways through Nest. */
@Controller()
export class LeastController {
  /** As `RangeResponder.send()` goes. */
  @Get('least-response')
  response(@Req() request: RequestLike, @Res() response: ResponseLike): void {
    const bytes = answerLeast(request, response);
    if (response.raw === undefined) response.end(bytes);
    else response.send(bytes);
  }

  /** As a handler goes that returns a file. */
  @Get('least-file')
  file(@Req() request: RequestLike, @Res({ passthrough: true }) response: ResponseLike) {
    return readyFile(answerLeast(request, response), response);
  }

  /** As `@Ranged()` goes. */
  @Get('least-intercepted')
  @UseInterceptors(DoNothing)
  intercepted(@Req() request: RequestLike, @Res({ passthrough: true }) response: ResponseLike) {
    return readyFile(answerLeast(request, response), response);
  }
}
