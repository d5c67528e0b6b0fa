import type { ByteRange } from '../http/ranges/byte-range.js';
import type { Delegation, RepresentationMetadata } from '../http/representation.js';

/**
 * A stream of bytes: a Node.js `Readable`, a web `ReadableStream`, a generator. The memory of a chunk must not be written to
 * again, since it may wait for a slow client while the next one is read.
 */
export type Bytes = AsyncIterable<Uint8Array>;

/**
 * The source of a representation: the complete contract of a storage adapter.
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
   * `true`: neither `resolve` nor `open` uses its signal, and both wait for nothing but a local disk. Then no signal is
   * created and no timeout applies, which speeds up small responses.
   */
  readonly ignoresSignal?: boolean;
  /**
   * Looks up the representation; called once per request. `signal` aborts when the response is no longer needed. Errors,
   * such as source errors, are turned into a response by the app's exception filters.
   */
  resolve(signal: AbortSignal): Representation | Promise<Representation>;
  /** Called if the source will never be resolved: releases what it already holds, such as an open stream. */
  discard?(): void;
}

/** One version of an object: its metadata, and access to its bytes. */
export interface Representation extends RepresentationMetadata {
  /**
   * Another server sends the bytes and evaluates ranges and conditions; the response only refers to it, and nothing is
   * opened. Without an interceptor, `open` is called all the same.
   */
  readonly delegated?: Delegation | undefined;
  /** `true`: `open` never yields more than requested, so the last chunk is not held back until the end. */
  readonly isExact?: boolean;
  /**
   * Opens exactly those bytes, positions inclusive; `undefined`: all of them. Called at most once per range.
   * A stream is destroyed when the signal aborts; a generator that waits for something must watch the signal itself.
   * Each chunk restarts `sourceTimeoutMs`: while skipping to the range, yield an empty chunk now and then.
   */
  open(range: ByteRange | undefined, signal: AbortSignal): Bytes | Promise<Bytes>;
  /**
   * Waits until the size is known, and returns the representation with its size. Called only if the response depends on the
   * size; any other is streamed at once, and conditions on `etag` are evaluated without waiting. Both representations are
   * closed. A strong `etag` must be known from the start.
   */
  whenSized?(signal: AbortSignal): Promise<Representation>;
  /** Called exactly once, when nothing more will be opened or read: also after an error or for a response without content. */
  close?(): void | Promise<void>;
}
