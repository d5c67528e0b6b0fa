import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';

type SentRequest = ClientRequest & { readonly res?: IncomingMessage | null };

/** Assigns requests to the calls of clients that do not accept an AbortSignal. */
const current = new AsyncLocalStorage<AbortableRequests>();
let isSubscribed = false;

/**
 * Tracks the requests that a client sends through `node:http` during its calls, including retries, to abort them when the
 * client cannot. Runtimes that do not publish requests on the diagnostics channel abort none.
 */
export class AbortableRequests {
  private readonly requests = new Set<SentRequest>();
  private isAborted = false;

  /** @param isOurs selects requests by path; others, such as for a token shared by many calls, are not aborted */
  constructor(
    signal: AbortSignal,
    private readonly isOurs: (path: string) => boolean,
  ) {
    watchRequests();
    if (signal.aborted) this.abort();
    else signal.addEventListener('abort', () => this.abort(), { once: true });
  }

  /** Runs a call and tracks its requests, including later ones. */
  run<T>(call: () => T): T {
    return current.run(this, call);
  }

  /** Aborts all requests whose responses are incomplete, and any sent later by a retry. */
  abort(): void {
    this.isAborted = true;
    for (const request of this.requests) end(request);
    this.requests.clear();
  }

  /** @internal */
  add(request: SentRequest): void {
    if (!this.isOurs(request.path)) return;
    this.requests.add(request);
    request.once('response', (response) => reportCut(request, response));
    if (this.isAborted) process.nextTick(() => end(request)); // not while it is being sent
  }
}

function end(request: SentRequest): void {
  if (request.res?.complete === true || request.destroyed) return; // its connection may already be reused
  request.on('error', () => {}); // the client may have removed its own listener
  request.destroy();
}

/** A response that the server ends too early fails, which the client overlooks: it would wait. It heeds errors of the request. */
function reportCut(request: ClientRequest, response: IncomingMessage): void {
  request.on('error', () => {}); // the client may have removed its own listener
  response.once('error', (error) => request.emit('error', error));
}

/** Subscribes once, on first use. */
function watchRequests(): void {
  if (isSubscribed) return;
  isSubscribed = true;
  subscribe('http.client.request.start', (message) => {
    current.getStore()?.add((message as { readonly request: SentRequest }).request);
  });
}
