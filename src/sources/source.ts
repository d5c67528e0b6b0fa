import type { ByteRange } from '../http/byte-range.js';
import type { Delegation, RepresentationMetadata } from '../http/representation.js';

/** Octets as they come: a Node.js `Readable`, a web `ReadableStream`, a generator. */
export type Bytes = AsyncIterable<Uint8Array>;

/**
 * Where a representation comes from: the whole contract of a storage adapter.
 *
 * @example
 * const source: RangeSource = {
 *   resolve: async () => ({
 *     size: await store.size(key),
 *     open: (range) => store.read(key, range?.firstPos, range?.lastPos),
 *   }),
 * };
 */
export interface RangeSource {
  /**
   * `true`: neither `resolve` nor `open` looks at its signal, and none waits for anything but a disk. No signal is made
   * then, and no time limit kept, which small responses feel.
   */
  readonly ignoresSignal?: boolean;
  /**
   * Looks the representation up; called once per request. `signal` aborts when nobody waits for the answer any more.
   * Throws a source error, or any other, which becomes the response through the app's exception filters.
   */
  resolve(signal: AbortSignal): Representation | Promise<Representation>;
  /** Called instead where nobody will resolve it: lets go of what it holds already, such as an open stream. */
  discard?(): void;
}

/** One version of what a source holds: its metadata, and access to its octets. */
export interface Representation extends RepresentationMetadata {
  /**
   * Somebody else sends the octets, and evaluates ranges and conditions: the answer only says who, and nothing is opened.
   * Where no interceptor runs `open` is called all the same.
   */
  readonly delegated?: Delegation | undefined;
  /** `true`: `open` never gives more than it was asked for, so that the last octets need not wait for the end. */
  readonly isExact?: boolean;
  /** Opens exactly those octets, positions inclusive; `undefined`: all of them. Called at most once per range.
   * A stream is destroyed when the signal aborts; a generator that waits for something must heed the signal itself. */
  open(range: ByteRange | undefined, signal: AbortSignal): Bytes | Promise<Bytes>;
  /**
   * Where the size is not known yet: waits for it, and gives the same with its size. Called for a request whose answer
   * depends on that; any other is sent as it comes. Both are closed. A strong `etag` must be known from the start.
   */
  whenSized?(signal: AbortSignal): Promise<Representation>;
  /** Called exactly once, when nothing more is opened or read: also after an error, and for a response without content. */
  close?(): void | Promise<void>;
}
