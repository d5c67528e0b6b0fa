import { Controller, type MessageEvent, Param, Sse } from '@nestjs/common';
import { map, type Observable, startWith } from 'rxjs';
import { Traffic } from './traffic.js';

@Controller('traffic')
export class TrafficController {
  constructor(private readonly traffic: Traffic) {}

  /**
   * Server-sent events, each with a page and an `Exchange` or a `Making` of it; the first, `listening`, says that from now on nothing is
   * missed. All pages of a browser share one: it has but six connections to a server.
   */
  @Sse(':browser')
  of(@Param('browser') browser: string): Observable<MessageEvent> {
    return this.traffic.of(browser).pipe(
      map((news) => ({ data: news })),
      startWith({ type: 'listening', data: '' }),
    );
  }
}
