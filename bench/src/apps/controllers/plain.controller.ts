import { Controller, Get } from '@nestjs/common';

/** A route that has nothing to do with files. */
@Controller()
export class PlainController {
  @Get(['plain', 'plain-without-module'])
  plain() {
    return '';
  }
}
