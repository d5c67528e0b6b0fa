/** The metadata of a representation, known before any of its bytes is read. */
export interface RepresentationMetadata {
  /** Complete length in bytes; `undefined`: unknown, so ranges are not offered. */
  readonly size?: number | undefined;
  /** Media type for Content-Type. */
  readonly type?: string | undefined;
  /** Entity tag with its quotes: `"strong"` or `W/"weak"`. */
  readonly etag?: string | undefined;
  readonly lastModified?: Date | undefined;
  /**
   * Further headers of the representation: Cache-Control, Vary, Content-Encoding, … Headers that frame a message or have
   * a property of their own here (Content-Length, Content-Range, ETag, Last-Modified, …) are ignored.
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The bytes can be read only once and in ascending order; a request for another order is sent the whole. */
  readonly forwardOnly?: boolean | undefined;
}

/** A response without content that leaves sending the bytes to a proxy in front of the app, or to another server. */
export interface Delegation {
  /**
   * 200: the proxy replaces the response by the file. 307: the client is redirected (303 for methods other than GET and
   * HEAD); if the handler chose a redirection status, that status is sent.
   *
   * @see RFC 9110 §15.4
   */
  readonly status: 200 | 307;
  /** Location, X-Accel-Redirect, X-Sendfile, … With a 307, Cache-Control applies to the redirection itself. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The representation that a response is planned from. */
export interface DescribedRepresentation extends RepresentationMetadata {
  readonly delegated?: Delegation | undefined;
}
