import { Controller, type MessageEvent, Param, Sse } from '@nestjs/common';
import { map, type Observable, startWith } from 'rxjs';
import { Traffic } from './traffic.js';

@Controller('traffic')
export class TrafficController {
  constructor(private readonly traffic: Traffic) {}

  /** Server-sent events, each an `Exchange`; the first, `listening`, says that from now on nothing is missed. */
  @Sse(':page')
  of(@Param('page') page: string): Observable<MessageEvent> {
    return this.traffic.of(page).pipe(
      map((exchange) => ({ data: exchange })),
      startWith({ type: 'listening', data: '' }),
    );
  }
}
