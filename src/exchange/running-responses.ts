import type { HttpExchange } from './http-exchange.js';
import { Roster } from './roster.js';

interface PendingRelease {
  /** Method and path of the request. */
  readonly target: string;
  readonly done: Promise<void>;
}

/** The running responses of an app, for its shutdown. */
export class RunningResponses {
  private readonly running = new Roster<HttpExchange>();
  /** Responses whose source is being resolved. */
  private readonly negotiating = new Roster<HttpExchange>();
  private readonly releases = new Roster<PendingRelease>();
  private isDraining = false;
  private onFinished: (() => void) | undefined;

  /**
   * Adds a response until the returned function is called, when its source is resolved. No listener for its end is needed yet:
   * that would slow small ones down.
   */
  negotiate(exchange: HttpExchange): () => void {
    const place = this.negotiating.enter(exchange);
    return () => {
      this.negotiating.leave(place, exchange);
      this.notifyIfFinished();
    };
  }

  /** Adds a response until its end. Call once for each. */
  add(exchange: HttpExchange): void {
    const place = this.running.enter(exchange);
    if (this.isDraining) endSession(exchange);
    exchange.onClose(() => {
      this.running.leave(place, exchange);
      if (this.isDraining) exchange.endConnection();
      this.notifyIfFinished();
    });
  }

  /** @param done settles when the resources of a response are released; never rejects */
  trackRelease({ target }: HttpExchange, done: Promise<void>): void {
    const release = { target, done };
    const place = this.releases.enter(release);
    void done.then(() => this.releases.leave(place, release));
  }

  /** Resolves when no response is running. The server itself waits only for those on its own sockets. */
  async allFinished(): Promise<void> {
    if (this.size > 0) await new Promise<void>((resolve) => (this.onFinished = resolve));
  }

  /** Resolves when the resources of all finished responses are released. */
  async allReleased(): Promise<void> {
    await Promise.all([...this.releases].map(({ done }) => done));
  }

  /** Method and path of each request whose response has finished but still holds resources. */
  get unreleased(): string[] {
    return [...this.releases].map(({ target }) => target);
  }

  /** From now on, closes each connection after its response: an idle one would keep the server open. */
  drain(): void {
    this.isDraining = true;
    for (const exchange of this.running) endSession(exchange);
  }

  /** Aborts all running responses; returns their number. */
  cut(): number {
    const all = new Set([...this.running, ...this.negotiating]);
    for (const exchange of all) {
      exchange.cut();
      exchange.close(); // Node.js notifies the server of the close before the response
    }
    this.negotiating.clear(); // their sources may never be resolved
    this.notifyIfFinished();
    return all.size;
  }

  private get size(): number {
    return this.running.size + this.negotiating.size;
  }

  private notifyIfFinished(): void {
    if (this.size === 0) this.onFinished?.();
  }
}

/** Closes an HTTP/2 session early: other streams continue, and an ended stream no longer refers to its session. */
function endSession(exchange: HttpExchange): void {
  if (exchange.isHttp2) exchange.endConnection();
}
