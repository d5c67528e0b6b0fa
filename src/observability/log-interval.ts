/** Lets one message through in each interval, so that what happens with every request does not fill the log. */
export class LogInterval {
  private nextAt = -Infinity;

  /** @param now the time in ms by a clock that is never set back */
  constructor(
    private readonly intervalMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether a message may be written now; if so, the next interval begins. */
  begin(): boolean {
    const now = this.now();
    if (now < this.nextAt) return false;
    this.nextAt = now + this.intervalMs;
    return true;
  }
}

/** A LogInterval for each route, so that the messages of one do not hide those of another. */
export class RouteLogIntervals {
  private readonly intervals = new Map<string | undefined, LogInterval>();

  constructor(private readonly intervalMs: number) {}

  /** @param route one of the app's, since each is remembered; `undefined`: all requests without a route share an interval */
  begin(route: string | undefined): boolean {
    const interval = this.intervals.get(route) ?? new LogInterval(this.intervalMs);
    this.intervals.set(route, interval);
    return interval.begin();
  }
}
