import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { HandedBytes } from '../content/payload/handed-bytes.js';
import type { PayloadWitness, WitnessedStream } from '../content/payload/payload-witness.js';

/** Our payload as a framework gets it. */
export type Payload = (Readable & WitnessedStream) | Uint8Array | undefined;

/** What is done with a payload that stands in for ours: it is sent, or the response has no content, or none of it is sent. */
export type Verdict = 'send' | 'send-head' | 'refuse';

/** Decides about payloads that hooks put in the place of ours. */
export interface PayloadJudge {
  /** Whether our payload has no bytes. */
  readonly isEmpty: boolean;
  /**
   * Whether the same bytes as ours are ours, by the status and headers that they would have.
   *
   * @param isTaken whether somebody has begun to read our payload
   */
  isHeadKept(isTaken: boolean): boolean;
  /** Called before the head of our content is written, to restore what hooks have changed and must not. */
  kept(): void;
  /**
   * Called before the head is written, to adapt it.
   *
   * @param replacement what is known of the app's payload
   */
  replaced(replacement: Replacement): Verdict;
  /** Whether our content may be read for a payload that began as if it were not derived from ours. */
  mayBeRead(): boolean;
  /** Called after `refuse`: nothing of the response was sent, and the app's payload cannot write to it. */
  refused(): void;
  /** Called if our payload is sent after some of it was read: nothing of the response was sent. */
  tornOff(): void;
  /** Called once if a payload that began as ours goes on differently. */
  diverged(): void;
}

export interface Replacement {
  /** The status that the head would have. */
  readonly status: number;
  /** Whether it may have been made of our content. */
  readonly isDerived: boolean;
  /** In bytes; `undefined`: unknown. */
  readonly length: number | undefined;
}

type Args = readonly unknown[];
type Method = (...args: Args) => unknown;
const METHODS = ['writeHead', 'write', 'end', 'flushHeaders', 'addTrailers'] as const;
type Name = (typeof METHODS)[number];

/**
 * Holds back the head of a response until its first bytes are known. A hook of the framework may have replaced our payload:
 * then the head must not be ours.
 */
export class PayloadGuard implements PayloadWitness {
  /** Until the first bytes come; then they are passed on as ours, compared with ours, passed on as the app's, or dropped. */
  private state: 'waiting' | 'ours' | 'compared' | 'replaced' | 'dropped' = 'waiting';
  private head: unknown[] | undefined;
  /** Added while the head is held back: Bun refuses them before a head without them. */
  private readonly trailers: Args[] = [];
  private isRead: boolean;
  private readonly handed: HandedBytes;
  private readonly original: Record<Name, Method>;
  private readonly guarded: Record<Name, Method>;

  static install(response: ServerResponse, payload: Payload, judge: PayloadJudge): void {
    const guard = new PayloadGuard(response, payload, judge);
    Object.assign(response, guard.guarded);
    if (payload instanceof Readable) payload.witness = guard;
  }

  private constructor(
    private readonly response: ServerResponse,
    private readonly payload: Payload,
    private readonly judge: PayloadJudge,
  ) {
    const bytes = payload instanceof Uint8Array ? payload : undefined;
    this.isRead = bytes !== undefined; // nobody can tell whether a Buffer was read
    this.handed = new HandedBytes();
    if (bytes !== undefined) this.handed.add(bytes);
    if (bytes !== undefined || judge.isEmpty) this.handed.add(null);
    const { writeHead, write, end, flushHeaders, addTrailers } = response as unknown as Record<Name, Method>;
    this.original = { writeHead, write, end, flushHeaders, addTrailers };
    this.guarded = {
      writeHead: (...args) => this.holdHead(args),
      write: (...args) => this.write(args),
      end: (...args) => this.end(args),
      flushHeaders: () => this.flushHeaders(),
      addTrailers: (...args) => (this.state === 'waiting' ? this.trailers.push(args) : this.call('addTrailers', args)),
    };
  }

  /** Our own stream is piped into the response: unless somebody has read from it, nothing has to be compared. */
  sent(): boolean {
    if (this.state === 'replaced' && !this.judge.mayBeRead()) this.diverge();
    if (this.state !== 'waiting') return true;
    if (this.isRead) return this.sentLater();
    this.state = 'ours';
    this.restore();
    this.judge.kept();
    return true;
  }

  /** What was read may have been put back. A reader that pulls would stall the pipe. */
  private sentLater(): boolean {
    const { payload } = this;
    if (!(payload instanceof Readable)) return true;
    if (!this.handed.isMoreThan(payload.readableLength) && payload.listenerCount('readable') === 0) return true;
    this.state = 'dropped';
    this.judge.tornOff();
    return false;
  }

  read(chunk: Uint8Array | null): void {
    if (chunk !== null) this.isRead = true;
    if (this.state === 'waiting' || this.state === 'compared') return this.handed.add(chunk);
    const isMisjudged = this.state === 'replaced' && chunk !== null && !this.response.writableEnded;
    if (isMisjudged && !this.judge.mayBeRead()) this.diverge();
  }

  private restore(): void {
    const response: object = this.response;
    for (const name of METHODS) {
      if (Reflect.get(response, name) === this.guarded[name]) Object.assign(response, { [name]: this.original[name] });
    }
  }

  private call(name: Name, args: Args): unknown {
    return Reflect.apply(this.original[name], this.response, args);
  }

  private holdHead(args: Args): unknown {
    if (this.state === 'dropped' && Number(args[0]) >= 400) this.state = 'replaced'; // the error that is sent instead
    if (this.state !== 'waiting') return this.call('writeHead', args);
    this.head = [...args];
    return this.response;
  }

  /** The head comes with the first bytes. */
  private flushHeaders(): unknown {
    return this.state === 'waiting' ? undefined : this.call('flushHeaders', []);
  }

  private write(args: Args): unknown {
    if (this.state === 'dropped' && this.response.statusCode >= 400) this.state = 'replaced';
    if (this.state === 'waiting' || this.state === 'compared') {
      const bytes = bytesOf(args);
      if (bytes.byteLength === 0) return succeed(args); // nothing is decided by no bytes
      if (this.state === 'waiting') this.decide(bytes, false);
      else if (!this.handed.take(bytes)) this.diverge();
    }
    return this.isDropped ? false : this.call('write', args);
  }

  private end(args: Args): unknown {
    const bytes = bytesOf(args);
    if (this.state === 'waiting') this.decide(bytes, true);
    else if (this.state === 'compared' && !(this.handed.take(bytes) && this.handed.isExhausted)) this.diverge();
    return this.isDropped ? this.response : this.call('end', args);
  }

  /** Nothing else shows that somebody reads a payload without bytes. */
  private get isTaken(): boolean {
    const { payload } = this;
    return !(payload instanceof Readable) || payload.readableFlowing !== null;
  }

  private get isDropped(): boolean {
    return this.state === 'dropped';
  }

  private decide(bytes: Uint8Array, isEnd: boolean): void {
    const { response, judge, handed } = this;
    const isEqual = judge.isHeadKept(this.isTaken) && handed.take(bytes) && (!isEnd || handed.isExhausted);
    if (isEqual) {
      this.state = isEnd ? 'ours' : 'compared';
      judge.kept();
      return this.sendHead(response.statusCode);
    }
    const status = this.head === undefined ? response.statusCode : Number(this.head[0]);
    const isDerived = this.isRead && bytes.byteLength > 0;
    const { statusCode } = response;
    const verdict = judge.replaced({ status, isDerived, length: isEnd ? bytes.byteLength : undefined });
    this.state = verdict === 'send' ? 'replaced' : 'dropped';
    if (verdict === 'refuse') return judge.refused();
    this.sendHead(response.statusCode === statusCode ? status : response.statusCode);
    if (verdict === 'send-head') this.call('end', []);
  }

  /** A head that the framework does not write itself comes with the first bytes. */
  private sendHead(status: number): void {
    if (this.head !== undefined) this.call('writeHead', [status, ...this.head.slice(1)]);
    for (const trailers of this.trailers) this.call('addTrailers', trailers);
  }

  private diverge(): void {
    this.state = 'dropped';
    this.judge.diverged();
  }
}

const NOTHING = new Uint8Array();

/** The bytes that `write()` or `end()` was called with. */
function bytesOf([chunk, encoding]: Args): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return NOTHING;
  return typeof encoding === 'string' ? Buffer.from(chunk, encoding as BufferEncoding) : Buffer.from(chunk); // an unknown one throws, as in Node.js
}

function succeed(args: Args): boolean {
  const callback = args.find((argument) => typeof argument === 'function');
  if (callback !== undefined) process.nextTick(callback);
  return true;
}
