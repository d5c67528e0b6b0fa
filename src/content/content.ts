/** The content of a response, as read by the loop that sends it. */
export interface Content {
  /** In bytes; `undefined`: unknown. */
  readonly length: number | undefined;
  /** Whether the first bytes are delayed, so the head should be sent before them. */
  readonly isDelayed?: boolean;
  /** The first chunk, if it is there and nothing was read before; it is the next one then. */
  takeFirst?(): Uint8Array | undefined;
  /** The next chunk; `undefined` at the end. One call at a time. */
  next(): Promise<Uint8Array | undefined>;
  /** Puts the last chunk back, to be read again; `false` if that is impossible. */
  unread(chunk: Uint8Array): boolean;
  /** Counts bytes written to the response. */
  countWritten(bytes: number): void;
  /** Counts bytes known to have been handed to the kernel. */
  countFlushed(bytes: number): void;
  /** Stops reading. May be called repeatedly. */
  release(): Promise<void>;
}
