import type { HttpExchange } from './http-exchange.js';

/** The running responses of an app, for its shutdown. */
export class RunningResponses {
  private readonly running = new Set<HttpExchange>();
  /** Responses whose source is being resolved. */
  private readonly negotiating = new Set<HttpExchange>();
  /** Method and path of the request by pending release. */
  private readonly releases = new Map<Promise<void>, string>();
  private isDraining = false;
  private onFinished: (() => void) | undefined;

  /** Adds a response until its source is resolved. No listener for its end is needed yet: that would slow small ones down. */
  negotiate(exchange: HttpExchange): void {
    this.negotiating.add(exchange);
  }

  negotiated(exchange: HttpExchange): void {
    this.negotiating.delete(exchange);
    this.notifyIfFinished();
  }

  /** Adds a response until its end. */
  add(exchange: HttpExchange): void {
    if (this.running.has(exchange)) return;
    this.running.add(exchange);
    if (this.isDraining) endSession(exchange);
    exchange.onClose(() => this.remove(exchange));
  }

  /** @param release settles when the resources of a response are released; never rejects */
  trackRelease({ target }: HttpExchange, release: Promise<void>): void {
    this.releases.set(release, target);
    void release.then(() => this.releases.delete(release));
  }

  /** Resolves when no response is running. The server itself waits only for those on its own sockets. */
  async allFinished(): Promise<void> {
    if (this.size > 0) await new Promise<void>((resolve) => (this.onFinished = resolve));
  }

  /** Resolves when the resources of all finished responses are released. */
  async allReleased(): Promise<void> {
    await Promise.all(this.releases.keys());
  }

  /** Method and path of each request whose response has finished but still holds resources. */
  get unreleased(): string[] {
    return [...this.releases.values()];
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

  private remove(exchange: HttpExchange): void {
    this.running.delete(exchange);
    if (this.isDraining) exchange.endConnection();
    this.notifyIfFinished();
  }

  private notifyIfFinished(): void {
    if (this.size === 0) this.onFinished?.();
  }
}

/** Closes an HTTP/2 session early: other streams continue, and an ended stream no longer refers to its session. */
function endSession(exchange: HttpExchange): void {
  if (exchange.isHttp2) exchange.endConnection();
}
