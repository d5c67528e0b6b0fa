import type { PayloadJudge, Replacement, Verdict } from '../exchange/payload-guard.js';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { CONTENT_DIGESTS } from '../http/content-headers.js';
import type { Prepared } from './negotiation.js';

/** What the owner of an answer is told. */
export interface ReplacementEvents {
  /** The app's own answer is sent instead. */
  onReplaced(): void;
  /** The whole file is sent as something has changed it, although ranges were offered. */
  onRewritten(): void;
  /** The response was refused before its head was sent. */
  onRefused(error: Error): void;
  /** The content went on differently after the head was sent. */
  onFailure(error: Error): void;
}

/** Headers that are true of the file's content alone. They are removed unless a hook has set another value. */
const OURS = ['accept-ranges', 'content-length', 'content-range', 'x-accel-redirect', 'x-sendfile'];
/** Headers of our content that nobody can change without changing it. */
const FRAMING = ['content-encoding', 'content-length', 'content-range'];
const VALIDATORS = ['etag', 'last-modified'];
const DIGESTS = [...CONTENT_DIGESTS, 'digest', 'repr-digest'];

/**
 * Decides what is sent if an `onSend` hook of Fastify replaces the payload: the same bytes have our head, others the status and
 * headers of an answer of the app's own. What may have been made of a part is neither. Describes a whole that middleware of Express
 * rewrites, too.
 */
export class ReplacedPayload implements PayloadJudge {
  /** Whether a payload instead of a part was taken for an answer of the app's own. */
  private isTakenForOwn = false;

  constructor(
    private readonly exchange: HttpExchange,
    private readonly prepared: Prepared,
    private readonly events: ReplacementEvents,
  ) {}

  get isEmpty(): boolean {
    return this.prepared.content.first === undefined;
  }

  /** Hooks that change the content remove its length, or set a coding. The bytes of a part are never an answer of the app's own. */
  isHeadKept(isTaken: boolean): boolean {
    const { exchange, isEmpty, isPart } = this;
    const { plan } = this.prepared;
    if (isPart) return exchange.status < 400;
    if (exchange.status !== plan.status || plan.kind === 'not-modified') return false;
    if (exchange.method === 'HEAD' && !isTaken) return false;
    if (plan.kind !== 'full') return true;
    const isLengthKnown = plan.contentLength !== undefined || isEmpty;
    return isLengthKnown && this.isUnchanged('content-length') && this.isUnchanged('content-encoding');
  }

  private get isPart(): boolean {
    const { kind } = this.prepared.plan;
    return kind === 'partial' || kind === 'multipart';
  }

  /** Another status for the whole is the app's affair. */
  kept(): void {
    const { exchange, isPart } = this;
    const { headers, status } = this.prepared.plan;
    if (exchange.status >= 400) return;
    if (isPart) exchange.setStatus(status);
    const planned = Object.fromEntries(Object.entries(headers).filter(([name]) => FRAMING.includes(name)));
    const unplanned = FRAMING.filter((name) => headers[name] === undefined);
    const restore = (): void => exchange.setHeaders(planned, unplanned);
    restore();
    exchange.beforeHead(restore); // Fastify has copied the headers of a stream already
  }

  private isUnchanged(name: string): boolean {
    return this.exchange.header(name) === this.prepared.plan.headers[name];
  }

  replaced({ status, isDerived, length }: Replacement): Verdict {
    const { exchange } = this;
    const { plan } = this.prepared;
    const isStatusKept = status === plan.status;
    if (isStatusKept && plan.kind === 'not-modified') {
      exchange.setHeaders({}, ['content-length']);
      return 'send-head';
    }
    const { isPart } = this;
    if (isStatusKept && isPart && isDerived) return 'refuse';
    if (isStatusKept && isPart) {
      exchange.setStatus(200);
      this.isTakenForOwn = true;
    }
    if (exchange.method !== 'HEAD' && (isPart || !isDerived)) this.events.onReplaced();
    const isRewritten = isStatusKept && isDerived && plan.kind === 'full' && plan.headers['accept-ranges'] === 'bytes';
    if (isRewritten && exchange.method === 'GET') this.events.onRewritten();
    this.describe(isDerived, length);
    return 'send';
  }

  /** A part may not: the answer would look like the whole. */
  mayBeRead(): boolean {
    return !this.isTakenForOwn;
  }

  /** Removes the headers that are true of our content only. */
  private describe(isDerived: boolean, length: number | undefined): void {
    const { exchange } = this;
    const { plan, described } = this.prepared;
    const isNotModified = exchange.status === 304; // the hook has compared the validators
    const ours = [...OURS, ...(isNotModified ? [] : VALIDATORS), ...(isDerived ? [] : ['content-encoding'])];
    const removed = [...DIGESTS, ...ours.filter((name) => this.isUnchanged(name))];
    if (plan.kind === 'multipart' && this.isUnchanged('content-type')) removed.push('content-type');
    const type = removed.includes('content-type') ? described.type : undefined;
    const hasLength = length !== undefined && exchange.method !== 'HEAD' && exchange.status !== 204 && !isNotModified;
    exchange.setHeaders(
      {
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(hasLength ? { 'content-length': String(length) } : {}),
      },
      removed,
    );
  }

  refused(): void {
    this.fail(REFUSED);
  }

  tornOff(): void {
    this.fail(TORN_OFF);
  }

  private fail(reason: string): void {
    const error = new Error(`${this.exchange.target}: ${reason}`);
    this.exchange.setHeaders({}, ['content-type', 'content-length']); // the error has its own
    this.events.onRefused(error);
    this.exchange.sendError(error);
  }

  diverged(): void {
    this.events.onFailure(new Error(DIVERGED));
  }
}

const REFUSED =
  'an onSend hook replaced the requested part of the file: let it pass on what has a Content-Range, set a status by ' +
  'reply.code() if the answer is its own, or switch ranges off by @Ranged({ acceptRanges: false }) if it changes the content';
const TORN_OFF =
  'an onSend hook has read the beginning of the file, and passed the rest on: let it pass on a stream of all that it reads, such ' +
  'as payload.pipe(new PassThrough()), or put it behind the hooks that wait';
const DIVERGED =
  'an onSend hook changed the content after its beginning: let it remove Content-Length, and switch ranges off by ' +
  '@Ranged({ acceptRanges: false })';
