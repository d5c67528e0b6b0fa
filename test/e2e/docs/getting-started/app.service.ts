import { Injectable } from '@nestjs/common';

/** As Nest's starter makes it. */
@Injectable()
export class AppService {
  getHello(): string {
    return 'Hello World!';
  }
}
