import type { HttpExchange } from './http-exchange.js';

/** The responses of an app that are under way, for its shutdown. */
export class RunningResponses {
  private readonly running = new Set<HttpExchange>();
  private readonly releases = new Set<Promise<void>>();
  private isDraining = false;

  add(exchange: HttpExchange): void {
    if (this.running.has(exchange)) return;
    this.running.add(exchange);
    exchange.onClose(() => this.remove(exchange));
  }

  /** @param release of what a response has held */
  letGo(release: Promise<void>): void {
    this.releases.add(release);
    void release.finally(() => this.releases.delete(release));
  }

  /** Resolves when what the responses that are over have held is released. */
  async allReleased(): Promise<void> {
    await Promise.all(this.releases);
  }

  /** From now on a connection ends with the response that is sent on it: an idle one would keep the server open. */
  drain(): void {
    this.isDraining = true;
  }

  /** Cuts off those that are still under way; returns how many. */
  cut(): number {
    const { size } = this.running;
    for (const exchange of this.running) {
      exchange.cut();
      exchange.close(); // Node.js tells the server of the end before it tells the response
    }
    return size;
  }

  private remove(exchange: HttpExchange): void {
    this.running.delete(exchange);
    if (this.isDraining) exchange.endConnection();
  }
}
