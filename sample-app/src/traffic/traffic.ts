import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { RangedResponseMessage } from 'nestjs-range';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { filter, type Observable, Subject } from 'rxjs';
import { type Exchange, targetOf, WatchedExchange } from './watched-exchange.js';

const CHANNEL = 'nestjs-range:response';
const LOOK_EVERY_MS = 100;

/** How much of a file is made, in bytes. */
export interface Making {
  readonly path: string;
  readonly made: number;
  readonly total: number;
}

/** What has become of a page's request so far, or of what is made for it. */
type News = { readonly page: string } & ({ readonly exchange: Exchange } | { readonly making: Making });

/**
 * What goes on between each page and this server: what comes in is seen by a middleware, how it went is told by the
 * package. A page has a name of its own, `<browser>.<page>`, which it puts into the query of whatever it asks for; a browser
 * hears of its own pages alone.
 */
@Injectable()
export class Traffic implements OnModuleInit, OnModuleDestroy {
  private readonly news = new Subject<News>();
  private readonly underWay = new WeakMap<IncomingMessage, WatchedExchange>();
  private count = 0;

  onModuleInit(): void {
    subscribe(CHANNEL, this.hear);
  }

  onModuleDestroy(): void {
    unsubscribe(CHANNEL, this.hear);
  }

  /** Each exchange of a browser's pages when it begins, while it goes on, and when it has ended; and what is made for them. */
  of(browser: string): Observable<News> {
    return this.news.pipe(filter(({ page }) => page.startsWith(`${browser}.`)));
  }

  /** Tells a page how much of a file is made for it. */
  tellMaking(page: string, making: Making): void {
    this.news.next({ page, making });
  }

  /** A middleware, for the objects of Node.js. */
  readonly watch = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const page = targetOf(request).searchParams.get('page');
    if (page !== null) this.follow(page, request, response);
    next();
  };

  private follow(page: string, request: IncomingMessage, response: ServerResponse): void {
    const watched = new WatchedExchange(++this.count, request, response);
    let bytesTold = -1;
    const tell = (): void => {
      const exchange = watched.state();
      bytesTold = exchange.bytesSent;
      this.news.next({ page, exchange });
    };
    const looking = setInterval(() => watched.bytesSent !== bytesTold && tell(), LOOK_EVERY_MS);
    this.underWay.set(request, watched);
    response.once('close', () => {
      clearInterval(looking);
      setImmediate(tell); // the package publishes on the same event, and may come after us
    });
    tell();
  }

  private readonly hear = (message: unknown): void => {
    const report = message as RangedResponseMessage; // as the channel's documentation has it
    const watched = this.underWay.get(report.request);
    if (watched !== undefined) watched.report = report;
  };
}
